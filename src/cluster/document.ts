/** What the readers of JSON and YAML share: a text turned into a value, with the line of each of its parts. */
import { KubepkiError, quotable } from '../errors.ts';

export type Path = readonly PropertyKey[];

/** One document of a text; YAML may have several in one. */
export interface ParsedText {
  /** Null where the document is empty. */
  readonly value: unknown;
  /** Where it begins, in a text that may have several. */
  readonly start?: { readonly line: number; readonly column: number };
  /** The line on which a path stands, where the text has lines worth naming. */
  readonly locate: (path: Path) => number | undefined;
}

/** @param where the file, with line and column where they are known */
export function malformed(where: string, message: string, cause?: unknown): KubepkiError {
  const text = quotable(message.replace(/\s+/g, ' ').trim());
  return new KubepkiError('MALFORMED_DOCUMENT', `${where}: ${text}`, { cause });
}

/** The error for a key that a mapping has twice: which of the two is meant nobody can know. */
export const keyTwice = (where: string, path: Path): KubepkiError =>
  malformed(where, `${formatPath(path)} is there twice`);

/** As a user would write it: `spec.hosts[1].addresses[0]`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? String(step) : `.${String(step)}`;
  }
  return text === '' ? '(top)' : text;
}
