/** The authorizers by the names of `--authorization-mode` (kubernetes, pkg/kubeapiserver/authorizer). */
import { KubepkiError, quoted } from '../../errors.ts';
import type { PolicyRule, UserInfo } from '../../kubernetes/index.ts';
import type { Authorizer } from '../types.ts';
import { authorizerChain, createPrivilegedGroupAuthorizer } from './chain.ts';
import { nodeOf } from './node.ts';
import type { ResolvedRules } from './rbac.ts';

export const AUTHORIZATION_MODES = ['AlwaysAllow', 'AlwaysDeny', 'RBAC', 'Node'] as const;
export type AuthorizationMode = (typeof AUTHORIZATION_MODES)[number];

/** kube-apiserver's other ones. */
const NOT_SERVED: ReadonlySet<string> = new Set(['ABAC', 'Webhook']);

/** @throws KubepkiError USAGE for a mode that is not served, is none, or stands there twice */
export function authorizationModes(names: readonly string[]): readonly AuthorizationMode[] {
  const flag = '--authorization-mode';
  const hint = `choose from ${AUTHORIZATION_MODES.join(', ')}; Node,RBAC is what clusters have`;
  if (names.length === 0) {
    throw new KubepkiError('USAGE', `${flag}: at least one mode is needed`, { hint });
  }
  if (new Set(names).size !== names.length) {
    throw new KubepkiError('USAGE', `${flag}: a mode is named more than once`, { hint });
  }
  return names.map((name) => {
    const mode = AUTHORIZATION_MODES.find((one) => one === name);
    if (mode !== undefined) return mode;
    const problem = NOT_SERVED.has(name)
      ? `the mode ${name} is kube-apiserver's; kubepki asks no other server and reads no policy file`
      : `${quoted(name, 80)} is no mode`;
    throw new KubepkiError('USAGE', `${flag}: ${problem}`, { hint });
  });
}

/** Lists what somebody may do, as far as it can be listed. */
export interface RuleResolver {
  rulesFor(user: UserInfo, namespace: string): ResolvedRules;
}

export interface Authorization {
  readonly authorizer: Authorizer;
  /** In the order of the modes. */
  readonly resolvers: readonly RuleResolver[];
}

export interface Authorizers {
  readonly Node: Authorizer;
  readonly RBAC: Authorizer & RuleResolver;
}

/** Members of system:masters may do everything, before anything else is asked. */
export function authorizationOf(
  modes: readonly AuthorizationMode[],
  { Node, RBAC }: Authorizers,
): Authorization {
  const byMode: Readonly<Record<AuthorizationMode, Authorizer & RuleResolver>> = {
    Node: { authorize: (request) => Node.authorize(request), rulesFor: nodeRules },
    RBAC,
    AlwaysAllow: {
      authorize: async () => ({ allowed: true, reason: '' }),
      rulesFor: () => ({ rules: EVERYTHING, errors: [] }),
    },
    AlwaysDeny: {
      authorize: async () => ({ allowed: false, reason: 'Everything is forbidden.' }),
      rulesFor: () => ({ rules: [], errors: [] }),
    },
  };
  const chosen = modes.map((mode) => byMode[mode]);
  return {
    authorizer: authorizerChain([createPrivilegedGroupAuthorizer(), ...chosen]),
    resolvers: chosen,
  };
}

const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

/** What a node may do depends on its pods, so it cannot be listed. */
const nodeRules = (user: UserInfo): ResolvedRules =>
  nodeOf(user) === undefined
    ? { rules: [], errors: [] }
    : {
        rules: [],
        errors: ['node authorizer does not support user rule resolution'],
        incomplete: true,
      };
