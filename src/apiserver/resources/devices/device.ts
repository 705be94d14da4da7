/** One device of a slice (k8s.io/kubernetes, validateDevice). */
import { addAll } from '../../../add-all.ts';
import {
  type Device,
  type DeviceAttribute,
  labelValueProblems,
} from '../../../kubernetes/index.ts';
import { demanded, problems, qualifiedName } from '../checks.ts';
import { type FieldError, forbidden, invalid, required, tooLong, tooMany } from '../field-error.ts';
import { sameJson } from '../metadata.ts';
import { dnsLabel, dnsSubdomain } from '../names.ts';
import { validateNodeSelector } from '../pods/index.ts';
import { validatePolicy } from './capacity.ts';
import {
  atMost,
  attributeName,
  deviceName,
  distinct,
  validateBindingConditions,
  validateEffect,
} from './common.ts';

const MOST = { properties: 32, values: 48, taints: 16, counterSets: 2, counters: 32 } as const;
const LONGEST_VALUE = 64;
/** Of the domain, the slash and the name. */
const LONGEST_KEY = 63 + 1 + 32;
const ONE_VALUE = 'exactly one value must be specified';
const PRE = String.raw`(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)`;
const NUMBER = String.raw`(0|[1-9]\d*)`;
/** semver.org, 2.0.0. */
const VERSION = new RegExp(
  String.raw`^${NUMBER}\.${NUMBER}\.${NUMBER}(-${PRE}(\.${PRE})*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$`,
);

/** @param selectsNodes each device says of which node it is */
export function validateDevice(
  field: string,
  device: Device,
  old: Device | undefined,
  selectsNodes: boolean,
): FieldError[] {
  const { attributes = {}, capacity = {}, taints } = device;
  const [values, amounts] = [Object.keys(attributes).length, Object.keys(capacity).length];
  return [
    ...deviceName(`${field}.name`, device.name),
    ...tooManyOf(field, 'attributes and capacities', values + amounts, MOST.properties),
    ...tooManyOf(field, 'attribute values', values, MOST.values),
    ...Object.entries(attributes).flatMap(([name, attribute]) => [
      ...attributeName(`${field}.attributes`, name),
      ...validateAttribute(`${field}.attributes[${shortened(name)}]`, attribute),
    ]),
    ...validateCapacity(`${field}.capacity`, device),
    ...(old !== undefined && sameJson(old.taints, taints)
      ? []
      : atMost(taints, MOST.taints, `${field}.taints`, ({ key, value = '', effect }, path) => [
          ...qualifiedName(`${path}.key`, key),
          ...problems(`${path}.value`, value, labelValueProblems(value)),
          ...validateEffect(`${path}.effect`, effect),
        ])),
    ...validateConsumption(`${field}.consumesCounters`, device),
    ...(selectsNodes ? validateNodes(field, device) : validateNoNodes(field, device)),
    ...validateBindingConditions(field, device.bindingConditions, device.bindingFailureConditions),
  ];
}

const tooManyOf = (field: string, what: string, count: number, most: number): FieldError[] =>
  count > most
    ? [invalid(field, count, `the total number of ${what} must not exceed ${most}`)]
    : [];

/** A key too long for a path loses its middle. */
function shortened(key: string): string {
  if (key.length <= LONGEST_KEY) return key;
  const left = LONGEST_KEY - 3;
  return `${key.slice(0, Math.floor((left + 1) / 2))}...${key.slice(-Math.floor(left / 2))}`;
}

function validateAttribute(field: string, attribute: DeviceAttribute): FieldError[] {
  const { string, version } = attribute;
  const count = Object.keys(attribute).length;
  return [
    ...valueLength(`${field}.string`, string),
    ...(version === undefined || VERSION.test(version)
      ? []
      : [
          invalid(
            `${field}.version`,
            version,
            'must be a string compatible with semver.org spec 2.0.0',
          ),
        ]),
    ...valueLength(`${field}.version`, version),
    ...(count === 1 ? [] : [invalid(field, count === 0 ? '' : attribute, ONE_VALUE)]),
  ];
}

const valueLength = (field: string, value = ''): FieldError[] =>
  Buffer.byteLength(value) > LONGEST_VALUE ? [tooLong(field, LONGEST_VALUE)] : [];

function validateCapacity(
  field: string,
  { capacity = {}, allowMultipleAllocations = false }: Device,
): FieldError[] {
  return Object.entries(capacity).flatMap(([name, { value, requestPolicy }]) => {
    const path = `${field}[${shortened(name)}].requestPolicy`;
    const errors = attributeName(field, name);
    if (requestPolicy === undefined) return errors;
    return allowMultipleAllocations
      ? [...errors, ...validatePolicy(path, value, requestPolicy)]
      : [...errors, forbidden(path, 'allowMultipleAllocations must be true')];
  });
}

const validateConsumption = (field: string, { consumesCounters }: Device): FieldError[] =>
  distinct(
    consumesCounters,
    MOST.counterSets,
    field,
    ({ counterSet }) => counterSet,
    ({ counterSet, counters = {} }, path) => {
      const names = Object.keys(counters);
      return [
        ...demanded(`${path}.counterSet`, counterSet, dnsLabel),
        ...(names.length === 0 ? [required(`${path}.counters`)] : []),
        ...(names.length > MOST.counters
          ? [tooMany(`${path}.counters`, names.length, MOST.counters)]
          : names.flatMap((name) => problems(`${path}.counters`, name, dnsLabel(name, false)))),
      ];
    },
  );

const ONE_NODE =
  'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';

function validateNodes(field: string, { nodeName, nodeSelector, allNodes }: Device): FieldError[] {
  const errors: FieldError[] = [];
  const set: string[] = [];
  if (nodeName === '') errors.push(invalid(`${field}.nodeName`, '', 'must not be empty'));
  else if (nodeName !== undefined) {
    set.push('`nodeName`');
    addAll(errors, problems(`${field}.nodeName`, nodeName, dnsSubdomain(nodeName, false)));
  }
  if (nodeSelector !== undefined) {
    set.push('`nodeSelector`');
    addAll(errors, validateNodeSelector(`${field}.nodeSelector`, nodeSelector));
  }
  if (allNodes === true) set.push('`allNodes`');
  else if (allNodes === false) {
    errors.push(invalid(`${field}.allNodes`, false, 'must be either unset or set to true'));
  }
  if (set.length === 0) errors.push(required(field, ONE_NODE));
  if (set.length > 1) errors.push(invalid(field, `{${set.join(', ')}}`, ONE_NODE));
  return errors;
}

const validateNoNodes = (
  field: string,
  { nodeName, nodeSelector, allNodes }: Device,
): FieldError[] =>
  nodeName === undefined && nodeSelector === undefined && allNodes === undefined
    ? []
    : [
        invalid(
          field,
          null,
          '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec',
        ),
      ];
