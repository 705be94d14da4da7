/**
 * What a certificate or request says, in one form for all who read it: kubepki, Go, @peculiar/x509.
 * Each reader has its own spelling; it is translated here and nowhere else.
 */
import {
  type Certificate,
  type CertificationRequest,
  EXTENDED_KEY_USAGES,
  fingerprintHex,
  KEY_USAGES,
  type Name,
  type SubjectAltNames,
  serialHex,
} from '../../../src/x509/index.ts';
import { bytesToIp, ipToBytes } from '../../../src/x509/ip.ts';
import type { OracleCertificate, OracleRequestFields } from '../../peers/oracle.ts';
import { peculiar } from '../../x509/peculiar.ts';

/** RDNs, each a list of [OID, value]. */
export type Rdns = (readonly [type: string, value: string])[][];

export interface Names {
  dns: string[];
  ip: string[];
  uri: string[];
  email: string[];
}

/** What a request says, and a certificate too. */
export interface RequestFacts {
  subject: Rdns;
  names: Names;
  /** SHA-256 in hex. */
  spki: string;
  /** OID, criticality, value in hex. */
  extensions: (readonly [oid: string, critical: boolean, value: string])[];
}

export interface Facts extends RequestFacts {
  version: number;
  /** Hex without leading zeros. */
  serial: string;
  issuer: Rdns;
  /** RFC 3339, UTC, without fractions. */
  notBefore: string;
  notAfter: string;
  /** In the order of the bits, named as in `KEY_USAGES`. */
  keyUsage: string[];
  /** OIDs, sorted. */
  extendedKeyUsage: string[];
  /** Null without basic constraints. */
  ca: boolean | null;
  pathLength: number | null;
  /** Hex; empty where there is none. */
  subjectKeyId: string;
  authorityKeyId: string;
}

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');
export const iso = (date: Date): string => date.toISOString().replace('.000Z', 'Z');
const withoutZeros = (text: string): string => text.toLowerCase().replace(/^0+(?=.)/, '');

/** The attributes of each RDN in one order, for readers that do not keep that of the encoding. */
export const sorted = (rdns: Rdns): Rdns =>
  rdns.map((rdn) => rdn.toSorted((a, b) => (a.join('=') < b.join('=') ? -1 : 1)));

/** One spelling: openssl writes every group of an IPv6 address, and not everybody shows mapped ones as IPv4. */
export function sameIp(text: string): string {
  const bytes = ipToBytes(text.toLowerCase());
  return bytes === undefined ? text : bytesToIp(bytes);
}

export const rdnsOf = (name: Name): Rdns =>
  name.map((rdn) => rdn.map(({ type, value }) => [type, value] as const));

const namesOf = (names: SubjectAltNames | undefined): Names => ({
  dns: [...(names?.dns ?? [])],
  ip: [...(names?.ip ?? [])],
  uri: [...(names?.uri ?? [])],
  email: [...(names?.email ?? [])],
});

const usageOid = (usage: string): string =>
  new Map<string, string>(Object.entries(EXTENDED_KEY_USAGES)).get(usage) ?? usage;

export function ourRequestFacts(read: CertificationRequest | Certificate): RequestFacts {
  return {
    subject: rdnsOf(read.subject),
    names: namesOf(read.subjectAltNames),
    spki: fingerprintHex(read.spki),
    extensions: read.extensions.map(({ oid, critical, value }) => [oid, critical, hex(value)]),
  };
}

export function ourFacts(read: Certificate): Facts {
  return {
    ...ourRequestFacts(read),
    version: read.version,
    serial: withoutZeros(serialHex(read)),
    issuer: rdnsOf(read.issuer),
    notBefore: iso(read.notBefore),
    notAfter: iso(read.notAfter),
    keyUsage: [...(read.keyUsage ?? [])],
    extendedKeyUsage: (read.extendedKeyUsage ?? []).map(usageOid).sort(),
    ca: read.basicConstraints?.ca ?? null,
    pathLength: read.basicConstraints?.pathLength ?? null,
    subjectKeyId: hex(read.subjectKeyId),
    authorityKeyId: hex(read.authorityKeyId),
  };
}

/** Go's numbers of extended key usages that have no name in RFC 5280 (crypto/x509's ExtKeyUsage). */
const GO_USAGES = new Map([
  ['anyExtendedKeyUsage', EXTENDED_KEY_USAGES.any],
  ['go:5', EXTENDED_KEY_USAGES.ipsecEndSystem],
  ['go:6', EXTENDED_KEY_USAGES.ipsecTunnel],
  ['go:7', EXTENDED_KEY_USAGES.ipsecUser],
  ['go:10', EXTENDED_KEY_USAGES.microsoftServerGatedCrypto],
  ['go:11', EXTENDED_KEY_USAGES.netscapeServerGatedCrypto],
  ['go:12', '1.3.6.1.4.1.311.2.1.22'],
  ['go:13', '1.3.6.1.4.1.311.61.1.1'],
]);

