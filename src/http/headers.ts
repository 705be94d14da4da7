/** The headers of a request: what came several times is a list. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Headers } from '../kubernetes/index.ts';

/**
 * Node joins several headers of one name by commas; but the name of a user or a group may hold a comma, and
 * Go's servers tell them apart. Of some headers Node keeps the first only, as it should.
 *
 * @param raw names and values in turn, as they came
 */
export function distinctHeaders(headers: IncomingHttpHeaders, raw: readonly string[]): Headers {
  if (raw.length === 2 * Object.keys(headers).length) return headers;
  const values = new Map<string, string[]>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase();
    const value = raw[i + 1] ?? '';
    const before = values.get(name);
    if (before === undefined) values.set(name, [value]);
    else before.push(value);
  }
  const result: Record<string, string | readonly string[] | undefined> = { ...headers };
  for (const [name, all] of values) {
    const isJoined = all.length > 1 && Object.hasOwn(headers, name) && headers[name] !== all[0];
    if (isJoined) result[name] = all;
  }
  return result;
}
