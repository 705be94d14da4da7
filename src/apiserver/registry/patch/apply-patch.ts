/** Server-side apply: what the body of the request has to be (apiserver, pkg/endpoints/handlers/patch.go). */
import {
  apiVersionOf,
  isJsonObject,
  type KubernetesObject,
  type ResourceType,
} from '../../../kubernetes/index.ts';
import { applied } from '../../fields/index.ts';
import type { ResourceDefinition } from '../../resources/index.ts';
import { strictProblems } from '../decode-body.ts';
import { badRequest } from '../refusals.ts';
import type { Patch, WriteContext } from '../registry.ts';
import { readJson } from './read-json.ts';

export const APPLY_PATCH = 'application/apply-patch+yaml';

/** The object as it is then, or (of nothing) as it is made. */
export type Applier<T extends KubernetesObject> = (current: T | undefined, now: Date) => T;

/** What is applied in another kind than that of the object. */
export interface AppliedForm {
  readonly type: ResourceType;
  /** As a part of the object. */
  toObject(body: Record<string, unknown>): Record<string, unknown>;
}

/**
 * @param manager whose the fields are that it names
 * @throws StatusError BadRequest for what is no object of the resource. The applier throws Conflict where others have
 *   other values.
 */
export function readApplyPatch<T extends KubernetesObject>(
  definition: ResourceDefinition<T>,
  subresource: string | undefined,
  { body, force = false }: Patch,
  { fieldValidation = 'Ignore', warn, fieldManager: manager = '' }: WriteContext,
  form?: AppliedForm,
): Applier<T> {
  const { value, duplicates } = readJson(body, 'error decoding YAML');
  if (!isJsonObject(value)) {
    throw badRequest(`error decoding YAML: expected an object, got ${whatIs(value)}`);
  }
  checkObject(form ?? definition, value);
  const wanted = form?.toObject(value) ?? value;
  return (current, now) => {
    const object = applied(definition, current, wanted, { subresource, manager, now, force });
    const problems = strictProblems([], duplicates);
    if (problems.length > 0 && fieldValidation === 'Strict') {
      throw badRequest(`error strict decoding YAML: ${problems.join(', ')}`);
    }
    if (fieldValidation === 'Warn' && warn !== undefined) problems.forEach(warn);
    return object;
  };
}

const whatIs = (value: unknown): string => (Array.isArray(value) ? 'array' : typeof value);

function checkObject(
  { type }: Pick<ResourceDefinition, 'type'>,
  value: Record<string, unknown>,
): void {
  const { apiVersion, kind, metadata } = value;
  if (apiVersion !== apiVersionOf(type) || kind !== type.kind) {
    throw badRequest(`invalid object type: ${shownType(apiVersion, kind)}`);
  }
  if (isJsonObject(metadata) && Array.isArray(metadata['managedFields'])) {
    throw badRequest('metadata.managedFields must be nil');
  }
}

/** As Go shows a GroupVersionKind. */
function shownType(apiVersion: unknown, kind: unknown): string {
  const text = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 253) : '');
  const [first = '', second] = text(apiVersion).split('/');
  const groupVersion = second === undefined ? `/${first}` : `${first}/${second}`;
  return `${groupVersion}, Kind=${text(kind)}`;
}
