/**
 * DELETE: an object with finalizers is marked and waits for the last of them to go, any other is gone at
 * once (apiserver, pkg/registry/generic/registry/store.go, Delete).
 */
import { type KubernetesObject, type Status, StatusError } from '../../kubernetes/index.ts';
import {
  type FieldError,
  formatTime,
  invalid,
  judgedType,
  notSupported,
  type ResourceDefinition,
} from '../resources/index.ts';
import { unstored } from './codec.ts';
import { keyOf } from './keys.ts';
import { withPropagation } from './propagation.ts';
import { conflict, MODIFIED, notFound } from './refusals.ts';
import type { Deleted, DeleteOptions, ObjectKey, WriteContext } from './registry.ts';
import type { ServedObject } from './served.ts';
import { admit, type Store } from './store.ts';
import { ordered } from './system-metadata.ts';

const MOST_TRIES = 1_000;

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
    const ending = endingOf(store, definition, current.object, options);
    if (ending === undefined) return { gone: false, served: current };
    await admit(context, { old: current.object });
    const result = await end(store, { definition, key, current, ...ending }, context);
    if (result === undefined) continue;
    if (result.gone) await removeCompanion(store, definition, location, context);
    return result;
  }
  throw conflict(definition.type, location.name, MODIFIED);
}

/**
 * An object is gone, and what there is of the same name in another resource only through it goes too: the
 * endpoints of a service, so that the next one of that name does not begin with them (kubernetes,
 * pkg/registry/core/service/storage/storage.go, afterDelete). Nobody has asked for it: admission is not asked.
 */
export async function removeCompanion(
  store: Store,
  definition: ResourceDefinition,
  location: ObjectKey,
  { attributes, dryRun = false }: WriteContext,
): Promise<void> {
  const companion = store.companionOf(definition);
  if (companion === undefined || dryRun) return;
  await removeUnlessGone(store, companion, location, {}, { attributes });
}

