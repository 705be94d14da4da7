/** Endpoints (k8s.io/kubernetes, pkg/registry/core/endpoint, ValidateEndpoints). */
import {
  ENDPOINTS,
  type EndpointAddress,
  type EndpointPort,
  type Endpoints,
} from '../../kubernetes/index.ts';
import { each, ip, label, oneOfDemanded, port, qualifiedName, subdomain } from './checks.ts';
import { AGE, column, NAME } from './columns.ts';
import { define } from './define.ts';
import { type FieldError, required } from './field-error.ts';
import { ipWarnings } from './ip-warnings.ts';
import { sameJson } from './metadata.ts';
import { dnsSubdomain } from './names.ts';
import { PROTOCOLS } from './pods/index.ts';
import { endpointIp } from './services/index.ts';
import { ageOf } from './times.ts';

const MOST_SHOWN = 3;

export const ENDPOINTS_DEFINITION = define(ENDPOINTS, {
  // The type is named in the plural, and so is its list.
  listKind: 'EndpointsList',
  path: 'services/endpoints',
  shortNames: ['ep'],
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  strategy: {
    validateName: dnsSubdomain,
    default: withProtocols,
    validate,
    validateUpdate: (endpoints, old) =>
      sameJson(endpoints.subsets, old.subsets) ? [] : validate(endpoints),
    warnings,
    allowCreateOnUpdate: true,
  },
  columns: [NAME, column('Endpoints', 'Where the service is reached.'), AGE],
  row: (endpoints, now) => [
    endpoints.metadata.name ?? '',
    endpointsCell(endpoints),
    ageOf(endpoints.metadata.creationTimestamp, now),
  ],
});

function withProtocols(endpoints: Endpoints): Endpoints {
  const lacks = endpoints.subsets?.some(({ ports }) =>
    ports?.some(({ protocol }) => protocol === undefined),
  );
  if (lacks !== true) return endpoints;
  const subsets = endpoints.subsets?.map((subset) =>
    subset.ports === undefined
      ? subset
      : { ...subset, ports: subset.ports.map((one) => ({ protocol: 'TCP', ...one })) },
  );
  return { ...endpoints, ...(subsets === undefined ? {} : { subsets }) };
}

function validate({ subsets }: Endpoints): FieldError[] {
  return each(subsets, 'subsets', ({ addresses, notReadyAddresses, ports }, path) => [
    ...((addresses ?? []).length + (notReadyAddresses ?? []).length === 0
      ? [required(path, 'must specify `addresses` or `notReadyAddresses`')]
      : []),
    ...each(addresses, `${path}.addresses`, validateAddress),
    ...each(notReadyAddresses, `${path}.notReadyAddresses`, validateAddress),
    ...each(ports, `${path}.ports`, (one, at) => validatePort(one, at, (ports ?? []).length > 1)),
  ]);
}

const validateAddress = (
  { ip: address, hostname = '', nodeName }: EndpointAddress,
  path: string,
): FieldError[] => [
  ...ip(`${path}.ip`, address),
  ...(hostname === '' ? [] : label(`${path}.hostname`, hostname)),
  ...(nodeName === undefined ? [] : subdomain(`${path}.nodeName`, nodeName)),
  ...endpointIp(`${path}.ip`, address),
];

const validatePort = (
  { name = '', port: number, protocol, appProtocol }: EndpointPort,
  path: string,
  isOneOfMany: boolean,
): FieldError[] => [
  ...(name !== '' ? label(`${path}.name`, name) : isOneOfMany ? [required(`${path}.name`)] : []),
  ...port(`${path}.port`, number),
  ...oneOfDemanded(`${path}.protocol`, protocol, PROTOCOLS),
  ...(appProtocol === undefined ? [] : qualifiedName(`${path}.appProtocol`, appProtocol)),
];

function endpointsCell({ subsets = [] }: Endpoints): string {
  if (subsets.length === 0) return '<none>';
  const all = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip: address }) => address)
      : ports.flatMap(({ port: number }) =>
          addresses.map(({ ip: address }) =>
            address.includes(':') ? `[${address}]:${number}` : `${address}:${number}`,
          ),
        ),
  );
  return listCell(all);
}

/** The first of a list, and how many there are more. */
export function listCell(all: readonly string[]): string {
  const shown = all.slice(0, MOST_SHOWN).join(',');
  return all.length > MOST_SHOWN ? `${shown} + ${all.length - MOST_SHOWN} more...` : shown;
}

/** Not for the controller of endpoints, whose addresses are good. */
function warnings({ metadata, subsets }: Endpoints): string[] {
  const manager = metadata.labels?.['endpoints.kubernetes.io/managed-by'];
  if (manager === 'endpoint-controller') return [];
  return (subsets ?? []).flatMap((subset, index) =>
    (['addresses', 'notReadyAddresses'] as const).flatMap((list) =>
      (subset[list] ?? []).flatMap(({ ip }, place) =>
        ipWarnings(`subsets[${index}].${list}[${place}].ip`, ip),
      ),
    ),
  );
}
