/** JSON merge patch (RFC 7386). The result shares what it has not changed with its origin. */
import { isJsonObject, setOwn } from '../../../kubernetes/index.ts';

/** Section 2 of the RFC: an object merges, null removes, anything else replaces. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch;
  const result: Record<string, unknown> = {};
  const base = isJsonObject(target) ? target : {};
  for (const [key, value] of Object.entries(base)) {
    if (!Object.hasOwn(patch, key)) setOwn(result, key, value);
    else if (patch[key] !== null) setOwn(result, key, applyMergePatch(value, patch[key]));
  }
  for (const [key, value] of Object.entries(patch)) {
    if (value !== null && !Object.hasOwn(base, key)) {
      setOwn(result, key, applyMergePatch(undefined, value));
    }
  }
  return result;
}
