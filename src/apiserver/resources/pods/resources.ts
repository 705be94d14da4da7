/** What pods and containers request and are limited to (k8s.io/kubernetes, validateResourceRequirements). */
import { addAll } from '../../../add-all.ts';
import type { PodSpec, ResourceList, ResourceRequirements } from '../../../kubernetes/index.ts';
import { label, NEGATIVE, qualifiedName } from '../checks.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  MOST_ERRORS,
  missing,
  notSupported,
  required,
} from '../field-error.ts';
import {
  aggregated,
  isHugePages,
  isNative,
  isOfPods,
  mayOvercommit,
  NANO,
  nanosOf,
  pageSize,
  quantityOf,
} from './amounts.ts';

const COUNTED = [
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
];
const OF_CONTAINERS = ['cpu', 'memory', 'ephemeral-storage'];
/** With those of quotas and volumes, none of which a container can have. */
const STANDARD = [
  ...OF_CONTAINERS,
  ...OF_CONTAINERS.flatMap((name) => [`requests.${name}`, `limits.${name}`]),
  'storage',
  'requests.storage',
  ...COUNTED,
];

const SUPPORTED_OF_PODS = ['cpu', 'hugepages-', 'memory'];

type NameCheck = (field: string, name: string) => FieldError[];

export const validateContainerResources = (
  field: string,
  resources: ResourceRequirements = {},
  claims: ReadonlySet<string> = new Set(),
): FieldError[] => validateRequirements(field, resources, claims, containerResource);

/** Also of the pod's overhead. */
export const validateOverhead = (field: string, overhead: ResourceList): FieldError[] =>
  validateRequirements(field, { limits: overhead }, new Set(), containerResource);

const containerResource: NameCheck = (field, name) => {
  const errors = standardOrQualified(field, name);
  if (!name.includes('/')) {
    return OF_CONTAINERS.includes(name) || isHugePages(name)
      ? errors
      : [...errors, invalid(field, name, 'must be a standard resource for containers')];
  }
  return isNative(name) || isExtended(name)
    ? errors
    : [...errors, invalid(field, name, "doesn't follow extended resource name standard")];
};

const isExtended = (name: string): boolean =>
  !name.startsWith('requests.') && qualifiedName('', `requests.${name}`).length === 0;

function standardOrQualified(field: string, name: string): FieldError[] {
  const errors = qualifiedName(field, name);
  if (errors.length > 0 || name.includes('/')) return errors;
  return STANDARD.includes(name) || isHugePages(name)
    ? []
    : [invalid(field, name, 'must be a standard resource type or fully qualified')];
}

function validateRequirements(
  field: string,
  { limits = {}, requests = {}, claims = [] }: ResourceRequirements,
  podClaims: ReadonlySet<string>,
  checkName: NameCheck,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const [name, quantity] of Object.entries(limits)) {
    if (errors.length >= MOST_ERRORS) break;
    addAll(errors, validateQuantity(`${field}.limits[${name}]`, name, quantity, checkName));
  }
  for (const [name, quantity] of Object.entries(requests)) {
    if (errors.length >= MOST_ERRORS) break;
    const path = `${field}.requests[${name}]`;
    addAll(
      errors,
      validateQuantity(path, name, quantity, checkName),
      validateRequest(field, name, quantity, limits),
    );
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory')) {
    errors.push(forbidden(field, 'HugePages require cpu or memory'));
  }
  return [...errors, ...validateClaims(`${field}.claims`, claims, podClaims)];
}

function validateQuantity(
  field: string,
  name: string,
  quantity: string,
  checkName: NameCheck,
): FieldError[] {
  const errors = checkName(field, name);
  const nanos = nanosOf(quantity);
  if (nanos < 0n) errors.push(invalid(field, quantity, NEGATIVE));
  const isCounted = COUNTED.includes(name) || (!isNative(name) && isExtended(name));
  if (isCounted && nanos % NANO !== 0n) errors.push(invalid(field, quantity, 'must be an integer'));
  if (isHugePages(name)) {
    const size = pageSize(name);
    if (size <= 0n || nanos < 0n || nanos % size !== 0n) {
      errors.push(
        invalid(field, quantity, `${quantity} is not positive integer multiple of ${name}`),
      );
    }
  }
  return errors;
}