/** That it is gone already is no error. */
export async function removeUnlessGone<T extends KubernetesObject>(
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

/** What a DELETE makes of an object. */
interface Ending<T extends KubernetesObject> {
  readonly marked: T;
  /**
   * `stays`: until its finalizers are gone, or its time is over. `leaves`: at once, but whoever watches sees
   * it marked before. `goes`: at once, as it stands.
   */
  readonly next: 'stays' | 'leaves' | 'goes';
}

interface Step<T extends KubernetesObject> extends Ending<T> {
  readonly definition: ResourceDefinition<T>;
  readonly key: string;
  readonly current: ServedObject<T>;
}

/** Undefined where another was faster. */
async function end<T extends KubernetesObject>(
  store: Store,
  { definition, key, current, marked, next }: Step<T>,
  { dryRun = false }: WriteContext,
): Promise<Deleted<T> | undefined> {
  if (next === 'stays') {
    if (marked === current.object) return { gone: false, served: current };
    if (dryRun) return { gone: false, served: unstored(definition, marked) };
    const served = await store.replace(definition, key, marked, current.revision);
    return served === undefined ? undefined : { gone: false, served };
  }
  let last = current;
  if (next === 'leaves') {
    const served = dryRun
      ? unstored(definition, marked)
      : await store.replace(definition, key, marked, current.revision);
    if (served === undefined) return undefined;
    last = served;
  }
  const isGone = dryRun || (await store.remove(definition, key, last.revision));
  // Whoever was faster with one that is marked and held by nothing has removed it.
  if (!isGone && next === 'goes') return undefined;
  return definition.strategy.returnDeletedObject === true
    ? { gone: true, served: last }
    : { gone: true, status: successOf(definition, last.object) };
}

/** Undefined where the end has begun, and the request does not make it come sooner. */
function endingOf<T extends KubernetesObject>(
  store: Store,
  definition: ResourceDefinition<T>,
  object: T,
  options: DeleteOptions,
): Ending<T> | undefined {
  const { strategy } = definition;
  const now = store.clock.now();
  const isMarked = object.metadata.deletionTimestamp !== undefined;
  if (strategy.beginDelete !== undefined) {
    if (!isMarked) {
      const metadata = ordered({ ...object.metadata, deletionTimestamp: formatTime(now) });
      const begun = strategy.beginDelete({ ...object, metadata });
      return { marked: withPropagation(definition, begun, options), next: 'stays' };
    }
    if (strategy.isFinalized?.(object) === false) return undefined;
  }
  const { gracePeriodSeconds: asked } = options;
  const graceful = shortened(definition, object, asked === undefined ? asked : atLeast(asked), now);
  if (graceful === 'pending') return undefined;
  const collected = store.collectsGarbage
    ? withPropagation(definition, graceful?.marked ?? object, options)
    : (graceful?.marked ?? object);
  const isHeld = (collected.metadata.finalizers ?? []).length > 0;
  if (graceful !== undefined) {
    return { marked: collected, next: isHeld || graceful.period > 0 ? 'stays' : 'leaves' };
  }
  return isHeld
    ? { marked: mark(collected, now), next: 'stays' }
    : { marked: collected, next: 'goes' };
}

/** Negative seconds are one, as upstream. */
const atLeast = (seconds: number): number => (seconds < 0 ? 1 : seconds);

interface Graceful<T extends KubernetesObject> {
  readonly marked: T;
  readonly period: number;
}

/**
 * The object with the time that it is left for who has to end what it stands for; undefined where nobody has,
 * or the time is over (apiserver, pkg/registry/rest/delete.go, BeforeDelete).
 */
function shortened<T extends KubernetesObject>(
  { strategy }: ResourceDefinition<T>,
  object: T,
  asked: number | undefined,
  now: Date,
): Graceful<T> | 'pending' | undefined {
  if (strategy.gracePeriodSeconds === undefined) return undefined;
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = object.metadata;
  if (deletionTimestamp === undefined) {
    const period = strategy.gracePeriodSeconds(object, asked);
    return { marked: timed(object, later(now, period), period), period };
  }
  if (deletionGracePeriodSeconds === 0) return undefined;
  const left = atLeast(deletionGracePeriodSeconds);
  if (asked === undefined || asked >= left) return 'pending';
  const end = later(new Date(deletionTimestamp), asked - left);
  if (end >= now) return { marked: timed(object, end, asked), period: asked };
  // The time that is asked for is over already: who has to end it gets the shortest that there is.
  const period = asked === 0 ? 0 : 1;
  return { marked: timed(object, now, period), period };
}

const later = (time: Date, seconds: number): Date => new Date(time.getTime() + seconds * 1000);

/** What only waits for its finalizers is marked as of now. */
function mark<T extends KubernetesObject>(object: T, now: Date): T {
  const { deletionTimestamp, deletionGracePeriodSeconds } = object.metadata;
  const isPast = deletionTimestamp !== undefined && Date.parse(deletionTimestamp) <= now.getTime();
  if (isPast && deletionGracePeriodSeconds === 0) return object;
  return timed(object, isPast ? new Date(deletionTimestamp) : now, 0);
}

/** With the times of its end; the generation moves with the first. */
function timed<T extends KubernetesObject>(object: T, end: Date, period: number): T {
  const { deletionTimestamp, generation = 0 } = object.metadata;
  const begins = deletionTimestamp === undefined && generation > 0;
  return {
    ...object,
    metadata: ordered({
      ...object.metadata,
      ...(begins ? { generation: generation + 1 } : {}),
      deletionTimestamp: formatTime(end),
      deletionGracePeriodSeconds: period,
    }),
  };
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
  definition: ResourceDefinition,
  name: string,
  { preconditions = {} }: DeleteOptions,
  { object }: ServedObject,
): void {
  const { type, strategy } = definition;
  const judged = judgedType(definition);
  const { uid, resourceVersion } = preconditions;
  const found = object.metadata;
  const check = (what: string, short: string, wanted?: string, is = ''): void => {
    if (wanted === undefined || wanted === is) return;
    const shown = wanted.slice(0, 64);
    // Namespaces have a way of their own, and words (pkg/registry/core/namespace/storage/storage.go).
    throw strategy.beginDelete === undefined
      ? conflict(
          { ...judged, resource: judged.kind },
          name,
          `the ${what} in the precondition (${shown}) does not match the ${what} in record (${is}). The object might have been ${short}`,
        )
      : conflict(
          type,
          name,
          `Precondition failed: ${what} in precondition: ${shown}, ${what} in object meta: ${is}`,
        );
  };
  check('UID', 'deleted and then recreated', uid, found.uid);
  check('ResourceVersion', 'modified', resourceVersion, found.resourceVersion);
}
