/** ReplicaSets (k8s.io/kubernetes, pkg/registry/apps/replicaset, ValidateReplicaSet). */
import { addAll } from '../../../add-all.ts';
import { REPLICA_SETS, type ReplicaSet } from '../../../kubernetes/index.ts';
import { IMMUTABLE, nonNegative } from '../checks.ts';
import { define } from '../define.ts';
import { type FieldError, invalid, required } from '../field-error.ts';
import { firstGeneration, nextGeneration } from '../generation.ts';
import { validateLabelSelector } from '../label-selector.ts';
import { sameJson } from '../metadata.ts';
import { dnsSubdomain } from '../names.ts';
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
import { isEmptySelector, selectorCell, selectorOf, selectorText } from './selector.ts';

export const REPLICA_SET_DEFINITION = define(REPLICA_SETS, {
  shortNames: ['rs'],
  categories: ['all'],
  blank: { spec: { replicas: 0 } },
  strategy: {
    validateName: dnsSubdomain,
    default: defaultSet,
    prepareCreate: (set) => firstGeneration({ ...enabled(set), status: { replicas: 0 } }),
    validate: validateSpec,
    prepareUpdate: (set, old) => {
      const next = { ...enabled(set), status: old.status };
      return nextGeneration(next, next.spec, old.spec);
    },
    validateUpdate: (set, old) => [
      ...validateSpec(set),
      ...(sameJson(set.spec.selector, old.spec.selector)
        ? []
        : [invalid('spec.selector', set.spec.selector ?? null, IMMUTABLE)]),
    ],
    warnings: (set, old) => {
      if (old === undefined) return newWarnings(set, set.spec.template);
      const isSame = set.metadata.generation === old.metadata.generation;
      return isSame ? [] : templateWarnings(TEMPLATE, set.spec.template);
    },
  },
  subresources: workloadSubresources<ReplicaSet>(
    ({ spec }) => selectorText(spec.selector),
    validateReplicaStatus,
  ),
  columns: REPLICA_COLUMNS,
  row: ({ metadata, spec, status }, now) => [
    metadata.name ?? '',
    spec.replicas ?? 0,
    status.replicas,
    status.readyReplicas ?? 0,
    ageOf(metadata.creationTimestamp, now),
    ...containerCells(spec.template),
    selectorCell(spec.selector),
  ],
});

const enabled = (set: ReplicaSet): ReplicaSet => ({
  ...set,
  spec: { ...set.spec, template: enabledTemplate(set.spec.template) },
});

function defaultSet(set: ReplicaSet): ReplicaSet {
  const { spec } = set;
  const { replicas = 1 } = spec;
  const template = defaultTemplate(spec.template);
  return replicas === spec.replicas && template === spec.template
    ? set
    : { ...set, spec: { ...spec, replicas, template } };
}

function validateSpec({ spec }: ReplicaSet): FieldError[] {
  const { selector } = spec;
  const errors = [
    ...nonNegative('spec.replicas', spec.replicas),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
  ];
  if (selector === undefined || selector === null) errors.push(required('spec.selector'));
  else {
    addAll(errors, validateLabelSelector(selector, 'spec.selector'));
    if (isEmptySelector(selector)) {
      errors.push(invalid('spec.selector', selector, 'empty selector is invalid for deployment'));
    }
  }
  const selects = selectorOf(selector);
  return selects === undefined
    ? [...errors, invalid('spec.selector', selector, 'invalid label selector')]
    : [...errors, ...validateLasting(spec.template, selects, 'ReplicaSet')];
}
