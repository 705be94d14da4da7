/** The body of a request as an object of the resource, or a refusal in upstream's form. */
import { KubepkiError } from '../../errors.ts';
import {
  apiVersionOf,
  goQuote,
  isJsonObject,
  type JsonDocument,
  type KubernetesObject,
  kindType,
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

function readJson(type: ResourceType, body: Uint8Array): JsonDocument {
  try {
    return parseJsonDocument(body);
  } catch (error) {
    if (error instanceof KubepkiError) throw unrecognized(type, error.message);
    throw error;
  }
}

/** Its kind cannot be read. */
const unrecognized = ({ kind }: ResourceType, why: string): Error =>
  badRequest(
    `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${why}`,
  );

/** What is not said is as expected. */
function checkKind(type: ResourceType, value: unknown): void {
  // Upstream takes it for an object without fields.
  if (value === null) return;
  if (!isJsonObject(value)) throw unrecognized(type, `json: cannot unmarshal ${jsonType(value)}`);
  const expected = apiVersionOf(type);
  const kind = textOf(type, value, 'kind') || type.kind;
  const apiVersion = textOf(type, value, 'apiVersion') || expected;
  if (kind === type.kind && apiVersion === expected) return;
  const as = `${kind} in version ${goQuote(apiVersion.slice(apiVersion.indexOf('/') + 1))} cannot be handled as a ${type.kind}`;
  if (kindType(apiVersion, kind) === undefined) {
    throw badRequest(
      `${as}: no kind ${goQuote(kind)} is registered for version ${goQuote(apiVersion)}`,
    );
  }
  if (kind !== type.kind) throw badRequest(as);
  throw badRequest(
    `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`,
  );
}

/** A text no longer than any name. */
function textOf(
  type: ResourceType,
  object: Readonly<Record<string, unknown>>,
  name: string,
): string {
  const value = object[name] ?? '';
  if (typeof value === 'string') return value.slice(0, 253);
  throw unrecognized(type, `json: cannot unmarshal ${jsonType(value)}`);
}

const jsonType = (value: unknown): string =>
  Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;

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
