/** ResourceSlices: the devices that a driver tells of (k8s.io/kubernetes, pkg/registry/resource/resourceslice). */
import { addAll } from '../../../add-all.ts';
import {
  type Device,
  goQuote,
  type NodeSelector,
  RESOURCE_SLICES,
  type ResourceSlice,
  type ResourceSliceSpec,
} from '../../../kubernetes/index.ts';
import { demanded, IMMUTABLE, problems } from '../checks.ts';
import { AGE, column, NAME } from '../columns.ts';
import { define } from '../define.ts';
import type { StrategyContext } from '../definition.ts';
import { type FieldError, invalid, required, tooMany } from '../field-error.ts';
import { firstGeneration, nextGeneration } from '../generation.ts';
import { dnsLabel, dnsSubdomain } from '../names.ts';
import { validateDriverName, validateNodeSelector } from '../pods/index.ts';
import { ageOf, formatTime } from '../times.ts';
import { distinct, poolName } from './common.ts';
import { validateDevice } from './device.ts';

const MOST = { devices: 128, specialDevices: 64, counterSets: 8, counters: 32 } as const;

export const RESOURCE_SLICE_DEFINITION = define(RESOURCE_SLICES, {
  strategy: {
    validateName: dnsSubdomain,
    prepareCreate: (slice, context) => firstGeneration(prepared(slice, context)),
    validate: ({ spec }) => validateSpec(spec),
    prepareUpdate: (slice, old, context) => {
      const next = prepared(slice, context);
      return nextGeneration(next, next.spec, old.spec);
    },
    validateUpdate: ({ spec }, old) => [
      ...validateSpec(spec, old.spec),
      ...(spec.pool.name === old.spec.pool.name
        ? []
        : [invalid('spec.pool.name', spec.pool.name, IMMUTABLE)]),
      ...(['driver', 'nodeName'] as const).flatMap((name) =>
        spec[name] === old.spec[name]
          ? []
          : [invalid(`spec.${name}`, spec[name] ?? null, IMMUTABLE)],
      ),
    ],
    returnDeletedObject: true,
    warnings: ({ spec: { driver } }) =>
      driver === driver.toLowerCase()
        ? []
        : [
            `spec.driver: driver names should be lowercase; ${goQuote(driver)} contains uppercase characters`,
          ],
  },
  selectableFields: {
    'spec.nodeName': ({ spec }) => spec.nodeName ?? '',
    'spec.driver': ({ spec }) => spec.driver,
  },
  columns: [
    NAME,
    column('Node', 'The node that the devices are of.'),
    column('Driver', 'Who tells of them.'),
    column('Pool', 'What they belong to.'),
    AGE,
  ],
  row: ({ metadata, spec }, now) => [
    metadata.name ?? '',
    spec.nodeName ?? '',
    spec.driver,
    spec.pool.name,
    ageOf(metadata.creationTimestamp, now),
  ],
});

/** Without what is behind gates that are off; a taint is of the time when it is first told. */
function prepared(slice: ResourceSlice, { now }: StrategyContext): ResourceSlice {
  const { devices } = slice.spec;
  if (devices === undefined) return slice;
  const timeAdded = formatTime(now);
  return {
    ...slice,
    spec: {
      ...slice.spec,
      devices: devices.map((device) => {
        const { nodeAllocatableResourceMappings: _, ...known }: Device & Gated = device;
        const { attributes, taints } = known;
        return {
          ...known,
          ...(attributes === undefined ? {} : { attributes: plainAttributes(attributes) }),
          ...(taints === undefined
            ? {}
            : {
                taints: taints.map((taint) => ({
                  ...taint,
                  timeAdded: taint.timeAdded ?? timeAdded,
                })),
              }),
        };
      }),
    },
  };
}

interface Gated {
  readonly nodeAllocatableResourceMappings?: unknown;
}

