/** ReplicationControllers (k8s.io/kubernetes, pkg/registry/core/replicationcontroller). */
import {
  type LabelRequirement,
  labelSelector,
  REPLICATION_CONTROLLERS,
  type ReplicationController,
} from '../../../kubernetes/index.ts';
import { nonNegative } from '../checks.ts';
import { define } from '../define.ts';
import { type FieldError, required } from '../field-error.ts';
import { firstGeneration, nextGeneration } from '../generation.ts';
import { longName } from '../names.ts';
import { defaultTemplate, enabledTemplate, templateWarnings } from '../pods/index.ts';
import { ageOf } from '../times.ts';
import {
  containerCells,
  newWarnings,
  REPLICA_COLUMNS,
  TEMPLATE,
  validateLasting,
  validateReplicaStatus,
} from './common.ts';
import { workloadSubresources } from './scale.ts';

export const REPLICATION_CONTROLLER_DEFINITION = define(REPLICATION_CONTROLLERS, {
  path: 'controllers',
  shortNames: ['rc'],
  categories: ['all'],
  strategy: {
    validateName: longName,
    // As in the days when there was no garbage collector.
    orphansDependents: true,
    default: defaultController,
    prepareCreate: (one) => firstGeneration({ ...enabled(one), status: { replicas: 0 } }),
    validate: validateSpec,
    prepareUpdate: (one, old) => {
      const next = { ...enabled(one), status: old.status };
      return nextGeneration(next, next.spec, old.spec);
    },
    validateUpdate: validateSpec,
    warnings: (one, old) => {
      if (old === undefined) return newWarnings(one, one.spec.template);
      const { template } = old.spec;
      const isSame = one.metadata.generation === old.metadata.generation;
      // Of what stood there before: upstream's own.
      return isSame || template === undefined ? [] : templateWarnings(TEMPLATE, template);
    },
  },
  subresources: workloadSubresources<ReplicationController>(
    ({ spec }) => pairs(spec.selector),
    validateReplicaStatus,
  ),
  selectableFields: { 'status.replicas': ({ status }) => String(status.replicas) },
  columns: REPLICA_COLUMNS,
  row: ({ metadata, spec, status }, now) => [
    metadata.name ?? '',
    spec.replicas ?? 0,
    status.replicas,
    status.readyReplicas ?? 0,
    ageOf(metadata.creationTimestamp, now),
    ...containerCells(spec.template),
    pairs(spec.selector) || '<none>',
  ],
});

type Pairs = Readonly<Record<string, string>>;

const pairs = (selector: Pairs = {}): string =>
  Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

function enabled(one: ReplicationController): ReplicationController {
  const { template } = one.spec;
  if (template === undefined) return one;
  return { ...one, spec: { ...one.spec, template: enabledTemplate(template) } };
}

const isEmpty = (labels: Pairs | undefined): boolean => Object.keys(labels ?? {}).length === 0;

/** It selects what it makes, and is labelled as that is, unless it says otherwise. */
function defaultController(one: ReplicationController): ReplicationController {
  const { metadata, spec } = one;
  const { replicas = 1 } = spec;
  const template = spec.template === undefined ? undefined : defaultTemplate(spec.template);
  const labels = template?.metadata?.labels;
  const lacksSelector = labels !== undefined && isEmpty(spec.selector);
  const lacksLabels = labels !== undefined && isEmpty(metadata.labels);
  const isWhole = replicas === spec.replicas && template === spec.template;
  if (isWhole && !lacksSelector && !lacksLabels) return one;
  return {
    ...one,
    metadata: lacksLabels ? { ...metadata, labels } : metadata,
    spec: {
      ...spec,
      replicas,
      ...(lacksSelector ? { selector: labels } : {}),
      ...(template === undefined ? {} : { template }),
    },
  };
}

function validateSpec({ spec }: ReplicationController): FieldError[] {
  const { replicas, minReadySeconds, selector = {}, template } = spec;
  const requirements: LabelRequirement[] = Object.entries(selector).map(([key, value]) => ({
    key,
    operator: '=',
    values: [value],
  }));
  return [
    ...nonNegative('spec.minReadySeconds', minReadySeconds),
    ...(requirements.length === 0 ? [required('spec.selector')] : []),
    ...nonNegative('spec.replicas', replicas),
    ...(template === undefined
      ? [required(TEMPLATE)]
      : validateLasting(template, labelSelector(requirements), 'ReplicationController')),
  ];
}
