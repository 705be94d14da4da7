/**
 * ValidatingAdmissionPolicies (k8s.io/kubernetes, pkg/apis/admissionregistration). Stored and
 * served; their expressions are neither compiled nor evaluated.
 */
import { addAll } from '../../../add-all.ts';
import {
  ADMISSION_POLICIES,
  type AdmissionPolicy,
  labelKeyProblems,
} from '../../../kubernetes/index.ts';
import { dns1035, each, oneOf, oneOfDemanded, problems } from '../checks.ts';
import { AGE, column, NAME } from '../columns.ts';
import { define } from '../define.ts';
import { duplicate, type FieldError, invalid, required } from '../field-error.ts';
import { firstGeneration, nextGeneration } from '../generation.ts';
import { sameJson } from '../metadata.ts';
import { dnsSubdomain } from '../names.ts';
import { ageOf } from '../times.ts';
import { defaultMatch, staticNameWarnings, validateConditions, validateMatch } from './rules.ts';
import { FAILURE_POLICIES } from './webhooks.ts';

const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const MOST_ANNOTATIONS = 20;
const LONGEST_VALUE = 5 * 1024;
const IDENTIFIER = /^[_a-zA-Z][_a-zA-Z0-9]*$/;

export const ADMISSION_POLICY_DEFINITION = define<AdmissionPolicy>(ADMISSION_POLICIES, {
  categories: ['api-extensions'],
  strategy: {
    takesAnyFinalizer: true,
    validateName: dnsSubdomain,
    default: withDefaults,
    prepareCreate: (policy) => firstGeneration({ ...policy, status: {} }),
    prepareUpdate: (policy, old) =>
      nextGeneration({ ...policy, status: old.status ?? {} }, policy.spec, old.spec),
    validate: (policy) => validate(policy),
    validateUpdate: (policy, old) => validate(policy, old),
    warnings: (one) => staticNameWarnings(one),
    allowUnconditionalUpdate: false,
  },
  subresources: {
    status: {
      verbs: ['get', 'patch', 'update'],
      prepareUpdate: (policy, old) => ({ ...old, status: policy.status ?? {} }),
      validateUpdate: validateStatus,
    },
  },
  columns: [
    NAME,
    column('Validations', 'How many rules there are.', { type: 'integer' }),
    column('ParamKind', 'The kind of the parameters.'),
    AGE,
  ],
  row: ({ metadata, spec }, now) => [
    metadata.name ?? '',
    (spec.validations ?? []).length,
    spec.paramKind === undefined
      ? '<unset>'
      : `${spec.paramKind.apiVersion ?? ''}/${spec.paramKind.kind ?? ''}`,
    ageOf(metadata.creationTimestamp, now),
  ],
});

function withDefaults(policy: AdmissionPolicy): AdmissionPolicy {
  const { matchConstraints } = policy.spec;
  const spec = {
    failurePolicy: 'Fail',
    ...policy.spec,
    ...(matchConstraints === undefined ? {} : { matchConstraints: defaultMatch(matchConstraints) }),
  };
  const isWhole =
    policy.spec.failurePolicy !== undefined &&
    JSON.stringify(spec.matchConstraints) === JSON.stringify(matchConstraints);
  return isWhole || sameWhole(spec, policy.spec) ? policy : { ...policy, spec };
}

/** As `sameJson`, but that an empty selector is one. */
export const sameWhole = (a: object, b: object): boolean => JSON.stringify(a) === JSON.stringify(b);

function validate(policy: AdmissionPolicy, old?: AdmissionPolicy): FieldError[] {
  const { spec } = policy;
  const { matchConstraints, matchConditions, validations = [], auditAnnotations = [] } = spec;
  const errors = [
    ...oneOfDemanded('spec.failurePolicy', spec.failurePolicy, FAILURE_POLICIES),
    ...validateParamKind(spec.paramKind),
  ];
  const match = 'spec.matchConstraints';
  if (matchConstraints === undefined) errors.push(required(match));
  else {
    addAll(errors, validateMatch(match, matchConstraints));
    if ((matchConstraints.resourceRules ?? []).length === 0) {
      errors.push(required(`${match}.resourceRules`));
    }
  }
  const keptConditions =
    old !== undefined &&
    sameJson(old.spec.paramKind, spec.paramKind) &&
    sameJson(old.spec.matchConditions, matchConditions);
  if (!keptConditions) addAll(errors, validateConditions('spec.matchConditions', matchConditions));
  addAll(errors, validateVariables(policy));
  if (validations.length + auditAnnotations.length === 0) {
    const detail = 'validations or auditAnnotations must contain at least one item';
    return [
      ...errors,
      required('spec.validations', detail),
      required('spec.auditAnnotations', detail),
    ];
  }
  return [...errors, ...validateValidations(policy), ...validateAnnotations(policy)];
}

