/** EndpointSlices (k8s.io/kubernetes, pkg/registry/discovery/endpointslice, ValidateEndpointSlice). */

import { SocketAddress } from 'node:net';
import { addAll } from '../../add-all.ts';
import {
  ENDPOINT_SLICES,
  type EndpointSlice,
  labelValueProblems,
  type SliceEndpoint,
} from '../../kubernetes/index.ts';
import {
  each,
  IMMUTABLE,
  ip,
  ipFamily,
  label,
  oneOfDemanded,
  problems,
  qualifiedName,
  subdomain,
} from './checks.ts';
import { AGE, column, NAME } from './columns.ts';
import { define } from './define.ts';
import { listCell } from './endpoints.ts';
import { duplicate, type FieldError, invalid, required, tooMany } from './field-error.ts';
import { firstGeneration, nextGeneration } from './generation.ts';
import { ipWarnings } from './ip-warnings.ts';
import { sameJson } from './metadata.ts';
import { dnsLabel, dnsSubdomain } from './names.ts';
import { PROTOCOLS } from './pods/index.ts';
import { endpointIp } from './services/index.ts';
import { ageOf } from './times.ts';

const ADDRESS_TYPES = ['FQDN', 'IPv4', 'IPv6'];
const MOST = { endpoints: 1000, addresses: 100, ports: 20_000, hints: 8 } as const;

export const ENDPOINT_SLICE_DEFINITION = define(ENDPOINT_SLICES, {
  strategy: {
    validateName: dnsSubdomain,
    default: withPortDefaults,
    prepareCreate: (slice) => firstGeneration(withoutTopology(slice)),
    prepareUpdate: (slice, old) => {
      const asked = ({ metadata, ...rest }: EndpointSlice): unknown => [rest, metadata.labels];
      const next = nextGeneration(slice, asked(slice), asked(old));
      return sameJson(slice.endpoints, old.endpoints) ? next : withoutTopology(next);
    },
    validate: (slice) => [...validateHead(slice), ...validateEndpoints(slice)],
    validateUpdate: (slice, old) => [
      ...validateHead(slice),
      ...(sameJson(slice.endpoints, old.endpoints) ? [] : validateEndpoints(slice)),
      ...(slice.addressType === old.addressType
        ? []
        : [invalid('addressType', slice.addressType, IMMUTABLE)]),
    ],
    warnings,
  },
  columns: [
    NAME,
    column('AddressType', 'What the addresses are.'),
    column('Ports', 'The ports of all endpoints.'),
    column('Endpoints', 'The addresses.'),
    AGE,
  ],
  row: ({ metadata, addressType, ports, endpoints }, now) => [
    metadata.name ?? '',
    addressType,
    listCell((ports ?? []).map(({ port, name = '' }) => (port === undefined ? name : `${port}`))) ||
      '<unset>',
    listCell((endpoints ?? []).flatMap(({ addresses }) => addresses ?? [])) || '<unset>',
    ageOf(metadata.creationTimestamp, now),
  ],
});

function withPortDefaults(slice: EndpointSlice): EndpointSlice {
  const { ports } = slice;
  const lacks = ports?.some(({ name, protocol }) => name === undefined || protocol === undefined);
  if (lacks !== true || ports === null) return slice;
  return { ...slice, ports: ports.map((port) => ({ name: '', protocol: 'TCP', ...port })) };
}

/** A field of an older version, which nobody can write any more. */
function withoutTopology(slice: EndpointSlice): EndpointSlice {
  const { endpoints } = slice;
  if (endpoints === null) return slice;
  return {
    ...slice,
    endpoints: endpoints.map((endpoint) => {
      const { deprecatedTopology: _, ...rest } = endpoint;
      return rest;
    }),
  };
}

function validateHead({ addressType, ports }: EndpointSlice): FieldError[] {
  const errors = oneOfDemanded('addressType', addressType, ADDRESS_TYPES);
  const count = (ports ?? []).length;
  if (count > MOST.ports) return [...errors, tooMany('ports', count, MOST.ports)];
  const names = new Set<string>();
  return [
    ...errors,
    ...each(ports, 'ports', ({ name = '', protocol, appProtocol }, path) => {
      const wrong = name === '' ? [] : label(`${path}.name`, name);
      if (names.has(name)) wrong.push(duplicate(`${path}.name`, name));
      names.add(name);
      return [
        ...wrong,
        ...oneOfDemanded(`${path}.protocol`, protocol, PROTOCOLS),
        ...(appProtocol === undefined ? [] : qualifiedName(`${path}.appProtocol`, appProtocol)),
      ];
    }),
  ];
}