export function goRequestFacts(read: OracleRequestFields | OracleCertificate): RequestFacts {
  return {
    subject: read.subject,
    names: {
      dns: read.dnsNames,
      ip: read.ipAddresses,
      uri: read.uris,
      email: read.emailAddresses,
    },
    spki: read.publicKey.spkiSha256,
    extensions: read.extensions,
  };
}

export function goFacts(read: OracleCertificate): Facts {
  return {
    ...goRequestFacts(read),
    version: read.version,
    serial: read.serial,
    issuer: read.issuer,
    notBefore: read.notBefore,
    notAfter: read.notAfter,
    keyUsage: read.keyUsage.map((usage) =>
      usage === 'contentCommitment' ? 'nonRepudiation' : usage,
    ),
    extendedKeyUsage: read.extendedKeyUsage
      .map((usage) => GO_USAGES.get(usage) ?? usageOid(usage))
      .sort(),
    ca: read.basicConstraintsValid ? read.isCA : null,
    pathLength: read.maxPathLen,
    subjectKeyId: read.subjectKeyId,
    authorityKeyId: read.authorityKeyId,
  };
}

/** @peculiar/x509's short names of attribute types. */
const PECULIAR_TYPES = new Map([
  ['CN', '2.5.4.3'],
  ['SN', '2.5.4.4'],
  ['C', '2.5.4.6'],
  ['L', '2.5.4.7'],
  ['ST', '2.5.4.8'],
  ['O', '2.5.4.10'],
  ['OU', '2.5.4.11'],
  ['T', '2.5.4.12'],
  ['G', '2.5.4.42'],
  ['I', '2.5.4.43'],
  ['DC', '0.9.2342.19200300.100.1.25'],
  ['E', '1.2.840.113549.1.9.1'],
]);

type PeculiarCertificate = InstanceType<typeof peculiar.X509Certificate>;
type PeculiarRequest = InstanceType<typeof peculiar.Pkcs10CertificateRequest>;
type PeculiarName = PeculiarCertificate['subjectName'];
type PeculiarExtension = PeculiarCertificate['extensions'][number];

const peculiarRdns = (name: PeculiarName): Rdns =>
  name
    .toJSON()
    .map((rdn) =>
      Object.entries(rdn).flatMap(([type, values]) =>
        values.map((value) => [PECULIAR_TYPES.get(type) ?? type, value] as const),
      ),
    );

function only<T extends PeculiarExtension>(
  extensions: readonly PeculiarExtension[],
  kind: new (...args: never[]) => T,
): T | undefined {
  return extensions.find((extension): extension is T => extension instanceof kind);
}

function peculiarNames(extensions: readonly PeculiarExtension[]): Names {
  const names: Names = { dns: [], ip: [], uri: [], email: [] };
  const found = only(extensions, peculiar.SubjectAlternativeNameExtension);
  for (const { type, value } of found?.names.items ?? []) {
    if (type === 'dns' || type === 'email') names[type].push(value);
    if (type === 'ip') names.ip.push(sameIp(value));
    if (type === 'url') names.uri.push(value);
  }
  return names;
}

/** @peculiar/x509's view of a request; attributes of one RDN in no order that means anything. */
export function peculiarRequestFacts(read: PeculiarRequest | PeculiarCertificate): RequestFacts {
  return {
    subject: peculiarRdns(read.subjectName),
    names: peculiarNames(read.extensions),
    spki: fingerprintHex(new Uint8Array(read.publicKey.rawData)),
    // A copy: their lists are of a class of their own.
    extensions: Array.from(
      read.extensions,
      ({ type, critical, value }) => [type, critical, hex(new Uint8Array(value))] as const,
    ),
  };
}

/** Large ones are text there, whatever the type says. */
function pathLengthOf(constraints: { pathLength?: number } | undefined): number | null {
  const length: unknown = constraints?.pathLength;
  return length === undefined ? null : Number(length);
}

export function peculiarFacts(read: PeculiarCertificate): Omit<Facts, 'version'> {
  const { extensions } = read;
  const usages = only(extensions, peculiar.KeyUsagesExtension)?.usages ?? 0;
  const constraints = only(extensions, peculiar.BasicConstraintsExtension);
  return {
    ...peculiarRequestFacts(read),
    serial: withoutZeros(read.serialNumber),
    issuer: peculiarRdns(read.issuerName),
    notBefore: iso(read.notBefore),
    notAfter: iso(read.notAfter),
    keyUsage: KEY_USAGES.filter((_, bit) => (usages & (1 << bit)) !== 0),
    extendedKeyUsage: Array.from(
      only(extensions, peculiar.ExtendedKeyUsageExtension)?.usages ?? [],
      String,
    ).sort(),
    ca: constraints?.ca ?? null,
    pathLength: pathLengthOf(constraints),
    subjectKeyId: only(extensions, peculiar.SubjectKeyIdentifierExtension)?.keyId ?? '',
    authorityKeyId: only(extensions, peculiar.AuthorityKeyIdentifierExtension)?.keyId ?? '',
  };
}
