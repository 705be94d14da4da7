/** Where a pod may run (k8s.io/kubernetes, validateAffinity, ValidateTolerations, validateTopologySpreadConstraints). */
import { addAll } from '../../../add-all.ts';
import {
  type ApiLabelSelector,
  labelValueProblems,
  type NodeSelectorTerm,
  type PodAffinity,
  type PodAffinityTerm,
  type PodSpec,
  type SelectorRequirement,
  type Toleration,
  type TopologySpreadConstraint,
} from '../../../kubernetes/index.ts';
import { each, label, oneOf, positive, problems, qualifiedName, subdomain } from '../checks.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from '../field-error.ts';
import { validateLabelSelector } from '../label-selector.ts';

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
const NUMERIC = ['Lt', 'Gt'];
const OPERATORS = ['Equal', 'Exists'];
const ACTIONS = ['DoNotSchedule', 'ScheduleAnyway'];
const POLICIES = ['Honor', 'Ignore'];
const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

export function validateTolerations(
  field: string,
  tolerations: readonly Toleration[] = [],
): FieldError[] {
  return each(tolerations, field, (toleration, path) => {
    const { key = '', operator = '', value = '', effect = '', tolerationSeconds } = toleration;
    const errors = key === '' ? [] : qualifiedName(`${path}.key`, key);
    if (key === '' && operator !== 'Exists') {
      const detail =
        'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      errors.push(invalid(`${path}.operator`, operator, detail));
    }
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
      const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
      errors.push(invalid(`${path}.effect`, effect, detail));
    }
    addAll(errors, validateOperator(`${path}.operator`, operator, value));
    if (effect !== '') addAll(errors, oneOf(`${path}.effect`, effect, EFFECTS));
    return errors;
  });
}

function validateOperator(field: string, operator: string, value: string): FieldError[] {
  if (operator === 'Equal' || operator === '') {
    const wrong = labelValueProblems(value);
    return wrong.length === 0 ? [] : [invalid(field, value, wrong.join(';'))];
  }
  if (operator === 'Exists') {
    return value === ''
      ? []
      : [invalid(field, value, "value must be empty when `operator` is 'Exists'")];
  }
  const supported = NUMERIC.includes(operator) ? [...OPERATORS, ...NUMERIC] : OPERATORS;
  return [notSupported(field, operator, supported)];
}

export function validateAffinity(field: string, affinity: PodSpec['affinity']): FieldError[] {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity ?? {};
  const errors: FieldError[] = [];
  const needed = nodeAffinity?.[REQUIRED];
  if (needed !== undefined) {
    addAll(errors, validateNodeSelector(`${field}.nodeAffinity.${REQUIRED}`, needed));
  }
  addAll(
    errors,
    each(
      nodeAffinity?.[PREFERRED],
      `${field}.nodeAffinity.${PREFERRED}`,
      ({ weight, preference }, path) => [
        ...validateWeight(`${path}.weight`, weight),
        ...validateNodeTerm(`${path}.preference`, preference, false),
      ],
    ),
    validatePodAffinity(`${field}.podAffinity`, podAffinity),
    validatePodAffinity(`${field}.podAntiAffinity`, podAntiAffinity),
  );
  return errors;
}

/** Which nodes would do (ValidateNodeSelector). */
export function validateNodeSelector(
  field: string,
  { nodeSelectorTerms }: { readonly nodeSelectorTerms: readonly NodeSelectorTerm[] | null },
): FieldError[] {
  const at = `${field}.nodeSelectorTerms`;
  const terms = nodeSelectorTerms ?? [];
  if (terms.length === 0) return [required(at, 'must have at least one node selector term')];
  return each(terms, at, (term, path) => validateNodeTerm(path, term, true));
}

const validateWeight = (field: string, weight: number): FieldError[] =>
  weight > 0 && weight <= 100 ? [] : [invalid(field, weight, 'must be in the range 1-100')];

/** @param checkValues values must be ones that a label can have */
const validateNodeTerm = (
  field: string,
  { matchExpressions, matchFields }: NodeSelectorTerm,
  checkValues: boolean,
): FieldError[] => [
  ...each(matchExpressions, `${field}.matchExpressions`, (requirement, path) =>
    validateExpression(path, requirement, checkValues),
  ),
  ...each(matchFields, `${field}.matchFields`, validateFieldRequirement),
];

