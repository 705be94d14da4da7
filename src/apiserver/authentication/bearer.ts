/** The token in an `Authorization: Bearer` header (kubernetes, apiserver/pkg/authentication/request/bearertoken). */
import type { Headers } from '../../kubernetes/index.ts';

/** What Go's http.Header.Get answers: the first of several. */
function firstOf(value: Headers[string]): string {
  return (typeof value === 'string' ? value : value?.[0]) ?? '';
}

/**
 * The token, if there is one. The scheme may be in any case; what comes behind the token and a space is
 * not looked at. With two spaces before the token, or another scheme, there is none.
 *
 * @param headers values as Node hands them over: one character for each byte
 */
export function bearerToken(headers: Headers): string | undefined {
  const header = firstOf(headers['authorization']);
  if (header === '') return undefined;
  const [scheme = '', token = ''] = trimmed(header).split(' ', 2);
  return scheme.toLowerCase() === 'bearer' && token !== '' ? token : undefined;
}

/**
 * Without the spaces of ASCII at both ends: `trim` would take bytes of UTF-8 for spaces. No regular
 * expression, which would look at a long run of spaces once for each of them.
 */
function trimmed(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isSpace(text.charCodeAt(from))) from += 1;
  while (to > from && isSpace(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

const TAB = 0x09;
const CR = 0x0d;
const SPACE = 0x20;
const isSpace = (code: number): boolean => code === SPACE || (code >= TAB && code <= CR);
