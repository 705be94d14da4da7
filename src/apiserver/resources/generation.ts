/** `metadata.generation`: how often what an object asks for has changed. */
import type { KubernetesObject } from '../../kubernetes/index.ts';
import { sameJson } from './metadata.ts';

export const firstGeneration = <T extends KubernetesObject>(object: T): T => ({
  ...object,
  metadata: { ...object.metadata, generation: 1 },
});

/** One more where the two are not the same. */
export function nextGeneration<T extends KubernetesObject>(
  object: T,
  asked: unknown,
  before: unknown,
): T {
  if (sameJson(asked, before)) return object;
  const { generation = 0 } = object.metadata;
  return { ...object, metadata: { ...object.metadata, generation: generation + 1 } };
}
