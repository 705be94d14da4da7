/** What a claim for devices may ask for (k8s.io/kubernetes, validateDeviceClaim). */
import type {
  DeviceClaim,
  DeviceConfiguration,
  DeviceConstraint,
  DeviceRequest,
  DevicesWanted,
  ResourceClaimSpec,
} from '../../../kubernetes/index.ts';
import { each, label } from '../checks.ts';
import { type FieldError, invalid, notSupported, required } from '../field-error.ts';
import {
  atMost,
  className,
  distinct,
  fullAttributeName,
  MOST,
  validateConfiguration,
  validateSelectors,
  validateToleration,
} from './common.ts';

const MODES = ['All', 'ExactCount'];
const MOST_CONSTRAINTS = 32;
const MOST_ALTERNATIVES = 8;
const ONE_KIND = 'exactly one of `exactly` or `firstAvailable` is required';
const NO_REQUEST =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

/** Names of the requests of a claim, each with those of its alternatives. */
export type RequestNames = ReadonlyMap<string, ReadonlySet<string>>;

export const requestNames = ({ requests }: DeviceClaim): RequestNames =>
  new Map(
    (requests ?? []).map(({ name, firstAvailable = [] }) => [
      name,
      new Set(firstAvailable.map((one) => one.name)),
    ]),
  );

/** @param field of the spec */
export function validateClaim(field: string, { devices }: ResourceClaimSpec): FieldError[] {
  const at = `${field}.devices`;
  const names = requestNames(devices);
  return [
    ...distinct(
      devices.requests,
      MOST.requests,
      `${at}.requests`,
      ({ name }) => name,
      (request, path) => validateRequest(path, request),
    ),
    ...atMost(devices.constraints, MOST_CONSTRAINTS, `${at}.constraints`, (constraint, path) =>
      validateConstraint(path, constraint, names),
    ),
    ...atMost(devices.config, MOST.config, `${at}.config`, (config, path) =>
      validateRequestConfiguration(path, config, names),
    ),
  ];
}

function validateRequest(field: string, request: DeviceRequest): FieldError[] {
  const { name, exactly, firstAvailable = [] } = request;
  const errors = label(`${field}.name`, name);
  if (exactly !== undefined && firstAvailable.length > 0) {
    const detail = `${ONE_KIND}, but multiple fields are set`;
    return [...errors, invalid(field, null, detail)];
  }
  if (exactly !== undefined) return [...errors, ...validateWanted(`${field}.exactly`, exactly)];
  if (firstAvailable.length === 0) return [...errors, required(field, ONE_KIND)];
  return [
    ...errors,
    ...distinct(
      firstAvailable,
      MOST_ALTERNATIVES,
      `${field}.firstAvailable`,
      (one) => one.name,
      (one, path) => [...label(`${path}.name`, one.name), ...validateWanted(path, one)],
    ),
  ];
}

function validateWanted(field: string, wanted: DevicesWanted): FieldError[] {
  const { allocationMode = '', count = 0 } = wanted;
  const at = `${field}.count`;
  return [
    ...className(`${field}.deviceClassName`, wanted.deviceClassName),
    ...validateSelectors(`${field}.selectors`, wanted.selectors),
    ...(allocationMode === 'All' && count !== 0
      ? [invalid(at, count, "must not be specified when allocationMode is 'All'")]
      : []),
    ...(allocationMode === 'ExactCount' && count <= 0
      ? [invalid(at, count, 'must be greater than zero')]
      : []),
    ...(MODES.includes(allocationMode)
      ? []
      : [notSupported(`${field}.allocationMode`, allocationMode, MODES)]),
    ...each(wanted.tolerations, `${field}.tolerations`, (one, path) =>
      validateToleration(path, one),
    ),
  ];
}

function validateConstraint(
  field: string,
  { requests, matchAttribute, distinctAttribute }: DeviceConstraint,
  names: RequestNames,
): FieldError[] {
  const errors = validateReferences(field, requests, names);
  if (matchAttribute !== undefined) {
    return [...errors, ...fullAttributeName(`${field}.matchAttribute`, matchAttribute)];
  }
  if (distinctAttribute !== undefined) {
    return [...errors, ...fullAttributeName(`${field}.distinctAttribute`, distinctAttribute)];
  }
  const detail =
    'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';
  return [...errors, required(field, detail)];
}

export const validateRequestConfiguration = (
  field: string,
  config: DeviceConfiguration,
  names: RequestNames,
): FieldError[] => [
  ...validateReferences(field, config.requests, names),
  ...validateConfiguration(field, config),
];

const validateReferences = (
  field: string,
  requests: readonly string[] | undefined,
  names: RequestNames,
): FieldError[] =>
  distinct(
    requests,
    MOST.requests,
    `${field}.requests`,
    (name) => name,
    (name, path) => validateReference(path, name, names),
  );

export function validateReference(field: string, name: string, names: RequestNames): FieldError[] {
  const [first = '', second, ...more] = name.split('/');
  if (more.length > 0) return [invalid(field, name, NO_REQUEST)];
  const parts = second === undefined ? [first] : [first, second];
  const known = names.get(first);
  const isKnown = known !== undefined && (second === undefined || known.has(second));
  return [
    ...parts.flatMap((part) => label(field, part)),
    ...(isKnown ? [] : [invalid(field, name, NO_REQUEST)]),
  ];
}

/** Defaults of what is asked for; itself where nothing lacks. */
export function defaultClaim(spec: ResourceClaimSpec): ResourceClaimSpec {
  const { requests } = spec.devices;
  const isWhole = (requests ?? []).every(
    ({ exactly, firstAvailable = [] }) =>
      (exactly === undefined || isComplete(exactly)) && firstAvailable.every(isComplete),
  );
  if (isWhole || requests === undefined || requests === null) return spec;
  return {
    ...spec,
    devices: {
      ...spec.devices,
      requests: requests.map((request) => ({
        ...request,
        ...(request.exactly === undefined ? {} : { exactly: complete(request.exactly) }),
        ...(request.firstAvailable === undefined
          ? {}
          : { firstAvailable: request.firstAvailable.map(complete) }),
      })),
    },
  };
}

const isComplete = ({ allocationMode, count, tolerations = [] }: DevicesWanted): boolean =>
  allocationMode !== undefined &&
  (allocationMode !== 'ExactCount' || count !== undefined) &&
  tolerations.every(({ operator }) => operator !== undefined);

function complete<T extends DevicesWanted>(wanted: T): T {
  const { allocationMode = 'ExactCount', count, tolerations } = wanted;
  const counted = count ?? (allocationMode === 'ExactCount' ? 1 : undefined);
  return {
    ...wanted,
    allocationMode,
    ...(counted === undefined ? {} : { count: counted }),
    ...(tolerations === undefined
      ? {}
      : { tolerations: tolerations.map((one) => ({ operator: 'Equal', ...one })) }),
  };
}
