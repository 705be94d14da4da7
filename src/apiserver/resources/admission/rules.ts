/** Which requests are meant (k8s.io/kubernetes, validateRuleWithOperations, validateMatchResources). */
import { addAll } from '../../../add-all.ts';
import type {
  AdmissionRule,
  ApiLabelSelector,
  KubernetesObject,
  MatchCondition,
  MatchResources,
} from '../../../kubernetes/index.ts';
import { each, oneOf, oneOfDemanded, problems, qualifiedName } from '../checks.ts';
import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  required,
  tooMany,
} from '../field-error.ts';
import { validateLabelSelector } from '../label-selector.ts';
import { pathSegment } from '../names.ts';

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const SCOPES = ['*', 'Cluster', 'Namespaced'];
export const MATCH_POLICIES = ['Equivalent', 'Exact'];
const MOST_CONDITIONS = 64;

export function validateRule(rule: AdmissionRule, field: string): FieldError[] {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [], scope } = rule;
  const alone = (name: string, values: readonly string[], others: string): FieldError[] =>
    values.length > 1 && values.includes('*')
      ? [invalid(`${field}.${name}`, values, `if '*' is present, must not specify other ${others}`)]
      : [];
  const some = (name: string, values: readonly string[]): FieldError[] =>
    values.length === 0 ? [required(`${field}.${name}`)] : [];
  return [
    ...some('operations', operations),
    ...alone('operations', operations, 'operations'),
    ...each(operations, `${field}.operations`, (one, path) =>
      OPERATIONS.includes(one) ? [] : [notSupported(path, one, OPERATIONS)],
    ),
    ...some('apiGroups', apiGroups),
    ...alone('apiGroups', apiGroups, 'API groups'),
    ...some('apiVersions', apiVersions),
    ...alone('apiVersions', apiVersions, 'API versions'),
    ...each(apiVersions, `${field}.apiVersions`, (version, path) =>
      version === '' ? [required(path)] : [],
    ),
    ...validateResources(`${field}.resources`, resources),
    ...oneOf(`${field}.scope`, scope, SCOPES),
  ];
}

function validateResources(field: string, resources: readonly string[]): FieldError[] {
  if (resources.length === 0) return [required(field)];
  const ofResource = new Set<string>();
  const ofSubresource = new Set<string>();
  let isPlain = false;
  const errors = each(resources, field, (one, path) => {
    if (one === '') return [required(path)];
    const slash = one.indexOf('/');
    if (slash < 0) {
      isPlain = one !== '*';
      return [];
    }
    const [resource, sub] = [one.slice(0, slash), one.slice(slash + 1)];
    const wrong = [
      ...(ofResource.has(resource) ? [`${resource}/*`] : []),
      ...(ofSubresource.has(sub) ? [`*/${sub}`] : []),
    ].map((other) => invalid(path, one, `if '${other}' is present, must not specify ${one}`));
    if (sub === '*') ofResource.add(resource);
    if (resource === '*') ofSubresource.add(sub);
    return wrong;
  });
  if (resources.length > 1 && resources.includes('*/*')) {
    const detail = "if '*/*' is present, must not specify other resources";
    errors.push(invalid(field, resources, detail));
  }
  if (resources.includes('*') && isPlain) {
    const detail = "if '*' is present, must not specify other resources without subresources";
    errors.push(invalid(field, resources, detail));
  }
  return errors;
}

export const validateSelector = (
  field: string,
  selector: ApiLabelSelector | undefined,
): FieldError[] => (selector === undefined ? [] : validateLabelSelector(selector, field));

export function validateMatch(field: string, match: MatchResources | undefined): FieldError[] {
  if (match === undefined) return [];
  return [
    ...oneOfDemanded(`${field}.matchPolicy`, match.matchPolicy, MATCH_POLICIES),
    ...validateSelector(`${field}.namespaceSelector`, match.namespaceSelector),
    ...validateSelector(`${field}.objectSelector`, match.objectSelector),
    ...each(match.resourceRules, `${field}.resourceRules`, validateNamedRule),
    ...each(match.excludeResourceRules, `${field}.excludeResourceRules`, validateNamedRule),
  ];
}

function validateNamedRule(rule: AdmissionRule, field: string): FieldError[] {
  const seen = new Set<string>();
  return [
    ...each(rule.resourceNames, `${field}.resourceNames`, (name, path) => {
      const errors = problems(path, name, pathSegment(name, false));
      if (seen.has(name)) errors.push(duplicate(path, name));
      seen.add(name);
      return errors;
    }),
    ...validateRule(rule, field),
  ];
}

/** The expressions are not read: nothing here evaluates them. */
export function validateConditions(
  field: string,
  conditions: readonly MatchCondition[] = [],
): FieldError[] {
  const seen = new Set<string>();
  return [
    ...(conditions.length > MOST_CONDITIONS
      ? [tooMany(field, conditions.length, MOST_CONDITIONS)]
      : []),
    ...each(conditions, field, ({ name, expression }, path) => {
      const errors = expression.trim() === '' ? [required(`${path}.expression`)] : [];
      if (name === '') return [...errors, required(`${path}.name`)];
      addAll(errors, qualifiedName(`${path}.name`, name));
      if (seen.has(name)) errors.push(duplicate(`${path}.name`, name));
      seen.add(name);
      return errors;
    }),
  ];
}

const scoped = (rule: AdmissionRule): AdmissionRule =>
  rule.scope === undefined ? { ...rule, scope: '*' } : rule;

export const defaultRules = (
  rules: readonly AdmissionRule[] | undefined,
): readonly AdmissionRule[] | undefined =>
  rules?.some(({ scope }) => scope === undefined) === true ? rules.map(scoped) : rules;

/** With what upstream fills in. */
export function defaultMatch(match: MatchResources): MatchResources {
  const { resourceRules, excludeResourceRules } = match;
  const [rules, excluded] = [defaultRules(resourceRules), defaultRules(excludeResourceRules)];
  return {
    namespaceSelector: {},
    objectSelector: {},
    matchPolicy: 'Equivalent',
    ...match,
    ...(rules === undefined ? {} : { resourceRules: rules }),
    ...(excluded === undefined ? {} : { excludeResourceRules: excluded }),
  };
}

/** Upstream keeps such names for what stands in files of its own. */
const STATIC = '.static.k8s.io';

export const staticNameWarnings = ({ metadata }: KubernetesObject): string[] =>
  metadata.name?.endsWith(STATIC) === true
    ? [
        `metadata.name: names ending with "${STATIC}" are reserved for static manifest-based configurations and cannot be managed via the API`,
      ]
    : [];
