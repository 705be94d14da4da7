/** The rules that one certificate, or a whole path, has to satisfy: each gives the reason where it does not. */
import { KubepkiError } from '../errors.ts';
import { constraintViolation, OID_NAME_CONSTRAINTS, readNameConstraints } from './constraints.ts';
import { hostMatches } from './hostname.ts';
import { formatName } from './name.ts';
import type { Certificate } from './types.ts';

/** Certificates in a path, leaf and root included. */
export const MAX_PATH_CERTIFICATES = 10;

export type ChainPurpose = 'serverAuth' | 'clientAuth' | 'any';

/** One certificate that was turned down. `reason` continues the sentence "the certificate …". */
export interface ChainRejection {
  readonly certificate: Certificate;
  readonly reason: string;
}

/**
 * Extensions that are evaluated here, or that need no evaluation because nothing asks for what they
 * say: CRL distribution points (no revocation), policies, their mappings and inhibitAnyPolicy (no
 * policy is required, so that they cannot make a path invalid; RFC 9618).
 */
const HANDLED = new Set([
  '2.5.29.15',
  '2.5.29.17',
  '2.5.29.19',
  '2.5.29.31',
  '2.5.29.32',
  '2.5.29.33',
  '2.5.29.37',
  '2.5.29.54',
  OID_NAME_CONSTRAINTS,
]);
export const OID_SUBJECT_ALT_NAME = '2.5.29.17';
const OID_POLICY_CONSTRAINTS = '2.5.29.36';

export function unhandledExtension(certificate: Certificate): string | undefined {
  for (const { oid, critical, value } of certificate.extensions) {
    // RFC 5280 wants it critical; where a CA forgot, its requirement stands nevertheless.
    if (oid === OID_POLICY_CONSTRAINTS) return 'has policy constraints, which are not evaluated';
    if (oid === OID_NAME_CONSTRAINTS) {
      const reason = unhandledConstraints(value, critical);
      if (reason !== undefined) return reason;
    } else if (critical && !HANDLED.has(oid)) {
      return `has a critical extension that is not known: ${oid}`;
    } else if (critical && oid === OID_SUBJECT_ALT_NAME && !hasNames(certificate)) {
      return 'has critical subject alternative names of which none is of a known kind';
    }
  }
  return undefined;
}

function unhandledConstraints(value: Uint8Array, critical: boolean): string | undefined {
  try {
    const { incomplete } = readNameConstraints(value);
    return incomplete && critical
      ? 'has critical name constraints of a kind that is not evaluated'
      : undefined;
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    return `has name constraints that cannot be read: ${error.message}`;
  }
}

function hasNames({ subjectAltNames: names }: Certificate): boolean {
  return (
    names !== undefined &&
    names.dns.length + names.ip.length + names.uri.length + names.email.length > 0
  );
}

/** Both ends belong to the validity (RFC 5280, section 4.1.2.5), to the millisecond. */
export function outsideValidity(
  { notBefore, notAfter }: Certificate,
  at: Date,
): string | undefined {
  if (at < notBefore) return `is not valid before ${iso(notBefore)}; the time is ${iso(at)}`;
  if (at > notAfter) return `expired at ${iso(notAfter)}; the time is ${iso(at)}`;
  return undefined;
}

export function hostRefusal(leaf: Certificate, host: string | undefined): string | undefined {
  if (host === undefined || hostMatches(leaf, host)) return undefined;
  const names = leaf.subjectAltNames;
  const all = names === undefined ? [] : [...names.dns, ...names.ip];
  if (all.length === 0) {
    return `does not cover ${host}: it has no DNS name or address among its alternative names`;
  }
  const shown = all.slice(0, 20).join(', ');
  return `does not cover ${host}, only ${shown}${all.length > 20 ? `, and ${all.length - 20} more` : ''}`;
}

/** Whether a certificate may issue others at all. */
export function authorityRefusal(candidate: Certificate, trusted: boolean): string | undefined {
  const { basicConstraints, keyUsage, version } = candidate;
  const mayBeSilent = trusted && version !== 3;
  if (basicConstraints === undefined ? !mayBeSilent : !basicConstraints.ca) {
    return 'is not a CA: its basic constraints do not say so';
  }
  if (keyUsage !== undefined && keyUsage.length > 0 && !keyUsage.includes('keyCertSign')) {
    return `may not sign certificates: its key usage is ${keyUsage.join(', ')}`;
  }
  return undefined;
}

export function pathLengthRefusal(
  candidate: Certificate,
  path: readonly Certificate[],
): string | undefined {
  const below = path.length - 1;
  const limit = candidate.basicConstraints?.pathLength;
  if (limit !== undefined && below > limit) {
    return `allows a path length of ${limit}, but ${below} ${below === 1 ? 'CA is' : 'CAs are'} below it`;
  }
  if (path.length >= MAX_PATH_CERTIFICATES) {
    return `would be more than ${MAX_PATH_CERTIFICATES} certificates away from the leaf`;
  }
  return undefined;
}

/** From the root down, every certificate with extended key usages must have this one, or `any`. */
export function purposeRejection(
  chain: readonly Certificate[],
  purpose: ChainPurpose,
): ChainRejection | undefined {
  if (purpose === 'any') return undefined;
  for (const certificate of [...chain].reverse()) {
    const usages = certificate.extendedKeyUsage ?? [];
    if (usages.length === 0 || usages.includes('any') || usages.includes(purpose)) continue;
    const list = usages.join(', ');
    return {
      certificate,
      reason:
        certificate === chain[0]
          ? `is not for ${purpose}: its extended key usage is ${list}`
          : `permits no ${purpose} below it: its extended key usage is ${list}`,
    };
  }
  return undefined;
}

/** Every name of a certificate must keep to the constraints of all the CAs above it. */
export function constraintRejection(chain: readonly Certificate[]): ChainRejection | undefined {
  for (const [index, authority] of chain.entries()) {
    const extension = authority.extensions.find(({ oid }) => oid === OID_NAME_CONSTRAINTS);
    if (extension === undefined || index === 0) continue;
    const constraints = readNameConstraints(extension.value);
    for (const certificate of chain.slice(0, index)) {
      if (certificate.subjectAltNames === undefined) continue;
      const violation = constraintViolation(constraints, certificate.subjectAltNames);
      if (violation !== undefined) {
        const reason = `does not keep to the name constraints of ${show(authority)}: ${violation}`;
        return { certificate, reason };
      }
    }
  }
  return undefined;
}

/** Hashes with known collisions: nothing that they sign is believed (Go refuses them since 1.18). */
const WEAK_HASHES = new Map([
  ['1.2.840.113549.1.1.2', 'MD2'],
  ['1.2.840.113549.1.1.4', 'MD5'],
  ['1.2.840.113549.1.1.5', 'SHA-1'],
  ['1.3.14.3.2.29', 'SHA-1'],
  ['1.2.840.10040.4.3', 'SHA-1'],
  ['1.2.840.10045.4.1', 'SHA-1'],
]);

export const weakHash = (signatureAlgorithm: string): string | undefined =>
  WEAK_HASHES.get(signatureAlgorithm);

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const iso = (date: Date): string => date.toISOString().replace('.000Z', 'Z');

/** A certificate as a reason names it. */
export function show(certificate: Certificate): string {
  const subject = formatName(certificate.subject);
  return subject === '' ? `the certificate with serial ${hex(certificate.serialNumber)}` : subject;
}
