/** Whether two values of JSON are the same: what is not set and what is empty are not. */
import { isJsonObject } from '../../kubernetes/index.ts';

export function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, at) => isEqual(item, b[at]));
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  let count = 0;
  for (const key in a) {
    if (a[key] === undefined) continue;
    if (!Object.hasOwn(b, key) || !isEqual(a[key], b[key])) return false;
    count += 1;
  }
  for (const key in b) if (b[key] !== undefined) count -= 1;
  return count === 0;
}
