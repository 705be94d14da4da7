/** Comparison of secrets that takes as long wherever they differ. */
import { timingSafeEqual } from 'node:crypto';

/** Whether two secrets are the same bytes of UTF-8. Their lengths are no secret, and differing ones are told at once. */
export function sameSecret(a: string, b: string): boolean {
  const left = Buffer.from(a, 'utf8');
  const right = Buffer.from(b, 'utf8');
  return left.length === right.length && timingSafeEqual(left, right);
}
