/** Judges the certificates that lie there: by their CA, their dates, their names and their usages. */
import type { LeafProfile } from '../cluster/index.ts';
import { quoted } from '../errors.ts';
import {
  type Certificate,
  type ChainRejection,
  commonName,
  organizations,
  signatureVerifies,
  verifyChain,
} from '../x509/index.ts';

export const formatTime = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`;

/** Why a certificate cannot be used at this date, if it cannot. */
export function dateProblem(certificate: Certificate, now: Date): string | undefined {
  if (certificate.notAfter.getTime() < now.getTime())
    return `expired on ${formatTime(certificate.notAfter)}`;
  if (certificate.notBefore.getTime() > now.getTime()) {
    return `not valid before ${formatTime(certificate.notBefore)}; this machine's clock says ${formatTime(now)}`;
  }
  return undefined;
}

const DAY = 24 * 3600 * 1000;
/** Time enough to renew without haste. */
const SOON = 30 * DAY;

/** That a certificate is near its end: a month before, or in the last third of a life that is shorter than three. */
export function expiryNotes({ notBefore, notAfter }: Certificate, now: Date): string[] {
  const left = notAfter.getTime() - now.getTime();
  if (left >= Math.min(SOON, (notAfter.getTime() - notBefore.getTime()) / 3)) return [];
  const days = Math.floor(left / DAY);
  const when = days < 1 ? 'less than a day' : days === 1 ? '1 day' : `${days} days`;
  return [`expires in ${when}`];
}

/** A CA and, where it is under another one, its issuers, nearest first. */
export interface IssuingPath {
  readonly issuer: Certificate;
  readonly above: readonly Certificate[];
}

/** Judges a leaf certificate against what the cluster file asks for. */
export function judgeLeaf(
  certificate: Certificate,
  profile: LeafProfile,
  path: IssuingPath,
  now: Date,
): { readonly reason: string } | { readonly notes: readonly string[] } {
  const { issuer } = path;
  const reason =
    issuerProblem(certificate, issuer, profile.issuer) ??
    dateProblem(certificate, now) ??
    subjectProblem(certificate, profile) ??
    namesProblem(certificate, profile) ??
    usageProblem(certificate, profile) ??
    chainProblem(certificate, profile.usages, path, now);
  return reason === undefined
    ? { notes: leafNotes(certificate, profile, issuer, now) }
    : { reason };
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
    // Which of the two it is cannot be told.
    return `its signature does not verify with ${id}: it is damaged, or issued by another CA of the name ${describeName(issuer.subject)}`;
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
  const missing = missingNames(certificate, profile).filter(
    (name) => profile.spare?.includes(name) !== true,
  );
  return missing.length === 0 ? undefined : `does not cover ${missing.join(', ')}`;
}

function missingNames({ subjectAltNames: has }: Certificate, { dns, ip }: LeafProfile): string[] {
  return [
    ...dns.filter((name) => !has?.dns.includes(name)),
    ...ip.filter((address) => !has?.ip.includes(address)),
  ];
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

/**
 * Why a component that verifies this certificate for one of its uses would refuse it, if it would:
 * one that trusts the CA itself, or one that trusts the uppermost of its issuers.
 */
export function chainProblem(
  certificate: Certificate,
  usages: LeafProfile['usages'],
  { issuer, above }: IssuingPath,
  now: Date,
): string | undefined {
  const anchors = [...new Set([issuer, above.at(-1) ?? issuer])];
  for (const purpose of ['serverAuth', 'clientAuth'] as const) {
    if (!usages.includes(purpose)) continue;
    for (const anchor of anchors) {
      const intermediates = anchor === issuer ? [] : [issuer, ...above.slice(0, -1)];
      const roots = [anchor];
      const result = verifyChain({ leaf: certificate, intermediates, roots, at: now, purpose });
      if (!result.ok) return refusalOf(certificate, issuer, result.rejections[0]);
    }
  }
  return undefined;
}

function refusalOf(
  leaf: Certificate,
  issuer: Certificate,
  rejection: ChainRejection | undefined,
): string {
  if (rejection === undefined) return 'no path leads from it to its CA';
  const { certificate, reason } = rejection;
  const is = ({ der }: Certificate): boolean => Buffer.compare(certificate.der, der) === 0;
  const who = is(leaf) ? 'it' : is(issuer) ? 'its CA' : describeName(certificate.subject);
  return `no component would accept it: ${who} ${reason}`;
}

function leafNotes(
  certificate: Certificate,
  profile: LeafProfile,
  issuer: Certificate,
  now: Date,
): string[] {
  const notes = expiryNotes(certificate, now);
  if (certificate.keyType !== profile.keyAlgorithm) {
    notes.push(`its key is ${certificate.keyType}, the cluster file says ${profile.keyAlgorithm}`);
  }
  const missing = missingNames(certificate, profile);
  if (missing.length > 0) {
    notes.push(`does not cover ${missing.join(', ')}, which only its own host may call it`);
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