const plainAttributes = (
  attributes: NonNullable<Device['attributes']>,
): NonNullable<Device['attributes']> =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]) => [
      name,
      Object.fromEntries(Object.entries(attribute).filter(([kind]) => !kind.endsWith('s'))),
    ]),
  );

function validateSpec(spec: ResourceSliceSpec, old?: ResourceSliceSpec): FieldError[] {
  const { devices, sharedCounters, perDeviceNodeSelection = false } = spec;
  const isSpecial = (devices ?? []).some(
    ({ taints = [], consumesCounters = [] }) => taints.length > 0 || consumesCounters.length > 0,
  );
  const before = new Map((old?.devices ?? []).map((device) => [device.name, device]));
  return [
    ...validateDriverName('spec.driver', spec.driver),
    ...poolName('spec.pool.name', spec.pool.name),
    ...(spec.pool.resourceSliceCount > 0
      ? []
      : [
          invalid(
            'spec.pool.resourceSliceCount',
            spec.pool.resourceSliceCount,
            'must be greater than zero',
          ),
        ]),
    ...(spec.pool.generation < 0
      ? [
          invalid(
            'spec.pool.generation',
            spec.pool.generation,
            'must be greater than or equal to zero',
          ),
        ]
      : []),
    ...validateNodes(spec),
    ...(sharedCounters !== undefined && devices !== undefined
      ? [invalid('spec', '', 'only one of `sharedCounters` or `devices` is allowed')]
      : []),
    ...distinct(
      devices,
      isSpecial ? MOST.specialDevices : MOST.devices,
      'spec.devices',
      ({ name }) => name,
      (device, path) =>
        validateDevice(path, device, before.get(device.name), perDeviceNodeSelection),
    ),
    ...distinct(
      sharedCounters,
      MOST.counterSets,
      'spec.sharedCounters',
      ({ name }) => name,
      ({ name, counters = {} }, path) => [
        ...demanded(`${path}.name`, name, dnsLabel),
        ...validateCounters(`${path}.counters`, counters),
      ],
    ),
  ];
}

function validateCounters(field: string, counters: object): FieldError[] {
  const names = Object.keys(counters);
  if (names.length === 0) return [required(field)];
  return names.length > MOST.counters
    ? [tooMany(field, names.length, MOST.counters)]
    : names.flatMap((name) => problems(field, name, dnsLabel(name, false)));
}

const WHICH_NODES =
  'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';

/** Of which nodes they are. */
function validateNodes(spec: ResourceSliceSpec): FieldError[] {
  const { nodeName, nodeSelector } = spec;
  const errors: FieldError[] = [];
  const set: string[] = [];
  if (nodeName === '') {
    const detail = 'must be either unset or set to a non-empty string';
    errors.push(invalid('spec.nodeName', nodeName, detail));
  } else if (nodeName !== undefined) {
    set.push('`nodeName`');
    addAll(errors, problems('spec.nodeName', nodeName, dnsSubdomain(nodeName, false)));
  }
  if (nodeSelector !== undefined) {
    set.push('`nodeSelector`');
    addAll(errors, validateOneTerm('spec.nodeSelector', nodeSelector));
  }
  for (const name of ['allNodes', 'perDeviceNodeSelection'] as const) {
    if (spec[name] === true) set.push(`\`${name}\``);
    else if (spec[name] === false) {
      errors.push(invalid(`spec.${name}`, false, 'must be either unset or set to true'));
    }
  }
  if (set.length === 0) errors.push(required('spec', WHICH_NODES));
  if (set.length > 1) {
    const detail = `${WHICH_NODES}, but multiple fields are set`;
    errors.push(invalid('spec', `{${set.join(', ')}}`, detail));
  }
  return errors;
}

function validateOneTerm(field: string, selector: NodeSelector): FieldError[] {
  const terms = selector.nodeSelectorTerms ?? [];
  return [
    ...validateNodeSelector(field, selector),
    ...(terms.length === 1
      ? []
      : [invalid(`${field}.nodeSelectorTerms`, terms, 'must have exactly one node selector term')]),
  ];
}
