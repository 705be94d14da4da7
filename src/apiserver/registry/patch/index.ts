/** The kinds of patches: how each changes an object, and how each is refused. */
import { KubepkiError } from '../../../errors.ts';
import {
  isJsonObject,
  type JsonDocument,
  type KubernetesObject,
  parseJsonDocument,
  StatusError,
} from '../../../kubernetes/index.ts';
import { type ResourceDefinition, readObject, TypeMismatch } from '../../resources/index.ts';
import { strictProblems } from '../decode-body.ts';
import { badRequest } from '../refusals.ts';
import type { Patch, WriteContext } from '../registry.ts';
import { StrategicPatchError } from './directives.ts';
import { applyJsonPatch, JsonPatchError } from './json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';
import { applyStrategicMergePatch } from './strategic-merge-patch.ts';

/** Operations in one JSON patch (apiserver, pkg/endpoints/handlers/patch.go). */
const MOST_OPERATIONS = 10_000;

export const PATCH_MEDIA_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
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

function changeOf(definition: ResourceDefinition, mediaType: string, body: Uint8Array): Change {
  switch (mediaType) {
    case 'application/json-patch+json': {
      const document = readJson(body);
      checkOperations(document.value);
      return { document, apply: (current) => jsonPatched(current, document.value) };
    }
    case 'application/merge-patch+json': {
      const document = readJson(body);
      if (!isJsonObject(document.value)) throw badRequest('Invalid JSON Patch');
      return { document, apply: (current) => applyMergePatch(current, document.value) };
    }
    case 'application/strategic-merge-patch+json': {
      const document = readJson(body);
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

function readJson(body: Uint8Array): JsonDocument {
  try {
    return parseJsonDocument(body);
  } catch (error) {
    if (error instanceof KubepkiError) throw badRequest(`error decoding patch: ${error.message}`);
    throw error;
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
    if (error instanceof StrategicPatchError) throw badRequest(error.message);
    throw error;
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

/** 422 without a kind, as upstream: the object it would have been is not shown, since it may be a secret. */
function unfit(why: string): StatusError {
  const message = `Invalid value: "<patched object>": ${why}`;
  return StatusError.of('Invalid', ` "" is invalid: patch: ${message}`, {
    causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }],
  });
}

/** Upstream's answer for a patch that cannot be applied has the status of Invalid and no details. */
const unprocessable = (message: string): StatusError => StatusError.of('Invalid', message);
