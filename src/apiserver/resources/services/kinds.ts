/** What a service is, by its type (k8s.io/kubernetes, pkg/registry/core/service/strategy.go). */
import type { Service } from '../../../kubernetes/index.ts';

export const NONE = 'None';
const PUBLISHED = ['NodePort', 'LoadBalancer'];

export const isNamed = ({ spec }: Service): boolean => spec.type === 'ExternalName';
export const isBalanced = ({ spec }: Service): boolean => spec.type === 'LoadBalancer';
export const hasNodePorts = ({ spec }: Service): boolean => PUBLISHED.includes(spec.type ?? '');
export const isHeadless = ({ spec }: Service): boolean =>
  spec.clusterIPs?.length === 1 && spec.clusterIPs[0] === NONE;
/** From outside of the cluster. */
export const isReachable = (service: Service): boolean =>
  hasNodePorts(service) ||
  (service.spec.type === 'ClusterIP' && (service.spec.externalIPs ?? []).length > 0);
/** Only nodes with an endpoint may get its traffic, and a port of theirs says which they are. */
export const needsHealthCheck = (service: Service): boolean =>
  isBalanced(service) && service.spec.externalTrafficPolicy === 'Local';

/** The service with other fields of its spec; those that are undefined go. */
export function withSpec(service: Service, fields: Partial<ServiceSpecFields>): Service {
  const spec: Record<string, unknown> = { ...service.spec };
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) Reflect.deleteProperty(spec, name);
    else spec[name] = value;
  }
  return { ...service, spec };
}

type ServiceSpecFields = {
  [K in keyof Service['spec']]: Service['spec'][K] | undefined;
};
