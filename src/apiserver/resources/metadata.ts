/** What metadata may be, on creation and on update (apimachinery, api/validation/objectmeta.go). */
import { addAll } from '../../add-all.ts';
import {
  isJsonObject,
  type KubernetesObject,
  labelKeyProblems,
  labelValueProblems,
  type ObjectMeta,
  type OwnerReference,
} from '../../kubernetes/index.ts';
import { each } from './checks.ts';
import type { ResourceDefinition } from './definition.ts';
import {
  type FieldError,
  forbidden,
  invalid,
  MOST_ERRORS,
  required,
  tooLong,
} from './field-error.ts';
import { dnsLabel } from './names.ts';

/** All keys and values of the annotations together. */
export const MOST_ANNOTATION_BYTES = 256 * 1024;

/** The finalizer in the `spec` of a namespace, which the namespace controller takes away once it is empty. */
export const KUBERNETES_FINALIZER = 'kubernetes';
/** With this finalizer an object waits until its dependents have lost it as their owner. */
export const ORPHAN_FINALIZER = 'orphan';
/** With this one, until the dependents that block it are deleted. */
export const FOREGROUND_FINALIZER = 'foregroundDeletion';

/** The name is there, generated if need be. */
export function validateMetadata(
  definition: Pick<ResourceDefinition, 'type' | 'strategy'>,
  { metadata }: KubernetesObject,
): FieldError[] {
  const { name = '', generateName = '' } = metadata;
  const { strategy } = definition;
  const errors: FieldError[] = [];
  if (generateName !== '') {
    for (const problem of strategy.validateName(generateName, true)) {
      errors.push(invalid('metadata.generateName', generateName, problem));
    }
  }
  if (name === '') errors.push(required('metadata.name', 'name or generateName is required'));
  for (const problem of name === '' ? [] : strategy.validateName(name, false)) {
    errors.push(invalid('metadata.name', name, problem));
  }
  addAll(
    errors,
    validateNamespace(definition.type.namespaced, metadata),
    validateCommon(metadata, strategy),
  );
  return errors;
}

/** What stays as it is, and what the new metadata must be in itself. */
export function validateMetadataUpdate(
  { strategy }: Pick<ResourceDefinition, 'strategy'>,
  metadata: ObjectMeta,
  old: ObjectMeta,
): FieldError[] {
  const errors: FieldError[] = [];
  if (old.deletionTimestamp !== undefined) {
    const before = new Set(old.finalizers);
    const added = (metadata.finalizers ?? []).filter((one) => !before.has(one));
    if (added.length > 0) {
      errors.push(
        forbidden(
          'metadata.finalizers',
          `no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added.sort())}`,
        ),
      );
    }
  }
  const immutable = [
    'name',
    'namespace',
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
  ] as const;
  for (const field of immutable) {
    if (metadata[field] !== old[field]) {
      errors.push(invalid(`metadata.${field}`, metadata[field] ?? null, 'field is immutable'));
    }
  }
  addAll(errors, validateCommon(metadata, strategy));
  return errors;
}

function validateNamespace(namespaced: boolean, { namespace = '' }: ObjectMeta): FieldError[] {
  if (!namespaced) {
    return namespace === '' ? [] : [forbidden('metadata.namespace', 'not allowed on this type')];
  }
  if (namespace === '') return [required('metadata.namespace')];
  return dnsLabel(namespace, false).map((problem) =>
    invalid('metadata.namespace', namespace, problem),
  );
}

function validateCommon(
  metadata: ObjectMeta,
  { takesAnyFinalizer = false }: ResourceDefinition['strategy'],
): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    if (errors.length >= MOST_ERRORS) break;
    for (const problem of labelKeyProblems(key)) {
      errors.push(invalid('metadata.labels', key, problem));
    }
    for (const problem of labelValueProblems(value)) {
      errors.push(invalid('metadata.labels', value, problem));
    }
  }
  addAll(errors, validateAnnotations('metadata.annotations', metadata.annotations ?? {}));
  addAll(errors, validateOwners(metadata.ownerReferences ?? []));
  addAll(errors, validateFinalizers(metadata.finalizers ?? [], takesAnyFinalizer));
  return errors;
}

