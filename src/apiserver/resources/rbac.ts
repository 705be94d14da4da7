/** Roles and bindings (k8s.io/kubernetes, pkg/apis/rbac/validation, pkg/registry/rbac). */
import { addAll } from '../../add-all.ts';
import {
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  type PolicyRule,
  ROLE_BINDINGS,
  ROLES,
  type RoleBinding,
  type Subject,
} from '../../kubernetes/index.ts';
import { AGE, CREATED, column, NAME, wide } from './columns.ts';
import { define } from './define.ts';
import type { ResourceDefinition } from './definition.ts';
import {
  type FieldError,
  invalid,
  notSupported,
  required as requiredError,
} from './field-error.ts';
import { subjectCells } from './human.ts';
import { validateLabelSelector } from './label-selector.ts';
import { dnsSubdomain, pathSegment } from './names.ts';
import { ageOf } from './times.ts';

const GROUP = 'rbac.authorization.k8s.io';

export const ROLE_DEFINITION = define(ROLES, {
  strategy: {
    validateName: pathSegment,
    validate: ({ rules }) => validateRules(rules, true),
    validateUpdate: ({ rules }) => validateRules(rules, true),
    allowCreateOnUpdate: true,
  },
  columns: [NAME, CREATED],
  row: ({ metadata }) => [metadata.name ?? '', metadata.creationTimestamp ?? null],
});

export const CLUSTER_ROLE_DEFINITION = define(CLUSTER_ROLES, {
  strategy: {
    validateName: pathSegment,
    validate: (role) => [...validateRules(role.rules, false), ...validateAggregation(role)],
    validateUpdate: (role) => [...validateRules(role.rules, false), ...validateAggregation(role)],
    allowCreateOnUpdate: true,
  },
  columns: [NAME, CREATED],
  row: ({ metadata }) => [metadata.name ?? '', metadata.creationTimestamp ?? null],
});

export const ROLE_BINDING_DEFINITION = binding(ROLE_BINDINGS, true);
export const CLUSTER_ROLE_BINDING_DEFINITION = binding(CLUSTER_ROLE_BINDINGS, false);

function binding(type: typeof ROLE_BINDINGS, namespaced: boolean): ResourceDefinition<RoleBinding> {
  return define(type, {
    strategy: {
      validateName: pathSegment,
      default: complete,
      validate: (one) => validateBinding(one, namespaced),
      validateUpdate(one, old) {
        const errors = validateBinding(one, namespaced);
        const [after, before] = [one.roleRef, old.roleRef];
        if (
          after.apiGroup !== before.apiGroup ||
          after.kind !== before.kind ||
          after.name !== before.name
        ) {
          errors.push(invalid('roleRef', after, 'cannot change roleRef'));
        }
        return errors;
      },
      allowCreateOnUpdate: true,
    },
    columns: [
      NAME,
      column('Role', 'The role that is granted.'),
      AGE,
      wide('Users', 'Users that it is granted to.'),
      wide('Groups', 'Groups that it is granted to.'),
      wide('ServiceAccounts', 'Service accounts that it is granted to.'),
    ],
    row: ({ metadata, roleRef, subjects }, now) => [
      metadata.name ?? '',
      `${roleRef.kind}/${roleRef.name}`,
      ageOf(metadata.creationTimestamp, now),
      ...subjectCells(subjects),
    ],
  });
}

/** API groups that need not be written (SetDefaults_RoleBinding, SetDefaults_Subject). */
function complete(one: RoleBinding): RoleBinding {
  const { roleRef, subjects = [] } = one;
  if (roleRef.apiGroup !== '' && !subjects.some(lacksGroup)) return one;
  return {
    ...one,
    ...(one.subjects === undefined ? {} : { subjects: subjects.map(withGroup) }),
    roleRef: roleRef.apiGroup === '' ? { ...roleRef, apiGroup: GROUP } : roleRef,
  };
}

const lacksGroup = ({ kind, apiGroup = '' }: Subject): boolean =>
  apiGroup === '' && (kind === 'User' || kind === 'Group');

const withGroup = (subject: Subject): Subject =>
  lacksGroup(subject) ? { kind: subject.kind, apiGroup: GROUP, ...without(subject) } : subject;

