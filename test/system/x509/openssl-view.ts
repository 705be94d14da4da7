/** What the openssl command says of a certificate or request, read from its text. */
import {
  decodePem,
  EXTENDED_KEY_USAGES,
  fingerprintHex,
  KEY_USAGES,
  parseName,
} from '../../../src/x509/index.ts';
import { openssl } from '../../x509/keys/openssl.ts';
import { type Facts, type Names, type RequestFacts, rdnsOf, sameIp } from './facts.ts';

/** RFC 2253 without escapes of non-ASCII, types as OIDs, so that every one can be read back. */
const NAMES = ['-nameopt', 'RFC2253,-esc_msb,oid'];
const EXTENSIONS = [
  'subjectAltName',
  'keyUsage',
  'extendedKeyUsage',
  'basicConstraints',
  'subjectKeyIdentifier',
  'authorityKeyIdentifier',
];

/** `openssl x509`; extensions other than the six are not looked at. */
export function opensslFacts(der: Uint8Array): Omit<Facts, 'version' | 'extensions'> {
  const fields = ['-serial', '-subject', '-issuer', '-startdate', '-enddate', '-pubkey'];
  const options = ['-noout', '-dateopt', 'iso_8601', ...NAMES, '-ext', EXTENSIONS.join()];
  const text = run(['x509', '-inform', 'DER', ...fields, ...options], der);
  const found = extensionsIn(text);
  const constraints = found.get('X509v3 Basic Constraints');
  const [, pathLength] = /pathlen:(\d+)/.exec(constraints ?? '') ?? [];
  return {
    ...requestFacts(text, found),
    serial: line(text, 'serial')
      .toLowerCase()
      .replace(/^0+(?=.)/, ''),
    issuer: rdnsOf(parseName(line(text, 'issuer'))),
    notBefore: line(text, 'notBefore').replace(' ', 'T'),
    notAfter: line(text, 'notAfter').replace(' ', 'T'),
    keyUsage: keyUsages(found.get('X509v3 Key Usage')),
    extendedKeyUsage: list(found.get('X509v3 Extended Key Usage'))
      .map((usage) => USAGES.get(usage) ?? usage)
      .sort(),
    ca: constraints === undefined ? null : constraints.includes('CA:TRUE'),
    pathLength: pathLength === undefined ? null : Number(pathLength),
    subjectKeyId: keyId(found.get('X509v3 Subject Key Identifier')),
    authorityKeyId: keyId(found.get('X509v3 Authority Key Identifier')),
  };
}

/** `openssl req`. */
export function opensslRequestFacts(der: Uint8Array): Omit<RequestFacts, 'extensions'> {
  const text = run(
    ['req', '-inform', 'DER', '-noout', '-text', '-subject', '-pubkey', ...NAMES],
    der,
  );
  return requestFacts(text, extensionsIn(text));
}

/** Text of openssl is UTF-8 here, since non-ASCII is not escaped. */
const run = (args: readonly string[], der: Uint8Array): string =>
  Buffer.from(openssl(args, der), 'latin1').toString('utf8');

function requestFacts(
  text: string,
  extensions: ReadonlyMap<string, string>,
): Omit<RequestFacts, 'extensions'> {
  const [key] = decodePem(text);
  if (key === undefined) throw new Error('openssl showed no public key');
  return {
    subject: rdnsOf(parseName(line(text, 'subject'))),
    names: alternativeNames(extensions.get('X509v3 Subject Alternative Name')),
    spki: fingerprintHex(key.bytes),
  };
}

function line(text: string, key: string): string {
  const found = text.split('\n').find((one) => one.startsWith(`${key}=`));
  if (found === undefined) throw new Error(`openssl showed no ${key}`);
  return found.slice(key.length + 1);
}

/** The one line of each extension, by its heading. */
function extensionsIn(text: string): Map<string, string> {
  const lines = text.split('\n');
  const found = new Map<string, string>();
  for (const [at, heading] of lines.entries()) {
    const [, name] = /^ *(X509v3 [A-Za-z ]+): ?(?:critical)?$/.exec(heading) ?? [];
    if (name !== undefined) found.set(name, (lines[at + 1] ?? '').trim());
  }
  return found;
}

const list = (text: string | undefined): string[] =>
  text === undefined || text === '' ? [] : text.split(', ');

function alternativeNames(text: string | undefined): Names {
  const names: Names = { dns: [], ip: [], uri: [], email: [] };
  for (const item of list(text)) {
    const value = item.slice(item.indexOf(':') + 1);
    if (item.startsWith('DNS:')) names.dns.push(value);
    else if (item.startsWith('IP Address:')) names.ip.push(sameIp(value));
    else if (item.startsWith('URI:')) names.uri.push(value);
    else if (item.startsWith('email:')) names.email.push(value);
  }
  return names;
}

const LONG_NAMES = [
  'Digital Signature',
  'Non Repudiation',
  'Key Encipherment',
  'Data Encipherment',
  'Key Agreement',
  'Certificate Sign',
  'CRL Sign',
  'Encipher Only',
  'Decipher Only',
];

const keyUsages = (text: string | undefined): string[] =>
  KEY_USAGES.filter((_, bit) => list(text).includes(LONG_NAMES[bit] ?? ''));

/** openssl's long names of extended key usages. */
const USAGES = new Map<string, string>([
  ['Any Extended Key Usage', EXTENDED_KEY_USAGES.any],
  ['TLS Web Server Authentication', EXTENDED_KEY_USAGES.serverAuth],
  ['TLS Web Client Authentication', EXTENDED_KEY_USAGES.clientAuth],
  ['Code Signing', EXTENDED_KEY_USAGES.codeSigning],
  ['E-mail Protection', EXTENDED_KEY_USAGES.emailProtection],
  ['IPSec End System', EXTENDED_KEY_USAGES.ipsecEndSystem],
  ['IPSec Tunnel', EXTENDED_KEY_USAGES.ipsecTunnel],
  ['IPSec User', EXTENDED_KEY_USAGES.ipsecUser],
  ['Time Stamping', EXTENDED_KEY_USAGES.timeStamping],
  ['OCSP Signing', EXTENDED_KEY_USAGES.OCSPSigning],
  ['Microsoft Server Gated Crypto', EXTENDED_KEY_USAGES.microsoftServerGatedCrypto],
  ['Netscape Server Gated Crypto', EXTENDED_KEY_USAGES.netscapeServerGatedCrypto],
]);

const keyId = (text: string | undefined): string =>
  /^(?:keyid:)?((?:[0-9A-F]{2}:)*[0-9A-F]{2})$/
    .exec(text ?? '')?.[1]
    ?.replaceAll(':', '')
    .toLowerCase() ?? '';
