/**
 * PUT and PATCH: the compare-and-set loop (apiserver, pkg/registry/generic/registry/store.go, Update). What
 * another has written in between is read anew and everything is judged again, unless the request names the
 * version that it means.
 */
import type { KubernetesObject, ObjectMeta } from '../../kubernetes/index.ts';
import { isSameButTimes, managedAfterUpdate, validateManagedFields } from '../fields/index.ts';
import {
  invalid,
  invalidObject,
  judgedType,
  type ResourceDefinition,
  type Subresource,
  sameJson,
  type UpdateStrategy,
  validateMetadataUpdate,
} from '../resources/index.ts';
import { unstored } from './codec.ts';
import {
  checkNamespaceOf,
  completed,
  fieldsRequest,
  type NamespaceCheck,
  prepareCreate,
  withoutForeignNamespace,
} from './create.ts';
import { removeCompanion } from './delete.ts';
import { keyOf } from './keys.ts';
import { badRequest, conflict, MODIFIED, notFound } from './refusals.ts';
import type { ObjectKey, WriteContext } from './registry.ts';
import { parseObjectVersion } from './resource-version.ts';
import type { ServedObject } from './served.ts';
import { admit, MOST_STORED, type Store } from './store.ts';
import { ordered, withDedupedOwners, withManagedFields } from './system-metadata.ts';

/** Far more than any crowd needs: whoever is overtaken this often is in a loop. */
export const MOST_TRIES = 1_000;

export interface Update<T extends KubernetesObject> {
  readonly definition: ResourceDefinition<T>;
  readonly key: ObjectKey;
  /** The object that is meant; absent or empty: any of that name. */
  readonly uid?: string | undefined;
  readonly subresource: Subresource<T> | undefined;
  /** What is wanted in place of what is there; absent where nothing is there. */
  readonly wanted: (current: T | undefined) => T;
  /** By server-side apply: what is wanted has its managers, and is made where nothing is. */
  readonly isApplied?: boolean;
  readonly context: WriteContext;
  readonly checkNamespace: NamespaceCheck;
}

export interface UpdateResult<T extends KubernetesObject> {
  readonly served: ServedObject<T>;
  readonly created: boolean;
}

export async function update<T extends KubernetesObject>(
  store: Store,
  update: Update<T>,
): Promise<UpdateResult<T>> {
  const { definition, key: location } = update;
  const key = keyOf(definition, location);
  for (let left = MOST_TRIES; left > 0; left -= 1) {
    const current = await store.read(definition, key);
    const result = await store.inTurn(definition, () =>
      current === undefined
        ? createInstead(store, update, key)
        : replace(store, update, key, current),
    );
    if (result !== undefined) return result;
  }
  throw conflict(definition.type, location.name, MODIFIED);
}

/** Nothing is there. Undefined where something is by now. */
async function createInstead<T extends KubernetesObject>(
  store: Store,
  update: Update<T>,
  key: string,
): Promise<UpdateResult<T> | undefined> {
  const { definition, key: location, uid, subresource, wanted, context, checkNamespace } = update;
  const { isApplied = false } = update;
  const { type, strategy } = definition;
  // What is not there has no form either: who wants one says so.
  if (subresource?.form !== undefined) wanted(undefined);
  if (subresource !== undefined || !(strategy.allowCreateOnUpdate || isApplied)) {
    throw notFound(type, location.name);
  }
  const object = wanted(undefined);
  checkLocation(definition, location, object);
  checkUid(definition, location.name, uid);
  if (isApplied) checkNoUid(definition, location.name, object);
  await context.authorizeCreate?.();
  const { namespace } = location;
  if (type.namespaced) checkNamespace(namespace ?? '', object);
  const prepared = await prepareCreate(store, definition, namespace, object, context, isApplied);
  if (type.namespaced) checkNamespace(namespace ?? '', prepared);
  if (context.dryRun === true) return { served: unstored(definition, prepared), created: true };
  const result = await store.create(definition, key, prepared);
  return 'current' in result ? undefined : { served: result, created: true };
}

/** Undefined where another was faster. */
async function replace<T extends KubernetesObject>(
  store: Store,
  update: Update<T>,
  key: string,
  current: ServedObject<T>,
): Promise<UpdateResult<T> | undefined> {
  const { definition, key: location, uid, subresource, wanted, context } = update;
  const old = current.object;
  const object = wanted(old);
  checkLocation(definition, location, object);
  checkUid(definition, location.name, uid, old.metadata.uid);
  checkVersion(definition, location.name, object, current);
  const { user } = context.attributes;
  const now = store.clock.now();
  const own = withDedupedOwners(withoutForeignNamespace(definition, object), context);
  const complete = definition.strategy.default?.(own) ?? own;
  const managed = managersOf(update, complete, old, now);
  const given = withMetadataOf(complete, old, managed);
  const isForm = subresource?.form !== undefined;
  const strategy: UpdateStrategy<T> =
    subresource === undefined || isForm ? definition.strategy : subresource;
  const changed = strategy.prepareUpdate?.(given, old, { user, now }) ?? given;
  const prepared = withManagedFields(
    subresource === undefined ? await completed(store, definition, changed, old) : changed,
    managed,
  );
  const errors = [
    ...validateMetadataUpdate(definition, prepared.metadata, old.metadata),
    ...validateManagedFields(prepared.metadata.managedFields),
    ...(strategy.validateUpdate?.(prepared, old, { user, now }) ?? []),
  ];
  if (errors.length > 0) throw invalidObject(judgedType(definition), location.name, errors);
  strategy.warnings?.(prepared, old).forEach((text) => context.warn?.(text));
  await admit(context, { object: prepared, old });
  if (isLastFinalizerGone(definition, prepared, old)) {
    const isRemoved =
      context.dryRun === true || (await store.remove(definition, key, current.revision));
    if (isRemoved) await removeCompanion(store, definition, location, context);
    return isRemoved ? { served: unstored(definition, prepared), created: false } : undefined;
  }
  const isDry = context.dryRun === true;
  if (isSame(prepared, old, managed) && (isDry || !(await store.isStale(key, current.revision)))) {
    return { served: current, created: false };
  }
  if (isDry) return { served: unstored(definition, prepared), created: false };
  const served = await store.replace(definition, key, prepared, current.revision, MOST_STORED);
  return served === undefined ? undefined : { served, created: false };
}

