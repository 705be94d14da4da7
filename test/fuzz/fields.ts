/** The reader of FieldsV1: sets that clients write into `managedFields`. */
import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FieldsError } from '../../src/apiserver/fields/element.ts';
import {
  difference,
  EMPTY,
  type FieldSet,
  intersection,
  isSameSet,
  shownPaths,
  union,
} from '../../src/apiserver/fields/field-set.ts';
import { layoutOf } from '../../src/apiserver/fields/layout.ts';
import { readFieldSet } from '../../src/apiserver/fields/read-field-set.ts';
import { schemaOfType } from '../../src/apiserver/resources/index.ts';
import { KubepkiError } from '../../src/errors.ts';
import { isJsonObject, parseJson } from '../../src/kubernetes/index.ts';

const POD = layoutOf(schemaOfType('io.k8s.api.core.v1.Pod'));

export const FIELDS_TOKENS: readonly string[] = [
  '"f:',
  '"k:{',
  String.raw`"k:{\"name\":\"a\"}":{}`,
  String.raw`"v:\"a\""`,
  '"v:1"',
  '"i:0"',
  '".":{}',
  '"x:y":{}',
  '"f:spec":',
  '"f:nodeSelector":',
  '"__proto__":',
  '"constructor":',
  '{}',
  '[]',
  'null',
  '{"f:a":',
  '}',
  ',',
  String.raw`\u003c`,
  String.raw`\ud800`,
  '😀',
  '1e400',
  '-0',
];

/** Those that a kube-apiserver has written. */
export function fieldSets(): readonly string[] {
  const file = join(import.meta.dirname, '../apiserver/fields/upstream/answers.jsonl');
  const found = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    if (!isJsonObject(value)) return;
    if (isJsonObject(value['fieldsV1'])) found.add(JSON.stringify(value['fieldsV1']));
    Object.values(value).forEach(visit);
  };
  for (const line of readFileSync(file, 'utf8').trim().split('\n'))
    visit(parseJson(Buffer.from(line)));
  return [...found];
}

/** What has been read is canonical: it is read as it is, and operations know it. */
export function readFields(input: Uint8Array): void {
  const set = read(parseJson(input));
  const text = JSON.stringify(set);
  const again = read(parseJson(Buffer.from(text)));
  strictEqual(JSON.stringify(again), text);
  strictEqual(union(set, again), set);
  deepStrictEqual(difference(set, again), EMPTY);
  strictEqual(isSameSet(intersection(set, again), set), true);
  shownPaths(set);
}

function read(value: unknown): FieldSet {
  try {
    return readFieldSet(POD, value);
  } catch (error) {
    if (error instanceof FieldsError) throw new KubepkiError('MALFORMED_DOCUMENT', error.message);
    throw error;
  }
}