function without({ name, namespace }: Subject): Pick<Subject, 'name' | 'namespace'> {
  return namespace === undefined ? { name } : { name, namespace };
}

function validateRules(
  rules: readonly PolicyRule[] | null | undefined,
  namespaced: boolean,
): FieldError[] {
  return (rules ?? []).flatMap((rule, index) => validateRule(rule, namespaced, `rules[${index}]`));
}

function validateRule(rule: PolicyRule, namespaced: boolean, field: string): FieldError[] {
  const { apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  // Go writes a list that was not given as null.
  const verbs: readonly string[] | null = rule.verbs;
  const errors: FieldError[] = [];
  if (verbs === null || verbs.length === 0) {
    errors.push(requiredError(`${field}.verbs`, 'verbs must contain at least one value'));
  }
  if (nonResourceURLs.length > 0) {
    const wrong = (why: string): FieldError =>
      invalid(`${field}.nonResourceURLs`, nonResourceURLs, why);
    if (namespaced) errors.push(wrong('namespaced rules cannot apply to non-resource URLs'));
    if (apiGroups.length + resources.length + resourceNames.length > 0) {
      errors.push(wrong('rules cannot apply to both regular resources and non-resource URLs'));
    }
    return errors;
  }
  if (apiGroups.length === 0) {
    errors.push(
      requiredError(`${field}.apiGroups`, 'resource rules must supply at least one api group'),
    );
  }
  if (resources.length === 0) {
    errors.push(
      requiredError(`${field}.resources`, 'resource rules must supply at least one resource'),
    );
  }
  return errors;
}

function validateAggregation({
  aggregationRule,
}: {
  readonly aggregationRule?: { readonly clusterRoleSelectors?: readonly object[] };
}): FieldError[] {
  if (aggregationRule === undefined) return [];
  const field = 'aggregationRule.clusterRoleSelectors';
  const { clusterRoleSelectors = [] } = aggregationRule;
  if (clusterRoleSelectors.length === 0) {
    return [
      requiredError(
        field,
        'at least one clusterRoleSelector required if aggregationRule is non-nil',
      ),
    ];
  }
  return clusterRoleSelectors.flatMap((selector, index) => {
    const errors = validateLabelSelector(selector, `${field}[${index}]`);
    return errors.length === 0
      ? []
      : [...errors, invalid(`${field}[${index}]`, null, 'invalid label selector.')];
  });
}

function validateBinding({ roleRef, subjects }: RoleBinding, namespaced: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if (roleRef.apiGroup !== GROUP) {
    errors.push(notSupported('roleRef.apiGroup', roleRef.apiGroup, [GROUP]));
  }
  const kinds = namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole'];
  if (!kinds.includes(roleRef.kind)) {
    errors.push(notSupported('roleRef.kind', roleRef.kind, kinds));
  }
  if (roleRef.name === '') errors.push(requiredError('roleRef.name'));
  for (const problem of pathSegment(roleRef.name, false)) {
    errors.push(invalid('roleRef.name', roleRef.name, problem));
  }
  (subjects ?? []).forEach((subject, index) => {
    addAll(errors, validateSubject(subject, namespaced, `subjects[${index}]`));
  });
  return errors;
}

function validateSubject(subject: Subject, namespaced: boolean, field: string): FieldError[] {
  const { kind, apiGroup = '', name, namespace = '' } = subject;
  const errors: FieldError[] = [];
  if (name === '') errors.push(requiredError(`${field}.name`));
  switch (kind) {
    case 'ServiceAccount':
      for (const problem of name === '' ? [] : dnsSubdomain(name, false)) {
        errors.push(invalid(`${field}.name`, name, problem));
      }
      if (apiGroup !== '') errors.push(notSupported(`${field}.apiGroup`, apiGroup, ['']));
      if (!namespaced && namespace === '') errors.push(requiredError(`${field}.namespace`));
      return errors;
    case 'User':
    case 'Group':
      if (apiGroup !== GROUP) errors.push(notSupported(`${field}.apiGroup`, apiGroup, [GROUP]));
      return errors;
    default:
      errors.push(notSupported(`${field}.kind`, kind, ['ServiceAccount', 'User', 'Group']));
      return errors;
  }
}
