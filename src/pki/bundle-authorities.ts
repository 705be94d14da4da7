/** The authorities that the archive of a host hangs on, and the keys of theirs that it holds. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AuthorityItem,
  authorityItems,
  type Cluster,
  type CredentialId,
  type HostItem,
} from '../cluster/index.ts';
import { lookAtFile } from '../collect/index.ts';
import { decodePrivateKey, decodePublicKeys, keysMatch, readCertificates } from '../x509/index.ts';
import type { Authorities, Authority } from './authorities.ts';
import { examineCertificateAuthority, examineKeyPair } from './authority-check.ts';
import { authorityKeys } from './authority-keys.ts';
import type { BundleFile } from './bundle-files.ts';
import { attempt, LINKED } from './examine.ts';
import { authorityTexts, FIRST_ONLY } from './issuers.ts';
import { authoritiesRoot, type DirectoryPlace, isFlat } from './place.ts';
import { sharedProblem } from './shared-authorities.ts';

/** Something that the host should have and that is not in the archive, or a file that nobody asked for. */
export interface LeftOut {
  readonly path: string;
  readonly reason: string;
}

/** What is to be known of a file that is in the archive. */
export interface Noted {
  readonly path: string;
  readonly note: string;
}

/** What is wrong, and which files (as they lie here) are not to be packed because of it. */
export interface Problems {
  readonly list: LeftOut[];
  readonly spoilt: Set<string>;
  readonly noted: Noted[];
  /** What is packed of a file instead of all that lies there. */
  readonly written: Map<string, Buffer>;
}

/** Where a file trusts more than its own authority, or is packed without others that lie in it. */
export const isTrustNote = (note: string): boolean =>
  note.startsWith('trusts ') ||
  note.endsWith(FIRST_ONLY) ||
  note.endsWith(LINKED) ||
  /^\d+ (more )?public keys: /.test(note);

export const NOT_THERE = 'not there';

/** The authorities, by their public parts: to pack a host nobody needs the key of a CA. Those that its files hang on have to be right. */
export function examineAuthorities(
  cluster: Cluster,
  place: DirectoryPlace,
  items: readonly HostItem[],
  problems: Problems,
  now: Date,
): Authorities {
  const needed = new Set<CredentialId>();
  for (const item of items) {
    if (item.kind === 'copy') needed.add(item.credential);
    else needed.add(item.profile.issuer);
    if (item.kind === 'kubeconfig') needed.add(item.trust);
  }
  const root = authoritiesRoot(place);
  const examined = authorityItems(cluster).map((item) =>
    examineAuthority(item, root, cluster, now),
  );
  const all = examined.map(({ authority }) => authority);
  const authorities = new Map<CredentialId, Authority>();
  for (const { authority, reason: own, notes } of examined) {
    const { id, publicPath, keyPath, keys, certificate, publicText = '' } = authority;
    const shared = sharedProblem(authority, all);
    const reason = own ?? (shared !== undefined && 'reason' in shared ? shared.reason : undefined);
    if (reason !== undefined && (needed.has(id) || isFlat(place))) {
      problems.list.push({ path: publicPath, reason });
      problems.spoilt.add(publicPath);
    }
    problems.noted.push(...notes.filter(isTrustNote).map((note) => ({ path: publicPath, note })));
    if (certificate !== undefined) problems.written.set(publicPath, Buffer.from(publicText));
    const refused = { id, publicPath, keyPath, keys, state: 'refused' as const };
    authorities.set(id, reason === undefined ? authority : refused);
  }
  return authorities;
}

/** No file of this name is there. */
const NO_KEY = '';

function examineAuthority(
  item: AuthorityItem,
  root: string,
  cluster: Cluster,
  now: Date,
): { readonly authority: Authority; readonly reason?: string; readonly notes: readonly string[] } {
  const publicPath = join(root, item.publicPath);
  const keyPath = join(root, item.keyPath);
  const keys = authorityKeys(publicPath, keyPath);
  const base = { id: item.credential, publicPath, keyPath, keys };
  const reading = { cluster, now, isRead: false };
  const verdict =
    item.kind === 'key-pair'
      ? examineKeyPair(item, publicPath, NO_KEY, reading)
      : examineCertificateAuthority(item, publicPath, NO_KEY, reading);
  if (verdict.verdict !== 'kept') {
    const reason = verdict.verdict === 'refused' ? verdict.reason : NOT_THERE;
    return { authority: { ...base, state: 'refused' }, reason, notes: [] };
  }
  const { certificate, issuers = [], text: publicText = '', notes } = verdict;
  const parts =
    certificate === undefined
      ? { publicText }
      : { certificate, issuers, ...authorityTexts(certificate, issuers) };
  return { authority: { ...base, state: 'there', ...parts }, notes };
}

/**
 * What is wrong with the key of an authority that a host holds. A host does without a CA's where the
 * authority itself has none here, as kubeadm's do; nothing runs without the one that signs tokens.
 */
export function keyProblem(file: BundleFile, authorities: Authorities): string | undefined {
  const authority = authorities.get(file.credential);
  if (authority === undefined || authority.state === 'refused' || file.mode !== 0o600)
    return undefined;
  const state = lookAtFile(file.source);
  if (state.state === 'unreadable') return state.reason;
  if (state.state === 'missing') {
    const isElsewhere = file.source === authority.keyPath || !existsSync(authority.keyPath);
    return file.credential !== 'sa' && isElsewhere ? undefined : NOT_THERE;
  }
  const read = attempt(() => decodePrivateKey(state.bytes));
  if ('reason' in read) return read.reason;
  const publicParts = attempt(() => publicPartsOf(authority));
  if ('reason' in publicParts) return publicParts.reason;
  return publicParts.value.some((part) => keysMatch(part, read.value))
    ? undefined
    : `not the key of ${file.credential}`;
}

const publicPartsOf = ({ id, publicText = '' }: Authority): readonly { spki: Uint8Array }[] =>
  id === 'sa' ? decodePublicKeys(publicText) : readCertificates(publicText);
