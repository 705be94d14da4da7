/**
 * `kubectl.kubernetes.io/last-applied-configuration` of objects that kubectl has applied by itself and applies by the
 * server now (apimachinery, util/managedfields/internal/lastapplied*.go).
 */
import { isJsonObject, parseJson } from '../../kubernetes/index.ts';
import { asObject, compare, type Json } from './compare.ts';
import { compareText, goJson } from './element.ts';
import { difference, type FieldSet } from './field-set.ts';
import { fieldSetOf } from './field-set-of.ts';
import type { TrackedType } from './tracked-type.ts';
import { appliedProblems } from './validate-applied.ts';

/** The manager that is spared conflicts with its own past, and whose annotation is kept up to date. */
export const KUBECTL = 'kubectl';
const ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';
/** Of all annotations together, in bytes. */
const MOST_ANNOTATIONS = 256 * 1024;

const annotationsOf = (object: Json): Json => asObject(asObject(object['metadata'])['annotations']);

function lastAppliedOf(object: Json): string {
  const value = annotationsOf(object)[ANNOTATION];
  return typeof value === 'string' ? value : '';
}

/** The fields that kubectl has applied by itself and that are as it left them; undefined: nothing is known. */
export function fieldsOfLastApplied(type: TrackedType, live: Json): FieldSet | undefined {
  const text = lastAppliedOf(live);
  if (text === '') return undefined;
  try {
    const applied = parseJson(Buffer.from(text));
    if (!isJsonObject(applied) || applied['apiVersion'] !== type.apiVersion) return undefined;
    const { layout } = type;
    if (appliedProblems(type.definition.schema, layout, applied).length > 0) return undefined;
    const { added, modified, removed } = compare(layout, applied, live);
    return [modified, added, removed].reduce(difference, fieldSetOf(layout, applied));
  } catch {
    // An annotation that anybody can write: upstream takes no notice of it either.
    return undefined;
  }
}

/** The object with what has been applied in its annotation, where it has one. */
export function withLastApplied(object: Json, applied: Json): Json {
  if (lastAppliedOf(object) === '') return object;
  const metadata = asObject(object['metadata']);
  const annotations: Record<string, unknown> = {
    ...annotationsOf(object),
    [ANNOTATION]: `${sortedJson(withoutAnnotation(applied))}\n`,
  };
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    bytes += Buffer.byteLength(key) + (typeof value === 'string' ? Buffer.byteLength(value) : 0);
  }
  if (bytes > MOST_ANNOTATIONS) delete annotations[ANNOTATION];
  return { ...object, metadata: { ...metadata, annotations } };
}

function withoutAnnotation(applied: Json): Json {
  const metadata = asObject(applied['metadata']);
  if (!isJsonObject(metadata['annotations'])) return applied;
  const { [ANNOTATION]: _, ...annotations } = metadata['annotations'];
  const { annotations: __, ...rest } = metadata;
  const isLeft = Object.keys(annotations).length > 0;
  return { ...applied, metadata: isLeft ? { ...rest, annotations } : rest };
}

/** Keys in their order, as Go writes a map. */
function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`;
  if (!isJsonObject(value)) return goJson(value);
  const fields = Object.keys(value)
    .sort(compareText)
    .map((key) => `${goJson(key)}:${sortedJson(value[key])}`);
  return `{${fields.join(',')}}`;
}
