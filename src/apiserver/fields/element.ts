/**
 * The steps of a path in a set of fields, as FieldsV1 writes them: `f:spec`, `k:{"name":"a"}` for the item of a
 * list that has these keys, `v:"a"` for the item of a set, `i:0`; `.` stands for the field itself. Texts are
 * canonical, so that equal steps are equal texts (structured-merge-diff, fieldpath/serialize-pe.go, element.go).
 */
import { goQuote, isJsonObject } from '../../kubernetes/index.ts';

/** The field itself belongs to the set, beside what is in it. */
export const MEMBER = '.';

/** A set of fields that cannot be read, or an object that does not fit its type. */
export class FieldsError extends Error {
  override readonly name = 'FieldsError';
}

export const fieldElement = (name: string): string => `f:${name}`;

export const valueElement = (value: unknown): string => `v:${goJson(value)}`;

/** @param pairs sorted by name */
export function keyElement(pairs: readonly (readonly [string, unknown])[]): string {
  let text = 'k:{';
  for (const [name, value] of pairs) {
    if (text.length > 3) text += ',';
    text += `${JSON.stringify(name)}:${goJson(value)}`;
  }
  return `${text}}`;
}

/**
 * The element in its canonical form; undefined for a kind that nobody knows, which is passed over as upstream does.
 *
 * @throws FieldsError
 */
export function canonicalElement(text: string): string | undefined {
  if (text.length < 2 || text[1] !== ':') throw new FieldsError('expected an element like f:name');
  switch (text.charAt(0)) {
    case 'f':
      return text;
    case 'v':
      return valueElement(shallowJsonOf(text));
    case 'k': {
      const keys = shallowJsonOf(text);
      if (!isJsonObject(keys)) throw new FieldsError('expected the keys of an item as an object');
      return keyElement(sortedPairs(keys));
    }
    case 'i':
      if (!/^i:[-+]?\d{1,15}$/.test(text)) throw new FieldsError('expected an index as a number');
      return `i:${Number(text.slice(2))}`;
    default:
      return undefined;
  }
}

/** As the messages of a conflict show it: `.spec`, `[name="a"]`, `[="a"]`, `[0]`. */
export function shownElement(element: string): string {
  switch (element.charAt(0)) {
    case 'k': {
      const pairs = pairsOf(element).map(([name, value]) => `${name}=${shownValue(value)}`);
      return `[${pairs.join(',')}]`;
    }
    case 'v':
      return `[=${shownValue(jsonOf(element))}]`;
    case 'i':
      return `[${element.slice(2)}]`;
    default:
      return `.${element.slice(2)}`;
  }
}

/** A value as Go's `%v` shows it, texts in quotes. */
export const shownValue = (value: unknown): string =>
  typeof value === 'string' ? goQuote(value) : JSON.stringify(value);

/** Upstream's order: `.`, fields by name, items by their keys, values, indices. */
export function compareElements(a: string, b: string): number {
  if (a === b) return 0;
  const [kindA, kindB] = [KINDS.indexOf(a[0] ?? ''), KINDS.indexOf(b[0] ?? '')];
  if (kindA !== kindB) return kindA - kindB;
  switch (a.charAt(0)) {
    case 'k':
      return compareInText(a, b) ?? comparePairs(pairsOf(a), pairsOf(b));
    case 'v':
      return compareInText(a, b) ?? compareValues(jsonOf(a), jsonOf(b));
    case 'i':
      return Number(a.slice(2)) - Number(b.slice(2));
    default:
      return compareText(a, b);
  }
}

const KINDS = '.fkvi';
const [QUOTE, ESCAPE] = [0x22, 0x5c];

/** Without reading them, where they first differ within a text; undefined where they do elsewhere. */
function compareInText(a: string, b: string): number | undefined {
  let isInText = false;
  for (let at = 0; at < a.length; at += 1) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (left === ESCAPE || right === ESCAPE) return undefined;
    if (left !== right) {
      if (!isInText) return undefined;
      if (left === QUOTE || right === QUOTE) return left === QUOTE ? -1 : 1;
      return byCodePoint(left) - byCodePoint(right);
    }
    if (left === QUOTE) isInText = !isInText;
  }
  return undefined;
}

/** By the bytes of UTF-8, as Go does: in UTF-16 what needs two units would come too early. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (left !== right) return byCodePoint(left) - byCodePoint(right);
  }
  return a.length - b.length;
}

/** Surrogates behind all other units. */
const byCodePoint = (unit: number): number =>
  unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800;

type Pairs = readonly (readonly [string, unknown])[];

function comparePairs(a: Pairs, b: Pairs): number {
  for (const [at, [name, value]] of a.entries()) {
    const other = b[at];
    if (other === undefined) return 1;
    const order = compareText(name, other[0]) || compareValues(value, other[1]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Numbers, texts, booleans, all else (structured-merge-diff, value/value.go, Compare). */
function compareValues(a: unknown, b: unknown): number {
  const order = rank(a) - rank(b);
  if (order !== 0) return order;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  return typeof a === 'string' && typeof b === 'string'
    ? compareText(a, b)
    : compareText(JSON.stringify(a), JSON.stringify(b));
}

function rank(value: unknown): number {
  const at = ['number', 'string', 'boolean'].indexOf(typeof value);
  if (at >= 0) return at;
  if (Array.isArray(value)) return 3;
  return value === null ? 5 : 4;
}

function pairsOf(element: string): Pairs {
  const keys = jsonOf(element);
  return isJsonObject(keys) ? Object.entries(keys) : [];
}

const sortedPairs = (keys: Record<string, unknown>): Pairs =>
  Object.entries(keys).sort(([a], [b]) => compareText(a, b));

function jsonOf(element: string): unknown {
  try {
    return JSON.parse(element.slice(2));
  } catch {
    throw new FieldsError('expected JSON in an element');
  }
}

/** Deeper than any key or value of a set: JSON that is written again is gone through level by level, on the stack. */
const DEEPEST = 64;

function shallowJsonOf(element: string): unknown {
  const value = jsonOf(element);
  let depth = 0;
  let isInText = false;
  for (let at = 2; at < element.length; at += 1) {
    const unit = element.charCodeAt(at);
    if (unit === ESCAPE) at += 1;
    else if (unit === QUOTE) isInText = !isInText;
    else if (isInText) continue;
    else if (unit === 0x5b || unit === 0x7b) depth += 1;
    else if (unit === 0x5d || unit === 0x7d) depth -= 1;
    if (depth > DEEPEST) throw new FieldsError('an element is nested too deeply');
  }
  return value;
}

const ESCAPED = /[<>&\u2028\u2029]/g;

/** JSON as Go writes it: what HTML would take for markup is escaped. */
export function goJson(value: unknown): string {
  const text = JSON.stringify(value);
  return ESCAPED.test(text)
    ? text.replace(ESCAPED, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
    : text;
}