function validateEndpoints({ endpoints, addressType }: EndpointSlice): FieldError[] {
  const count = (endpoints ?? []).length;
  if (count > MOST.endpoints) return [tooMany('endpoints', count, MOST.endpoints)];
  return each(endpoints, 'endpoints', (endpoint, path) => [
    ...validateAddresses(endpoint, addressType, `${path}.addresses`),
    ...(endpoint.nodeName === undefined ? [] : subdomain(`${path}.nodeName`, endpoint.nodeName)),
    ...(endpoint.hostname === undefined ? [] : label(`${path}.hostname`, endpoint.hostname)),
    ...validateHints(endpoint, `${path}.hints`),
  ]);
}

function validateAddresses(
  { addresses }: SliceEndpoint,
  type: string,
  field: string,
): FieldError[] {
  const given = addresses ?? [];
  if (given.length === 0) return [required(field, 'must contain at least 1 address')];
  const errors =
    given.length > MOST.addresses ? [tooMany(field, given.length, MOST.addresses)] : [];
  return [
    ...errors,
    ...each(given, field, (address, path) => {
      if (type === 'FQDN') return validateDomain(address, path);
      if (type !== 'IPv4' && type !== 'IPv6') return [];
      const wrong = ip(path, address);
      if (wrong.length > 0) return wrong;
      const canonical = type === 'IPv6' && ipFamily(address) === 6 ? canonicalIp(address) : address;
      if (canonical !== address) {
        return [invalid(path, address, `must be in canonical form ("${canonical}")`)];
      }
      const isOther = ipFamily(address) !== (type === 'IPv4' ? 4 : 6);
      return [
        ...(isOther ? [invalid(field, address, `must be an ${type} address`)] : []),
        ...endpointIp(path, address),
      ];
    }),
  ];
}

/** As RFC 5952 writes it. */
const canonicalIp = (address: string): string =>
  new SocketAddress({ address, family: 'ipv6' }).address;

function validateDomain(address: string, field: string): FieldError[] {
  if (address === '') return [required(field)];
  const name = address.replace(/\.$/, '');
  const wrong = dnsSubdomain(name, false);
  if (wrong.length > 0) return [invalid(field, name, wrong.join(','))];
  const labels = name.split('.');
  if (labels.length < 2) {
    const detail = 'should be a domain with at least two segments separated by dots';
    return [invalid(field, name, detail)];
  }
  for (const part of labels) {
    const problem = dnsLabel(part, false);
    if (problem.length > 0) return [invalid(field, part, problem.join(','))];
  }
  return [];
}

function validateHints({ hints }: SliceEndpoint, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const list of ['forZones', 'forNodes'] as const) {
    const given = hints?.[list] ?? [];
    if (given.length > MOST.hints) {
      return [...errors, tooMany(`${field}.${list}`, given.length, MOST.hints)];
    }
    const seen = new Set<string>();
    addAll(
      errors,
      each(given, `${field}.${list}`, ({ name }, path) => {
        const at = `${path}.name`;
        const wrong =
          list === 'forZones' ? problems(at, name, labelValueProblems(name)) : subdomain(at, name);
        if (seen.has(name)) wrong.unshift(duplicate(at, name));
        seen.add(name);
        return wrong;
      }),
    );
  }
  return errors;
}

const CONTROLLERS = ['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io'];

/** Addresses are not looked at where a controller has written them, whose are good. */
function warnings(slice: EndpointSlice, old?: EndpointSlice): string[] {
  const { metadata, endpoints, addressType } = slice;
  const manager = metadata.labels?.['endpointslice.kubernetes.io/managed-by'] ?? '';
  const isOld = old === undefined && addressType === 'FQDN';
  return [
    ...(isOld ? ['spec.addressType: FQDN endpoints are deprecated'] : []),
    ...(CONTROLLERS.includes(manager) ? [] : (endpoints ?? [])).flatMap((endpoint, index) =>
      (endpoint.addresses ?? []).flatMap((address, place) =>
        ipWarnings(`endpoints[${index}].addresses[${place}]`, address),
      ),
    ),
  ];
}
