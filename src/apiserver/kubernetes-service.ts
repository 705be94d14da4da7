/**
 * The service `kubernetes` and where it leads: made at the start, and again where somebody has deleted it, as
 * kube-apiserver does (kubernetes, pkg/controlplane/controller/kubernetesservice; pkg/controlplane/reconcilers,
 * endpointsadapter.go). What people change of the service itself stays changed, as there.
 */
import {
  ENDPOINT_SLICES,
  ENDPOINTS,
  type EndpointSlice,
  type Endpoints,
  type KubernetesObject,
  type ResourceType,
  refusedFor,
  SERVICES,
  type Service,
} from '../kubernetes/index.ts';
import { sameJson } from './authorization/index.ts';
import type { Registry, WriteContext } from './registry/index.ts';
import { firstServiceAddress, type ServiceRanges } from './resources/index.ts';
import { SERVER_USER } from './seed-roles.ts';

const KEY = { namespace: 'default', name: 'kubernetes' } as const;
const PORT = 443;
const PORT_NAME = 'https';
/** The controller that makes slices of Endpoints leaves these alone. */
const SKIP_MIRROR = 'endpointslice.kubernetes.io/skip-mirror';

export interface KubernetesServiceOptions {
  readonly ranges: ServiceRanges;
  /** That the server listens on. */
  readonly port: number;
  /** Where API servers are reached, all of one family; of none, endpoints are left as they are. */
  readonly addresses: readonly string[];
}

/** Makes what is missing, and has the endpoints lead to the addresses. @throws StatusError */
export async function keepKubernetesService(
  registry: Registry,
  { ranges, port, addresses }: KubernetesServiceOptions,
): Promise<void> {
  await keepService(registry, firstServiceAddress(ranges), port);
  if (addresses.length === 0) return;
  await keepEndpoints(registry, addresses, port);
  await keepSlice(registry, addresses, port);
}

async function keepService(registry: Registry, address: string, port: number): Promise<void> {
  if ((await registry.reader.get(SERVICES, KEY)) !== undefined) return;
  const service: Service = {
    metadata: { ...KEY, labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      ports: [{ name: PORT_NAME, protocol: 'TCP', port: PORT, targetPort: port }],
      clusterIP: address,
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ipFamilyPolicy: 'SingleStack',
    },
    status: { loadBalancer: {} },
  };
  await write(registry, SERVICES, service);
}

async function keepEndpoints(
  registry: Registry,
  addresses: readonly string[],
  port: number,
): Promise<void> {
  const existing = await registry.reader.get<Endpoints>(ENDPOINTS, KEY);
  const subsets = [
    {
      addresses: addresses.map((ip) => ({ ip })),
      ports: [{ name: PORT_NAME, port, protocol: 'TCP' }],
    },
  ];
  const labels = existing?.metadata.labels ?? {};
  if (labels[SKIP_MIRROR] === 'true' && sameJson(existing?.subsets, subsets)) return;
  const metadata = {
    ...(existing?.metadata ?? KEY),
    labels: { ...labels, [SKIP_MIRROR]: 'true' },
  };
  await write<Endpoints>(registry, ENDPOINTS, { metadata, subsets }, existing);
}

async function keepSlice(
  registry: Registry,
  addresses: readonly string[],
  port: number,
): Promise<void> {
  const existing = await registry.reader.get<EndpointSlice>(ENDPOINT_SLICES, KEY);
  const wanted: EndpointSlice = {
    metadata: { ...KEY, labels: { 'kubernetes.io/service-name': KEY.name } },
    addressType: addresses.every((one) => one.includes(':')) ? 'IPv6' : 'IPv4',
    endpoints: addresses.map((one) => ({ addresses: [one], conditions: { ready: true } })),
    ports: [{ name: PORT_NAME, protocol: 'TCP', port }],
  };
  if (existing === undefined) await write(registry, ENDPOINT_SLICES, wanted);
  else if (existing.addressType !== wanted.addressType) {
    // It cannot be changed.
    const definition = definitionOf(registry, ENDPOINT_SLICES);
    await registry.delete(definition, KEY, {}, context(ENDPOINT_SLICES, 'delete'));
    await write(registry, ENDPOINT_SLICES, wanted);
  } else if (
    !sameJson(
      [existing.endpoints, existing.ports, existing.metadata.labels],
      [wanted.endpoints, wanted.ports, wanted.metadata.labels],
    )
  ) {
    await write(registry, ENDPOINT_SLICES, wanted, existing);
  }
}

async function write<T extends KubernetesObject>(
  registry: Registry,
  type: ResourceType<T>,
  object: T,
  existing?: T,
): Promise<void> {
  const definition = definitionOf(registry, type);
  try {
    if (existing === undefined) {
      await registry.create(definition, KEY.namespace, object, context(type, 'create'));
    } else {
      await registry.update(definition, KEY, undefined, object, context(type, 'update'));
    }
  } catch (error) {
    // Another server has been here: the next look shows what it has left to do.
    if (!refusedFor(error, 'AlreadyExists', 'Conflict')) throw error;
  }
}

function definitionOf(registry: Registry, { group, version, resource }: ResourceType) {
  const found = registry.definition(group, version, resource);
  if (found === undefined) throw new TypeError(`expected a served resource, got ${resource}`);
  return found;
}

const context = ({ group, version, resource }: ResourceType, verb: string): WriteContext => ({
  attributes: {
    kind: 'resource',
    user: SERVER_USER,
    verb,
    group,
    version,
    resource,
    subresource: '',
    ...KEY,
  },
});