function validateParamKind(kind: AdmissionPolicy['spec']['paramKind']): FieldError[] {
  if (kind === undefined) return [];
  const { apiVersion = '', kind: name = '' } = kind;
  const field = 'spec.paramKind.apiVersion';
  const errors: FieldError[] = [];
  const parts = apiVersion.split('/');
  const [group, version] = parts.length === 1 ? ['', apiVersion] : parts;
  if (apiVersion === '') errors.push(required(field));
  else if (parts.length > 2) {
    errors.push(invalid(field, apiVersion, `unexpected GroupVersion string: ${apiVersion}`));
  } else {
    const wrongGroup = group === '' || group === undefined ? [] : dnsSubdomain(group, false);
    if (wrongGroup.length > 0) errors.push(invalid(field, group, wrongGroup.join(',')));
    const wrong = dns1035(version ?? '', false);
    if ((version ?? '') === '') {
      errors.push(invalid(field, apiVersion, 'version must be specified'));
    } else if (wrong.length > 0) errors.push(invalid(field, version, wrong.join(',')));
  }
  const at = 'spec.paramKind.kind';
  if (name === '') return [...errors, required(at)];
  const wrong = dns1035(name.toLowerCase(), false);
  if (wrong.length === 0) return errors;
  const detail = `may have mixed case, but should otherwise match: ${wrong.join(',')}`;
  return [...errors, invalid(at, name, detail)];
}

const validateVariables = ({ spec }: AdmissionPolicy): FieldError[] =>
  each(spec.variables, 'spec.variables', ({ name, expression }, path) => [
    ...(name.trim() === ''
      ? [required(`${path}.name`, 'name is not specified')]
      : IDENTIFIER.test(name)
        ? []
        : [invalid(`${path}.name`, name, 'must be a valid CEL identifier')]),
    ...(expression.trim() === ''
      ? [required(`${path}.expression`, 'expression is not specified')]
      : []),
  ]);

const validateValidations = ({ spec }: AdmissionPolicy): FieldError[] =>
  each(spec.validations, 'spec.validations', (one, path) => {
    const { expression, message = '', messageExpression = '', reason } = one;
    const errors =
      expression.trim() === ''
        ? [required(`${path}.expression`, 'expression is not specified')]
        : [];
    const blank = 'must be non-empty if specified';
    if (messageExpression !== '' && messageExpression.trim() === '') {
      errors.push(invalid(`${path}.messageExpression`, messageExpression, blank));
    }
    if (message !== '' && message.trim() === '') {
      errors.push(invalid(`${path}.message`, message, blank));
    } else if (/[\n\r]/.test(message.trim())) {
      errors.push(invalid(`${path}.message`, message, 'must not contain line breaks'));
    }
    return [...errors, ...oneOf(`${path}.reason`, reason, REASONS)];
  });

function validateAnnotations({ metadata, spec }: AdmissionPolicy): FieldError[] {
  const { auditAnnotations = [] } = spec;
  const field = 'spec.auditAnnotations';
  const errors: FieldError[] = [];
  if (auditAnnotations.length > MOST_ANNOTATIONS) {
    const detail = `must not have more than ${MOST_ANNOTATIONS} auditAnnotations`;
    errors.push(invalid(field, auditAnnotations, detail));
  }
  const seen = new Set<string>();
  return [
    ...errors,
    ...each(auditAnnotations, field, ({ key, valueExpression }, path) => {
      const whole = `${metadata.name ?? ''}/${key}`;
      const wrong = problems(`${path}.key`, whole, labelKeyProblems(whole));
      const at = `${path}.valueExpression`;
      const length = Buffer.byteLength(valueExpression.trim());
      if (length === 0) wrong.push(required(at, 'valueExpression is not specified'));
      else if (length > LONGEST_VALUE) {
        wrong.push(required(at, `must not exceed ${LONGEST_VALUE} bytes in length`));
      }
      if (seen.has(key)) wrong.push(duplicate(`${path}.key`, key));
      seen.add(key);
      return wrong;
    }),
  ];
}

const CONDITION_STATES = ['False', 'True', 'Unknown'];

function validateStatus({ status }: AdmissionPolicy): FieldError[] {
  const field = 'status.typeChecking.expressionWarnings';
  return [
    ...each(status?.typeChecking?.expressionWarnings, field, ({ warning, fieldRef }, path) => [
      ...(warning === '' ? [required(`${path}.warning`)] : []),
      ...(fieldRef.trim() === '' ? [required(`${path}.fieldRef`)] : []),
    ]),
    ...each(status?.conditions, 'status.conditions', (condition, path) =>
      oneOf(`${path}.status`, condition.status, CONDITION_STATES),
    ),
  ];
}
