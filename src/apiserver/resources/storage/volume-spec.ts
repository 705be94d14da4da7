/** What a persistent volume must be (k8s.io/kubernetes, ValidatePersistentVolumeSpec). */

import { posix } from 'node:path';
import { addAll } from '../../../add-all.ts';
import type { PersistentVolumeSpec, ResourceList } from '../../../kubernetes/index.ts';
import { NOT_POSITIVE, named, oneOf } from '../checks.ts';
import { type FieldError, forbidden, invalid, notSupported, required } from '../field-error.ts';
import { dnsSubdomain } from '../names.ts';
import { validateNodeSelector } from '../pods/index.ts';
import { quantityNanos } from '../quantity.ts';
import { validateSources } from './volume-sources.ts';

const ONE_POD = 'ReadWriteOncePod';
const MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', ONE_POD];
const POLICIES = ['Delete', 'Recycle', 'Retain'];
export const VOLUME_MODES = ['Block', 'Filesystem'];
export const STORAGE = 'storage';
const NANO = 1_000_000_000n;
const INLINE = 'in the context of inline volumes';

/** Of a volume, and of a claim for one. */
export function validateAccessModes(
  field: string,
  modes: readonly string[] = [],
  detail = '',
): FieldError[] {
  const errors = modes.length === 0 ? [required(field, detail)] : [];
  // Without an index, upstream.
  for (const mode of new Set(modes)) {
    if (!MODES.includes(mode)) errors.push(notSupported(field, mode, MODES));
  }
  const others = modes.filter((mode) => mode !== ONE_POD && MODES.includes(mode));
  if (modes.includes(ONE_POD) && others.length > 0) {
    errors.push(forbidden(field, `may not use ${ONE_POD} with other access modes`));
  }
  return errors;
}

/** Not negative; told in whole units, away from zero (validateBasicResource). */
export function validateAmount(field: string, quantity: string): FieldError[] {
  const nanos = quantityNanos(quantity) ?? 0n;
  if (nanos >= 0n) return [];
  const whole = Number((nanos - NANO + 1n) / NANO);
  return [invalid(field, whole, 'must be a valid resource quantity')];
}

export const positiveAmount = (field: string, quantity: string): FieldError[] =>
  (quantityNanos(quantity) ?? 0n) <= 0n ? [invalid(field, quantity, NOT_POSITIVE)] : [];

/** @param volume its name */
export function validateVolumeSpec(
  spec: PersistentVolumeSpec,
  field: string,
  volume: string,
): FieldError[] {
  const { nodeAffinity, persistentVolumeReclaimPolicy: policy, storageClassName = '' } = spec;
  return [
    ...validateAccessModes(`${field}.accessModes`, spec.accessModes),
    ...validateCapacity(`${field}.capacity`, spec.capacity),
    ...oneOf(`${field}.persistentVolumeReclaimPolicy`, policy, POLICIES),
    ...(nodeAffinity === undefined
      ? []
      : nodeAffinity.required === undefined
        ? [required(`${field}.nodeAffinity.required`, 'must specify required node constraints')]
        : validateNodeSelector(`${field}.nodeAffinity.required`, nodeAffinity.required)),
    ...validateSources(spec, field, volume, nodeAffinity !== undefined),
    ...validateRecycling(spec, field),
    ...(storageClassName === ''
      ? []
      : named(`${field}.storageClassName`, storageClassName, dnsSubdomain)),
    ...oneOf(`${field}.volumeMode`, spec.volumeMode, VOLUME_MODES),
    ...validateAttributesClass(spec, field),
  ];
}

/** Of a volume that stands in an attachment, where only what attaching needs may be said. */
export function validateInlineVolume(spec: PersistentVolumeSpec, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const policy = spec.persistentVolumeReclaimPolicy ?? 'Retain';
  const unwanted = (name: string): number =>
    errors.push(forbidden(`${field}.${name}`, `may not be specified ${INLINE}`));
  if (spec.claimRef !== undefined) unwanted('claimRef');
  if (Object.keys(spec.capacity ?? {}).length > 0) unwanted('capacity');
  if (spec.csi === undefined) {
    errors.push(required(`${field}.csi`, `has to be specified ${INLINE}`));
  }
  addAll(errors, validateAccessModes(`${field}.accessModes`, spec.accessModes));
  if (policy !== 'Retain') {
    const detail = `may only be Retain ${INLINE}`;
    errors.push(forbidden(`${field}.persistentVolumeReclaimPolicy`, detail));
  }
  if (spec.nodeAffinity !== undefined) unwanted('nodeAffinity');
  addAll(errors, validateSources(spec, field, '', false), validateRecycling(spec, field));
  if ((spec.storageClassName ?? '') !== '') unwanted('storageClassName');
  if (spec.volumeMode !== undefined && spec.volumeMode !== 'Filesystem') {
    const detail = `may not specify volumeMode other than Filesystem ${INLINE}`;
    errors.push(forbidden(`${field}.volumeMode`, detail));
  }
  return errors;
}

function validateCapacity(field: string, capacity: ResourceList = {}): FieldError[] {
  const amounts = Object.entries(capacity);
  const errors = amounts.length === 0 ? [required(field)] : [];
  if (!Object.hasOwn(capacity, STORAGE) || amounts.length > 1) {
    errors.push(notSupported(field, amounts.length === 0 ? null : capacity, [STORAGE]));
  }
  for (const [name, quantity] of amounts) {
    const at = `${field}[${name}]`;
    addAll(errors, validateAmount(at, quantity), positiveAmount(at, quantity));
  }
  return errors;
}

/** Recycling deletes all files. */
function validateRecycling(spec: PersistentVolumeSpec, field: string): FieldError[] {
  const { hostPath, persistentVolumeReclaimPolicy: policy } = spec;
  if (hostPath === undefined || policy !== 'Recycle' || !isRoot(hostPath.path)) return [];
  const detail = "may not be 'recycle' for a hostPath mount of '/'";
  return [forbidden(`${field}.persistentVolumeReclaimPolicy`, detail)];
}

/** As Go's path.Clean sees it. */
const isRoot = (path: string): boolean => /^\/+$/.test(posix.normalize(path === '' ? '.' : path));

function validateAttributesClass(spec: PersistentVolumeSpec, field: string): FieldError[] {
  const { volumeAttributesClassName: name, csi } = spec;
  if (name === undefined) return [];
  const at = `${field}.volumeAttributesClassName`;
  const errors =
    name === '' ? [required(at, 'an empty string is disallowed')] : named(at, name, dnsSubdomain);
  if (csi === undefined) {
    const detail = 'has to be specified when using volumeAttributesClassName';
    errors.push(required(`${field}.csi`, detail));
  }
  return errors;
}
