/**
 * Configurations of admission webhooks (k8s.io/kubernetes, pkg/apis/admissionregistration). Stored and served;
 * this server asks nobody before it stores an object.
 */
import {
  MUTATING_WEBHOOKS,
  type ResourceType,
  VALIDATING_WEBHOOKS,
  type Webhook,
  type WebhookConfiguration,
} from '../../../kubernetes/index.ts';
import { dns1035, each, oneOf, port, problems } from '../checks.ts';
import { AGE, column, NAME } from '../columns.ts';
import { define } from '../define.ts';
import type { ResourceDefinition } from '../definition.ts';
import { duplicate, type FieldError, invalid, notSupported, required } from '../field-error.ts';
import { firstGeneration, nextGeneration } from '../generation.ts';
import { sameJson } from '../metadata.ts';
import { dnsSubdomain } from '../names.ts';
import { ageOf } from '../times.ts';
import {
  defaultRules,
  MATCH_POLICIES,
  staticNameWarnings,
  validateConditions,
  validateRule,
  validateSelector,
} from './rules.ts';

const HTTPS = 443;
const LONGEST_SECONDS = 30;
export const FAILURE_POLICIES = ['Fail', 'Ignore'];
const REINVOCATIONS = ['IfNeeded', 'Never'];
const WITHOUT_EFFECTS = ['None', 'NoneOnDryRun'];
const EFFECTS = ['None', 'NoneOnDryRun', 'Some', 'Unknown'];
const VERSIONS = ['v1', 'v1beta1'];
const FORM = '; desired format: https://host[/path]';

/** What an older object may still be. */
interface Tolerated {
  readonly sideEffects: boolean;
  readonly versions: boolean;
  readonly sameNames: boolean;
  readonly conditions: boolean;
}

const NOTHING: Tolerated = {
  sideEffects: false,
  versions: false,
  sameNames: false,
  conditions: false,
};

function definition(
  type: ResourceType<WebhookConfiguration>,
): ResourceDefinition<WebhookConfiguration> {
  const isMutating = type === MUTATING_WEBHOOKS;
  return define(type, {
    categories: ['api-extensions'],
    strategy: {
      takesAnyFinalizer: true,
      validateName: dnsSubdomain,
      default: (configuration) => withDefaults(configuration, isMutating),
      prepareCreate: firstGeneration,
      prepareUpdate: (one, old) => nextGeneration(one, one.webhooks, old.webhooks),
      validate: (one) => validate(one, NOTHING),
      validateUpdate: (one, old) => validate(one, toleratedBy(one, old)),
      warnings: (one) => staticNameWarnings(one),
      allowUnconditionalUpdate: false,
    },
    columns: [NAME, column('Webhooks', 'How many there are.', { type: 'integer' }), AGE],
    row: ({ metadata, webhooks = [] }, now) => [
      metadata.name ?? '',
      webhooks.length,
      ageOf(metadata.creationTimestamp, now),
    ],
  });
}

export const MUTATING_WEBHOOK_DEFINITION = definition(MUTATING_WEBHOOKS);
export const VALIDATING_WEBHOOK_DEFINITION = definition(VALIDATING_WEBHOOKS);

function withDefaults(one: WebhookConfiguration, isMutating: boolean): WebhookConfiguration {
  if (one.webhooks === undefined) return one;
  const webhooks = one.webhooks.map((hook): Webhook => {
    const { service } = hook.clientConfig;
    const rules = defaultRules(hook.rules);
    return {
      failurePolicy: 'Fail',
      matchPolicy: 'Equivalent',
      namespaceSelector: {},
      objectSelector: {},
      timeoutSeconds: 10,
      ...(isMutating ? { reinvocationPolicy: 'Never' } : {}),
      ...hook,
      ...(rules === undefined ? {} : { rules }),
      clientConfig:
        service === undefined
          ? hook.clientConfig
          : { ...hook.clientConfig, service: { port: HTTPS, ...service } },
    };
  });
  return sameJson(webhooks, one.webhooks) ? one : { ...one, webhooks };
}

function toleratedBy(
  one: WebhookConfiguration,
  { webhooks = [] }: WebhookConfiguration,
): Tolerated {
  const names = webhooks.map(({ name }) => name);
  const conditions = ({ webhooks: hooks = [] }: WebhookConfiguration): unknown =>
    hooks.map(({ matchConditions = [] }) => matchConditions);
  return {
    sideEffects: webhooks.some(({ sideEffects }) => !WITHOUT_EFFECTS.includes(sideEffects ?? '')),
    versions: webhooks.some(({ admissionReviewVersions }) => !isKnown(admissionReviewVersions)),
    sameNames: new Set(names).size < names.length,
    conditions: sameJson(conditions(one), conditions({ metadata: {}, webhooks })),
  };
}

const isKnown = (versions: readonly string[] | null): boolean =>
  versions === null || versions.some((version) => VERSIONS.includes(version));

function validate({ webhooks }: WebhookConfiguration, tolerated: Tolerated): FieldError[] {
  const names = new Set<string>();
  return each(webhooks, 'webhooks', (hook, path) => {
    const errors = [
      ...validateHook(hook, path, tolerated),
      ...validateVersions(
        `${path}.admissionReviewVersions`,
        hook.admissionReviewVersions ?? [],
        tolerated.versions,
      ),
    ];
    if (!tolerated.sameNames && hook.name !== '' && names.has(hook.name)) {
      errors.push(duplicate(`${path}.name`, hook.name));
    }
    names.add(hook.name);
    return errors;
  });
}

