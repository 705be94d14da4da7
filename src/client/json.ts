/** JSON that came from somewhere else. */

/**
 * Parses JSON. A key `__proto__` is dropped: nothing that copies the value later can meet it.
 *
 * @throws SyntaxError for what is not JSON
 */
export function parseJson(text: string): unknown {
  return mayNamePrototype(text) ? JSON.parse(text, withoutPrototype) : JSON.parse(text);
}

/** Whether the key may occur: as it is, or with one of its characters (U+005F to U+0074) as an escape. */
const mayNamePrototype = (text: string): boolean =>
  text.includes('__proto__') ||
  text.includes('\\u005') ||
  text.includes('\\u006') ||
  text.includes('\\u007');

const withoutPrototype = (key: string, value: unknown): unknown =>
  key === '__proto__' ? undefined : value;

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A text that may be missing. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;
