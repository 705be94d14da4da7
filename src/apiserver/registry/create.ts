/** POST: a new object (apiserver, pkg/registry/generic/registry/store.go, Create). */
import { type KubernetesObject, StatusError } from '../../kubernetes/index.ts';
import { managedAfterUpdate, validateManagedFields } from '../fields/index.ts';
import {
  invalidObject,
  judgedType,
  type ResourceDefinition,
  validateMetadata,
} from '../resources/index.ts';
import { unstored } from './codec.ts';
import { keyOf } from './keys.ts';
import { alreadyExists, badRequest, noUniqueName } from './refusals.ts';
import type { WriteContext } from './registry.ts';
import type { ServedObject } from './served.ts';
import { admit, type Store } from './store.ts';
import {
  withDedupedOwners,
  withManagedFields,
  withoutDeletion,
  withSystemMetadata,
} from './system-metadata.ts';

/** Whose fields they are that the server sets by itself, as upstream's. */
const SERVER = 'kube-apiserver';
/** How often another generated name is tried. */
const MOST_NAMES = 8;

/** What must hold at the moment of writing: the namespace is there and stays. */
export type NamespaceCheck = (namespace: string, object: KubernetesObject) => void;

export async function create<T extends KubernetesObject>(
  store: Store,
  definition: ResourceDefinition<T>,
  namespace: string | undefined,
  object: T,
  context: WriteContext,
  checkNamespace: NamespaceCheck,
): Promise<ServedObject<T>> {
  const { metadata } = object;
  if ((metadata.resourceVersion ?? '') !== '') {
    throw StatusError.unexplained('resourceVersion should not be set on objects to be created');
  }
  checkNamespaceOf(definition, namespace, object);
  // Before what it holds is looked at, as upstream's plug-in; again at the moment of writing.
  if (definition.type.namespaced) checkNamespace(namespace ?? '', object);
  const isGenerated = (metadata.name ?? '') === '' && (metadata.generateName ?? '') !== '';
  const once = (left: number): Promise<ServedObject<T> | undefined> =>
    store.inTurn(definition, () => attempt(left));
  const attempt = async (left: number): Promise<ServedObject<T> | undefined> => {
    const prepared = await prepareCreate(store, definition, namespace, object, context);
    const { name = '' } = prepared.metadata;
    const key = keyOf(definition, { ...(namespace === undefined ? {} : { namespace }), name });
    if (definition.type.namespaced) checkNamespace(namespace ?? '', prepared);
    if (context.dryRun === true) {
      if ((await store.read(definition, key)) === undefined) return unstored(definition, prepared);
    } else {
      const result = await store.create(definition, key, prepared);
      if (!('current' in result)) return result;
    }
    if (left === 1) {
      throw isGenerated
        ? noUniqueName(definition.type, name)
        : alreadyExists(definition.type, name);
    }
    return undefined;
  };
  for (let left = isGenerated ? MOST_NAMES : 1; ; left -= 1) {
    const served = await once(left);
    if (served !== undefined) return served;
  }
}

/**
 * As it is going to be stored: prepared, validated, admitted.
 *
 * @param isApplied it knows the managers of its fields already
 */
export async function prepareCreate<T extends KubernetesObject>(
  store: Store,
  definition: ResourceDefinition<T>,
  namespace: string | undefined,
  object: T,
  context: WriteContext,
  isApplied = false,
): Promise<T> {
  const { strategy, type } = definition;
  const now = store.clock.now();
  const scope = type.namespaced ? namespace : undefined;
  const own = withoutForeignNamespace(definition, object);
  const complete = strategy.default?.(own) ?? own;
  const managed = isApplied ? complete : managedAlone(definition, complete, context, now);
  const named = withSystemMetadata(managed, scope, now, store.random);
  const { user } = context.attributes;
  const filled = (await strategy.fillIn?.(named, store)) ?? named;
  const given = strategy.prepareCreate?.(filled, { user, now }) ?? filled;
  const prepared = await completed(store, definition, given, undefined);
  const errors = [
    ...validateMetadata(definition, prepared),
    ...validateManagedFields(prepared.metadata.managedFields),
    ...(strategy.validate?.(prepared) ?? []),
  ];
  if (errors.length > 0)
    throw invalidObject(judgedType(definition), prepared.metadata.name ?? '', errors);
  strategy.warnings?.(prepared).forEach((text) => context.warn?.(text));
  await admit(context, { object: prepared }, { verb: 'create' });
  return prepared;
}

/** All that it has belongs to who creates it. */
function managedAlone<T extends KubernetesObject>(
  definition: ResourceDefinition<T>,
  object: T,
  context: WriteContext,
  now: Date,
): T {
  const given = withDedupedOwners(withoutDeletion(object), context);
  const request = fieldsRequest(context, now);
  return withManagedFields(given, managedAfterUpdate(definition, undefined, given, request));
}

export const fieldsRequest = (
  { fieldManager = SERVER }: WriteContext,
  now: Date,
): { readonly manager: string; readonly now: Date } => ({ manager: fieldManager, now });

/** With what no other has. */
export async function completed<T extends KubernetesObject>(
  store: Store,
  definition: ResourceDefinition<T>,
  object: T,
  old: T | undefined,
): Promise<T> {
  const { strategy } = definition;
  if (strategy.complete === undefined) return object;
  return await strategy.complete(object, old, {
    list: () => store.all(definition),
    random: store.random,
    ranges: store.ranges,
  });
}

/** @throws StatusError BadRequest where the object names another namespace than the request */
export function checkNamespaceOf(
  { type }: ResourceDefinition,
  namespace: string | undefined,
  { metadata }: KubernetesObject,
): void {
  const own = metadata.namespace ?? '';
  if (!type.namespaced || own === '' || own === namespace) return;
  throw badRequest(
    'the namespace of the provided object does not match the namespace sent on the request',
  );
}

/** A cluster-scoped object has none, whatever it says. */
export function withoutForeignNamespace<T extends KubernetesObject>(
  { type }: ResourceDefinition,
  object: T,
): T {
  if (type.namespaced || object.metadata.namespace === undefined) return object;
  const { namespace: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