function validateHook(hook: Webhook, field: string, tolerated: Tolerated): FieldError[] {
  const effects = tolerated.sideEffects ? EFFECTS : WITHOUT_EFFECTS;
  const { sideEffects, timeoutSeconds } = hook;
  const errors = [
    ...validateHookName(`${field}.name`, hook.name),
    ...each(hook.rules, `${field}.rules`, validateRule),
    ...oneOf(`${field}.failurePolicy`, hook.failurePolicy, FAILURE_POLICIES),
    ...oneOf(`${field}.matchPolicy`, hook.matchPolicy, MATCH_POLICIES),
  ];
  const at = `${field}.sideEffects`;
  if (sideEffects === null) {
    errors.push(required(at, `must specify one of ${effects.join(', ')}`));
  } else if (!effects.includes(sideEffects)) {
    errors.push(notSupported(at, sideEffects, effects));
  }
  if (timeoutSeconds !== undefined && (timeoutSeconds < 1 || timeoutSeconds > LONGEST_SECONDS)) {
    const detail = 'the timeout value must be between 1 and 30 seconds';
    errors.push(invalid(`${field}.timeoutSeconds`, timeoutSeconds, detail));
  }
  return [
    ...errors,
    ...validateSelector(`${field}.namespaceSelector`, hook.namespaceSelector),
    ...validateSelector(`${field}.objectSelector`, hook.objectSelector),
    ...oneOf(`${field}.reinvocationPolicy`, hook.reinvocationPolicy, REINVOCATIONS),
    ...validateClient(`${field}.clientConfig`, hook.clientConfig),
    ...(tolerated.conditions
      ? []
      : validateConditions(`${field}.matchConditions`, hook.matchConditions)),
  ];
}

/** A domain with three parts at least. */
function validateHookName(field: string, name: string): FieldError[] {
  if (name === '') return [required(field)];
  const wrong = dnsSubdomain(name, false);
  if (wrong.length > 0) return [invalid(field, name, wrong.join(','))];
  return name.split('.').length < 3
    ? [invalid(field, name, 'should be a domain with at least three segments separated by dots')]
    : [];
}

function validateVersions(
  field: string,
  versions: readonly string[],
  anyWillDo: boolean,
): FieldError[] {
  if (versions.length === 0) {
    return [required(field, `must specify one of ${VERSIONS.join(', ')}`)];
  }
  const seen = new Set<string>();
  const errors = each(versions, field, (version, path) => {
    if (seen.has(version)) return [invalid(path, version, 'duplicate version')];
    seen.add(version);
    return problems(path, version, dns1035(version, false));
  });
  return anyWillDo || isKnown(versions)
    ? errors
    : [...errors, invalid(field, versions, `must include at least one of ${VERSIONS.join(', ')}`)];
}

function validateClient(field: string, { url, service }: Webhook['clientConfig']): FieldError[] {
  if (url !== undefined && service === undefined) return validateUrl(`${field}.url`, url);
  if (url !== undefined || service === undefined) {
    return [required(field, 'exactly one of url or service is required')];
  }
  const at = `${field}.service`;
  const errors: FieldError[] = [];
  // Upstream has the two the other way round.
  if (service.namespace === '') errors.push(required(`${at}.name`));
  if (service.name === '') errors.push(required(`${at}.namespace`));
  const number = service.port ?? 0;
  if (port('', number).length > 0) {
    const detail = 'port is not valid: must be between 1 and 65535, inclusive';
    errors.push(invalid(`${at}.port`, number, detail));
  }
  return [...errors, ...validatePath(`${at}.path`, service.path ?? '')];
}

function validatePath(field: string, path: string): FieldError[] {
  if (path === '' || path === '/') return [];
  const wrong = (detail: string): FieldError => invalid(field, path, detail);
  if (path === '//') return [wrong('segment[0] may not be empty')];
  const errors = path.startsWith('/') ? [] : [wrong("must start with a '/'")];
  path
    .slice(1)
    .replace(/\/$/, '')
    .split('/')
    .forEach((step, index) => {
      if (step === '') errors.push(wrong(`segment[${index}] may not be empty`));
      else {
        for (const problem of dnsSubdomain(step, false)) {
          errors.push(wrong(`segment[${index}]: ${problem}`));
        }
      }
    });
  return errors;
}

/** scheme://user@host/path?query#fragment, each where it is there (RFC 3986, appendix B). */
const URL_PARTS =
  /^(?:([a-zA-Z][-+.a-zA-Z0-9]*):)?(?:\/\/(?:([^/?#@]*)@)?([^/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/s;

function validateUrl(field: string, url: string): FieldError[] {
  const [, scheme = '', user, host = '', query = '', fragment = ''] = URL_PARTS.exec(url) ?? [];
  const errors: FieldError[] = [];
  if (scheme.toLowerCase() !== 'https') {
    errors.push(invalid(field, scheme, `'https' is the only allowed URL scheme${FORM}`));
  }
  if (host === '') errors.push(invalid(field, host, `host must be specified${FORM}`));
  if (user !== undefined) {
    errors.push(invalid(field, user, 'user information is not permitted in the URL'));
  }
  if (fragment !== '') {
    errors.push(invalid(field, fragment, 'fragments are not permitted in the URL'));
  }
  if (query !== '') {
    errors.push(invalid(field, query, 'query parameters are not permitted in the URL'));
  }
  return errors;
}
