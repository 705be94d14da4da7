/** Reads for the server's own parts: secrets for authentication, RBAC objects for authorization. */
import type {
  ClusterRole,
  ClusterRoleBinding,
  KubernetesObject,
  Namespace,
  ResourceType,
  Role,
  RoleBinding,
  Secret,
} from '../../kubernetes/index.ts';

/** The RBAC objects, in memory and current. */
export interface RbacSource {
  /** Another number whenever an RBAC object has changed. */
  readonly version: number;
  clusterRole(name: string): ClusterRole | undefined;
  role(namespace: string, name: string): Role | undefined;
  clusterRoleBindings(): Iterable<ClusterRoleBinding>;
  roleBindings(namespace: string): Iterable<RoleBinding>;
}

export interface Reader {
  readonly rbac: RbacSource;
  /** In memory and current. */
  namespace(name: string): Namespace | undefined;
  secret(namespace: string, name: string): Promise<Secret | undefined>;
  /** Any stored object, as it is now. */
  get<T extends KubernetesObject>(
    type: ResourceType<T>,
    key: { readonly namespace?: string; readonly name: string },
  ): Promise<T | undefined>;
}
