/**
 * What headers say of a user: values are bytes of UTF-8, keys of extra values stand in the names of
 * headers, percent-encoded (apiserver, pkg/authentication/request/headerrequest; client-go,
 * transport/round_trippers.go).
 */
import { isUtf8 } from 'node:buffer';
import type { Headers } from '../../kubernetes/index.ts';

/** Each header that came with this name, in their order. */
export function valuesOf(headers: Headers, name: string): readonly string[] {
  const value = headers[name];
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}

const ASCII = /^[\0-\x7f]*$/;

/**
 * The text of a value that has one character for each byte, as Node hands it over; undefined where the
 * bytes are no UTF-8. Upstream takes any bytes: two users whose names differ in them could then look the
 * same wherever they are shown.
 */
export function textOf(value: string): string | undefined {
  if (ASCII.test(value)) return value;
  const bytes = Buffer.from(value, 'latin1');
  return bytes.length === value.length && isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}

/** All as texts; undefined where one is none. */
export function textsOf(values: readonly string[]): readonly string[] | undefined {
  const texts: string[] = [];
  for (const value of values) {
    const text = textOf(value);
    if (text === undefined) return undefined;
    texts.push(text);
  }
  return texts;
}

/**
 * The extra values in headers whose names begin so, by key; undefined where one is no text. Several
 * headers may mean the same key.
 *
 * @param prefixes in lower case
 */
export function extraIn(
  headers: Headers,
  prefixes: readonly string[],
): ReadonlyMap<string, readonly string[]> | undefined {
  const extra = new Map<string, readonly string[]>();
  for (const prefix of prefixes) {
    for (const name of Object.keys(headers)) {
      const lower = name.toLowerCase();
      if (!lower.startsWith(prefix)) continue;
      const texts = textsOf(valuesOf(headers, name));
      if (texts === undefined) return undefined;
      const key = unescapedKey(lower.slice(prefix.length));
      extra.set(key, [...(extra.get(key) ?? []), ...texts]);
    }
  }
  return extra;
}

/** What cannot be decoded counts as it stands. */
function unescapedKey(encoded: string): string {
  if (!encoded.includes('%')) return encoded;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}
