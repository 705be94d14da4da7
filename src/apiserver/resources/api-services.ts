/**
 * APIServices (kube-aggregator, pkg/apis/apiregistration). One for each group and version of this server; one that
 * names a service is kept, and nothing is handed on to it.
 */
import { addAll } from '../../add-all.ts';
import { API_SERVICES, type ApiService } from '../../kubernetes/index.ts';
import { dns1035, each, named, oneOf, port, problems, subdomain } from './checks.ts';
import { AGE, column, NAME } from './columns.ts';
import { define } from './define.ts';
import type { ResourceDefinition } from './definition.ts';
import { type FieldError, invalid, required } from './field-error.ts';
import { pathSegment } from './names.ts';
import { ageOf, formatTime } from './times.ts';

const HIGHEST = { group: 20_000, version: 1000 } as const;
const STATES = ['True', 'False', 'Unknown'];
const HTTPS = 443;

export const API_SERVICE_DEFINITION = define(API_SERVICES, {
  path: 'apiregistration.k8s.io/apiservices',
  categories: ['api-extensions'],
  strategy: {
    // By group and version, too: `nameErrors`.
    takesAnyFinalizer: true,
    validateName: pathSegment,
    default(one) {
      const { service } = one.spec;
      if (service === undefined || service.port !== undefined) return one;
      return { ...one, spec: { ...one.spec, service: { ...service, port: HTTPS } } };
    },
    prepareCreate: (one, { now }) => ({
      ...one,
      status: one.spec.service === undefined ? localStatus(now) : {},
    }),
    prepareUpdate: (one, { status }) => ({ ...one, ...(status === undefined ? {} : { status }) }),
    validate,
    validateUpdate: validate,
    allowUnconditionalUpdate: false,
  },
  subresources: {
    status: {
      verbs: ['get', 'patch', 'update'],
      prepareUpdate: (one, old) => ({
        ...old,
        ...(one.status === undefined ? {} : { status: one.status }),
      }),
      validateUpdate: ({ status }) =>
        each(status?.conditions, 'status.conditions', (condition, path) =>
          oneOf(`${path}.status`, condition.status, STATES),
        ),
    },
  },
  columns: [
    NAME,
    column('Service', 'Who serves it; `Local` for this server itself.'),
    column('Available', 'Whether it is served.'),
    AGE,
  ],
  row: ({ metadata, spec, status }, now) => [
    metadata.name ?? '',
    spec.service === undefined ? 'Local' : `${spec.service.namespace}/${spec.service.name}`,
    availability(status),
    ageOf(metadata.creationTimestamp, now),
  ],
});

const localStatus = (now: Date): NonNullable<ApiService['status']> => ({
  conditions: [
    {
      type: 'Available',
      status: 'True',
      lastTransitionTime: formatTime(now),
      reason: 'Local',
      message: 'Local APIServices are always available',
    },
  ],
});

function availability(status: ApiService['status']): string {
  const found = status?.conditions?.find(({ type }) => type === 'Available');
  if (found === undefined) return 'Unknown';
  const { reason = '' } = found;
  return found.status === 'True' || reason === '' ? found.status : `${found.status} (${reason})`;
}

/** Of a name that a path can hold. */
const nameErrors = (metadata: ApiService['metadata'], wanted: string): FieldError[] =>
  (['generateName', 'name'] as const).flatMap((field) => {
    const name = metadata[field] ?? '';
    if (name === '' || name === wanted || pathSegment(name, field !== 'name').length > 0) return [];
    const detail = `must be \`spec.version+"."+spec.group\`: "${wanted}"`;
    return [invalid(`metadata.${field}`, name, detail)];
  });

