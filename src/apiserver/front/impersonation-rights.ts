/**
 * The right to be somebody, asked of the authorizer part by part: name, UID, groups, extra values
 * (apiserver, pkg/endpoints/filters/impersonation/mode.go: impersonationModeState).
 */
import { goQuote, type StatusError, type UserInfo } from '../../kubernetes/index.ts';
import { forbidden, SYSTEM_MASTERS } from '../authorization/index.ts';
import { dnsSubdomain } from '../resources/index.ts';
import type { RequestAttributes, ResourceRequest } from '../types.ts';
import type { Wanted } from './impersonation-headers.ts';

/** Undefined where it is allowed. */
export type Ask = (request: RequestAttributes) => Promise<StatusError | undefined>;

export interface Way {
  readonly ask: Ask;
  /** Who wants to be somebody else. */
  readonly user: UserInfo;
  /** `impersonate`, or `impersonate:<mode>`. */
  readonly verb: string;
  /** What the old way let pass is refused. */
  readonly constrained: boolean;
  /** What the name that is wanted stands for. */
  readonly node: string | undefined;
  readonly account: { readonly namespace: string; readonly name: string } | undefined;
}

const AUTHENTICATION = 'authentication.k8s.io';
/** From so many on, one question for all of them is tried first. */
const MANY = 4;

/** The first refusal, in upstream's order; undefined where all is allowed. */
export async function refusalToBe(wanted: Wanted, way: Way): Promise<StatusError | undefined> {
  return (
    (await way.ask(nameQuestion(wanted.name, way))) ??
    (await uidRefusal(wanted.uid, way)) ??
    (await groupsRefusal(wanted.groups, way)) ??
    (await extraRefusal(wanted.extra, way))
  );
}

const question = ({ user, verb }: Way, resource: string, name: string): ResourceRequest => ({
  kind: 'resource',
  user,
  verb,
  group: AUTHENTICATION,
  version: 'v1',
  resource,
  subresource: '',
  namespace: '',
  name,
});

/** Names and groups were resources of the core group, before they got one of their own. */
const inGroupOf = ({ constrained }: Way, request: ResourceRequest): ResourceRequest =>
  constrained ? request : { ...request, group: '' };

function nameQuestion(name: string, way: Way): ResourceRequest {
  const { account, node } = way;
  if (account !== undefined) {
    const asked = question(way, 'serviceaccounts', account.name);
    return inGroupOf(way, { ...asked, namespace: account.namespace });
  }
  if (node !== undefined) return question(way, 'nodes', node);
  return inGroupOf(way, question(way, 'users', name));
}

async function uidRefusal(uid: string, way: Way): Promise<StatusError | undefined> {
  return uid === '' ? undefined : way.ask(question(way, 'uids', uid));
}

async function groupsRefusal(
  groups: readonly string[],
  way: Way,
): Promise<StatusError | undefined> {
  const asked = inGroupOf(way, question(way, 'groups', ''));
  if (way.constrained) {
    if (groups.includes('')) {
      return forbidden(asked, 'impersonating the empty string group is not allowed');
    }
    if (groups.includes(SYSTEM_MASTERS)) {
      const text = `impersonating the ${SYSTEM_MASTERS} group is not allowed`;
      return forbidden({ ...asked, name: SYSTEM_MASTERS }, text);
    }
    if (groups.length >= MANY && (await way.ask({ ...asked, name: '*' })) === undefined) {
      return undefined;
    }
  }
  for (const name of groups) {
    const refusal = await way.ask({ ...asked, name });
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

async function extraRefusal(extra: Wanted['extra'], way: Way): Promise<StatusError | undefined> {
  const asked = question(way, 'userextras', '');
  if (way.constrained) {
    const problem = extraProblem(extra);
    if (problem !== undefined) return forbidden(asked, `impersonating ${problem} is not allowed`);
    const all = { ...asked, subresource: '*', name: '*' };
    if (isLarge(extra) && (await way.ask(all)) === undefined) return undefined;
  }
  for (const [subresource, values] of extra) {
    for (const name of values) {
      const refusal = await way.ask({ ...asked, subresource, name });
      if (refusal !== undefined) return refusal;
    }
  }
  return undefined;
}

const isLarge = (extra: Wanted['extra']): boolean =>
  extra.size >= MANY || [...extra.values()].flat().length >= MANY;

function extraProblem(extra: Wanted['extra']): string | undefined {
  for (const [key, values] of extra) {
    if (key === '') return 'the empty string key in extra';
    if (!isDomainPrefixedPath(key)) return `the invalid key ${goQuote(key)} in extra`;
    if (key !== key.toLowerCase()) return `the non-lowercase key ${goQuote(key)} in extra`;
    if (values.length === 0) return 'empty values in extra';
    if (values.includes('')) return 'the empty string value in extra';
  }
  return undefined;
}

/** `acme.io/foo` (apimachinery, util/validation: IsDomainPrefixedPath). */
function isDomainPrefixedPath(key: string): boolean {
  const slash = key.indexOf('/');
  if (slash < 1) return false;
  const isPath = /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(key.slice(slash + 1));
  return isPath && dnsSubdomain(key.slice(0, slash), false).length === 0;
}