export function validateAnnotations(
  field: string,
  annotations: Readonly<Record<string, string>>,
): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    if (errors.length >= MOST_ERRORS) break;
    // A qualified name, but for the case.
    for (const problem of labelKeyProblems(key.toLowerCase())) {
      errors.push(invalid(field, key, problem));
    }
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > MOST_ANNOTATION_BYTES) errors.push(tooLong(field, MOST_ANNOTATION_BYTES));
  return errors;
}

/** Their JSON is longer than any value that a message shows. */
const MOST_SHOWN_OWNERS = 20;

function validateOwners(owners: readonly OwnerReference[]): FieldError[] {
  const errors: FieldError[] = [];
  const field = 'metadata.ownerReferences';
  let controller: string | undefined;
  for (const owner of owners) {
    if (owner.apiVersion === '' || owner.apiVersion.endsWith('/')) {
      errors.push(invalid(`${field}.apiVersion`, owner.apiVersion, 'version must not be empty'));
    }
    for (const part of ['kind', 'name', 'uid'] as const) {
      if (owner[part] === '') errors.push(invalid(`${field}.${part}`, '', 'must not be empty'));
    }
    if (owner.apiVersion === 'v1' && owner.kind === 'Event') {
      errors.push(invalid(field, owner, '/v1, Kind=Event is disallowed from being an owner'));
    }
    if (owner.controller !== true) continue;
    if (controller !== undefined) {
      errors.push(
        invalid(
          field,
          // More of them would not be shown, and would be written for each.
          owners.slice(0, MOST_SHOWN_OWNERS),
          `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${owner.kind}/${owner.name}`,
        ),
      );
    }
    controller ??= `${owner.kind}/${owner.name}`;
  }
  return errors;
}

/** With a domain of its own, or one of upstream's. */
export const isKnownFinalizer = (finalizer: string): boolean =>
  finalizer.includes('/') ||
  [KUBERNETES_FINALIZER, ORPHAN_FINALIZER, FOREGROUND_FINALIZER].includes(finalizer);

export const unknownFinalizer = (field: string, finalizer: string): FieldError =>
  invalid(field, finalizer, 'name is neither a standard finalizer name nor is it fully qualified');

function validateFinalizers(finalizers: readonly string[], takesAny: boolean): FieldError[] {
  const field = 'metadata.finalizers';
  const errors = each(finalizers, field, (one) =>
    labelKeyProblems(one).map((problem) => invalid(field, one, problem)),
  );
  if (finalizers.includes(ORPHAN_FINALIZER) && finalizers.includes(FOREGROUND_FINALIZER)) {
    errors.push(
      invalid(
        field,
        finalizers,
        `finalizer ${ORPHAN_FINALIZER} and ${FOREGROUND_FINALIZER} cannot be both set`,
      ),
    );
  }
  if (!takesAny) {
    addAll(
      errors,
      each(finalizers, field, (one, path) =>
        isKnownFinalizer(one) ? [] : [unknownFinalizer(path, one)],
      ),
    );
  }
  return errors;
}

/** Whether two values of JSON are the same, whatever the order of their keys; not set and empty are, too. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => sameJson(item, b[index]));
  }
  if (isJsonObject(a) && isJsonObject(b)) {
    const keys = Object.keys(a);
    return (
      keys.length === Object.keys(b).length &&
      keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]))
    );
  }
  return isEmpty(a) && isEmpty(b);
}

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (typeof value === 'object' && Object.keys(value).length === 0);

/** What a write of the status leaves as it is (apimachinery, meta/v1: ResetObjectMetaForStatus). */
const NOT_OF_STATUS = [
  'deletionTimestamp',
  'generation',
  'labels',
  'annotations',
  'finalizers',
  'ownerReferences',
] as const;

/** The metadata of an object whose status only may be written. */
export function statusMetadata(metadata: ObjectMeta, old: ObjectMeta): ObjectMeta {
  const result: Record<string, unknown> = { ...metadata };
  for (const name of NOT_OF_STATUS) {
    if (old[name] === undefined) delete result[name];
    else result[name] = old[name];
  }
  return result;
}