/** @throws StatusError BadRequest where the object is not the one of the path */
function checkLocation(
  definition: ResourceDefinition,
  { namespace, name }: ObjectKey,
  object: KubernetesObject,
): void {
  checkNamespaceOf(definition, namespace, object);
  const { name: own = '' } = object.metadata;
  if (own === name) return;
  throw badRequest(
    `the name of the object (${own.slice(0, 253)}) does not match the name on the URL (${name})`,
  );
}

/** The version that the object names is that of what is there. */
function checkVersion(
  { type, strategy }: ResourceDefinition,
  name: string,
  { metadata }: KubernetesObject,
  current: ServedObject,
): void {
  const { resourceVersion = '' } = metadata;
  const version = parseObjectVersion(resourceVersion);
  if (version === 0) {
    if (strategy.allowUnconditionalUpdate) return;
    // Upstream names the resource here in place of the kind.
    throw invalidObject({ ...type, kind: type.resource }, name, [
      invalid('metadata.resourceVersion', 0, 'must be specified for an update'),
    ]);
  }
  if (version !== current.revision) throw conflict(type, name, MODIFIED);
}

/** @throws StatusError Conflict where another object was meant, which had the same name once */
function checkUid({ type }: ResourceDefinition, name: string, wanted = '', found = ''): void {
  if (wanted === '' || wanted === found) return;
  throw conflict(
    type,
    name,
    `Precondition failed: UID in precondition: ${wanted.slice(0, 64)}, UID in object meta: ${found}`,
  );
}

/** @throws StatusError Conflict where what is applied is meant for an object that is there */
function checkNoUid({ type }: ResourceDefinition, name: string, object: KubernetesObject): void {
  const { uid = '' } = object.metadata;
  if (uid === '') return;
  throw conflict(
    type,
    name,
    `uid mismatch: the provided object specified uid ${uid.slice(0, 64)}, and no existing object was found`,
  );
}

type Managed = ObjectMeta['managedFields'];

/** Whose the fields are then. */
function managersOf<T extends KubernetesObject>(
  { definition, subresource, isApplied = false, context }: Update<T>,
  object: T,
  old: T,
  now: Date,
): Managed {
  if (isApplied) return object.metadata.managedFields;
  const [part = ''] =
    Object.entries(definition.subresources).find(([, one]) => one === subresource) ?? [];
  return managedAfterUpdate(definition, old, subresource?.form?.managed?.(object, old) ?? object, {
    ...fieldsRequest(context, now),
    subresource: part,
  });
}

/** Fields that are the stored object's, whatever the request says (apiserver, pkg/registry/rest/update.go, BeforeUpdate). */
const STORED = ['namespace', 'resourceVersion', 'generation', 'creationTimestamp'] as const;
/** Fields that are the stored object's unless the request says otherwise; validation judges that. */
const INHERITED = ['uid', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const;

function withMetadataOf<T extends KubernetesObject>(object: T, old: T, managed: Managed): T {
  const before = old.metadata;
  const { generation: _, resourceVersion: __, managedFields: ___, ...given } = object.metadata;
  const metadata: Record<string, unknown> = { ...given };
  for (const field of STORED) if (before[field] !== undefined) metadata[field] = before[field];
  for (const field of INHERITED) {
    if (before[field] !== undefined) metadata[field] ??= before[field];
  }
  if (managed !== undefined) metadata['managedFields'] = managed;
  return { ...object, metadata: ordered(metadata) };
}

function isLastFinalizerGone<T extends KubernetesObject>(
  { strategy }: ResourceDefinition<T>,
  object: T,
  old: T,
): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = old.metadata;
  return (
    deletionTimestamp !== undefined &&
    deletionGracePeriodSeconds === 0 &&
    (object.metadata.finalizers ?? []).length === 0 &&
    strategy.isFinalized?.(object) !== false
  );
}

/**
 * Nothing has changed but perhaps when somebody set a field: nothing is written, and nobody who watches hears of it
 * (apiserver, pkg/endpoints/handlers/fieldmanager/equality.go).
 */
function isSame<T extends KubernetesObject>(object: T, old: T, managed: Managed): boolean {
  const before = old.metadata.managedFields;
  return (
    isSameButTimes(managed, before) &&
    sameJson(
      { ...withManagedFields(object, before), kind: undefined, apiVersion: undefined },
      { ...old, kind: undefined, apiVersion: undefined },
    )
  );
}
