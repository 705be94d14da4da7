/**
 * How the default roles and bindings are kept while people change them: what is missing is added, what is
 * more is left, and an object whose annotation `…/autoupdate` is `false` is not touched
 * (kubernetes, component-helpers/auth/rbac/reconciliation).
 */
import type { ClusterRole, ObjectMeta, RoleBinding, Subject } from '../../kubernetes/index.ts';
import { coverage } from './coverage.ts';
import { sameJson } from './same-json.ts';

const AUTO_UPDATE = 'rbac.authorization.kubernetes.io/autoupdate';

/** What has to be done. To recreate is to delete what is there and to create: a roleRef cannot be changed. */
export type Reconciled<T> =
  | { readonly operation: 'none' }
  | { readonly operation: 'create' | 'update' | 'recreate'; readonly object: T };

const NOTHING = { operation: 'none' } as const;

/** Of a ClusterRole, and of a Role, which is one that gathers no others. */
export function reconcileRole(
  existing: ClusterRole | undefined,
  expected: ClusterRole,
): Reconciled<ClusterRole> {
  if (existing === undefined) return { operation: 'create', object: expected };
  if (isProtected(existing.metadata)) return NOTHING;
  // The rules of one that gathers them are its controller's matter, once it is there.
  const wanted = expected.aggregationRule === undefined ? (expected.rules ?? []) : [];
  const missing = coverage(existing.rules ?? [], wanted);
  const { aggregationRule: _, ...others } = existing;
  const object: ClusterRole = {
    ...others,
    metadata: mergedMetadata(existing.metadata, expected.metadata),
    ...(missing.kind === 'uncovered'
      ? { rules: [...(existing.rules ?? []), ...missing.missing] }
      : {}),
    ...mergedAggregation(existing, expected),
  };
  return sameJson(object, existing) ? NOTHING : { operation: 'update', object };
}

export function reconcileBinding(
  existing: RoleBinding | undefined,
  expected: RoleBinding,
): Reconciled<RoleBinding> {
  if (existing === undefined) return { operation: 'create', object: expected };
  if (isProtected(existing.metadata)) return NOTHING;
  if (!sameJson(existing.roleRef, expected.roleRef)) {
    return { operation: 'recreate', object: expected };
  }
  const subjects = existing.subjects ?? [];
  const missing = (expected.subjects ?? []).filter(
    (subject) => !subjects.some((known) => sameSubject(known, subject)),
  );
  const object = {
    ...existing,
    metadata: mergedMetadata(existing.metadata, expected.metadata),
    ...(missing.length === 0 ? {} : { subjects: [...subjects, ...missing] }),
  };
  return sameJson(object, existing) ? NOTHING : { operation: 'update', object };
}

const isProtected = ({ annotations }: ObjectMeta): boolean =>
  annotations !== undefined &&
  Object.hasOwn(annotations, AUTO_UPDATE) &&
  annotations[AUTO_UPDATE] === 'false';

/** What stands there already wins. */
const mergedMetadata = (existing: ObjectMeta, expected: ObjectMeta): ObjectMeta => ({
  ...existing,
  labels: { ...expected.labels, ...existing.labels },
  annotations: { ...expected.annotations, ...existing.annotations },
});

const sameSubject = (one: Subject, other: Subject): boolean =>
  one.kind === other.kind &&
  one.name === other.name &&
  (one.namespace ?? '') === (other.namespace ?? '') &&
  (one.apiGroup ?? '') === (other.apiGroup ?? '');

/** A role that is not to gather others stops doing so; selectors that are missing are added. */
function mergedAggregation(
  existing: ClusterRole,
  expected: ClusterRole,
): Pick<ClusterRole, 'aggregationRule'> {
  const wanted = expected.aggregationRule?.clusterRoleSelectors;
  if (wanted === undefined) return {};
  const selectors = existing.aggregationRule?.clusterRoleSelectors ?? [];
  const missing = wanted.filter(
    (selector) => !selectors.some((known) => sameJson(known, selector)),
  );
  return { aggregationRule: { clusterRoleSelectors: [...selectors, ...missing] } };
}
