/** StatefulSets (k8s.io/kubernetes, pkg/registry/apps/statefulset, ValidateStatefulSet). */
import {
  type PersistentVolumeClaim,
  type PodTemplate,
  STATEFUL_SETS,
  type StatefulSet,
  type StatefulSetSpec,
} from '../../../kubernetes/index.ts';
import { each, label, nonNegative, oneOf } from '../checks.ts';
import { define } from '../define.ts';
import { type FieldError, forbidden, invalid, required } from '../field-error.ts';
import { firstGeneration, nextGeneration } from '../generation.ts';
import { validateLabelSelector } from '../label-selector.ts';
import { sameJson } from '../metadata.ts';
import { dnsLabel } from '../names.ts';
import {
  claimWarnings,
  defaultTemplate,
  enabledTemplate,
  templateWarnings,
} from '../pods/index.ts';
import { PERSISTENT_VOLUME_CLAIM_DEFINITION, validateClaimSpec } from '../storage/index.ts';
import { ageOf } from '../times.ts';
import { containerCells, STATEFUL_COLUMNS, TEMPLATE, validateEndless } from './common.ts';
import { workloadSubresources } from './scale.ts';
import { isEmptySelector, selectorOf, selectorText } from './selector.ts';
import { validateStatefulStatus } from './stateful-status.ts';
import { validateStatefulTemplate } from './stateful-template.ts';

const POLICIES = ['OrderedReady', 'Parallel'];
const STRATEGIES = ['RollingUpdate', 'OnDelete'];
const RETENTION = ['Retain', 'Delete'];
/** Of the spec, what may change. */
const CHANGEABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const;

