/** What puts a ValidatingAdmissionPolicy in force elsewhere (k8s.io/kubernetes, validateValidatingAdmissionPolicyBinding). */
import { addAll } from '../../../add-all.ts';
import {
  ADMISSION_POLICY_BINDINGS,
  type AdmissionPolicyBinding,
} from '../../../kubernetes/index.ts';
import { each, oneOfDemanded, problems, subdomain } from '../checks.ts';
import { AGE, column, NAME } from '../columns.ts';
import { define } from '../define.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from '../field-error.ts';
import { firstGeneration, nextGeneration } from '../generation.ts';
import { dnsSubdomain, pathSegment } from '../names.ts';
import { ageOf } from '../times.ts';
import { sameWhole } from './policies.ts';
import { defaultMatch, staticNameWarnings, validateMatch, validateSelector } from './rules.ts';

const ACTIONS = ['Audit', 'Deny', 'Warn'];
const NOT_FOUND_ACTIONS = ['Deny', 'Allow'];

export const ADMISSION_POLICY_BINDING_DEFINITION = define<AdmissionPolicyBinding>(
  ADMISSION_POLICY_BINDINGS,
  {
    categories: ['api-extensions'],
    strategy: {
      takesAnyFinalizer: true,
      validateName: dnsSubdomain,
      default(binding) {
        const { matchResources } = binding.spec;
        if (matchResources === undefined) return binding;
        const whole = defaultMatch(matchResources);
        return sameWhole(whole, matchResources) ||
          Object.keys(whole).length === Object.keys(matchResources).length
          ? binding
          : { ...binding, spec: { ...binding.spec, matchResources: whole } };
      },
      prepareCreate: firstGeneration,
      prepareUpdate: (binding, old) => nextGeneration(binding, binding.spec, old.spec),
      validate: validateBinding,
      validateUpdate: validateBinding,
      warnings: (one) => staticNameWarnings(one),
      allowUnconditionalUpdate: false,
    },
    columns: [
      NAME,
      column('PolicyName', 'The policy that it binds.'),
      column('ParamRef', 'The parameters that it gives.'),
      AGE,
    ],
    row: ({ metadata, spec }, now) => [
      metadata.name ?? '',
      spec.policyName ?? '',
      paramCell(spec.paramRef),
      ageOf(metadata.creationTimestamp, now),
    ],
  },
);

type ParamRef = AdmissionPolicyBinding['spec']['paramRef'];

function paramCell(param: ParamRef): string {
  const { name = '', namespace = '*', selector } = param ?? {};
  if (name !== '') return `${namespace}/${name}`;
  if (selector === undefined) return '<unset>';
  return Object.entries(selector.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

function validateBinding({ spec }: AdmissionPolicyBinding): FieldError[] {
  const { policyName = '', validationActions = [] } = spec;
  const field = 'spec.validationActions';
  const seen = new Set<string>();
  const errors = [
    ...(policyName === ''
      ? [required('spec.policyName')]
      : subdomain('spec.policyName', policyName)),
    ...validateParam('spec.paramRef', spec.paramRef),
    ...validateMatch('spec.matchResources', spec.matchResources),
    ...each(validationActions, field, (action, path) => {
      const wrong = ACTIONS.includes(action) ? [] : [notSupported(path, action, ACTIONS)];
      if (seen.has(action)) wrong.push(duplicate(path, action));
      seen.add(action);
      return wrong;
    }),
  ];
  if (seen.has('Deny') && seen.has('Warn')) {
    const detail =
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)';
    errors.push(invalid(field, validationActions, detail));
  }
  if (seen.size === 0) {
    errors.push(required(field, 'at least one validation action is required'));
  }
  return errors;
}

function validateParam(field: string, param: ParamRef): FieldError[] {
  if (param === undefined) return [];
  const { name = '', selector, parameterNotFoundAction } = param;
  const both = 'name and selector are mutually exclusive';
  const errors: FieldError[] = [];
  if (name !== '') {
    addAll(errors, problems(`${field}.name`, name, pathSegment(name, false)));
    if (selector !== undefined) errors.push(forbidden(`${field}.name`, both));
  }
  addAll(errors, validateSelector(`${field}.selector`, selector));
  if (selector !== undefined && name !== '') errors.push(forbidden(`${field}.selector`, both));
  if (name === '' && selector === undefined) {
    errors.push(required(field, 'one of name or selector must be specified'));
  }
  const at = `${field}.parameterNotFoundAction`;
  return [...errors, ...oneOfDemanded(at, parameterNotFoundAction, NOT_FOUND_ACTIONS)];
}
