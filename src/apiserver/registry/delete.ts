/**
 * DELETE: an object with finalizers is marked and waits for the last of them to go, any other is gone at
 * once (apiserver, pkg/registry/generic/registry/store.go, Delete). No garbage collector runs here: nothing
 * is set that only it would take away, as with upstream's `--enable-garbage-collector=false`.
 */
import { type KubernetesObject, type Status, StatusError } from '../../kubernetes/index.ts';
import {
  type FieldError,
  formatTime,
  invalid,
  notSupported,
  type ResourceDefinition,
} from '../resources/index.ts';
import { unstored } from './codec.ts';
import { keyOf } from './keys.ts';
import { list } from './list.ts';
import { conflict, MODIFIED, notFound } from './refusals.ts';
import type {
  Deleted,
  DeleteOptions,
  ListRequest,
  ObjectKey,
  ServedList,
  WriteContext,
} from './registry.ts';
import type { ServedObject } from './served.ts';
import { admit, type Store } from './store.ts';
import { ordered } from './system-metadata.ts';

const MOST_TRIES = 1_000;
const PAGE = 500;

export async function remove<T extends KubernetesObject>(
  store: Store,
  definition: ResourceDefinition<T>,
  location: ObjectKey,
  options: DeleteOptions,
  context: WriteContext,
): Promise<Deleted<T>> {
  checkOptions(options);
  const key = keyOf(definition, location);
  for (let left = MOST_TRIES; left > 0; left -= 1) {
    const current = await store.read(definition, key);
    if (current === undefined) throw notFound(definition.type, location.name);
    checkPreconditions(definition, location.name, options, current);
    await admit(context, { old: current.object });
    const result = await removeCurrent(store, definition, key, current, options, context);
    if (result !== undefined) return result;
  }
  throw conflict(definition.type, location.name, MODIFIED);
}

/** Undefined where another was faster. */
async function removeCurrent<T extends KubernetesObject>(
  store: Store,
  definition: ResourceDefinition<T>,
  key: string,
  current: ServedObject<T>,
  { gracePeriodSeconds }: DeleteOptions,
  { dryRun = false }: WriteContext,
): Promise<Deleted<T> | undefined> {
  const { object } = current;
  const ending = begin(definition, object, gracePeriodSeconds, store.clock.now());
  if (ending === undefined) return { gone: false, served: current };
  const { marked, period } = ending;
  if (period > 0 || isHeld(definition, object)) {
    if (marked === object) return { gone: false, served: current };
    if (dryRun) return { gone: false, served: unstored(definition, marked) };
    const served = await store.replace(definition, key, marked, current.revision);
    return served === undefined ? undefined : { gone: false, served };
  }
  if (!dryRun && !(await store.remove(definition, key, current.revision))) return undefined;
  if (definition.strategy.returnDeletedObject === true) {
    const isMarked = definition.strategy.gracePeriodSeconds !== undefined && marked !== object;
    return { gone: true, served: isMarked ? unstored(definition, marked) : current };
  }
  return { gone: true, status: successOf(definition, object) };
}

const isHeld = <T extends KubernetesObject>(
  { strategy }: ResourceDefinition<T>,
  object: T,
): boolean =>
  (object.metadata.finalizers ?? []).length > 0 || strategy.isFinalized?.(object) === false;

/**
 * The object as it is marked, and the seconds that it is left; undefined where it has begun already and
 * nothing makes it shorter (apiserver, pkg/registry/rest/delete.go, BeforeDelete).
 */
function begin<T extends KubernetesObject>(
  definition: ResourceDefinition<T>,
  object: T,
  asked: number | undefined,
  now: Date,
): { readonly marked: T; readonly period: number } | undefined {
  const { strategy } = definition;
  const { deletionTimestamp, deletionGracePeriodSeconds } = object.metadata;
  if (deletionTimestamp === undefined) {
    const period = strategy.gracePeriodSeconds?.(object, asked) ?? 0;
    return { marked: mark(definition, object, period, now), period };
  }
  if (strategy.gracePeriodSeconds === undefined || deletionGracePeriodSeconds === undefined) {
    return { marked: object, period: 0 };
  }
  if (asked === undefined || asked >= deletionGracePeriodSeconds) {
    // What waits for nothing but its finalizers is held by them.
    return deletionGracePeriodSeconds === 0 ? { marked: object, period: 0 } : undefined;
  }
  const begun = Date.parse(deletionTimestamp) - deletionGracePeriodSeconds * 1000;
  const marked = {
    ...object,
    metadata: ordered({
      ...object.metadata,
      deletionTimestamp: formatTime(new Date(begun + asked * 1000)),
      deletionGracePeriodSeconds: asked,
    }),
  };
  return { marked, period: asked };
}

