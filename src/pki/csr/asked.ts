/** What a request asks for, in the terms of a policy, and what no policy could grant. */
import { quoted } from '../../errors.ts';
import {
  ATTRIBUTE_TYPES,
  attributeTypeName,
  type CertificationRequest,
  EXTENSION_TYPES,
  extensionName,
  type Name,
  publicKeyFromSpki,
  signatureAlgorithmName,
  verifyRequest,
} from '../../x509/index.ts';
import { foreignKinds } from './general-names.ts';
import { hasInvisible, isDnsName, lower } from './names.ts';
import {
  always,
  type Grant,
  LEAST_RSA_BITS,
  MOST_RSA_BITS,
  type Refusal,
  SUBJECT_ATTRIBUTES,
  type SubjectAttribute,
} from './policy.ts';

export interface Asked
  extends Pick<Grant, 'commonName' | 'organizations' | 'attributes' | 'dns' | 'ip'> {
  /** Undefined where the request leaves them to the CA. */
  readonly usages: readonly string[] | undefined;
  readonly keyType: string;
}

/** Reads what is asked for. The refusals are those that hold under every policy. */
export function readAsked(request: CertificationRequest): {
  readonly asked: Asked;
  readonly refusals: readonly Refusal[];
} {
  const subject = readSubject(request.subject);
  const names = readNames(request);
  const { extendedKeyUsage: usages, keyType } = request;
  return {
    asked: { ...subject.asked, ...names.asked, usages, keyType },
    refusals: [
      ...possessionRefusals(request),
      ...keyRefusals(request),
      ...subject.refusals,
      ...names.refusals,
      ...extensionRefusals(request),
    ],
  };
}

/** Whoever signs a request that does not verify signs for somebody who may not have the key. */
function possessionRefusals(request: CertificationRequest): Refusal[] {
  if (verifyRequest(request)) return [];
  const algorithm = signatureAlgorithmName(request.signatureAlgorithm);
  return [
    always(
      'signature',
      `${algorithm}: does not verify with the key of the request (or is too weak to be looked at)`,
    ),
  ];
}

/** The largest exponent that Go's crypto/rsa takes. */
const LARGEST_EXPONENT = 2n ** 31n - 1n;

/** Why a key is refused under every policy, by its kind. */
function keyProblem(keyType: string): string | undefined {
  if (/^\d/.test(keyType)) return `of an algorithm that no component reads (${keyType})`;
  const bits = keyType.startsWith('RSA-') ? Number(keyType.slice(4)) : LEAST_RSA_BITS;
  if (bits < LEAST_RSA_BITS) return `${keyType}: an RSA key has ${LEAST_RSA_BITS} bits or more`;
  return bits > MOST_RSA_BITS
    ? `${keyType}: components take at most ${MOST_RSA_BITS} bits`
    : undefined;
}

/** Whether it is left to a policy to take a kind of key. */
export const isUsableKey = (keyType: string): boolean => keyProblem(keyType) === undefined;

function keyRefusals({ keyType, spki }: CertificationRequest): Refusal[] {
  const problem = keyProblem(keyType);
  if (problem !== undefined) return [always('key', problem)];
  if (!keyType.startsWith('RSA-')) return [];
  const exponent = exponentOf(spki);
  const isSound =
    exponent !== undefined && exponent > 1n && exponent % 2n === 1n && exponent <= LARGEST_EXPONENT;
  return isSound ? [] : [always('key', 'an RSA key whose exponent no component takes')];
}

function exponentOf(spki: Uint8Array): bigint | undefined {
  try {
    return publicKeyFromSpki(spki).object.asymmetricKeyDetails?.publicExponent;
  } catch {
    return undefined;
  }
}

const isSubjectAttribute = (name: string | undefined): name is SubjectAttribute =>
  SUBJECT_ATTRIBUTES.some((known) => known === name);

/** kube-apiserver takes the user's UID from it (k8s.io/apiserver, pkg/authentication/request/x509). */
const OID_KUBERNETES_UID = '1.3.6.1.4.1.57683.2';