function validateRequest(
  field: string,
  name: string,
  quantity: string,
  limits: ResourceList,
): FieldError[] {
  const limit = limits[name];
  if (limit === undefined) {
    return mayOvercommit(name)
      ? []
      : [required(`${field}.limits`, 'Limit must be set for non overcommitable resources')];
  }
  const [asked, most] = [nanosOf(quantity), nanosOf(limit)];
  if (asked !== most && !mayOvercommit(name)) {
    return [invalid(`${field}.requests`, quantity, `must be equal to ${name} limit of ${limit}`)];
  }
  return asked > most
    ? [
        invalid(
          `${field}.requests`,
          quantity,
          `must be less than or equal to ${name} limit of ${limit}`,
        ),
      ]
    : [];
}

/** Claims that a message tells, which upstream tells all: it stands there for each that is not among them. */
const MOST_NAMES = 50;

function validateClaims(
  field: string,
  claims: NonNullable<ResourceRequirements['claims']>,
  podClaims: ReadonlySet<string>,
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  /** Those of which a part has been named. */
  const inPart = new Set<string>();
  const names = [...podClaims].sort().slice(0, MOST_NAMES);
  if (names.length < podClaims.size) names.push('…');
  const known = names.length === 0 ? ' which is empty' : `: ${names.join(', ')}`;
  for (const [index, { name, request = '' }] of claims.entries()) {
    if (errors.length >= MOST_ERRORS) break;
    const path = `${field}[${index}]`;
    if (name === '') {
      errors.push(required(path));
      continue;
    }
    const key = request === '' ? name : `${name}/${request}`;
    if (request !== '') addAll(errors, label(`${path}.request`, request));
    const isTaken = seen.has(name) || seen.has(key) || (request === '' && inPart.has(name));
    if (isTaken) errors.push(duplicate(path, key));
    seen.add(key);
    if (request !== '') inPart.add(name);
    if (!podClaims.has(name)) {
      errors.push(
        missing(path, name, `must be one of the names in pod.spec.resourceClaims${known}`),
      );
    }
  }
  return errors;
}

/** Requests and limits of the pod as a whole. */
export function validatePodResources(field: string, spec: PodSpec): FieldError[] {
  const { resources } = spec;
  if (resources === undefined) return [];
  const errors: FieldError[] = [];
  if (resources.claims !== undefined) {
    errors.push(forbidden(`${field}.claims`, 'claims may not be set for Resources at pod-level'));
  }
  const podResource: NameCheck = (path, name) => {
    const wrong = standardOrQualified(path, name);
    return wrong.length > 0 || isOfPods(name)
      ? wrong
      : [notSupported(path, name, SUPPORTED_OF_PODS)];
  };
  addAll(errors, validateRequirements(field, resources, new Set(), podResource));
  for (const [name, needed] of aggregated(spec, 'requests')) {
    const own = resources.requests?.[name];
    if (own === undefined || needed.nanos <= nanosOf(own)) continue;
    errors.push(
      invalid(
        `${field}.requests[${name}]`,
        own,
        `must be greater than or equal to aggregate container requests of ${quantityOf(needed)}`,
      ),
    );
  }
  (spec.containers ?? []).forEach((container, index) => {
    for (const [name, limit] of Object.entries(container.resources?.limits ?? {})) {
      const own = resources.limits?.[name];
      if (own === undefined || nanosOf(limit) <= nanosOf(own)) continue;
      errors.push(
        invalid(
          `${field}.containers[${index}][${name}].limits`,
          limit,
          `must be less than or equal to pod limits of ${own}`,
        ),
      );
    }
  });
  return errors;
}
