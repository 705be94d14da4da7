/** What a claim for devices has got, and for whom (k8s.io/kubernetes, validateResourceClaimStatusUpdate). */
import type {
  AllocatedDevice,
  ClaimConsumer,
  DeviceAllocation,
  DeviceResult,
  ResourceClaim,
} from '../../../kubernetes/index.ts';
import { cidr, IMMUTABLE, ip } from '../checks.ts';
import { validateConditions } from '../conditions.ts';
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
} from '../field-error.ts';
import { sameJson } from '../metadata.ts';
import { validateDriverName, validateNodeSelector } from '../pods/index.ts';
import {
  type RequestNames,
  requestNames,
  validateReference,
  validateRequestConfiguration,
} from './claim-spec.ts';
import {
  atMost,
  deviceName,
  distinct,
  poolName,
  validateBindingConditions,
  validateJson,
  validateShare,
} from './common.ts';

const MOST = { consumers: 256, results: 32, config: 64, conditions: 8, ips: 16 } as const;
const LONGEST = { data: 10 * 1024, interfaceName: 256, hardwareAddress: 128 } as const;
const SOURCES = ['FromClaim', 'FromClass'];

type Placed = Pick<DeviceResult, 'driver' | 'pool' | 'device' | 'shareID'>;

/** One device, or the part of it that is shared. */
const identityOf = ({ driver, pool, device, shareID }: Placed): string =>
  `${driver}/${pool}/${device}${shareID === undefined ? '' : `/${shareID}`}`;

const placeOf = ({ driver, pool, device, shareID }: Placed): object => ({
  driver,
  pool,
  device,
  shareID,
});

const identities = ({ allocation }: ResourceClaim['status']): ReadonlySet<string> =>
  new Set((allocation?.devices.results ?? []).map(identityOf));

/** What a device has told is forgotten when the claim has it no more. */
export function withoutGone(
  status: ResourceClaim['status'],
  old: ResourceClaim['status'],
): ResourceClaim['status'] {
  if (status.devices === undefined) return status;
  const kept = identities(status);
  const gone = new Set([...identities(old)].filter((one) => !kept.has(one)));
  const left = status.devices.filter((device) => !gone.has(identityOf(device)));
  const { devices: _, ...rest } = status;
  return left.length === 0 ? rest : { ...rest, devices: left };
}

export function validateClaimStatus(claim: ResourceClaim, old: ResourceClaim): FieldError[] {
  const { allocation, reservedFor = [] } = claim.status;
  const allocated = identities(claim.status);
  return [
    ...distinct(
      reservedFor,
      MOST.consumers,
      'status.reservedFor',
      ({ uid }) => uid,
      validateConsumer,
    ),
    ...distinct(
      claim.status.devices,
      Number.POSITIVE_INFINITY,
      'status.devices',
      identityOf,
      (device, path) => validateDevice(path, device, allocated),
      placeOf,
    ),
    ...validateReservation(claim, old),
    ...validateAllocation(allocation, old.status.allocation, requestNames(claim.spec.devices)),
  ];
}

const validateConsumer = (consumer: ClaimConsumer, field: string): FieldError[] =>
  (['resource', 'name', 'uid'] as const).flatMap((name) =>
    consumer[name] === '' ? [required(`${field}.${name}`)] : [],
  );

function validateReservation(
  { metadata, status }: ResourceClaim,
  old: ResourceClaim,
): FieldError[] {
  const field = 'status.reservedFor';
  const { reservedFor = [], allocation } = status;
  if (reservedFor.length === 0) return [];
  if (allocation === undefined) {
    return [forbidden(field, 'may not be specified when `allocated` is not set')];
  }
  if (metadata.deletionTimestamp === undefined) return [];
  const before = old.status.reservedFor ?? [];
  const isKnown = (one: ClaimConsumer): boolean => before.some((other) => sameJson(one, other));
  return reservedFor.every(isKnown)
    ? []
    : [
        forbidden(
          field,
          'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set',
        ),
      ];
}

function validateAllocation(
  allocation: DeviceAllocation | undefined,
  old: DeviceAllocation | undefined,
  names: RequestNames,
): FieldError[] {
  const field = 'status.allocation';
  if (allocation === undefined) return [];
  if (old !== undefined) {
    return sameJson(allocation, old) ? [] : [invalid(field, allocation, IMMUTABLE)];
  }
  const { devices, nodeSelector } = allocation;
  return [
    ...atMost(devices.results, MOST.results, `${field}.devices.results`, (result, path) =>
      validateResult(path, result, names),
    ),
    ...atMost(devices.config, MOST.config, `${field}.devices.config`, (config, path) => [
      ...validateSource(`${path}.source`, config.source),
      ...validateRequestConfiguration(path, config, names),
    ]),
    ...(nodeSelector === undefined
      ? []
      : validateNodeSelector(`${field}.nodeSelector`, nodeSelector)),
  ];
}

function validateSource(field: string, source: string): FieldError[] {
  if (source === '') return [required(field)];
  return SOURCES.includes(source) ? [] : [notSupported(field, source, SOURCES)];
}

const validateResult = (field: string, result: DeviceResult, names: RequestNames): FieldError[] => [
  ...validateReference(`${field}.request`, result.request, names),
  ...validatePlace(field, result),
  ...validateBindingConditions(field, result.bindingConditions, result.bindingFailureConditions),
];

const validatePlace = (field: string, { driver, pool, device, shareID }: Placed): FieldError[] => [
  ...validateDriverName(`${field}.driver`, driver),
  ...poolName(`${field}.pool`, pool),
  ...deviceName(`${field}.device`, device),
  ...validateShare(`${field}.shareID`, shareID),
];

function validateDevice(
  field: string,
  device: AllocatedDevice,
  allocated: ReadonlySet<string>,
): FieldError[] {
  const { conditions, data } = device;
  const count = (conditions ?? []).length;
  return [
    ...validatePlace(field, device),
    ...(allocated.has(identityOf(device))
      ? []
      : [invalid(field, placeOf(device), 'must be an allocated device in the claim')]),
    ...(count > MOST.conditions ? [tooMany(`${field}.conditions`, count, MOST.conditions)] : []),
    ...validateConditions(`${field}.conditions`, conditions ?? []),
    ...(data === undefined ? [] : validateJson(`${field}.data`, data, LONGEST.data)),
    ...validateNetwork(`${field}.networkData`, device.networkData),
  ];
}

function validateNetwork(field: string, data: AllocatedDevice['networkData']): FieldError[] {
  if (data === undefined) return [];
  const long = (['interfaceName', 'hardwareAddress'] as const).filter(
    (name) => Buffer.byteLength(data[name] ?? '') > LONGEST[name],
  );
  return [
    ...long.map((name) => tooLong(`${field}.${name}`, LONGEST[name])),
    ...distinct(
      data.ips,
      MOST.ips,
      `${field}.ips`,
      (one) => one,
      (one, path) => interfaceAddress(path, one),
    ),
  ];
}

/** An address with the length of its network: `192.0.2.1/24`. */
function interfaceAddress(field: string, text: string): FieldError[] {
  const [address = '', length] = text.split('/');
  const isNetwork =
    length !== undefined && cidr(field, `${address}/${ipBits(address)}`).length === 0;
  return isNetwork && ip(field, address).length === 0 && /^\d{1,3}$/.test(length)
    ? []
    : [
        invalid(
          field,
          text,
          'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)',
        ),
      ];
}

const ipBits = (address: string): number => (address.includes(':') ? 128 : 32);
