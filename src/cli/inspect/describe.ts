/** The parts of certificates and requests in words, for blocks and tables alike. */
import {
  type Certificate,
  type CertificationRequest,
  EXTENSION_TYPES,
  type Extension,
  extensionName,
  type SubjectAltNames,
} from '../../x509/index.ts';

type ExtensionName = keyof typeof EXTENSION_TYPES;

/** The extensions that have a line of their own. */
const SHOWN: readonly ExtensionName[] = [
  'basicConstraints',
  'keyUsage',
  'extendedKeyUsage',
  'subjectAltName',
  'subjectKeyIdentifier',
  'authorityKeyIdentifier',
];
const SHOWN_OIDS: ReadonlySet<string> = new Set(SHOWN.map((name) => EXTENSION_TYPES[name]));

/** More bytes of an extension that is not decoded are for `-o json`. */
const MOST_BYTES = 32;

type Described = Certificate | CertificationRequest;
export type Field = readonly [label: string, value: string];

/** Names, usages and identifiers, a line each; what is not there is left out. */
export function extensionFields(described: Described): Field[] {
  const { extensions, subjectAltNames, keyUsage, extendedKeyUsage, basicConstraints } = described;
  const { subjectKeyId, authorityKeyId } = described;
  const fields: Field[] = [];
  const add = (label: string, name: ExtensionName, value: string | undefined): void => {
    if (value !== undefined) fields.push([label, value + criticality(extensions, name)]);
  };
  for (const [label, value] of nameFields(subjectAltNames)) add(label, 'subjectAltName', value);
  add('Key usage', 'keyUsage', listed(keyUsage));
  add('Extended key usage', 'extendedKeyUsage', listed(extendedKeyUsage));
  if (basicConstraints !== undefined) {
    const { ca, pathLength } = basicConstraints;
    const limit = pathLength === undefined ? '' : `, path length ${pathLength}`;
    add('CA', 'basicConstraints', (ca ? 'yes' : 'no') + limit);
  }
  add('Subject key id', 'subjectKeyIdentifier', colonHex(subjectKeyId));
  add('Authority key id', 'authorityKeyIdentifier', colonHex(authorityKeyId));
  for (const extension of extensions) {
    if (!SHOWN_OIDS.has(extension.oid)) fields.push(['Extension', describeOther(extension)]);
  }
  return fields;
}

const listed = (values: readonly string[] | undefined): string | undefined =>
  values === undefined ? undefined : values.length === 0 ? 'none' : values.join(', ');

function criticality(extensions: readonly Extension[], name: ExtensionName): string {
  const oid: string = EXTENSION_TYPES[name];
  return extensions.some((one) => one.oid === oid && one.critical) ? ' (critical)' : '';
}

function nameFields(names: SubjectAltNames | undefined): Field[] {
  if (names === undefined) return [];
  const fields: Field[] = [
    ['DNS names', names.dns.join(', ')],
    ['IP addresses', names.ip.join(', ')],
    ['URIs', names.uri.join(', ')],
    ['E-mail addresses', names.email.join(', ')],
  ];
  const there = fields.filter(([, value]) => value !== '');
  return there.length === 0 ? [['Alternative names', 'none that kubepki knows']] : there;
}

/** An extension without a line of its own: OID, name if it has one, and its bytes. */
function describeOther({ oid, critical, value }: Extension): string {
  const name = extensionName(oid);
  const title = name === undefined ? oid : `${oid} ${name}`;
  const hex = Buffer.from(value.subarray(0, MOST_BYTES)).toString('hex');
  const rest = value.length > MOST_BYTES ? `… (${value.length} bytes)` : '';
  return `${title}${critical ? ' (critical)' : ''}: ${hex}${rest}`;
}

/** As OpenSSL prints key identifiers. */
function colonHex(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  return Buffer.from(bytes)
    .toString('hex')
    .toUpperCase()
    .replace(/(..)(?!$)/g, '$1:');
}

/** Every alternative name in one list. */
export function allNames(names: SubjectAltNames | undefined): string[] {
  return names === undefined ? [] : [...names.dns, ...names.ip, ...names.uri, ...names.email];
}
