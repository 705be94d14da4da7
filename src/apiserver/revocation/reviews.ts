/** What others are told who ask whether somebody may do something. */
import type { Authorizer } from '../types.ts';
import { revokedReason } from './refusal.ts';
import type { Revocations } from './revocations.ts';

/**
 * Denies everything to who is revoked. Kubelets and extension API servers verify certificates themselves and
 * then ask what their holder may do: so revocation reaches them, too.
 */
export const withoutRevoked = (
  authorizer: Authorizer,
  revocations: Pick<Revocations, 'ofUser'>,
): Authorizer => ({
  async authorize(request) {
    const hit = revocations.ofUser(request.user);
    if (hit === undefined) return await authorizer.authorize(request);
    return { allowed: false, denied: true, reason: revokedReason(hit) };
  },
});
