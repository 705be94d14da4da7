/** CSI drivers, and those that are on a node (k8s.io/kubernetes, pkg/apis/storage/validation). */
import { addAll } from '../../add-all.ts';
import {
  CSI_DRIVERS,
  CSI_NODES,
  type CsiDriver,
  type CsiNode,
  type CsiNodeDriver,
} from '../../kubernetes/index.ts';
import { each, IMMUTABLE, nonNegative, oneOf, qualifiedName } from './checks.ts';
import { AGE, column, NAME } from './columns.ts';
import { define } from './define.ts';
import { duplicate, type FieldError, invalid, notSupported, required } from './field-error.ts';
import { nextGeneration } from './generation.ts';
import { sameJson } from './metadata.ts';
import { dnsSubdomain } from './names.ts';
import { validateDriverName } from './pods/index.ts';
import { ageOf } from './times.ts';

const LONGEST_NODE_ID = 256;
const TEN_MINUTES = 600;
const LEAST_PERIOD = 10;
const MODES = ['Persistent', 'Ephemeral'];
const GROUP_POLICIES = ['File', 'None', 'ReadWriteOnceWithFSType'];

export const CSI_NODE_DEFINITION = define(CSI_NODES, {
  strategy: {
    validateName: dnsSubdomain,
    validate: validateNode,
    validateUpdate: (node, old) => [...validateNode(node), ...validateDriverChanges(node, old)],
    allowUnconditionalUpdate: false,
    returnDeletedObject: true,
  },
  columns: [NAME, column('Drivers', 'How many drivers the node has.', { type: 'integer' }), AGE],
  row: ({ metadata, spec }, now) => [
    metadata.name ?? '',
    (spec.drivers ?? []).length,
    ageOf(metadata.creationTimestamp, now),
  ],
});

function validateNode({ spec }: CsiNode): FieldError[] {
  const names = new Set<string>();
  return each(spec.drivers, 'spec.drivers', (driver, path) => {
    const { name, nodeID, allocatable } = driver;
    const errors = validateDriverName(`${path}.name`, name);
    if (nodeID === '') errors.push(required(`${path}.nodeID`));
    if (nodeID.length > LONGEST_NODE_ID) {
      const detail = `must be ${LONGEST_NODE_ID} characters or less`;
      errors.push(invalid(`${path}.nodeID`, nodeID, detail));
    }
    addAll(errors, nonNegative(`${path}.allocatable.count`, allocatable?.count));
    if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
    names.add(name);
    return [...errors, ...validateTopology(driver, path)];
  });
}

function validateTopology({ topologyKeys }: CsiNodeDriver, field: string): FieldError[] {
  const seen = new Set<string>();
  return (topologyKeys ?? []).flatMap((key) => {
    const errors = key === '' ? [required(field)] : [];
    if (seen.has(key)) errors.push(duplicate(field, key));
    seen.add(key);
    return [...errors, ...qualifiedName(field, key)];
  });
}

function validateDriverChanges(node: CsiNode, old: CsiNode): FieldError[] {
  const fixed = (driver: CsiNodeDriver): object => {
    const { allocatable: _, ...rest } = driver;
    return rest;
  };
  return (old.spec.drivers ?? []).flatMap((before) =>
    (node.spec.drivers ?? [])
      .filter(({ name }) => name === before.name)
      .filter((driver) => !sameJson(fixed(driver), fixed(before)))
      .map((driver) => invalid('spec.drivers', driver, IMMUTABLE)),
  );
}

