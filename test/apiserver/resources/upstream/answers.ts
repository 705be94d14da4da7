/**
 * The recorded answers: one file for each conversation, one answer a line, its label before it. What a resource
 * answers to the requests that all are asked is left out where it is the common answer (`common.jsonl`) with the
 * resource's own words. A body much like one that was answered before is told by what differs (`like`, `with`: a merge
 * patch, in which `#` holds the changes of a list by their places), and so are the objects in lists and events (`=`).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Comparable } from './comparable.ts';

/** What stands in the common answers for what is a resource's own. */
export type Words = readonly (readonly [placeholder: string, word: string])[];

export type Answers = ReadonlyMap<string, Comparable>;

/** An answer, or what differs in it from the one called `like`. */
interface Line extends Partial<Comparable> {
  readonly label: string;
  readonly like?: string;
  readonly with?: unknown;
}

const FOLDER = join(import.meta.dirname, 'answers');
const fileOf = (name: string): string => join(FOLDER, `${name}.jsonl`);

export function readLines(name: string): readonly Line[] {
  const text = readFileSync(fileOf(name), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Line => JSON.parse(line));
}

export function writeLines(name: string, lines: readonly Line[]): void {
  writeFileSync(fileOf(name), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** @param labels what was asked, in its order */
export function unpacked(
  labels: readonly string[],
  lines: readonly Line[],
  common: readonly Line[],
  words: Words,
): Answers {
  const own = new Map(lines.map((line) => [line.label, line]));
  const shared = new Map(common.map((line) => [line.label, line]));
  const answers = new Map<string, Comparable>();
  for (const label of labels) {
    const line = own.get(label) ?? worded(shared.get(label), words);
    if (line === undefined) throw new Error(`no answer is recorded for ${label}: run record.ts`);
    answers.set(label, full(line, answers));
  }
  return answers;
}

function full({ label, like, with: change, ...rest }: Line, before: Answers): Comparable {
  if (like === undefined) return comparableOf(label, { ...rest, body: whole(rest.body, before) });
  return comparableOf(label, { ...rest, body: changed(bodyOf(like, before), change) });
}

function bodyOf(label: string, before: Answers): unknown {
  const model = before.get(label);
  if (model === undefined) throw new Error(`an answer is like ${label}, which is not there`);
  return model.body;
}

/** With the objects in place of what refers to them. */
function whole(value: unknown, before: Answers): unknown {
  if (Array.isArray(value)) return value.map((one) => whole(one, before));
  if (!isRecord(value)) return value;
  const { [SAME]: like, with: change } = value;
  if (typeof like === 'string') return changed(bodyOf(like, before), change);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, whole(one, before)]));
}

const SAME = '=';
const PLACES = '#';

function changed(model: unknown, change: unknown): unknown {
  if (!isRecord(change)) return change;
  const places = change[PLACES];
  if (Array.isArray(model) && isRecord(places)) {
    return model.map((one: unknown, index) =>
      Object.hasOwn(places, index) ? changed(one, places[index]) : one,
    );
  }
  const result: Record<string, unknown> = isRecord(model) ? { ...model } : {};
  for (const [key, one] of Object.entries(change)) {
    if (one === null) delete result[key];
    else result[key] = changed(result[key], one);
  }
  return result;
}

function comparableOf(label: string, { status, ...rest }: Partial<Comparable>): Comparable {
  if (status === undefined) throw new Error(`${label} has no status`);
  return { body: null, ...rest, status };
}

/** In place of the placeholders the words of a resource. */
const worded = (line: Line | undefined, words: Words): Line | undefined =>
  line === undefined
    ? undefined
    : JSON.parse(
        words.reduce(
          (text, [placeholder, word]) => text.replaceAll(placeholder, word),
          JSON.stringify(line),
        ),
      );

/** In place of a resource's words the placeholders. */
export function wordless(answer: Comparable, words: Words): string {
  return words.reduce(
    (text, [placeholder, word]) => (word === '' ? text : text.replaceAll(word, placeholder)),
    JSON.stringify(answer),
  );
}

/** The answers as short as they can be told. */
export function packed(answers: Answers, common: readonly Line[], words: Words): readonly Line[] {
  const shared = new Map(common.map((line) => [line.label, line]));
  const lines: Line[] = [];
  const before = new Map<string, Comparable>();
  for (const [label, answer] of answers) {
    const line = worded(shared.get(label), words);
    const isCommon = line !== undefined && same(full(line, before), answer);
    if (!isCommon) lines.push(shortest(label, answer, before));
    before.set(label, answer);
  }
  return lines;
}

function shortest(label: string, answer: Comparable, before: Answers): Line {
  const { body, ...rest } = answer;
  const told: Line[] = [
    { label, ...rest, body },
    { label, ...rest, body: referred(body, before) },
    ...[...before].map(
      ([like, model]): Line => ({ label, ...rest, like, with: changeOf(model.body, body) }),
    ),
  ];
  return (
    told
      .map((line) => ({ line, length: JSON.stringify(line).length }))
      .toSorted((a, b) => a.length - b.length)
      .map(({ line }) => line)
      .find((line) => same(full(line, before), answer)) ?? { label, ...rest, body }
  );
}

/** Objects with metadata by what differs from one that was answered before, where that is shorter. */
function referred(value: unknown, before: Answers): unknown {
  if (Array.isArray(value)) return value.map((one) => referred(one, before));
  if (!isRecord(value)) return value;
  const parts = Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, referred(one, before)]),
  );
  if (!isRecord(value['metadata'])) return parts;
  const told = [...before].map(([like, { body }]) => ({
    [SAME]: like,
    with: changeOf(body, value),
  }));
  return [parts, ...told]
    .filter((one) => same(whole(one, before), value))
    .toSorted((a, b) => JSON.stringify(a).length - JSON.stringify(b).length)[0];
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const same = (a: unknown, b: unknown): boolean =>
  JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, one]) => [key, sorted(one)]),
  );
}

function changeOf(from: unknown, to: unknown): unknown {
  if (Array.isArray(from) && Array.isArray(to) && from.length === to.length) {
    const places = to.flatMap((one: unknown, index) =>
      same(from[index], one) ? [] : [[index, changeOf(from[index], one)] as const],
    );
    return { [PLACES]: Object.fromEntries(places) };
  }
  if (!isRecord(from) || !isRecord(to)) return to;
  const change: Record<string, unknown> = {};
  for (const key of Object.keys(from)) if (!Object.hasOwn(to, key)) change[key] = null;
  for (const [key, value] of Object.entries(to)) {
    if (!Object.hasOwn(from, key)) change[key] = value;
    else if (!same(from[key], value)) change[key] = changeOf(from[key], value);
  }
  return change;
}
