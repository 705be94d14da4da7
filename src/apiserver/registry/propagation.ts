/**
 * What a DELETE has the garbage collector do with dependents, told to it by a finalizer (apiserver,
 * pkg/registry/generic/registry/store.go, deletionFinalizersForGarbageCollection).
 */
import type { KubernetesObject } from '../../kubernetes/index.ts';
import {
  FOREGROUND_FINALIZER,
  ORPHAN_FINALIZER,
  type ResourceDefinition,
} from '../resources/index.ts';
import type { DeleteOptions } from './registry.ts';
import { ordered } from './system-metadata.ts';

/** The finalizer that stands for a policy; Background has none. */
const FINALIZERS: Readonly<Record<string, string>> = {
  Orphan: ORPHAN_FINALIZER,
  Foreground: FOREGROUND_FINALIZER,
};

/** The object with the finalizer of the policy that holds for it, and without the other; itself where it is so. */
export function withPropagation<T extends KubernetesObject>(
  definition: ResourceDefinition<T>,
  object: T,
  options: DeleteOptions,
): T {
  const { finalizers: before = [] } = object.metadata;
  const finalizer = FINALIZERS[policyOf(definition, before, options)];
  const others = before.filter((one) => one !== ORPHAN_FINALIZER && one !== FOREGROUND_FINALIZER);
  const finalizers = finalizer === undefined ? others : [...others, finalizer];
  const wanted = new Set(finalizers);
  if (wanted.size === new Set(before).size && before.every((one) => wanted.has(one))) return object;
  const { finalizers: _, ...metadata } = object.metadata;
  return {
    ...object,
    metadata: ordered(finalizers.length === 0 ? metadata : { ...metadata, finalizers }),
  };
}

/** The request's; else what the object's own finalizers say, the first of them. */
function policyOf<T extends KubernetesObject>(
  { strategy }: ResourceDefinition<T>,
  finalizers: readonly string[],
  { orphanDependents, propagationPolicy }: DeleteOptions,
): string {
  if (strategy.ownsNothing === true) return 'Background';
  if (orphanDependents === true) return 'Orphan';
  // Of a namespace alone "do not orphan" means Foreground (pkg/registry/core/namespace/storage/storage.go).
  if (orphanDependents === false) {
    return strategy.beginDelete === undefined ? 'Background' : 'Foreground';
  }
  if (propagationPolicy !== undefined) return propagationPolicy;
  const own = finalizers.find((one) => one === ORPHAN_FINALIZER || one === FOREGROUND_FINALIZER);
  return own === ORPHAN_FINALIZER
    ? 'Orphan'
    : own === FOREGROUND_FINALIZER
      ? 'Foreground'
      : strategy.orphansDependents === true
        ? 'Orphan'
        : 'Background';
}
