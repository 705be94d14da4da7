/** Holds the revocation lists of everything that is looked at against the CAs of it, and the certificates against the lists. */
import { type Entry, entriesOf, type RevocationListEntry } from '../../collect/index.ts';
import {
  type Certificate,
  isNamedAs,
  type RevocationList,
  revocationListRefusal,
} from '../../x509/index.ts';
import type { Item } from './item.ts';
import { type ListVerdict, type Revocation, revocationKey, type View } from './view.ts';

interface Authority {
  readonly certificate: Certificate;
  readonly path: string;
}

/** CAs of one name that are tried for a list. */
const MOST_CANDIDATES = 16;

/** @param trusted entries beside those of the items: what `--ca` names */
export function judgeLists(
  items: readonly Item[],
  trusted: readonly { readonly path: string; readonly entries: readonly Entry[] }[],
): Pick<View, 'lists' | 'revoked'> {
  const lists = new Map<RevocationListEntry, ListVerdict>();
  const revoked = new Map<string, Revocation>();
  const sources = items.map((item) => ({ path: item.path, entries: allEntries(item) }));
  const found = sources.flatMap(({ path, entries }) =>
    entries.flatMap((entry) => (entry.kind === 'crl' ? [{ path, entry }] : [])),
  );
  if (found.length === 0) return { lists, revoked };
  const authorities = authoritiesOf([...sources, ...trusted]);
  for (const { path, entry } of found) {
    const verdict = judge(entry.list, authorities.get(nameKey(entry.list.issuerDer)) ?? []);
    lists.set(entry, verdict);
    if (verdict.state === 'verifies') addRevoked(revoked, entry.list, path);
  }
  return { lists, revoked };
}

const nameKey = (der: Uint8Array): string => Buffer.from(der).toString('latin1');

export function allEntries({ content }: Item): readonly Entry[] {
  return 'reason' in content || content.format === 'link' ? [] : entriesOf(content);
}

/** Certificates by subject, each once. */
function authoritiesOf(
  sources: readonly { readonly path: string; readonly entries: readonly Entry[] }[],
): Map<string, Authority[]> {
  const authorities = new Map<string, Authority[]>();
  for (const { path, entries } of sources) {
    for (const entry of entries) {
      if (entry.kind !== 'certificate') continue;
      const { certificate } = entry;
      const key = nameKey(certificate.subjectDer);
      const known = authorities.get(key) ?? [];
      const isNew = known.every(
        (one) => Buffer.compare(one.certificate.der, certificate.der) !== 0,
      );
      if (isNew && known.length < MOST_CANDIDATES) {
        authorities.set(key, [...known, { certificate, path }]);
      }
    }
  }
  return authorities;
}

function judge(list: RevocationList, candidates: readonly Authority[]): ListVerdict {
  let failure: ListVerdict | undefined;
  for (const { certificate, path } of candidates) {
    if (!isNamedAs(list, certificate) || isOtherKey(list, certificate)) continue;
    const reason = revocationListRefusal(list, certificate);
    if (reason === undefined) return { state: 'verifies', by: path };
    failure ??= { state: 'fails', by: path, reason };
  }
  return failure ?? { state: 'unknown' };
}

/** A CA of the same name with another key, by what both say of their keys. */
function isOtherKey({ authorityKeyId }: RevocationList, { subjectKeyId }: Certificate): boolean {
  return (
    authorityKeyId !== undefined &&
    subjectKeyId !== undefined &&
    Buffer.compare(authorityKeyId, subjectKeyId) !== 0
  );
}

function addRevoked(revoked: Map<string, Revocation>, list: RevocationList, path: string): void {
  // An indirect list speaks of other issuers in a way that is not read here.
  if (list.isIndirect) return;
  for (const one of list.revoked) {
    if (one.reason === 'removeFromCRL') continue;
    const { revokedAt: at, reason } = one;
    revoked.set(revocationKey(list.issuerDer, one), { at, reason, path });
  }
}