function readSubject(subject: Name): {
  readonly asked: Pick<Asked, 'commonName' | 'organizations' | 'attributes'>;
  readonly refusals: readonly Refusal[];
} {
  const commonNames: string[] = [];
  const organizations: string[] = [];
  const attributes: Partial<Record<SubjectAttribute, string[]>> = {};
  const refusals: Refusal[] = [];
  for (const { type, value } of subject.flat()) {
    const name = attributeTypeName(type);
    if (value === '' || hasInvisible(value)) {
      const what = value === '' ? 'an empty value' : `invisible characters: ${quoted(value)}`;
      refusals.push(always('subject', `${name ?? type} with ${what}`));
    } else if (type === ATTRIBUTE_TYPES.CN) commonNames.push(value);
    else if (type === ATTRIBUTE_TYPES.O) organizations.push(value);
    else if (isSubjectAttribute(name)) (attributes[name] ??= []).push(value);
    else {
      const meaning = type === OID_KUBERNETES_UID ? ', the UID of a user for kube-apiserver' : '';
      refusals.push(
        always('subject', `attribute ${name ?? type}${meaning}: not one of ${KNOWN_ATTRIBUTES}`),
      );
    }
  }
  if (commonNames.length > 1) {
    const all = commonNames.map((name) => quoted(name)).join(', ');
    refusals.push(
      always('subject', `several common names, of which each reader takes another: ${all}`),
    );
  }
  return {
    asked: {
      commonName: commonNames.at(-1),
      organizations: [...new Set(organizations)],
      attributes,
    },
    refusals,
  };
}

const KNOWN_ATTRIBUTES = ['CN', 'O', ...SUBJECT_ATTRIBUTES].join(', ');

/** More names than any host has. */
const MOST_NAMES = 1000;

function readNames({ extensions, subjectAltNames }: CertificationRequest): {
  readonly asked: Pick<Asked, 'dns' | 'ip'>;
  readonly refusals: readonly Refusal[];
} {
  const { dns = [], ip = [], uri = [], email = [] } = subjectAltNames ?? {};
  const refusals: Refusal[] = [];
  const extension = extensions.find(({ oid }) => oid === EXTENSION_TYPES.subjectAltName);
  for (const kind of extension === undefined ? [] : foreignKinds(extension.value)) {
    const values = kind === 'URI' ? uri : kind === 'e-mail address' ? email : [];
    const shown = values.length === 0 ? '' : ` ${values.map((value) => quoted(value)).join(', ')}`;
    refusals.push(always('names', `${kind}${shown}: only DNS names and IP addresses are signed`));
  }
  const wanted = [...new Set(dns.map(lower))];
  for (const name of wanted) {
    if (!isDnsName(name)) {
      refusals.push(
        always('names', `${quoted(name)} is not a DNS name that a component would match`),
      );
    }
  }
  if (wanted.length + ip.length > MOST_NAMES) {
    refusals.push(always('names', `${wanted.length + ip.length} names, more than ${MOST_NAMES}`));
  }
  return { asked: { dns: wanted, ip: [...new Set(ip)] }, refusals };
}

/** What requests may ask for; whether it is granted is another matter. */
const KNOWN_EXTENSIONS: ReadonlySet<string> = new Set([
  EXTENSION_TYPES.basicConstraints,
  EXTENSION_TYPES.keyUsage,
  EXTENSION_TYPES.extendedKeyUsage,
  EXTENSION_TYPES.subjectAltName,
  // Says nothing; `subjectKeyIdentifier = hash` stands in many openssl.cnf.
  EXTENSION_TYPES.subjectKeyIdentifier,
]);

/** What a leaf's key is used for: the rest is for CAs, or for protocols that nobody speaks here. */
const LEAF_KEY_USAGES: readonly string[] = ['digitalSignature', 'keyEncipherment'];

function extensionRefusals(request: CertificationRequest): Refusal[] {
  const { extensions, basicConstraints, keyUsage = [] } = request;
  const refusals: Refusal[] = [];
  if (basicConstraints?.ca === true)
    refusals.push(always('extensions', 'asks for a CA certificate (CA:TRUE)'));
  if (basicConstraints?.pathLength !== undefined) {
    refusals.push(always('extensions', 'asks for a path length, which only a CA has'));
  }
  for (const usage of keyUsage) {
    if (!LEAF_KEY_USAGES.includes(usage)) {
      refusals.push(
        always('usages', `key usage ${usage}: not one of ${LEAF_KEY_USAGES.join(', ')}`),
      );
    }
  }
  for (const { oid, critical } of extensions) {
    if (KNOWN_EXTENSIONS.has(oid)) continue;
    const name = extensionName(oid);
    const shown = `${name === undefined ? oid : `${name} (${oid})`}${critical ? ', critical' : ''}`;
    refusals.push(always('extensions', `extension ${shown}: not one that is signed`));
  }
  return refusals;
}
