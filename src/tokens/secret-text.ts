/** The values of a Secret. */
import type { Secret } from '../kubernetes/index.ts';

/** A value as text; empty where there is none. */
export function secretText({ data }: Secret, key: string): string {
  if (data === undefined || data === null || !Object.hasOwn(data, key)) return '';
  const value: unknown = data[key];
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : '';
}

/** Texts as the `data` of a Secret. */
export const secretData = (texts: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  );
