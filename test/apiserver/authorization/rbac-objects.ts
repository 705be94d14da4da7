/** RBAC objects in a few words, kept where an authorizer looks for them. */
import type { RbacSource } from '../../../src/apiserver/registry/index.ts';
import type { PathRequest, ResourceRequest } from '../../../src/apiserver/types.ts';
import type {
  ClusterRole,
  PolicyRule,
  RoleBinding,
  Subject,
  UserInfo,
} from '../../../src/kubernetes/index.ts';

const GROUP = 'rbac.authorization.k8s.io';

export const user = (name: string, ...groups: string[]): UserInfo => ({ name, groups });

export const toUser = (name: string): Subject => ({ kind: 'User', apiGroup: GROUP, name });
export const toGroup = (name: string): Subject => ({ kind: 'Group', apiGroup: GROUP, name });
export const toAccount = (name: string, namespace?: string): Subject => ({
  kind: 'ServiceAccount',
  name,
  ...(namespace === undefined ? {} : { namespace }),
});

/** `get,list` on `pods,pods/log` of the core group, unless said otherwise. */
export const rule = (
  verbs: string,
  resources: string,
  more: Partial<PolicyRule> = {},
): PolicyRule => ({
  verbs: verbs.split(','),
  apiGroups: [''],
  resources: resources.split(','),
  ...more,
});

export const urls = (verbs: string, paths: string): PolicyRule => ({
  verbs: verbs.split(','),
  nonResourceURLs: paths.split(','),
});

export function clusterRole(
  name: string,
  rules: readonly PolicyRule[],
  more: Partial<ClusterRole> = {},
): ClusterRole {
  return { apiVersion: `${GROUP}/v1`, kind: 'ClusterRole', metadata: { name }, rules, ...more };
}

export function role(namespace: string, name: string, rules: readonly PolicyRule[]): ClusterRole {
  return { apiVersion: `${GROUP}/v1`, kind: 'Role', metadata: { name, namespace }, rules };
}

export function clusterBinding(
  name: string,
  clusterRole: string,
  ...subjects: Subject[]
): RoleBinding {
  return {
    apiVersion: `${GROUP}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    subjects,
    roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: clusterRole },
  };
}

/** To a Role of the namespace, or a ClusterRole where the name has `cluster/` before it. */
export function binding(
  namespace: string,
  name: string,
  role: string,
  ...subjects: Subject[]
): RoleBinding {
  const isCluster = role.startsWith('cluster/');
  return {
    apiVersion: `${GROUP}/v1`,
    kind: 'RoleBinding',
    metadata: { name, namespace },
    subjects,
    roleRef: {
      apiGroup: GROUP,
      kind: isCluster ? 'ClusterRole' : 'Role',
      name: isCluster ? role.slice('cluster/'.length) : role,
    },
  };
}

/** What a registry hands over; objects may be added while it is in use. */
export class Objects implements RbacSource {
  version = 1;
  readonly #roles = new Map<string, ClusterRole>();
  readonly #bindings = new Map<string, RoleBinding>();

  constructor(...objects: (ClusterRole | RoleBinding)[]) {
    this.add(...objects);
  }

  add(...objects: (ClusterRole | RoleBinding)[]): void {
    for (const object of objects) {
      const { name = '', namespace = '' } = object.metadata;
      if ('roleRef' in object) this.#bindings.set(`${namespace}/${name}`, object);
      else this.#roles.set(`${namespace}/${name}`, object);
    }
    this.version += 1;
  }

  removeBinding(namespace: string, name: string): void {
    this.#bindings.delete(`${namespace}/${name}`);
    this.version += 1;
  }

  clusterRole(name: string): ClusterRole | undefined {
    return this.#roles.get(`/${name}`);
  }

  role(namespace: string, name: string): ClusterRole | undefined {
    return this.#roles.get(`${namespace}/${name}`);
  }

  clusterRoleBindings(): Iterable<RoleBinding> {
    return this.roleBindings('');
  }

  roleBindings(namespace: string): Iterable<RoleBinding> {
    return [...this.#bindings.values()].filter(
      ({ metadata }) => (metadata.namespace ?? '') === namespace,
    );
  }
}

/** `get pods/log in default named web`, of the core group. */
export function asks(
  who: UserInfo,
  verb: string,
  what: string,
  more: Partial<Pick<ResourceRequest, 'group' | 'namespace' | 'name' | 'fieldSelector'>> = {},
): ResourceRequest {
  const [resource = '', subresource = ''] = what.split('/');
  return {
    kind: 'resource',
    user: who,
    verb,
    group: '',
    version: 'v1',
    resource,
    subresource,
    namespace: '',
    name: '',
    ...more,
  };
}

export const asksPath = (who: UserInfo, verb: string, path: string): PathRequest => ({
  kind: 'path',
  user: who,
  verb,
  path,
});
