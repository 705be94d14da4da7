/** The kinds of patches: how each changes an object, and how each is refused. */
import {
  apiVersionOf,
  goQuote,
  isJsonObject,
  type JsonDocument,
  type KubernetesObject,
  StatusError,
} from '../../../kubernetes/index.ts';
import { type ResourceDefinition, readObject, TypeMismatch } from '../../resources/index.ts';
import { strictProblems } from '../decode-body.ts';
import { badRequest } from '../refusals.ts';
import type { Patch, WriteContext } from '../registry.ts';
import { APPLY_PATCH } from './apply-patch.ts';
import { StrategicPatchError } from './directives.ts';
import { applyJsonPatch, JsonPatchError } from './json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';
import { readJson } from './read-json.ts';
import { applyStrategicMergePatch } from './strategic-merge-patch.ts';

export { APPLY_PATCH, readApplyPatch } from './apply-patch.ts';

/** Operations in one JSON patch (apiserver, pkg/endpoints/handlers/patch.go). */
const MOST_OPERATIONS = 10_000;

export const PATCH_MEDIA_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  APPLY_PATCH,
] as const;

/** The object as the patch makes it, again for each state that it is tried on. */
export type Patcher<T extends KubernetesObject> = (current: T) => T;

/**
 * @throws StatusError UnsupportedMediaType, BadRequest for what is no patch, RequestEntityTooLarge for a
 *   JSON patch of too many operations. The patcher throws Invalid where the patch does not fit.
 */
export function readPatch<T extends KubernetesObject>(
  definition: ResourceDefinition<T>,
  { mediaType, body }: Patch,
  { fieldValidation = 'Ignore', warn }: WriteContext,
): Patcher<T> {
  const change = changeOf(definition, mediaType, body);
  const { duplicates } = change.document;
  return (current) => {
    const patched = change.apply(current);
    checkPatchedKind(definition, patched);
    const unknown: string[] = [];
    const object = readPatched(definition, patched, unknown);
    const problems = strictProblems(unknown, duplicates);
    if (problems.length > 0 && fieldValidation === 'Strict') {
      throw unfit(`strict decoding error: ${problems.join(', ')}`);
    }
    if (fieldValidation === 'Warn' && warn !== undefined) problems.forEach(warn);
    return object;
  };
}

interface Change {
  readonly document: JsonDocument;
  apply(current: KubernetesObject): unknown;
}

function changeOf(definition: ResourceDefinition, mediaType: string, body: Patch['body']): Change {
  switch (mediaType) {
    case 'application/json-patch+json': {
      const document = readJson(body, 'error decoding patch');
      checkOperations(document.value);
      return { document, apply: (current) => jsonPatched(current, document.value) };
    }
    case 'application/merge-patch+json': {
      const document = readJson(body, 'error decoding patch');
      if (!isJsonObject(document.value))
        throw badRequest('error decoding patch: a merge patch is an object');
      return { document, apply: (current) => applyMergePatch(current, document.value) };
    }
    case 'application/strategic-merge-patch+json': {
      const document = readJson(body, 'error decoding patch');
      const { value } = document;
      if (!isJsonObject(value)) throw badRequest('invalid JSON document');
      return { document, apply: (current) => strategicallyMerged(definition, current, value) };
    }
    default:
      throw StatusError.of(
        'UnsupportedMediaType',
        `the body of the request was in an unknown format - accepted media types include: ${PATCH_MEDIA_TYPES.join(', ')}`,
      );
  }
}

function checkOperations(value: unknown): void {
  if (!Array.isArray(value)) throw badRequest('error decoding patch: a JSON patch is a list');
  if (value.length > MOST_OPERATIONS) {
    throw StatusError.of(
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is ${MOST_OPERATIONS}, got ${value.length}`,
    );
  }
}

function jsonPatched(current: KubernetesObject, patch: unknown): unknown {
  try {
    return applyJsonPatch(current, patch);
  } catch (error) {
    if (!(error instanceof JsonPatchError)) throw error;
    throw error.malformed ? badRequest(error.message) : unprocessable(error.message);
  }
}

function strategicallyMerged(
  { schema }: ResourceDefinition,
  current: KubernetesObject,
  patch: Readonly<Record<string, unknown>>,
): unknown {
  try {
    return applyStrategicMergePatch(schema, { ...current }, patch);
  } catch (error) {
    if (!(error instanceof StrategicPatchError)) throw error;
    throw error.isUnexplained ? StatusError.unexplained(error.message) : badRequest(error.message);
  }
}

function readPatched<T extends KubernetesObject>(
  definition: ResourceDefinition<T>,
  patched: unknown,
  unknown: string[],
): T {
  try {
    return readObject(definition, patched, unknown);
  } catch (error) {
    if (error instanceof TypeMismatch) throw unfit(error.message);
    throw error;
  }
}

/** A patch cannot make another kind of it. */
function checkPatchedKind({ type }: ResourceDefinition, patched: unknown): void {
  if (!isJsonObject(patched)) return;
  const { kind, apiVersion } = patched;
  if (kind === type.kind && apiVersion === apiVersionOf(type)) return;
  throw unfit(`no kind ${shown(kind)} is registered for version ${shown(apiVersion)}`);
}

const shown = (value: unknown): string =>
  goQuote(typeof value === 'string' ? value.slice(0, 253) : '');

/** 422 without a kind, as upstream: the object it would have been is not shown, since it may be a secret. */
function unfit(why: string): StatusError {
  const message = `Invalid value: "<patched object>": ${why}`;
  return StatusError.of('Invalid', ` "" is invalid: patch: ${message}`, {
    causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }],
  });
}

/** Upstream's answer for a patch that cannot be applied has the status of Invalid and nothing in its details. */
const unprocessable = (message: string): StatusError => StatusError.of('Invalid', message, {});
