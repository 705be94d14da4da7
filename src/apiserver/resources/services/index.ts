/** Services (k8s.io/kubernetes, pkg/registry/core/service). Nothing here carries their traffic. */
import { SERVICES, type Service } from '../../../kubernetes/index.ts';
import { AGE, column, NAME, wide } from '../columns.ts';
import { define } from '../define.ts';
import { dnsLabel } from '../names.ts';
import { ageOf } from '../times.ts';
import { allocate } from './allocate.ts';
import { defaultService, withAddressList, withOldValues, withoutOldType } from './defaults.ts';
import { validateService, validateServiceStatus, validateServiceUpdate } from './validate.ts';
import { serviceStatusWarnings, serviceWarnings } from './warnings.ts';

export { endpointIp } from './endpoint-ip.ts';
export { outsideRanges } from './outside.ts';
export { firstServiceAddress, type ServiceRanges, serviceRanges } from './ranges.ts';

export const SERVICE_DEFINITION = define(SERVICES, {
  path: 'services/specs',
  shortNames: ['svc'],
  categories: ['all'],
  companion: 'endpoints',
  strategy: {
    validateName: dnsLabel,
    default: defaultService,
    prepareCreate: (service) => ({ ...withAddressList(service), status: { loadBalancer: {} } }),
    prepareUpdate: (service, old) =>
      withoutOldType(withOldValues({ ...service, status: old.status }, old), old),
    complete: allocate,
    validate: validateService,
    validateUpdate: validateServiceUpdate,
    warnings: (service) => serviceWarnings(service),
    returnDeletedObject: true,
    allowCreateOnUpdate: true,
  },
  subresources: {
    status: {
      verbs: ['get', 'patch', 'update'],
      prepareUpdate: (service, old) => ({ ...service, spec: old.spec }),
      validateUpdate: validateServiceStatus,
      warnings: (service) => serviceStatusWarnings(service),
    },
  },
  selectableFields: {
    'spec.clusterIP': ({ spec }) => spec.clusterIP ?? '',
    'spec.type': ({ spec }) => spec.type ?? '',
  },
  columns: [
    NAME,
    column('Type', 'How the service is reached.'),
    column('Cluster-IP', 'The first address inside the cluster.'),
    column('External-IP', 'Addresses outside the cluster.'),
    column('Port(s)', 'The ports, with those of the nodes.'),
    AGE,
    wide('Selector', 'The labels of the pods behind it.'),
  ],
  row: (service, now) => [
    service.metadata.name ?? '',
    service.spec.type ?? '',
    service.spec.clusterIPs?.[0] ?? '<none>',
    externalCell(service),
    (service.spec.ports ?? [])
      .map(({ port, nodePort, protocol }) =>
        nodePort === undefined ? `${port}/${protocol}` : `${port}:${nodePort}/${protocol}`,
      )
      .join(',') || '<none>',
    ageOf(service.metadata.creationTimestamp, now),
    Object.entries(service.spec.selector ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(',') || '<none>',
  ],
});

/** A table does not know whether it is wide: the list is whole, where kubectl shows 16 characters of it. */
function externalCell({ spec, status }: Service): string {
  if (spec.type === 'ExternalName') return spec.externalName ?? '';
  const balanced =
    spec.type === 'LoadBalancer'
      ? (status.loadBalancer.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname ?? '')
      : [];
  const all = [...new Set(balanced), ...(spec.externalIPs ?? [])];
  return all.join(',') || (spec.type === 'LoadBalancer' ? '<pending>' : '<none>');
}
