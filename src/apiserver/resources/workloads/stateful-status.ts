/** The status of a StatefulSet (k8s.io/kubernetes, ValidateStatefulSetStatus). */
import type { StatefulSet } from '../../../kubernetes/index.ts';
import { nonNegative } from '../checks.ts';
import { type FieldError, invalid } from '../field-error.ts';
import { MORE_THAN_ALL } from './common.ts';

const COUNTS = [
  'readyReplicas',
  'currentReplicas',
  'updatedReplicas',
  'availableReplicas',
] as const;

export function validateStatefulStatus(
  status: StatefulSet['status'],
  old: StatefulSet['status'],
): FieldError[] {
  const { collisionCount, readyReplicas = 0, availableReplicas } = status;
  const errors = (['replicas', ...COUNTS, 'observedGeneration', 'collisionCount'] as const).flatMap(
    (name) => nonNegative(`status.${name}`, status[name]),
  );
  for (const name of COUNTS) {
    const count = status[name] ?? 0;
    if (count > status.replicas) errors.push(invalid(`status.${name}`, count, MORE_THAN_ALL));
  }
  if (availableReplicas > readyReplicas) {
    const why = 'cannot be greater than status.readyReplicas';
    errors.push(invalid('status.availableReplicas', availableReplicas, why));
  }
  const before = old.collisionCount;
  return before !== undefined && (collisionCount === undefined || collisionCount < before)
    ? [...errors, invalid('status.collisionCount', collisionCount ?? 0, 'cannot be decremented')]
    : errors;
}
