/** How many pods may be missing at once (k8s.io/kubernetes, pkg/registry/policy/poddisruptionbudget). */
import {
  POD_DISRUPTION_BUDGETS,
  type PodDisruptionBudget,
  ruleText,
} from '../../kubernetes/index.ts';
import { nonNegative, oneOf } from './checks.ts';
import { AGE, column, NAME } from './columns.ts';
import { validateConditions } from './conditions.ts';
import { define } from './define.ts';
import { type FieldError, invalid } from './field-error.ts';
import { firstGeneration, nextGeneration } from './generation.ts';
import { validateLabelSelector } from './label-selector.ts';
import { sameJson } from './metadata.ts';
import { pathSegment } from './names.ts';
import { ageOf } from './times.ts';

const POLICIES = ['AlwaysAllow', 'IfHealthyBudget'];
/** With it v1beta1 tells "all" from "none"; a selector of v1 is either this or without it. */
const OLD_LABEL = 'pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match';
const MATCHES_NONE = { matchExpressions: [{ key: OLD_LABEL, operator: 'Exists' }] };
const NOTHING_KNOWN = {
  disruptionsAllowed: 0,
  currentHealthy: 0,
  desiredHealthy: 0,
  expectedPods: 0,
} as const;

export const POD_DISRUPTION_BUDGET_DEFINITION = define(POD_DISRUPTION_BUDGETS, {
  shortNames: ['pdb'],
  strategy: {
    takesAnyFinalizer: true,
    validateName: pathSegment,
    default: withoutOldLabel,
    prepareCreate: (budget) => firstGeneration({ ...budget, status: NOTHING_KNOWN }),
    prepareUpdate: (budget, old) =>
      nextGeneration({ ...budget, status: old.status }, budget.spec, old.spec),
    validate,
    validateUpdate: validate,
    allowUnconditionalUpdate: false,
  },
  subresources: {
    status: {
      verbs: ['get', 'patch', 'update'],
      prepareUpdate: (budget, old) => ({ ...budget, spec: old.spec }),
      validateUpdate: ({ status }) => [
        ...validateConditions('status.conditions', status.conditions),
        ...COUNTS.flatMap((name) => nonNegative(`status.${name}`, status[name])),
      ],
    },
  },
  columns: [
    NAME,
    column('Min Available', 'How many pods must be there.'),
    column('Max Unavailable', 'How many pods may be missing.'),
    column('Allowed Disruptions', 'How many pods may go now.', { type: 'integer' }),
    AGE,
  ],
  row: ({ metadata, spec, status }, now) => [
    metadata.name ?? '',
    String(spec.minAvailable ?? 'N/A'),
    String(spec.maxUnavailable ?? 'N/A'),
    status.disruptionsAllowed,
    ageOf(metadata.creationTimestamp, now),
  ],
});

const COUNTS = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const;

/** pkg/apis/policy/v1/conversion.go. */
function withoutOldLabel(budget: PodDisruptionBudget): PodDisruptionBudget {
  const { selector } = budget.spec;
  const { matchExpressions } = selector ?? {};
  if (matchExpressions?.some(({ key }) => key === OLD_LABEL) !== true) return budget;
  if (sameJson(selector, MATCHES_NONE)) return budget;
  const { matchExpressions: _, ...rest } = selector ?? {};
  const left = matchExpressions.filter(({ key }) => key !== OLD_LABEL);
  const cleared = { ...rest, ...(left.length === 0 ? {} : { matchExpressions: left }) };
  return { ...budget, spec: { ...budget.spec, selector: cleared } };
}

function validate({ spec }: PodDisruptionBudget): FieldError[] {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy } = spec;
  const errors: FieldError[] = [];
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    errors.push(invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set'));
  }
  return [
    ...errors,
    ...share('spec.minAvailable', minAvailable),
    ...share('spec.maxUnavailable', maxUnavailable),
    ...(selector === undefined ? [] : validateLabelSelector(selector, 'spec.selector')),
    ...oneOf('spec.unhealthyPodEvictionPolicy', unhealthyPodEvictionPolicy, POLICIES),
  ];
}

/** A number that is not negative, or not more than all. */
function share(field: string, value: number | string | undefined): FieldError[] {
  if (typeof value !== 'string') return nonNegative(field, value);
  if (!/^\d+%$/.test(value)) {
    const sentence = "a valid percent string must be a numeric string followed by an ending '%'";
    return [invalid(field, value, ruleText(sentence, '[0-9]+%', '1%', '93%'))];
  }
  return Number(value.slice(0, -1)) > 100
    ? [invalid(field, value, 'must not be greater than 100%')]
    : [];
}
