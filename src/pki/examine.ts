/**
 * Compares what lies on disk with what the cluster file asks for. Nothing here writes.
 *
 * Two degrees of difference: what would make a component fail or trust the wrong thing is refused,
 * with the reason; what only differs (a longer list of names, another key algorithm) is kept, with
 * a note.
 */

import type { LeafProfile } from '../cluster/index.ts';
import { type FileState, lookAtFile } from '../collect/index.ts';
import { KubepkiError, quoted } from '../errors.ts';
import {
  type Certificate,
  commonName,
  decodePem,
  decodePrivateKey,
  decodePublicKeys,
  fingerprintHex,
  formatName,
  keysMatch,
  organizations,
  type PrivateKey,
  type PublicKey,
  readCertificates,
  signatureVerifies,
  verifyChain,
} from '../x509/index.ts';

/** What examining one credential found. */
export type Verdict =
  | { readonly verdict: 'missing' }
  /** A run was cut short, or somebody else made the key: the certificate is still to be made for it. */
  | { readonly verdict: 'key-only'; readonly key: PrivateKey; readonly notes: readonly string[] }
  | {
      readonly verdict: 'kept';
      readonly certificate?: Certificate;
      readonly key?: PrivateKey;
      /** The file as it stands: hosts get copies of it. */
      readonly text?: string;
      readonly notes: readonly string[];
    }
  | { readonly verdict: 'refused'; readonly reason: string };

export const refused = (reason: string): Extract<Verdict, { verdict: 'refused' }> => ({
  verdict: 'refused',
  reason,
});

/** Reads a file's content with a reader of `x509`, turning what is wrong into a reason. */
export function attempt<T>(read: () => T): { readonly value: T } | { readonly reason: string } {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof KubepkiError) return { reason: error.message };
    throw error;
  }
}

/** The wider permissions of a file that holds a secret, as a note. */
export function modeNotes(file: FileState, name: string): string[] {
  if (file.state !== 'there' || (file.mode & 0o077) === 0) return [];
  return [`${name} has mode ${octal(file.mode)}, others can read it (chmod 0600)`];
}

/** A file that others can write is theirs to replace. */
export function writableNotes(file: FileState): string[] {
  if (file.state !== 'there' || (file.mode & 0o022) === 0) return [];
  return [`it has mode ${octal(file.mode)}, others can write it (chmod 0644)`];
}

const octal = (mode: number): string => mode.toString(8).padStart(4, '0');

export const formatTime = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`;

/** Whether a file that everybody may read holds a private key as well. */
export const holdsPrivateKey = (text: string): boolean =>
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text);

const FOR_EVERYBODY = 'it holds a private key as well, and is a file for everybody to read';

/** Reads a file of certificates, none of which any component reads differently. */
export function readCertificateFile(
  text: string,
): { readonly value: readonly [Certificate, ...Certificate[]] } | { readonly reason: string } {
  if (holdsPrivateKey(text)) return { reason: FOR_EVERYBODY };
  // Go's tls.LoadX509KeyPair counts a block with header lines, client-go passes it over.
  if (decodePem(text).some(({ label, headers }) => label === 'CERTIFICATE' && headers.size > 0)) {
    return {
      reason: 'a certificate with PEM headers, which some components read and others pass over',
    };
  }
  return attempt(() => readCertificates(text));
}

/** Reads a file of public keys. */
export function readPublicKeyFile(
  text: string,
): { readonly value: readonly PublicKey[] } | { readonly reason: string } {
  if (holdsPrivateKey(text)) return { reason: FOR_EVERYBODY };
  return attempt(() => decodePublicKeys(text));
}

/** The certificates of a trust file that are not the one it should hold, as notes: each is trusted as much. */
export function strangerNotes(certificates: readonly Certificate[], own: Certificate): string[] {
  return certificates
    .filter(({ der }) => Buffer.compare(der, own.der) !== 0)
    .map(
      ({ der, subject }) =>
        `trusts ${formatName(subject)} as well (SHA-256 ${fingerprintHex(der).slice(0, 16)}…)`,
    );
}

/** A certificate file and its key file, whatever the certificate is for. */
export interface PairFiles {
  readonly certificate: Certificate;
  readonly key: PrivateKey | undefined;
  /** Certificates behind the first. */
  readonly others: number;
  readonly notes: readonly string[];
}

/** Reads the two files of a pair; a verdict where they are no pair. */
export function readPair(certificatePath: string, keyPath: string): Verdict | PairFiles {
  const certificateFile = lookAtFile(certificatePath);
  const keyFile = lookAtFile(keyPath);
  if (certificateFile.state === 'missing' && keyFile.state === 'missing')
    return { verdict: 'missing' };
  if (certificateFile.state === 'unreadable')
    return refused(`certificate: ${certificateFile.reason}`);
  if (keyFile.state === 'unreadable') return refused(`key: ${keyFile.reason}`);

  let key: PrivateKey | undefined;
  if (keyFile.state === 'there') {
    const read = attempt(() => decodePrivateKey(keyFile.bytes));
    if ('reason' in read) return refused(`key: ${read.reason}`);
    key = read.value;
  }
  const notes = [...modeNotes(keyFile, 'the key'), ...writableNotes(certificateFile)];
  if (certificateFile.state === 'missing') {
    return key === undefined ? { verdict: 'missing' } : { verdict: 'key-only', key, notes };
  }
  const read = readCertificateFile(certificateFile.bytes.toString('utf8'));
  if ('reason' in read) return refused(`certificate: ${read.reason}`);
  // As upstream reads it: the first certificate is the one, what follows is its chain.
  const [certificate] = read.value;
  if (key !== undefined && !keysMatch(certificate, key)) {
    return refused('certificate and key do not belong together');
  }
  return { certificate, key, others: read.value.length - 1, notes };
}

/** Why a certificate cannot be used at this date, if it cannot. */
export function dateProblem(certificate: Certificate, now: Date): string | undefined {
  if (certificate.notAfter.getTime() < now.getTime())
    return `expired on ${formatTime(certificate.notAfter)}`;
  if (certificate.notBefore.getTime() > now.getTime()) {
    return `not valid before ${formatTime(certificate.notBefore)}; this machine's clock says ${formatTime(now)}`;
  }
  return undefined;
}

