/** The part of the metadata that the server writes and nobody else. */
import { randomFillSync } from 'node:crypto';
import type { KubernetesObject, ObjectMeta, OwnerReference } from '../../kubernetes/index.ts';
import { formatTime } from '../resources/index.ts';
import type { WriteContext } from './registry.ts';

/** What names are continued with: no vowels, so no words (apimachinery, util/rand). */
const SUFFIX_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
const LONGEST_GENERATED = 63;

/** In [0, 1). */
export type Random = () => number;

/** Not to be guessed: uids and generated names are compared by machines that trust them. */
export const systemRandom: Random = () => {
  if (next === POOL.length) {
    randomFillSync(POOL);
    next = 0;
  }
  const value = POOL[next] ?? 0;
  next += 1;
  return value / 2 ** 32;
};

const POOL = new Uint32Array(256);
let next = POOL.length;

export function generateName(prefix: string, random: Random): string {
  const base = prefix.slice(0, LONGEST_GENERATED - SUFFIX_LENGTH);
  let name = base;
  for (let count = 0; count < SUFFIX_LENGTH; count += 1) {
    name += SUFFIX_LETTERS[Math.floor(random() * SUFFIX_LETTERS.length)] ?? '';
  }
  return name;
}

/** RFC 9562, version 4. */
export function uuid(random: Random): string {
  let hex = '';
  for (let count = 0; count < 4; count += 1) {
    hex += Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  }
  const variant = '89ab'[Number.parseInt(hex[16] ?? '0', 16) & 3] ?? '8';
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** Upstream's order of the fields, which is that of the stored JSON. */
const ORDER = [
  'name',
  'generateName',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
] as const;

/** The metadata in upstream's order, without what is undefined. `managedFields` and the like come last. */
export function ordered(metadata: ObjectMeta): ObjectMeta {
  const result: Record<string, unknown> = {};
  for (const field of ORDER) {
    if (metadata[field] !== undefined) result[field] = metadata[field];
  }
  const { selfLink: _, ...all }: ObjectMeta & { readonly selfLink?: string } = metadata;
  return Object.assign(result, all);
}

/** Of a new object: what a client says of these fields does not count. */
export function withSystemMetadata<T extends KubernetesObject>(
  object: T,
  namespace: string | undefined,
  now: Date,
  random: Random,
): T {
  const {
    resourceVersion: _,
    deletionTimestamp: __,
    deletionGracePeriodSeconds: ___,
    ...given
  } = object.metadata;
  const { name = '', generateName: prefix = '' } = given;
  return {
    ...object,
    metadata: ordered({
      ...given,
      ...(name === '' && prefix !== '' ? { name: generateName(prefix, random) } : {}),
      ...(namespace === undefined ? {} : { namespace }),
      uid: uuid(random),
      creationTimestamp: formatTime(now),
      ...dedupedOwners(given.ownerReferences),
    }),
  };
}

/** Nothing new is on its way out, whatever a client says: so nobody is the manager of that either. */
export function withoutDeletion<T extends KubernetesObject>(object: T): T {
  const { deletionTimestamp, deletionGracePeriodSeconds, ...metadata } = object.metadata;
  const isNew = deletionTimestamp === undefined && deletionGracePeriodSeconds === undefined;
  return isNew ? object : { ...object, metadata };
}

/** With these managers of its fields, or with none. */
export function withManagedFields<T extends KubernetesObject>(
  object: T,
  managed: ObjectMeta['managedFields'],
): T {
  if (object.metadata.managedFields === managed) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return {
    ...object,
    metadata: managed === undefined ? metadata : { ...metadata, managedFields: managed },
  };
}

export function withDedupedOwners<T extends KubernetesObject>(
  object: T,
  { warn, attributes }: Pick<WriteContext, 'warn' | 'attributes'>,
): T {
  const { ownerReferences = [] } = object.metadata;
  if (ownerReferences.length < 2) return object;
  const warning = duplicateOwnersWarning(ownerReferences, attributes.verb === 'patch');
  if (warning === undefined) return object;
  warn?.(warning);
  return { ...object, metadata: { ...object.metadata, ...dedupedOwners(ownerReferences) } };
}

/** Upstream's text for owners that are named twice (apiserver, pkg/endpoints/handlers/create.go). */
function duplicateOwnersWarning(
  owners: readonly OwnerReference[],
  isPatch: boolean,
): string | undefined {
  const kept = dedupedOwners(owners).ownerReferences ?? [];
  if (kept.length === owners.length) return undefined;
  const left = new Set(kept);
  const uids = [...new Set(owners.filter((owner) => !left.has(owner)).map(({ uid }) => uid))];
  const when = isPatch ? ' after mutating admission happens' : '';
  return `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${uids.join(', ')}`;
}

/** References that stand there twice go once, as upstream does. */
export function dedupedOwners(
  owners: readonly OwnerReference[] | undefined,
): Pick<ObjectMeta, 'ownerReferences'> {
  if (owners === undefined) return {};
  if (owners.length < 2) return { ownerReferences: owners };
  // By a text of each: to compare each with each would take minutes for what fits into a request.
  const kept = new Map<string, OwnerReference>();
  for (const owner of owners) {
    const text = textOf(owner);
    if (!kept.has(text)) kept.set(text, owner);
  }
  return { ownerReferences: [...kept.values()] };
}

const textOf = ({
  apiVersion,
  kind,
  name,
  uid,
  controller,
  blockOwnerDeletion,
}: OwnerReference): string =>
  JSON.stringify([uid, apiVersion, kind, name, controller, blockOwnerDeletion]);
