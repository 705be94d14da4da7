/** What the schema finds wrong with a value, in words that are not its library's. */
import type { z } from 'zod';
import { quoted } from '../errors.ts';

type Issue = z.core.$ZodRawIssue;

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
};

/** For `safeParse`: our words for an issue to which the schema gives none of its own. */
export function explain(issue: Issue): string {
  const { code, input } = issue;
  if (input === undefined) return 'missing';
  if (code === 'invalid_type') return typeProblem(issue.expected, input);
  if (code === 'invalid_value') {
    const values = issue.values.map(String).join(', ');
    return `${shown(input)}: expected ${issue.values.length > 1 ? `one of ${values}` : values}`;
  }
  if (code === 'too_small') return sizeProblem(issue.origin, input, 'at least', issue.minimum);
  if (code === 'too_big') return sizeProblem(issue.origin, input, 'at most', issue.maximum);
  return 'not valid';
}

function typeProblem(type: string, input: unknown): string {
  const expected = `expected ${TYPES[type] ?? type}`;
  // What YAML takes for a number or a truth value may well have been meant as text.
  if (type === 'string' && (typeof input === 'number' || typeof input === 'boolean'))
    return `${expected}, got ${input}: put it in quotes`;
  return `${expected}, got ${kindOf(input)}`;
}

function sizeProblem(
  origin: string,
  input: unknown,
  bound: 'at least' | 'at most',
  limit: number | bigint,
): string {
  if (origin === 'string') return input === '' ? 'empty' : `${bound} ${limit} characters`;
  if (origin === 'array') return `${bound} ${limit} ${Number(limit) === 1 ? 'entry' : 'entries'}`;
  return `${shown(input)}: ${bound} ${limit}`;
}

/** A value as it stands in the file; of a list or mapping only that it is one. */
function shown(input: unknown): string {
  if (typeof input === 'string') return quoted(input, 60);
  return typeof input === 'number' || typeof input === 'boolean' ? String(input) : kindOf(input);
}

function kindOf(input: unknown): string {
  if (input === null) return 'nothing';
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'string') return 'text';
  if (typeof input === 'number') return 'a number';
  return typeof input === 'boolean' ? String(input) : 'a mapping';
}
