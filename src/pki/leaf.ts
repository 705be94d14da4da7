/** Judges the certificates that lie there: by their CA, their dates, their names and their usages. */
import type { LeafProfile } from '../cluster/index.ts';
import { quoted } from '../errors.ts';
import {
  ATTRIBUTE_TYPES,
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

/**
 * apiserver/pkg/authentication/request/x509, `CommonNameUserConversion`: the user's UID is read from
 * this attribute, and of several common names the last is the user's name.
 */
const USER_UID = '1.3.6.1.4.1.57683.2';

function identityProblem({ subject }: Certificate): string | undefined {
  const types = subject.flatMap((rdn) => rdn.map(({ type }) => type));
  if (types.includes(USER_UID)) return "its subject holds a user's UID, which nobody asked for";
  const names = types.filter((type) => type === ATTRIBUTE_TYPES.CN).length;
  return names > 1
    ? `it has ${names} common names, of which programs take one or another`
    : undefined;
}

function subjectProblem(certificate: Certificate, profile: LeafProfile): string | undefined {
  const strange = identityProblem(certificate);
  if (strange !== undefined) return strange;
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
  // Of servers it is a note: Kubernetes' own page on openssl makes them so, and its components do not look.
  if (lacksSignature(certificate) && profile.usages.includes('clientAuth')) {
    return 'its key usage lacks digitalSignature';
  }
  return undefined;
}

/** Whether it is not for signing, as every handshake of today has it do (RFC 8446, section 4.4.2.2). */
const lacksSignature = ({ keyUsage }: Certificate): boolean =>
  keyUsage !== undefined && !keyUsage.includes('digitalSignature');

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
  const signing = signingUses(certificate);
  if (signing.length > 0)
    notes.push(`its key usage holds ${signing.join(' and ')}, which is a CA's`);
  const missing = missingNames(certificate, profile);
  if (missing.length > 0) {
    notes.push(`does not cover ${missing.join(', ')}, which only its own host may call it`);
  }
  const extra = moreNames(certificate, profile);
  if (extra.length > 0) notes.push(`covers ${extra.join(', ')} as well`);
  const usages = moreUsages(certificate, profile);
  if (usages !== undefined) notes.push(usages);
  if (lacksSignature(certificate)) {
    notes.push(
      'its key usage lacks digitalSignature: clients in Go and with OpenSSL take it, those in Java do not',
    );
  }
  if (certificate.notAfter.getTime() > issuer.notAfter.getTime()) {
    notes.push(`its CA ends before it does, on ${formatTime(issuer.notAfter)}`);
  }
  return notes;
}

/** The names that nobody asked for. */
function moreNames({ subjectAltNames }: Certificate, profile: LeafProfile): string[] {
  const { dns = [], ip = [], uri = [], email = [] } = subjectAltNames ?? {};
  return [
    ...dns.filter((name) => !profile.dns.includes(name)),
    ...ip.filter((address) => !profile.ip.includes(address)),
    ...uri,
    ...email,
  ];
}

/** The purposes that nobody asked for, in words. */
function moreUsages({ extendedKeyUsage }: Certificate, profile: LeafProfile): string | undefined {
  if (extendedKeyUsage === undefined || extendedKeyUsage.includes('any')) {
    return 'may be used for any purpose';
  }
  const wanted: readonly string[] = profile.usages;
  const more = extendedKeyUsage.filter((usage) => !wanted.includes(usage));
  return more.length === 0 ? undefined : `made for ${more.join(' and ')} as well`;
}

const signingUses = ({ keyUsage = [] }: Certificate): string[] =>
  keyUsage.filter((use) => use === 'keyCertSign' || use === 'cRLSign');

/**
 * What a certificate that was asked for says beyond the request, if it does: kept where it lies already,
 * but nothing to be taken from somebody else unseen.
 */
export function answerProblem(certificate: Certificate, profile: LeafProfile): string | undefined {
  const signing = signingUses(certificate);
  if (signing.length > 0) return `its key usage holds ${signing.join(' and ')}, which is a CA's`;
  if (lacksSignature(certificate)) return 'its key usage lacks digitalSignature';
  const names = moreNames(certificate, profile);
  if (names.length > 0) return `covers ${names.join(', ')}, which nobody asked for`;
  const usages = moreUsages(certificate, profile);
  if (usages !== undefined) return `${usages}; asked for was ${profile.usages.join(' and ')}`;
  const life = certificate.notAfter.getTime() - certificate.notBefore.getTime();
  // A day for clocks that differ, and for CAs that count whole days.
  if (life <= profile.validity * 1000 + DAY) return undefined;
  const days = (milliseconds: number): string => `${Math.round(milliseconds / DAY)} days`;
  return `valid for ${days(life)}, wanted are ${days(profile.validity * 1000)}`;
}
