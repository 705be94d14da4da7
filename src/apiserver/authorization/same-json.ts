/** Whether two values of JSON mean the same to the API (apimachinery, pkg/api/equality: Semantic.DeepEqual). */

/**
 * Compares deeply; null, nothing, an empty list and an empty object are the same. Two that upstream holds
 * for equal may be told apart here (an empty text and none): who asks then checks more, not less.
 */
export function sameJson(one: unknown, other: unknown): boolean {
  if (one === other || (isEmpty(one) && isEmpty(other))) return true;
  if (typeof one !== 'object' || typeof other !== 'object') return false;
  if (one === null || other === null) return false;
  if (Array.isArray(one) || Array.isArray(other)) {
    return (
      Array.isArray(one) &&
      Array.isArray(other) &&
      one.length === other.length &&
      one.every((item, i) => sameJson(item, other[i]))
    );
  }
  const left = new Map<string, unknown>(Object.entries(one));
  const right = new Map<string, unknown>(Object.entries(other));
  for (const [key, value] of left) if (!sameJson(value, right.get(key))) return false;
  for (const [key, value] of right) if (!left.has(key) && !isEmpty(value)) return false;
  return true;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value !== 'object') return false;
  return Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0;
}
