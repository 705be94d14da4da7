/** Classes of container runtimes and of priorities (k8s.io/kubernetes, pkg/apis/node and pkg/apis/scheduling). */
import {
  PRIORITY_CLASSES,
  type PriorityClass,
  RUNTIME_CLASSES,
  type RuntimeClass,
} from '../../kubernetes/index.ts';
import { demanded, each, IMMUTABLE, labels, oneOfDemanded } from './checks.ts';
import { AGE, column, NAME } from './columns.ts';
import { define } from './define.ts';
import { replacedLabel } from './deprecated-labels.ts';
import { duplicate, type FieldError, forbidden, invalid } from './field-error.ts';
import { firstGeneration } from './generation.ts';
import { dnsLabel, dnsSubdomain } from './names.ts';
import { validateOverhead, validateTolerations } from './pods/index.ts';
import { ageOf } from './times.ts';

export const RUNTIME_CLASS_DEFINITION = define(RUNTIME_CLASSES, {
  strategy: {
    takesAnyFinalizer: true,
    validateName: dnsSubdomain,
    validate: validateRuntime,
    validateUpdate: (runtime, old) =>
      runtime.handler === old.handler ? [] : [invalid('handler', runtime.handler, IMMUTABLE)],
    warnings: ({ scheduling }) =>
      Object.keys(scheduling?.nodeSelector ?? {}).flatMap((key) => {
        const why = replacedLabel(key);
        return why === undefined ? [] : [`scheduling.nodeSelector: ${why}`];
      }),
    allowCreateOnUpdate: true,
    allowUnconditionalUpdate: false,
  },
  columns: [NAME, column('Handler', 'What the runtime calls it.'), AGE],
  row: ({ metadata, handler }, now) => [
    metadata.name ?? '',
    handler,
    ageOf(metadata.creationTimestamp, now),
  ],
});

function validateRuntime({ handler, overhead, scheduling = {} }: RuntimeClass): FieldError[] {
  const { nodeSelector, tolerations } = scheduling;
  const seen = new Set<string>();
  const field = 'scheduling.tolerations';
  return [
    ...demanded('handler', handler, dnsLabel),
    ...validateOverhead('overhead', overhead?.podFixed ?? {}),
    ...labels('scheduling.nodeSelector', nodeSelector),
    ...validateTolerations(field, tolerations),
    ...each(tolerations, field, (toleration, path) => {
      const { key, operator, value, effect } = toleration;
      const identity = JSON.stringify([key, operator, value, effect]);
      if (seen.has(identity)) return [duplicate(path, toleration)];
      seen.add(identity);
      return [];
    }),
  ];
}

const SYSTEM_PREFIX = 'system-';
/** Of all but the system's own. */
const HIGHEST = 1_000_000_000;
const POLICIES = ['PreemptLowerPriority', 'Never'];

/** Of every cluster; nobody can delete them. */
const SYSTEM = new Map([
  [
    'system-node-critical',
    {
      value: 2_000_001_000,
      description: 'Used for system critical pods that must not be moved from their current node.',
    },
  ],
  [
    'system-cluster-critical',
    {
      value: 2_000_000_000,
      description:
        'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
    },
  ],
]);

export const SYSTEM_PRIORITY_CLASSES: readonly PriorityClass[] = [...SYSTEM].map(
  ([name, fields]) => ({ metadata: { name }, ...fields }),
);

export const PRIORITY_CLASS_DEFINITION = define(PRIORITY_CLASSES, {
  shortNames: ['pc'],
  strategy: {
    validateName: dnsSubdomain,
    default: (one) =>
      one.preemptionPolicy === undefined
        ? { ...one, preemptionPolicy: 'PreemptLowerPriority' }
        : one,
    prepareCreate: firstGeneration,
    validate: validatePriority,
    validateUpdate: (one, old) => [
      ...(one.value === old.value ? [] : [forbidden('value', 'may not be changed in an update.')]),
      ...(one.preemptionPolicy === old.preemptionPolicy
        ? []
        : [invalid('preemptionPolicy', one.preemptionPolicy, IMMUTABLE)]),
    ],
    undeletable: (name) =>
      SYSTEM.has(name) ? 'this is a system priority class and cannot be deleted' : undefined,
  },
  columns: [
    NAME,
    column('Value', 'The priority.', { type: 'integer' }),
    column('Global-Default', 'Whether pods without a class have it.', { type: 'boolean' }),
    AGE,
    column('PreemptionPolicy', 'Whether others make room.'),
  ],
  row: ({ metadata, value, globalDefault = false, preemptionPolicy = '' }, now) => [
    metadata.name ?? '',
    value,
    globalDefault,
    ageOf(metadata.creationTimestamp, now),
    preemptionPolicy,
  ],
});

function validatePriority(one: PriorityClass): FieldError[] {
  const { name = '' } = one.metadata;
  const errors: FieldError[] = [];
  if (name.startsWith(SYSTEM_PREFIX)) {
    const problem = systemProblem(name, one);
    if (problem !== undefined) {
      const detail = `priority class names with '${SYSTEM_PREFIX}' prefix are reserved for system use only. error: ${problem}`;
      errors.push(forbidden('metadata.name', detail));
    }
  } else if (one.value > HIGHEST) {
    const detail = `maximum allowed value of a user defined priority is ${HIGHEST}`;
    errors.push(forbidden('value', detail));
  }
  return [...errors, ...oneOfDemanded('preemptionPolicy', one.preemptionPolicy, POLICIES)];
}

function systemProblem(name: string, one: PriorityClass): string | undefined {
  const system = SYSTEM.get(name);
  if (system === undefined) return `${name} is not a known system priority class`;
  if (one.value !== system.value) return `value of ${name} PriorityClass must be ${system.value}`;
  return one.globalDefault === true
    ? `globalDefault of ${name} PriorityClass must be false`
    : undefined;
}
