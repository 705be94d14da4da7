/** Lists of owner references, compared and changed. */
import type { OwnerReference } from '../../kubernetes/index.ts';

const FIELDS = ['apiVersion', 'kind', 'name', 'uid', 'controller', 'blockOwnerDeletion'] as const;

export const sameOwners = (
  a: readonly OwnerReference[] = [],
  b: readonly OwnerReference[] = [],
): boolean =>
  a.length === b.length &&
  a.every((owner, index) => FIELDS.every((field) => owner[field] === b[index]?.[field]));

/** As a strategic merge patch says that references go. */
export const removals = (uids: readonly string[]): readonly object[] =>
  uids.map((uid) => ({ $patch: 'delete', uid }));

export const without =
  (uids: readonly string[]) =>
  (owners: readonly OwnerReference[]): readonly OwnerReference[] =>
    owners.filter(({ uid }) => !uids.includes(uid));

/** None of them blocks the deletion of its owner any more. */
export const unblocked = (owners: readonly OwnerReference[]): readonly OwnerReference[] =>
  owners.map((owner) => ({ ...owner, blockOwnerDeletion: false }));
