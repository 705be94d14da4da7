/** References to fields of the pod and to resources of its containers (k8s.io/kubernetes, validateObjectFieldSelector). */
import type { FieldRef, ResourceFieldRef } from '../../../kubernetes/index.ts';
import { qualifiedName } from '../checks.ts';
import { type FieldError, invalid, notSupported, required } from '../field-error.ts';
import { quantityNanos } from '../quantity.ts';

const CONVERTED = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.schedulerName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.phase',
  'status.podIP',
  'status.podIPs',
];
const RESOURCES = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];
const HUGE_PAGES = ['limits.hugepages-', 'requests.hugepages-'];
const UNITS = ['1', '1k', '1M', '1G', '1T', '1P', '1E'];
const BYTES = [...UNITS, ...['K', 'M', 'G', 'T', 'P', 'E'].map((unit) => `1${unit}i`)];

/** `metadata.labels['a']` is a path with a subscript. */
const SUBSCRIPTED = /^([^[]+)\['(.*)'\]$/s;

export function validateFieldRef(
  field: string,
  { apiVersion = '', fieldPath }: FieldRef,
  supported: readonly string[],
): FieldError[] {
  if (apiVersion === '') return [required(`${field}.apiVersion`)];
  const at = `${field}.fieldPath`;
  if (fieldPath === '') return [required(at)];
  const wrong = (why: string): FieldError[] => [
    invalid(at, fieldPath, `error converting fieldPath: ${why}`),
  ];
  if (apiVersion !== 'v1') return wrong(`unsupported pod version: ${apiVersion}`);
  const [, map, subscript] = SUBSCRIPTED.exec(fieldPath) ?? [];
  if (map !== undefined && subscript !== undefined) {
    if (map === 'metadata.labels') return qualifiedName(field, subscript);
    if (map === 'metadata.annotations') return qualifiedName(field, subscript.toLowerCase());
    return wrong(`field label does not support subscript: ${fieldPath}`);
  }
  const path = fieldPath === 'spec.host' ? 'spec.nodeName' : fieldPath;
  if (!CONVERTED.includes(path)) return wrong(`field label not supported: ${fieldPath}`);
  return supported.includes(path) ? [] : [notSupported(at, path, supported)];
}

export function validateResourceFieldRef(
  field: string,
  { containerName = '', resource, divisor = '0' }: ResourceFieldRef,
  isInVolume: boolean,
): FieldError[] {
  const errors: FieldError[] = [];
  const isHuge = HUGE_PAGES.some((prefix) => resource.startsWith(prefix));
  if (isInVolume && containerName === '') errors.push(required(`${field}.containerName`));
  else if (resource === '') errors.push(required(`${field}.resource`));
  else if (!RESOURCES.includes(resource) && !isHuge) {
    errors.push(notSupported(`${field}.resource`, resource, RESOURCES));
  }
  if (quantityNanos(divisor) === 0n) return errors;
  const refuse = (values: string, of: string): void => {
    const detail = `only divisor's values ${values} are supported with the ${of} resource`;
    errors.push(invalid(`${field}.divisor`, resource, detail));
  };
  if (resource.endsWith('.cpu')) {
    if (!['1m', '1'].includes(divisor)) refuse('1m and 1', 'cpu');
  } else if (!BYTES.includes(divisor)) {
    const of = resource.endsWith('.memory')
      ? 'memory'
      : isHuge
        ? 'hugepages'
        : resource.endsWith('.ephemeral-storage')
          ? 'local ephemeral storage'
          : undefined;
    if (of !== undefined) refuse(BYTES.join(', '), of);
  }
  return errors;
}
