/**
 * The RBAC objects that a cluster is born with, all of them: what runs beside our server finds its rights
 * (kubernetes, plugin/pkg/auth/authorizer/rbac/bootstrappolicy; `test/components/default-roles.test.ts`
 * compares them with a real kube-apiserver's).
 */
import type {
  ClusterRole,
  ClusterRoleBinding,
  ObjectMeta,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from '../../../kubernetes/index.ts';
import { aggregatedRules } from '../../../kubernetes/index.ts';
import { ADD_ON_ROLES } from './add-on-roles.ts';
import { COMPONENT_ROLES } from './component-roles.ts';
import { CONTROLLER_ROLES } from './controller-roles.ts';
import { NAMESPACED_ROLES } from './namespaced-roles.ts';
import { CLUSTER_SUBJECTS, NAMESPACED_SUBJECTS, RBAC } from './subjects.ts';
import { SYSTEM_ROLES } from './system-roles.ts';
import { AGGREGATED_RULES } from './user-roles.ts';

export { NODE_RULES } from './node-rules.ts';

export interface DefaultRbacObjects {
  readonly clusterRoles: readonly ClusterRole[];
  readonly clusterRoleBindings: readonly ClusterRoleBinding[];
  /** In kube-system and kube-public. */
  readonly roles: readonly Role[];
  readonly roleBindings: readonly RoleBinding[];
}

const VERSION = `${RBAC}/v1`;
const AGGREGATE = 'rbac.authorization.k8s.io/aggregate-to-';

const metadata = (
  name: string,
  { namespace, labels = {} }: { namespace?: string; labels?: Record<string, string> } = {},
): ObjectMeta => ({
  name,
  ...(namespace === undefined ? {} : { namespace }),
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
  annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
});

/** Made on call: a server needs them once, when it starts. */
export function defaultRbacObjects(): DefaultRbacObjects {
  const fixed = { ...SYSTEM_ROLES, ...COMPONENT_ROLES, ...ADD_ON_ROLES, ...CONTROLLER_ROLES };
  return {
    clusterRoles: [
      ...Object.entries(fixed).map(([name, rules]) => clusterRole(name, rules)),
      ...userRoles(),
    ],
    clusterRoleBindings: Object.entries(CLUSTER_SUBJECTS).map(([name, subjects]) => ({
      apiVersion: VERSION,
      kind: 'ClusterRoleBinding',
      metadata: metadata(name),
      ...someSubjects(subjects),
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name },
    })),
    roles: Object.entries(NAMESPACED_ROLES).flatMap(([namespace, roles]) =>
      Object.entries(roles).map(([name, rules]) => ({
        apiVersion: VERSION,
        kind: 'Role',
        metadata: metadata(name, { namespace }),
        rules,
      })),
    ),
    roleBindings: Object.entries(NAMESPACED_SUBJECTS).flatMap(([namespace, bindings]) =>
      bindings.map(({ name, role, subjects }) => ({
        apiVersion: VERSION,
        kind: 'RoleBinding',
        metadata: metadata(name, { namespace }),
        ...someSubjects(subjects),
        roleRef: { apiGroup: RBAC, kind: 'Role', name: role },
      })),
    ),
  };
}

const someSubjects = (subjects: readonly Subject[]): { subjects?: readonly Subject[] } =>
  subjects.length === 0 ? {} : { subjects };

function clusterRole(
  name: string,
  rules: readonly PolicyRule[],
  labels: Record<string, string> = {},
): ClusterRole {
  return { apiVersion: VERSION, kind: 'ClusterRole', metadata: metadata(name, { labels }), rules };
}

/**
 * view, edit and admin, each gathered from its own part and the one before. They come with the rules that
 * kube-controller-manager would fill in, so that they are good for something without it.
 */
function userRoles(): ClusterRole[] {
  const roles: ClusterRole[] = [];
  for (const [name, next] of [
    ['view', 'edit'],
    ['edit', 'admin'],
    ['admin', undefined],
  ] as const) {
    const label = `${AGGREGATE}${name}`;
    roles.push(
      clusterRole(`system:aggregate-to-${name}`, AGGREGATED_RULES[name] ?? [], { [label]: 'true' }),
    );
    const role: ClusterRole = {
      ...clusterRole(name, [], next === undefined ? {} : { [`${AGGREGATE}${next}`]: 'true' }),
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [label]: 'true' } }] },
    };
    roles.push({ ...role, rules: aggregatedRules(role, roles) });
  }
  return roles;
}
