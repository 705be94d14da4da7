/** Several authorizers as one: the first that allows a request decides (none of ours ever denies). */
import type { Authorizer, Decision } from '../types.ts';

/** Its members may do everything, before any authorizer is asked (kubernetes, pkg/controlplane: authorizationConfig). */
export const SYSTEM_MASTERS = 'system:masters';

const NO_OPINION: Decision = { allowed: false, reason: '' };
const PRIVILEGED: Decision = { allowed: true, reason: '' };

export function createPrivilegedGroupAuthorizer(group: string = SYSTEM_MASTERS): Authorizer {
  return {
    authorize: async ({ user }) => (user.groups.includes(group) ? PRIVILEGED : NO_OPINION),
  };
}

/** The reasons of those that have allowed nothing are joined by line feeds (apiserver, pkg/authorization/union). */
export function authorizerChain(authorizers: readonly Authorizer[]): Authorizer {
  return {
    async authorize(request) {
      const reasons: string[] = [];
      for (const authorizer of authorizers) {
        const decision = await authorizer.authorize(request);
        if (decision.allowed) return decision;
        if (decision.reason !== '') reasons.push(decision.reason);
      }
      return { allowed: false, reason: reasons.join('\n') };
    },
  };
}
