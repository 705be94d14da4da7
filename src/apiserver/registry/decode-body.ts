/** The body of a request as an object of the resource, or a refusal in upstream's form. */
import { KubepkiError } from '../../errors.ts';
import {
  apiVersionOf,
  isJsonObject,
  type JsonDocument,
  type KubernetesObject,
  parseJsonDocument,
  type ResourceType,
} from '../../kubernetes/index.ts';
import { type ResourceDefinition, readObject, TypeMismatch } from '../resources/index.ts';
import { badRequest } from './refusals.ts';
import type { FieldValidation } from './registry.ts';

/** Upstream lists no more of them. */
const MOST_PROBLEMS = 100;

export function decodeBody<T extends KubernetesObject>(
  definition: ResourceDefinition<T>,
  body: Uint8Array | JsonDocument,
  fieldValidation: FieldValidation,
  warn: (text: string) => void,
): T {
  const document = body instanceof Uint8Array ? readJson(definition.type, body) : body;
  checkKind(definition.type, document.value);
  const unknown: string[] = [];
  const object = readTyped(definition, document.value, unknown);
  const problems = strictProblems(unknown, document.duplicates);
  if (problems.length > 0 && fieldValidation === 'Strict') {
    throw cannotBeHandled(definition.type, `strict decoding error: ${problems.join(', ')}`);
  }
  if (fieldValidation === 'Warn') problems.forEach(warn);
  return object;
}

/** What Strict refuses and Warn tells. */
export const strictProblems = (
  unknown: readonly string[],
  duplicates: readonly string[],
): readonly string[] =>
  [
    ...unknown.map((path) => `unknown field ${JSON.stringify(path)}`),
    ...duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`),
  ].slice(0, MOST_PROBLEMS);

function readJson({ kind }: ResourceType, body: Uint8Array): JsonDocument {
  try {
    return parseJsonDocument(body);
  } catch (error) {
    if (error instanceof KubepkiError) {
      throw badRequest(
        `the object provided is unrecognized (must be of type ${kind}): ${error.message}`,
      );
    }
    throw error;
  }
}

/** What is not said is as expected. */
function checkKind(type: ResourceType, value: unknown): void {
  if (!isJsonObject(value)) {
    throw cannotBeHandled(type, 'json: the body is not an object');
  }
  const expected = apiVersionOf(type);
  const { kind = '', apiVersion = '' } = value;
  if (apiVersion !== '' && apiVersion !== expected) {
    throw badRequest(
      `the API version in the data (${shown(apiVersion)}) does not match the expected API version (${expected})`,
    );
  }
  if (kind !== '' && kind !== type.kind) {
    throw badRequest(
      `${shown(kind)} in version "${type.version}" cannot be handled as a ${type.kind}`,
    );
  }
}

const shown = (value: unknown): string =>
  typeof value === 'string' ? value.slice(0, 253) : typeof value;

function readTyped<T extends KubernetesObject>(
  definition: ResourceDefinition<T>,
  value: unknown,
  unknown: string[],
): T {
  try {
    return readObject(definition, value, unknown);
  } catch (error) {
    if (error instanceof TypeMismatch)
      throw cannotBeHandled(definition.type, `json: ${error.message}`);
    throw error;
  }
}

const cannotBeHandled = ({ kind, version }: ResourceType, why: string): Error =>
  badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
