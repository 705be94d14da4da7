/** Acting as somebody else, by headers (client-go transport/round_trippers.go, `NewImpersonatingRoundTripper`). */
import { KubepkiError } from '../../errors.ts';
import type { User } from '../../kubernetes/index.ts';

/** @throws KubepkiError INVALID_VALUE for groups and so on without a user, and for what no header carries */
export function impersonationHeaders(user: User, where: string): Record<string, string | string[]> {
  const { as, asUid, asGroups = [], asUserExtra = new Map<string, string[] | null>() } = user;
  if (as === undefined) {
    if (asUid === undefined && asGroups.length === 0 && asUserExtra.size === 0) return {};
    throw new KubepkiError(
      'INVALID_VALUE',
      `${where}: it impersonates a uid, groups or extra values, but no user`,
      { hint: 'set `as` too' },
    );
  }
  const headers: Record<string, string | string[]> = { 'impersonate-user': as };
  if (asUid !== undefined) headers['impersonate-uid'] = asUid;
  if (asGroups.length > 0) headers['impersonate-group'] = asGroups;
  for (const [key, values] of asUserExtra) {
    if (values !== null && values.length > 0) headers[`impersonate-extra-${escaped(key)}`] = values;
  }
  if (
    Object.values(headers)
      .flat()
      .some((value) => /[^\t\x20-\x7e]/.test(value))
  ) {
    throw new KubepkiError(
      'INVALID_VALUE',
      `${where}: expected whom to impersonate in printable ASCII characters`,
    );
  }
  return headers;
}

/** Bytes that no header's name may hold (RFC 9110, section 5.6.2), and the percent sign, as %XX. */
const escaped = (key: string): string =>
  Array.from(Buffer.from(key, 'utf8'), (byte) => {
    const char = String.fromCharCode(byte);
    return /[A-Za-z0-9!#$&'*+\-.^_`|~]/.test(char)
      ? char
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
