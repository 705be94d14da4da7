/** What is worth a remark about a file or a certificate. */
import {
  type CertificateEntry,
  type Entry,
  type KubeconfigMaterial,
  type KubeconfigUser,
  pairMatches,
} from '../../collect/index.ts';
import type { Certificate } from '../../x509/index.ts';
import { archiveNotes } from './archives.ts';
import { endpointNotes } from './endpoints.ts';
import type { Item } from './item.ts';
import { NO_MATCH } from './problems.ts';
import { formatTime, validityState } from './validity.ts';
import { revocationKey, type View } from './view.ts';

export const isCa = ({ basicConstraints }: Certificate): boolean => basicConstraints?.ca === true;

/** Remarks about a certificate, wherever it was found. */
export function certificateNotes(entry: CertificateEntry, { now, revoked }: View): string[] {
  const { certificate, passedOver, friendlyName } = entry;
  const notes: string[] = [];
  const state = validityState(certificate, now);
  if (state === 'expired') notes.push('expired');
  if (state === 'not yet valid')
    notes.push(`not valid before ${formatTime(certificate.notBefore)}`);
  if (isCa(certificate)) notes.push('CA');
  const revocation = revoked.get(revocationKey(certificate.issuerDer, certificate));
  if (revocation !== undefined) {
    const { at, reason, path } = revocation;
    const why = reason === undefined ? '' : ` (${reason})`;
    notes.push(`revoked ${formatTime(at)}${why}, says ${path}`);
  }
  if (friendlyName !== undefined) notes.push(`alias ${friendlyName}`);
  if (passedOver !== undefined) notes.push(passedOver);
  return notes;
}

/** Remarks about a file as a whole. */
export function fileNotes({ content, mode }: Item, view: View): string[] {
  switch (content.format) {
    case 'kubeconfig':
      return [...modeNotes(mode, holdsSecrets(content)), ...kubeconfigNotes(content, view.now)];
    case 'pem':
    case 'der': {
      const { entries } = content;
      const notes = modeNotes(mode, entries.some(isPrivateKey));
      return pairMatches(entries) === false ? [...notes, NO_MATCH] : notes;
    }
    case 'token':
      return modeNotes(mode, true);
    case 'pkcs12': {
      const isOpen = content.encryption.length === 0 && content.entries.some(isPrivateKey);
      return [...modeNotes(mode, isOpen), ...archiveNotes(content)];
    }
    case 'endpoint':
      return endpointNotes(content);
    case 'link':
    case 'unreadable':
    case 'unknown':
    default:
      return [];
  }
}

export const isPrivateKey = ({ kind }: Entry): boolean =>
  kind === 'privateKey' || kind === 'lockedKey';

function modeNotes(mode: number | undefined, secret: boolean): string[] {
  if (!secret || mode === undefined || (mode & 0o077) === 0) return [];
  return [`mode ${formatMode(mode)}, others can read it (chmod 0600)`];
}

/** As chmod takes it. */
export const formatMode = (mode: number): string => mode.toString(8).padStart(4, '0');

function holdsSecrets({ users }: KubeconfigMaterial): boolean {
  return users.some((user) => user.clientKey.length > 0 || user.hasToken || user.hasPassword);
}

function kubeconfigNotes({ clusters, users }: KubeconfigMaterial, now: Date): string[] {
  const notes: string[] = [];
  for (const user of users) {
    if (user.keyMatches === false) {
      notes.push(`user ${user.name}: ${NO_MATCH}`);
    }
    for (const entry of [...user.clientCertificate, ...user.clientKey]) {
      if (entry.kind === 'malformed') notes.push(`user ${user.name}: ${entry.reason}`);
    }
  }
  for (const { name, certificateAuthority } of clusters) {
    for (const entry of certificateAuthority) {
      if (entry.kind === 'malformed') notes.push(`cluster ${name}: ${entry.reason}`);
      if (entry.kind !== 'certificate') continue;
      const state = validityState(entry.certificate, now);
      if (state !== 'valid') notes.push(`cluster ${name}: its CA certificate is ${state}`);
    }
  }
  return notes;
}

/** What a user of a kubeconfig authenticates with, besides an embedded certificate. */
export function credentialNotes(user: KubeconfigUser): string[] {
  const notes: string[] = [];
  if (user.clientCertificateFile !== undefined && user.clientCertificate.length === 0) {
    notes.push(`certificate in ${user.clientCertificateFile}`);
  }
  if (user.clientKeyFile !== undefined && user.clientKey.length === 0) {
    notes.push(`key in ${user.clientKeyFile}`);
  }
  if (user.hasToken) notes.push('token');
  if (user.tokenFile !== undefined) notes.push(`token in ${user.tokenFile}`);
  if (user.hasPassword) notes.push('password');
  if (user.execCommand !== undefined) notes.push(`exec ${user.execCommand}`);
  if (user.authProvider !== undefined) notes.push(`auth provider ${user.authProvider}`);
  return notes;
}
