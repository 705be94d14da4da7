/**
 * The ways to act as somebody else, in the order in which they are tried (apiserver,
 * pkg/endpoints/filters/impersonation/mode.go).
 */
import {
  NODE_USER_PREFIX,
  NODES_GROUP,
  type StatusError,
  type UserInfo,
} from '../../kubernetes/index.ts';
import { ALL_AUTHENTICATED, ALL_UNAUTHENTICATED, ANONYMOUS_USER } from '../authentication/index.ts';
import { forbidden } from '../authorization/index.ts';
import { dnsLabel, dnsSubdomain } from '../resources/index.ts';
import type { Authorizer, RequestAttributes } from '../types.ts';
import type { Wanted } from './impersonation-headers.ts';
import { type Ask, refusalToBe } from './impersonation-rights.ts';

export interface Impersonated {
  readonly user: UserInfo;
  /** The verb that has allowed it; absent for the old way. Stands in the audit log. */
  readonly constraint?: string;
}

export type Outcome =
  | { readonly kind: 'allowed'; readonly impersonated: Impersonated }
  | { readonly kind: 'refused'; readonly refusal: StatusError };

/** Undefined: not a way to be this one. */
export type Mode = (wanted: Wanted, attributes: RequestAttributes) => Promise<Outcome | undefined>;

export const modesOf = (authorizer: Authorizer): readonly Mode[] => [
  constrained(authorizer, 'associated-node', isOwnNode, withoutNode),
  constrained(authorizer, 'arbitrary-node', (wanted) => isBare(wanted) && isNode(wanted.name)),
  constrained(
    authorizer,
    'serviceaccount',
    (wanted) => isBare(wanted) && accountIn(wanted.name) !== undefined,
  ),
  constrained(
    authorizer,
    'user-info',
    ({ name }) => !isNode(name) && accountIn(name) === undefined,
  ),
  legacy(authorizer),
];

type Applies = (wanted: Wanted, requestor: UserInfo) => boolean;

/** Two rights are needed: to do this very thing as somebody else, and to be that one. */
function constrained(
  authorizer: Authorizer,
  mode: string,
  applies: Applies,
  asked: (request: RequestAttributes) => RequestAttributes = (request) => request,
): Mode {
  const verb = `impersonate:${mode}`;
  const ask = askerOf(authorizer, asked);
  return async (wanted, attributes) => {
    if (!applies(wanted, attributes.user)) return undefined;
    const refusal =
      (await ask({ ...attributes, verb: `impersonate-on:${mode}:${attributes.verb}` })) ??
      (await refusalToBe(wanted, {
        ask,
        user: attributes.user,
        verb,
        constrained: true,
        node: nodeIn(wanted.name),
        account: accountIn(wanted.name),
      }));
    if (refusal !== undefined) return { kind: 'refused', refusal };
    const groups = isNode(wanted.name) ? [NODES_GROUP] : groupsOf(wanted);
    return { kind: 'allowed', impersonated: { user: userOf(wanted, groups), constraint: verb } };
  };
}

/** The old way: whoever may be somebody may do all that this one may. */
function legacy(authorizer: Authorizer): Mode {
  const ask = askerOf(authorizer, (request) => request);
  return async (wanted, { user }) => {
    const refusal = await refusalToBe(wanted, {
      ask,
      user,
      verb: 'impersonate',
      constrained: false,
      node: undefined,
      account: accountIn(wanted.name),
    });
    if (refusal !== undefined) return { kind: 'refused', refusal };
    return { kind: 'allowed', impersonated: { user: userOf(wanted, groupsOf(wanted)) } };
  };
}

const askerOf =
  (authorizer: Authorizer, asked: (request: RequestAttributes) => RequestAttributes): Ask =>
  async (request) => {
    const question = asked(request);
    const { allowed, reason } = await authorizer.authorize(question);
    return allowed ? undefined : forbidden(question, reason);
  };

const SERVICE_ACCOUNT_PREFIX = 'system:serviceaccount:';
const NODE_NAME_KEY = 'authentication.kubernetes.io/node-name';
const ASSOCIATED_KEYS = 'authentication.kubernetes.io/associated-node-keys';

/** Nothing but a name: all else follows from it. */
const isBare = ({ uid, groups, extra }: Wanted): boolean =>
  uid === '' && groups.length === 0 && extra.size === 0;

const isNode = (name: string): boolean => nodeIn(name) !== undefined;

function nodeIn(user: string): string | undefined {
  if (!user.startsWith(NODE_USER_PREFIX)) return undefined;
  const name = user.slice(NODE_USER_PREFIX.length);
  return dnsSubdomain(name, false).length === 0 ? name : undefined;
}

/** As apiserver's SplitUsername: what only looks like an account is an ordinary user. */
function accountIn(
  user: string,
): { readonly namespace: string; readonly name: string } | undefined {
  if (!user.startsWith(SERVICE_ACCOUNT_PREFIX)) return undefined;
  const parts = user.slice(SERVICE_ACCOUNT_PREFIX.length).split(':');
  const [namespace = '', name = ''] = parts;
  if (parts.length !== 2) return undefined;
  if (dnsLabel(namespace, false).length > 0 || dnsSubdomain(name, false).length > 0) {
    return undefined;
  }
  return { namespace, name };
}

/** A service account whose token says that its pod is on this node. */
function isOwnNode(wanted: Wanted, requestor: UserInfo): boolean {
  const node = nodeIn(wanted.name);
  if (node === undefined || !isBare(wanted)) return false;
  if (accountIn(requestor.name) === undefined) return false;
  const { extra = {} } = requestor;
  const names = Object.hasOwn(extra, NODE_NAME_KEY) ? (extra[NODE_NAME_KEY] ?? []) : [];
  return names.length === 1 && names[0] === node;
}

/** The right to be one's own node is the same for all nodes: neither name nor pod is shown to the authorizer. */
function withoutNode(request: RequestAttributes): RequestAttributes {
  const keys = Object.keys(request.user.extra ?? {}).sort();
  const user: UserInfo = { ...request.user, extra: { [ASSOCIATED_KEYS]: keys } };
  return request.kind === 'resource' && request.verb === 'impersonate:associated-node'
    ? { ...request, user, name: '*' }
    : { ...request, user };
}

/** Those of a service account are known where none are asked for. */
function groupsOf({ name, groups }: Wanted): readonly string[] {
  const account = accountIn(name);
  if (account === undefined || groups.length > 0) return groups;
  return ['system:serviceaccounts', `system:serviceaccounts:${account.namespace}`];
}

function userOf({ name, uid, extra }: Wanted, groups: readonly string[]): UserInfo {
  return {
    name,
    ...(uid === '' ? {} : { uid }),
    groups: withEverybody(name, groups),
    ...(extra.size === 0 ? {} : { extra: Object.fromEntries(extra) }),
  };
}

/** The group of all who are known, or of all who are not. */
function withEverybody(name: string, groups: readonly string[]): readonly string[] {
  if (name !== ANONYMOUS_USER && groups.includes(ALL_UNAUTHENTICATED)) return groups;
  const group = name === ANONYMOUS_USER ? ALL_UNAUTHENTICATED : ALL_AUTHENTICATED;
  return groups.includes(group) ? groups : [...groups, group];
}