export const STATEFUL_SET_DEFINITION = define(STATEFUL_SETS, {
  shortNames: ['sts'],
  categories: ['all'],
  blank: { spec: { replicas: 0 } },
  strategy: {
    validateName: dnsLabel,
    default: defaultSet,
    prepareCreate: (set) =>
      firstGeneration({ ...enabled(set), status: { replicas: 0, availableReplicas: 0 } }),
    validate: ({ spec }) => [...validateSpec(spec, true, true)],
    prepareUpdate: (set, old) => {
      const next = { ...enabled(set), status: old.status };
      return nextGeneration(next, next.spec, old.spec);
    },
    validateUpdate: ({ spec }, { spec: old }) => [
      // What stands there already, and is good no more, does not keep the rest from changing.
      ...validateSpec(spec, false, validateSpec(old, false, true).length === 0),
      ...validateChange(spec, old),
    ],
    warnings: (set, old) => [
      ...(set.metadata.generation === old?.metadata.generation
        ? []
        : templateWarnings(TEMPLATE, set.spec.template)),
      ...(set.spec.volumeClaimTemplates ?? []).flatMap((claim, index) => {
        const path = `spec.volumeClaimTemplates[${index}]`;
        return claimWarnings(claim.spec, old === undefined ? path : `${path}.Spec`);
      }),
      ...((set.spec.revisionHistoryLimit ?? 0) < 0
        ? [
            'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended',
          ]
        : []),
    ],
  },
  subresources: workloadSubresources<StatefulSet>(
    ({ spec }) => selectorText(spec.selector),
    validateStatefulStatus,
  ),
  columns: STATEFUL_COLUMNS,
  row: ({ metadata, spec, status }, now) => [
    metadata.name ?? '',
    `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
    ageOf(metadata.creationTimestamp, now),
    ...containerCells(spec.template),
  ],
});

/** `maxUnavailable` is behind a gate that is off. */
function enabled(set: StatefulSet): StatefulSet {
  const { updateStrategy, template } = set.spec;
  const { rollingUpdate } = updateStrategy;
  const { maxUnavailable: _, ...rest } = rollingUpdate ?? {};
  return {
    ...set,
    spec: {
      ...set.spec,
      template: enabledTemplate(template),
      updateStrategy:
        rollingUpdate === undefined ? updateStrategy : { ...updateStrategy, rollingUpdate: rest },
    },
  };
}

function defaultSet(set: StatefulSet): StatefulSet {
  const spec = defaultSpec(set.spec);
  return sameJson(spec, set.spec) && spec.template === set.spec.template ? set : { ...set, spec };
}

function defaultSpec(spec: StatefulSetSpec): StatefulSetSpec {
  const { volumeClaimTemplates: claims, persistentVolumeClaimRetentionPolicy: kept = {} } = spec;
  return {
    podManagementPolicy: 'OrderedReady',
    replicas: 1,
    revisionHistoryLimit: 10,
    ...spec,
    template: defaultTemplate(spec.template),
    updateStrategy: defaultStrategy(spec.updateStrategy),
    persistentVolumeClaimRetentionPolicy: {
      whenDeleted: 'Retain',
      whenScaled: 'Retain',
      ...kept,
    },
    ...(claims === undefined ? {} : { volumeClaimTemplates: claims.map(typedClaim) }),
  };
}

function defaultStrategy(given: StatefulSetSpec['updateStrategy']): typeof given {
  const rolls = given.type === undefined || given.type === 'RollingUpdate';
  if (!rolls || (given.type !== undefined && given.rollingUpdate === undefined)) return given;
  return {
    type: 'RollingUpdate',
    ...given,
    rollingUpdate: { partition: 0, ...given.rollingUpdate },
  };
}

const { strategy: CLAIMS } = PERSISTENT_VOLUME_CLAIM_DEFINITION;

/** Claims inside of another object say what they are, for old clients. */
const typedClaim = (claim: PersistentVolumeClaim): PersistentVolumeClaim => ({
  ...(CLAIMS.default?.(claim) ?? claim),
  kind: 'PersistentVolumeClaim',
  apiVersion: 'v1',
});

function validateSpec(spec: StatefulSetSpec, isNew: boolean, withTemplate: boolean): FieldError[] {
  const { selector, template, serviceName, ordinals } = spec;
  const { whenDeleted, whenScaled } = spec.persistentVolumeClaimRetentionPolicy ?? {};
  const kept = 'spec.persistentVolumeClaimRetentionPolicy';
  return [
    ...validatePolicy(spec.podManagementPolicy),
    ...validateStrategy(spec.updateStrategy),
    ...oneOf(`${kept}.whenDeleted`, whenDeleted, RETENTION),
    ...oneOf(`${kept}.whenScaled`, whenScaled, RETENTION),
    ...(isNew
      ? each(spec.volumeClaimTemplates, 'spec.volumeClaimTemplates', (claim, path) =>
          validateClaimSpec(claim.spec, `${path}.spec`),
        )
      : []),
    ...nonNegative('spec.replicas', spec.replicas),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...nonNegative('spec.ordinals.start', ordinals?.start),
    ...(isNew && serviceName !== '' ? label('spec.serviceName', serviceName) : []),
    ...validateSelector(selector),
    ...validatePods(spec, template, withTemplate),
    ...validateEndless(template, 'StatefulSet'),
  ];
}

function validatePods(
  spec: StatefulSetSpec,
  template: PodTemplate,
  withTemplate: boolean,
): FieldError[] {
  const selects = selectorOf(spec.selector);
  return selects === undefined
    ? [invalid('spec.selector', spec.selector, '')]
    : validateStatefulTemplate(spec, template, selects, withTemplate);
}

function validatePolicy(policy = ''): FieldError[] {
  const field = 'spec.podManagementPolicy';
  if (policy === '') return [required(field)];
  return POLICIES.includes(policy)
    ? []
    : [invalid(field, policy, `must be '${POLICIES.join("' or '")}'`)];
}

function validateStrategy(strategy: StatefulSetSpec['updateStrategy']): FieldError[] {
  const field = 'spec.updateStrategy';
  const { type = '', rollingUpdate } = strategy;
  switch (type) {
    case '':
      return [required(field)];
    case 'OnDelete':
      return rollingUpdate === undefined
        ? []
        : [
            invalid(
              `${field}.rollingUpdate`,
              rollingUpdate,
              "only allowed for updateStrategy 'RollingUpdate'",
            ),
          ];
    case 'RollingUpdate':
      return nonNegative(`${field}.rollingUpdate.partition`, rollingUpdate?.partition);
    default:
      return [invalid(field, strategy, `must be '${STRATEGIES.join("' or '")}'`)];
  }
}

function validateSelector(selector: StatefulSetSpec['selector']): FieldError[] {
  const field = 'spec.selector';
  if (selector === null) return [required(field)];
  return [
    ...validateLabelSelector(selector, field),
    ...(isEmptySelector(selector)
      ? [invalid(field, selector, 'empty selector is invalid for statefulset')]
      : []),
  ];
}

function validateChange(spec: StatefulSetSpec, old: StatefulSetSpec): FieldError[] {
  const fixed = (from: StatefulSetSpec): object =>
    Object.fromEntries(
      Object.entries(from).filter(([field]) => !CHANGEABLE.some((one) => one === field)),
    );
  if (sameJson(fixed(spec), fixed(old))) return [];
  const names = CHANGEABLE.map((field) => `'${field}'`);
  return [
    forbidden(
      'spec',
      `updates to statefulset spec for fields other than ${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''} are forbidden`,
    ),
  ];
}