/** Judges a leaf certificate against what the cluster file asks for. */
export function judgeLeaf(
  certificate: Certificate,
  profile: LeafProfile,
  issuer: Certificate,
  now: Date,
): { readonly reason: string } | { readonly notes: readonly string[] } {
  const reason =
    issuerProblem(certificate, issuer, profile.issuer) ??
    dateProblem(certificate, now) ??
    subjectProblem(certificate, profile) ??
    namesProblem(certificate, profile) ??
    usageProblem(certificate, profile) ??
    chainProblem(certificate, profile.usages, issuer, now);
  return reason === undefined ? { notes: leafNotes(certificate, profile, issuer) } : { reason };
}

function issuerProblem(
  certificate: Certificate,
  issuer: Certificate,
  id: string,
): string | undefined {
  if (Buffer.compare(certificate.issuerDer, issuer.subjectDer) !== 0) {
    return `issued by ${describeName(certificate.issuer)}, not by ${id}`;
  }
  if (!signatureVerifies(certificate, issuer)) {
    return `issued by another CA of the name ${describeName(issuer.subject)}: its signature does not verify with ${id}`;
  }
  return undefined;
}

function describeName(name: Certificate['issuer']): string {
  return quoted(commonName(name) ?? '');
}

function subjectProblem(certificate: Certificate, profile: LeafProfile): string | undefined {
  const name = commonName(certificate.subject);
  if (name !== profile.commonName) {
    return `its common name is ${quoted(name ?? '')}, wanted is ${quoted(profile.commonName)}`;
  }
  const has = [...organizations(certificate.subject)].sort();
  const wanted = [...profile.organizations].sort();
  // Organizations are groups: one too many is a right too many, one too few a right that is missing.
  if (has.join('\n') !== wanted.join('\n')) {
    return `its organizations are ${list(has)}, wanted are ${list(wanted)}`;
  }
  return undefined;
}

const list = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));

function namesProblem(certificate: Certificate, profile: LeafProfile): string | undefined {
  const has = certificate.subjectAltNames;
  const missing = [
    ...profile.dns.filter((name) => !has?.dns.includes(name)),
    ...profile.ip.filter((address) => !has?.ip.includes(address)),
  ];
  return missing.length === 0 ? undefined : `does not cover ${missing.join(', ')}`;
}

function usageProblem(certificate: Certificate, profile: LeafProfile): string | undefined {
  if (certificate.basicConstraints?.ca === true) return 'it is a CA certificate';
  const extended = certificate.extendedKeyUsage;
  // Without the extension every purpose is allowed (RFC 5280, section 4.2.1.12).
  if (extended !== undefined && !extended.includes('any')) {
    const missing = profile.usages.filter((usage) => !extended.includes(usage));
    if (missing.length > 0) return `not made for ${missing.join(' and ')}`;
  }
  if (certificate.keyUsage !== undefined && !certificate.keyUsage.includes('digitalSignature')) {
    return 'its key usage lacks digitalSignature';
  }
  return undefined;
}

/** Why a component that verifies this certificate for one of its uses would refuse it, if it would. */
export function chainProblem(
  certificate: Certificate,
  usages: LeafProfile['usages'],
  issuer: Certificate,
  now: Date,
): string | undefined {
  for (const purpose of ['serverAuth', 'clientAuth'] as const) {
    if (!usages.includes(purpose)) continue;
    const result = verifyChain({
      leaf: certificate,
      intermediates: [],
      roots: [issuer],
      at: now,
      purpose,
    });
    if (result.ok) continue;
    const [rejection] = result.rejections;
    if (rejection === undefined) return 'no path leads from it to its CA';
    const who = Buffer.compare(rejection.certificate.der, certificate.der) === 0 ? 'it' : 'its CA';
    return `no component would accept it: ${who} ${rejection.reason}`;
  }
  return undefined;
}

function leafNotes(certificate: Certificate, profile: LeafProfile, issuer: Certificate): string[] {
  const notes: string[] = [];
  if (certificate.keyType !== profile.keyAlgorithm) {
    notes.push(`its key is ${certificate.keyType}, the cluster file says ${profile.keyAlgorithm}`);
  }
  const { dns = [], ip = [], uri = [], email = [] } = certificate.subjectAltNames ?? {};
  const extra = [
    ...dns.filter((name) => !profile.dns.includes(name)),
    ...ip.filter((address) => !profile.ip.includes(address)),
    ...uri,
    ...email,
  ];
  if (extra.length > 0) notes.push(`covers ${extra.join(', ')} as well`);
  const usages = certificate.extendedKeyUsage;
  if (usages === undefined || usages.includes('any')) notes.push('may be used for any purpose');
  else {
    const more = usages.filter((usage) => !(profile.usages as readonly string[]).includes(usage));
    if (more.length > 0) notes.push(`made for ${more.join(' and ')} as well`);
  }
  if (certificate.notAfter.getTime() > issuer.notAfter.getTime()) {
    notes.push(`its CA ends before it does, on ${formatTime(issuer.notAfter)}`);
  }
  return notes;
}