export const CSI_DRIVER_DEFINITION = define(CSI_DRIVERS, {
  strategy: {
    validateName: dnsSubdomain,
    default: withDefaults,
    prepareCreate: withoutDisabled,
    prepareUpdate: (driver, old) =>
      nextGeneration(withoutDisabled(driver), withoutDisabled(driver).spec, old.spec),
    validate: validateDriver,
    validateUpdate: (driver, old) => [
      ...validateDriver(driver),
      ...(driver.spec.attachRequired === old.spec.attachRequired
        ? []
        : [invalid('spec.attachedRequired', driver.spec.attachRequired, IMMUTABLE)]),
      ...(sameJson(driver.spec.volumeLifecycleModes, old.spec.volumeLifecycleModes)
        ? []
        : [invalid('spec.volumeLifecycleModes', driver.spec.volumeLifecycleModes, IMMUTABLE)]),
    ],
    warnings: ({ spec }, old) =>
      (spec.tokenRequests ?? []).length > 0 &&
      spec.serviceAccountTokenInSecrets === undefined &&
      !sameJson(spec.tokenRequests, old?.spec.tokenRequests)
        ? [
            'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes',
          ]
        : [],
    allowUnconditionalUpdate: false,
    returnDeletedObject: true,
  },
  columns: [
    NAME,
    column('AttachRequired', 'Whether a volume is attached first.', { type: 'boolean' }),
    column('PodInfoOnMount', 'Whether the driver is told of the pod.', { type: 'boolean' }),
    column('StorageCapacity', 'Whether its free space is looked at.', { type: 'boolean' }),
    column('TokenRequests', 'The audiences of the tokens that it gets.'),
    column('RequiresRepublish', 'Whether it is asked again and again.', { type: 'boolean' }),
    column('Modes', 'The kinds of volumes that it has.'),
    AGE,
  ],
  row: ({ metadata, spec }, now) => [
    metadata.name ?? '',
    spec.attachRequired ?? true,
    spec.podInfoOnMount ?? false,
    spec.storageCapacity ?? false,
    spec.tokenRequests?.map(({ audience }) => audience).join(',') ?? '<unset>',
    spec.requiresRepublish ?? false,
    spec.volumeLifecycleModes?.join(',') || '<none>',
    ageOf(metadata.creationTimestamp, now),
  ],
});

const DEFAULTS = {
  attachRequired: true,
  podInfoOnMount: false,
  volumeLifecycleModes: ['Persistent'],
  storageCapacity: false,
  fsGroupPolicy: 'ReadWriteOnceWithFSType',
  requiresRepublish: false,
  seLinuxMount: false,
} as const satisfies CsiDriver['spec'];

function withDefaults(driver: CsiDriver): CsiDriver {
  const isWhole = Object.keys(DEFAULTS).every((field) => Object.hasOwn(driver.spec, field));
  return isWhole ? driver : { ...driver, spec: { ...DEFAULTS, ...driver.spec } };
}

/** Its gate VolumeLimitScaling is off. */
function withoutDisabled(driver: CsiDriver): CsiDriver {
  const { preventPodSchedulingIfMissing: _, ...spec } = driver.spec;
  return { ...driver, spec };
}

function validateDriver({ spec }: CsiDriver): FieldError[] {
  const { tokenRequests = [], nodeAllocatableUpdatePeriodSeconds: period } = spec;
  const errors = oneOf('spec.fsGroupPolicy', spec.fsGroupPolicy, GROUP_POLICIES);
  const audiences = new Set<string>();
  addAll(
    errors,
    each(tokenRequests, 'spec.tokenRequests', ({ audience, expirationSeconds }, path) => {
      if (audiences.has(audience)) return [duplicate(`${path}.audience`, audience)];
      audiences.add(audience);
      const at = `${path}.expirationSeconds`;
      if (expirationSeconds === undefined) return [];
      if (expirationSeconds < TEN_MINUTES) {
        const detail = 'may not specify a duration less than 10 minutes';
        return [invalid(at, expirationSeconds, detail)];
      }
      return expirationSeconds > 2 ** 32
        ? [invalid(at, expirationSeconds, 'may not specify a duration larger than 2^32 seconds')]
        : [];
    }),
  );
  // Without an index, upstream.
  for (const mode of spec.volumeLifecycleModes ?? []) {
    if (!MODES.includes(mode)) {
      errors.push(notSupported('spec.volumeLifecycleModes', mode, MODES));
    }
  }
  if (period !== undefined && period < LEAST_PERIOD) {
    const detail = `must be greater than or equal to ${LEAST_PERIOD} seconds`;
    errors.push(invalid('spec.nodeAllocatableUpdatePeriodSeconds', period, detail));
  }
  if (spec.serviceAccountTokenInSecrets !== undefined && tokenRequests.length === 0) {
    errors.push(
      invalid(
        'spec.serviceAccountTokenInSecrets',
        spec.serviceAccountTokenInSecrets,
        'serviceAccountTokenInSecrets is set but no tokenRequests are specified',
      ),
    );
  }
  return errors;
}