/** The deletion begins. */
function mark<T extends KubernetesObject>(
  { strategy }: ResourceDefinition<T>,
  object: T,
  period: number,
  now: Date,
): T {
  const { generation = 0 } = object.metadata;
  const marked = {
    ...object,
    metadata: ordered({
      ...object.metadata,
      ...(generation > 0 ? { generation: generation + 1 } : {}),
      deletionTimestamp: formatTime(new Date(now.getTime() + period * 1000)),
      deletionGracePeriodSeconds: period,
    }),
  };
  return strategy.prepareDelete?.(marked) ?? marked;
}

function successOf({ type }: ResourceDefinition, { metadata }: KubernetesObject): Status {
  const { name = '', uid = '' } = metadata;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name,
      ...(type.group === '' ? {} : { group: type.group }),
      // The resource, though the field is called kind: upstream does it so.
      kind: type.resource,
      uid,
    },
  };
}

function checkOptions({ propagationPolicy, orphanDependents }: DeleteOptions): void {
  if (propagationPolicy === undefined) return;
  const errors: FieldError[] = [];
  const field = 'propagationPolicy';
  if (orphanDependents !== undefined) {
    errors.push(
      invalid(
        field,
        propagationPolicy,
        'orphanDependents and deletionPropagation cannot be both set',
      ),
    );
  }
  const policies = ['Foreground', 'Background', 'Orphan'];
  if (!policies.includes(propagationPolicy)) {
    errors.push(notSupported(field, propagationPolicy, policies));
  }
  if (errors.length === 0) return;
  const text = errors.map((error) => `${error.field}: ${error.message}`).join(', ');
  throw StatusError.of('Invalid', `DeleteOptions.meta.k8s.io "" is invalid: ${text}`, {
    group: 'meta.k8s.io',
    kind: 'DeleteOptions',
    causes: errors,
  });
}

function checkPreconditions(
  { type }: ResourceDefinition,
  name: string,
  { preconditions = {} }: DeleteOptions,
  { object }: ServedObject,
): void {
  const { uid, resourceVersion } = preconditions;
  const found = object.metadata;
  const refused = { ...type, resource: type.kind };
  if (uid !== undefined && uid !== found.uid) {
    throw conflict(
      refused,
      name,
      `the UID in the precondition (${uid.slice(0, 64)}) does not match the UID in record (${found.uid}). The object might have been deleted and then recreated`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== found.resourceVersion) {
    throw conflict(
      refused,
      name,
      `the ResourceVersion in the precondition (${resourceVersion.slice(0, 64)}) does not match the ResourceVersion in record (${found.resourceVersion}). The object might have been modified`,
    );
  }
}

/** One after the other; what is gone meanwhile is no error. Answers what was there. */
export async function removeCollection<T extends KubernetesObject>(
  store: Store,
  definition: ResourceDefinition<T>,
  request: ListRequest,
  options: DeleteOptions,
  context: WriteContext,
): Promise<ServedList<T>> {
  const { limit = 0 } = request;
  const items: ServedObject<T>[] = [];
  let page = await list(store.storage, store.codec, definition, {
    ...request,
    limit: limit > 0 ? limit : PAGE,
  });
  const { revision } = page;
  for (;;) {
    items.push(...page.items);
    for (const { object } of page.items) {
      await removeUnlessGone(store, definition, locationOf(definition, object), options, context);
    }
    // A limit of the request is the end; our own is only a step.
    if (page.continue === undefined || limit > 0) return { ...page, items, revision };
    const { resourceVersion: _, resourceVersionMatch: __, ...rest } = request;
    page = await list(store.storage, store.codec, definition, {
      ...rest,
      limit: PAGE,
      continue: page.continue,
    });
  }
}

async function removeUnlessGone<T extends KubernetesObject>(
  store: Store,
  definition: ResourceDefinition<T>,
  location: ObjectKey,
  options: DeleteOptions,
  context: WriteContext,
): Promise<void> {
  try {
    await remove(store, definition, location, options, context);
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'NotFound') return;
    throw error;
  }
}

export const locationOf = (
  { type }: ResourceDefinition,
  { metadata }: KubernetesObject,
): ObjectKey => ({
  ...(type.namespaced ? { namespace: metadata.namespace ?? '' } : {}),
  name: metadata.name ?? '',
});
