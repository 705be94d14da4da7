/** A copy of a value of JSON that may be changed. */
import { isJsonObject, setOwn } from '../../../kubernetes/index.ts';

export function cloneJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cloneJson);
  if (!isJsonObject(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) setOwn(copy, key, cloneJson(inner));
  return copy;
}