function validateExpression(
  field: string,
  { key, operator, values = [] }: SelectorRequirement,
  checkValues: boolean,
): FieldError[] {
  const errors: FieldError[] = [];
  const at = `${field}.values`;
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) {
      errors.push(required(at, "must be specified when `operator` is 'In' or 'NotIn'"));
    }
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) {
      const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
      errors.push(forbidden(at, detail));
    }
  } else if (operator === 'Gt' || operator === 'Lt') {
    if (values.length !== 1) {
      const detail = "must be specified single value when `operator` is 'Lt' or 'Gt'";
      errors.push(required(at, detail));
    }
  } else {
    errors.push(invalid(`${field}.operator`, operator, 'not a valid selector operator'));
  }
  addAll(errors, qualifiedName(`${field}.key`, key));
  if (!checkValues) return errors;
  return [
    ...errors,
    ...each(values, at, (value, path) => problems(path, value, labelValueProblems(value))),
  ];
}

function validateFieldRequirement(
  { key, operator, values = [] }: SelectorRequirement,
  field: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (operator !== 'In' && operator !== 'NotIn') {
    errors.push(invalid(`${field}.operator`, operator, 'not a valid selector operator'));
  } else if (values.length !== 1) {
    const detail =
      "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.push(required(`${field}.values`, detail));
  }
  if (key !== 'metadata.name') {
    return [...errors, invalid(`${field}.key`, key, 'not a valid field selector key')];
  }
  return [...errors, ...each(values, `${field}.values`, (value, path) => subdomain(path, value))];
}

function validatePodAffinity(field: string, affinity: PodAffinity | undefined): FieldError[] {
  return [
    ...each(affinity?.[REQUIRED], `${field}.${REQUIRED}`, (term, path) =>
      validatePodTerm(path, term),
    ),
    ...each(affinity?.[PREFERRED], `${field}.${PREFERRED}`, ({ weight, podAffinityTerm }, path) => [
      ...validateWeight(`${path}.weight`, weight),
      ...validatePodTerm(`${path}.podAffinityTerm`, podAffinityTerm),
    ]),
  ];
}

function validatePodTerm(field: string, term: PodAffinityTerm): FieldError[] {
  const { topologyKey, namespaces = [], matchLabelKeys, mismatchLabelKeys } = term;
  const errors = [
    ...validateSelector(`${field}.labelSelector`, term.labelSelector),
    ...validateSelector(`${field}.namespaceSelector`, term.namespaceSelector),
    // Without an index, upstream.
    ...namespaces.flatMap((name) => label(`${field}.namespace`, name)),
    ...validateLabelKeys(`${field}.matchLabelKeys`, matchLabelKeys, term.labelSelector),
    ...validateLabelKeys(`${field}.mismatchLabelKeys`, mismatchLabelKeys, term.labelSelector),
  ];
  if (topologyKey === '') errors.push(required(`${field}.topologyKey`, 'can not be empty'));
  return [...errors, ...qualifiedName(`${field}.topologyKey`, topologyKey)];
}

const validateSelector = (field: string, selector: ApiLabelSelector | undefined): FieldError[] =>
  selector === undefined ? [] : validateLabelSelector(selector, field);

function validateLabelKeys(
  field: string,
  keys: readonly string[] | undefined,
  selector: ApiLabelSelector | undefined,
): FieldError[] {
  if (keys === undefined) return [];
  if (selector === undefined) {
    return [forbidden(field, 'must not be specified when labelSelector is not set')];
  }
  return each(keys, field, (key, path) => qualifiedName(path, key));
}

export function validateTopologySpread(
  field: string,
  constraints: readonly TopologySpreadConstraint[] = [],
): FieldError[] {
  return each(constraints, field, (constraint, path, index) => {
    const { topologyKey, whenUnsatisfiable, minDomains, labelSelector } = constraint;
    const errors = positive(`${path}.maxSkew`, constraint.maxSkew);
    if (topologyKey === '') errors.push(required(`${path}.topologyKey`, 'can not be empty'));
    addAll(errors, oneOf(`${path}.whenUnsatisfiable`, whenUnsatisfiable, ACTIONS));
    const isRepeated = constraints
      .slice(index + 1)
      .some(
        (other) =>
          other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable,
      );
    if (isRepeated) {
      const pair = `{${topologyKey}, ${whenUnsatisfiable}}`;
      errors.push(duplicate(`${path}.{topologyKey, whenUnsatisfiable}`, pair));
    }
    addAll(errors, positive(`${path}.minDomains`, minDomains));
    if (minDomains !== undefined && whenUnsatisfiable !== 'DoNotSchedule') {
      const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
      errors.push(invalid(`${path}.minDomains`, minDomains, detail));
    }
    return [
      ...errors,
      ...oneOf(`${path}.nodeAffinityPolicy`, constraint.nodeAffinityPolicy, POLICIES),
      ...oneOf(`${path}.nodeTaintsPolicy`, constraint.nodeTaintsPolicy, POLICIES),
      ...validateLabelKeys(`${path}.matchLabelKeys`, constraint.matchLabelKeys, labelSelector),
      ...validateSelector(`${path}.labelSelector`, labelSelector),
    ];
  });
}