function validate({ metadata, spec }: ApiService): FieldError[] {
  const { group = '', version = '', service, caBundle = '' } = spec;
  const errors = nameErrors(metadata, `${version}.${group}`);
  if (group !== '') addAll(errors, subdomain('spec.group', group));
  else if (version !== 'v1') {
    const detail = 'only v1 may have an empty group and it better be legacy kube';
    errors.push(required('spec.group', detail));
  }
  addAll(errors, named('spec.version', version, dns1035));
  const priority = (field: 'groupPriorityMinimum' | 'versionPriority', most: number): void => {
    if (spec[field] > 0 && spec[field] <= most) return;
    errors.push(invalid(`spec.${field}`, spec[field], `must be positive and less than ${most}`));
  };
  priority('groupPriorityMinimum', HIGHEST.group);
  priority('versionPriority', HIGHEST.version);
  const isUnchecked = spec.insecureSkipTLSVerify === true;
  const unchecked = (detail: string): FieldError =>
    invalid('spec.insecureSkipTLSVerify', true, detail);
  if (service === undefined) {
    if (caBundle !== '') {
      const bytes = `${Buffer.from(caBundle, 'base64').length} bytes`;
      errors.push(invalid('spec.caBundle', bytes, 'local APIServices may not have a caBundle'));
    }
    return isUnchecked
      ? [...errors, unchecked('local APIServices may not have insecureSkipTLSVerify')]
      : errors;
  }
  if ((service.namespace ?? '') === '') errors.push(required('spec.service.namespace'));
  if ((service.name ?? '') === '') errors.push(required('spec.service.name'));
  const number = service.port ?? 0;
  addAll(
    errors,
    problems(
      'spec.service.port',
      number,
      port('', number).length === 0
        ? []
        : ['port is not valid: must be between 1 and 65535, inclusive'],
    ),
  );
  return isUnchecked && caBundle !== ''
    ? [...errors, unchecked('may not be true if caBundle is present')]
    : errors;
}

/** `groupPriorityMinimum` of the groups (k8s.io/kubernetes, pkg/controlplane/apiserver/aggregator.go). */
const GROUP_PRIORITIES: ReadonlyMap<string, number> = new Map([
  ['apps', 17_800],
  ['resource.k8s.io', 16_200],
  ['', 18_000],
  ['events.k8s.io', 17_750],
  ['authentication.k8s.io', 17_700],
  ['authorization.k8s.io', 17_600],
  ['certificates.k8s.io', 17_300],
  ['policy', 17_100],
  ['rbac.authorization.k8s.io', 17_000],
  ['storage.k8s.io', 16_800],
  ['admissionregistration.k8s.io', 16_700],
  ['scheduling.k8s.io', 16_600],
  ['coordination.k8s.io', 16_500],
  ['node.k8s.io', 16_300],
  ['discovery.k8s.io', 16_200],
  ['flowcontrol.apiserver.k8s.io', 16_100],
]);
/** `versionPriority`, where it is not that of a first version. */
const VERSION_PRIORITIES: ReadonlyMap<string, number> = new Map([
  ['resource.k8s.io', 21],
  ['', 1],
  ['flowcontrol.apiserver.k8s.io', 21],
]);
const BETA_VERSION = 9;
const FIRST_VERSION = 15;

/** One for each group and version that is served, as kube-aggregator registers them when it starts. */
export function localApiServices(definitions: readonly ResourceDefinition[]): ApiService[] {
  const names = new Set(definitions.map(({ type }) => `${type.version}.${type.group}`));
  names.delete(`v1.${API_SERVICES.group}`);
  return [...names].sort().map((name) => {
    const dot = name.indexOf('.');
    const [version, group] = [name.slice(0, dot), name.slice(dot + 1)];
    return {
      metadata: { name, labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' } },
      spec: {
        ...(group === '' ? {} : { group }),
        version,
        groupPriorityMinimum: GROUP_PRIORITIES.get(group) ?? 1000,
        versionPriority:
          version === 'v1beta1' ? BETA_VERSION : (VERSION_PRIORITIES.get(group) ?? FIRST_VERSION),
      },
    };
  });
}
