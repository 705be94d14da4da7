/**
 * Nobody gives rights that they do not have: the checks on writes of roles and bindings
 * (kubernetes, pkg/registry/rbac/…/policybased/storage.go, escalation_check.go). Upstream does them in
 * its storage layer, so they are done for every write, whatever admission is configured.
 */
import { addAll } from '../../add-all.ts';
import {
  goQuote,
  goQuoteList,
  type KubernetesObject,
  type PolicyRule,
  type RoleRef,
  StatusError,
  type UserInfo,
} from '../../kubernetes/index.ts';
import type { Admission, AdmissionRequest, Authorizer, ResourceRequest } from '../types.ts';
import { SYSTEM_MASTERS } from './chain.ts';
import { coverage, MOST_RIGHTS, MOST_RULES } from './coverage.ts';
import { aggregate, type RbacAuthorizer } from './rbac.ts';
import { forbiddenError } from './refusals.ts';
import { listOf } from './rules.ts';
import { sameJson } from './same-json.ts';

const RBAC_GROUP = 'rbac.authorization.k8s.io';

const FULL_AUTHORITY: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

export interface GuardSources {
  readonly rbac: Pick<RbacAuthorizer, 'rulesFor' | 'rulesOf'>;
  /** Everything that may allow `escalate` and `bind`: the whole chain. */
  readonly authorizer: Authorizer;
}

/** Refuses creates and updates of roles and bindings by which somebody would give rights that they do not hold. */
export function createEscalationGuard(sources: GuardSources): Admission {
  return async (request) => {
    const { attributes, object } = request;
    const { group, resource, verb, user } = attributes;
    if (group !== RBAC_GROUP || object === undefined) return;
    // Deleting gives nothing, even where finalizers make an update of it.
    if (verb === 'delete' || verb === 'deletecollection') return;
    const judge = JUDGES.get(resource);
    if (judge === undefined || user.groups.includes(SYSTEM_MASTERS)) return;
    await judge(sources, request, object);
  };
}

type Judge = (
  sources: GuardSources,
  request: AdmissionRequest,
  object: KubernetesObject,
) => Promise<void>;

const judgeRole: Judge = async ({ rbac, authorizer }, { attributes, old }, object) => {
  const { user, namespace, resource, verb } = attributes;
  // In a create no name is known yet to upstream.
  const name = verb === 'create' ? '' : attributes.name;
  const escalate = { ...specialVerb(user, 'escalate', resource, namespace), name };
  if ((await authorizer.authorize(escalate)).allowed) return;
  if (changesOnlyOwners(object, old)) return;
  const refuse = refusalFor(attributes, object);
  confirmHeld(rbac, attributes, rulesIn(object), refuse);
  const aggregates =
    resource === 'clusterroles' && (hasAggregationRule(object) || hasAggregationRule(old));
  if (aggregates && coverageFor(rbac, user, namespace, FULL_AUTHORITY).kind !== 'covered') {
    throw refuse('must have cluster-admin privileges to use the aggregationRule');
  }
};

const judgeBinding: Judge = async ({ rbac, authorizer }, { attributes, old }, object) => {
  const { user, namespace } = attributes;
  if (changesOnlyOwners(object, old)) return;
  const roleRef = roleRefIn(object);
  const resource = roleRef.kind === 'ClusterRole' ? 'clusterroles' : 'roles';
  if (roleRef.kind === 'ClusterRole' || roleRef.kind === 'Role') {
    const bind = specialVerb(user, 'bind', resource, namespace);
    const asked = { ...bind, group: roleRef.apiGroup, name: roleRef.name };
    if ((await authorizer.authorize(asked)).allowed) return;
  }
  const role = rbac.rulesOf(roleRef, namespace);
  if (!role.found) {
    if (roleRef.kind !== 'ClusterRole' && roleRef.kind !== 'Role') {
      throw StatusError.of('InternalError', `Internal error occurred: ${role.error}`);
    }
    throw missingRole(attributes, roleRef.name);
  }
  confirmHeld(rbac, attributes, role.rules, refusalFor(attributes, object));
};

/** Upstream says it of the resource that is written, with the role's name. */
const missingRole = ({ group, resource }: ResourceRequest, name: string): StatusError =>
  StatusError.of('NotFound', `${resource}.${group} ${goQuote(name)} not found`, {
    name,
    group,
    kind: resource,
  });

const JUDGES: ReadonlyMap<string, Judge> = new Map([
  ['roles', judgeRole],
  ['clusterroles', judgeRole],
  ['rolebindings', judgeBinding],
  ['clusterrolebindings', judgeBinding],
]);

const specialVerb = (
  user: UserInfo,
  verb: 'escalate' | 'bind',
  resource: string,
  namespace: string,
): ResourceRequest => ({
  kind: 'resource',
  user,
  verb,
  group: RBAC_GROUP,
  version: '*',
  resource,
  subresource: '',
  namespace,
  name: '',
});

type Refuse = (text: string) => StatusError;

/** The name in the object: in a create there is none in the request. */
function refusalFor({ group, resource }: ResourceRequest, object: KubernetesObject): Refuse {
  return (text) => forbiddenError({ group, resource, name: object.metadata.name ?? '' }, text);
}

function confirmHeld(
  rbac: GuardSources['rbac'],
  { user, namespace }: ResourceRequest,
  wanted: readonly PolicyRule[],
  refuse: Refuse,
): void {
  const held = coverageFor(rbac, user, namespace, wanted);
  if (held.kind === 'covered') return;
  if (held.kind === 'too-many') throw refuse(TOO_MANY[held.what]);
  const who = `user ${goQuote(user.name)} (groups=${goQuoteList(user.groups)})`;
  const missing = firstOf(described(held.missing), '\n');
  const errors =
    held.errors.length === 0 ? '' : `; resolution errors: [${resolution(held.errors)}]`;
  throw refuse(
    `${who} is attempting to grant RBAC permissions not currently held:\n${missing}${errors}`,
  );
}

const TOO_MANY = {
  wanted: `its rules come to more rights than can be checked: at most ${MOST_RULES} rules and ${MOST_RIGHTS} rights, each one verb on one resource or name`,
  owned: `more rights than can be checked: those that the user holds here are more than ${MOST_RIGHTS}, and the first of them do not suffice`,
} as const;

/** Upstream lists all: a message of megabytes, which goes into the answer, the log and the audit. */
const MOST_LINES = 50;
const LONGEST_LINE = 1000;

function firstOf(lines: readonly string[], separator: string): string {
  const shown = lines
    .slice(0, MOST_LINES)
    .map((line) => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line));
  const more = lines.length - shown.length;
  return [...shown, ...(more === 0 ? [] : [`… and ${more} more`])].join(separator);
}

function resolution(errors: readonly string[]): string {
  const texts = [...new Set(errors)];
  return texts.length <= MOST_LINES ? aggregate(texts) : `[${firstOf(texts, ', ')}]`;
}

function coverageFor(
  rbac: GuardSources['rbac'],
  user: UserInfo,
  namespace: string,
  wanted: readonly PolicyRule[],
) {
  const { rules, errors } = rbac.rulesFor(user, namespace);
  return { ...coverage(rules, wanted), errors };
}

/** Missing rights that differ in the verb only share a line; sorted. */
function described(missing: readonly PolicyRule[]): string[] {
  const verbs = new Map<string, string[]>();
  for (const right of missing) {
    const what = [
      part('APIGroups', right.apiGroups),
      part('Resources', right.resources),
      part('NonResourceURLs', right.nonResourceURLs),
      part('ResourceNames', right.resourceNames),
    ]
      .filter((text) => text !== '')
      .join(', ');
    // Rights on paths are listed verb by verb.
    const key = right.nonResourceURLs === undefined ? what : `${what} ${right.verbs.join(' ')}`;
    const list = verbs.get(key);
    if (list === undefined) verbs.set(key, [what, ...right.verbs]);
    else addAll(list, right.verbs);
  }
  const lines = [...verbs.values()].map(
    ([what = '', ...list]) => `{${what}, Verbs:${goQuoteList(list)}}`,
  );
  return [...new Set(lines)].sort();
}

const part = (name: string, values: readonly string[] | undefined): string =>
  values === undefined || values.length === 0 ? '' : `${name}:${goQuoteList(values)}`;

/** The rules of a role as the request has it: nothing has validated them yet, perhaps. */
function rulesIn(object: KubernetesObject): readonly PolicyRule[] {
  const rules: unknown = 'rules' in object ? object.rules : undefined;
  return Array.isArray(rules) ? rules.filter(isRule) : [];
}

const isRule = (rule: unknown): rule is PolicyRule => typeof rule === 'object' && rule !== null;

function roleRefIn(object: KubernetesObject): RoleRef {
  const ref: unknown = 'roleRef' in object ? object.roleRef : undefined;
  const at = (key: string): string => {
    const value: unknown =
      typeof ref === 'object' && ref !== null && Object.hasOwn(ref, key)
        ? Reflect.get(ref, key)
        : undefined;
    return typeof value === 'string' ? value : '';
  };
  return { apiGroup: at('apiGroup'), kind: at('kind'), name: at('name') };
}

function hasAggregationRule(object: KubernetesObject | undefined): boolean {
  if (object === undefined || !('aggregationRule' in object)) return false;
  const rule: unknown = object.aggregationRule;
  if (typeof rule !== 'object' || rule === null || !('clusterRoleSelectors' in rule)) return false;
  return listOf(rule.clusterRoleSelectors).length > 0;
}

/** What the garbage collector writes: it may do so without holding what the object gives. */
export function changesOnlyOwners(
  object: KubernetesObject,
  old: KubernetesObject | undefined,
): boolean {
  return old !== undefined && sameJson(withoutOwners(object), withoutOwners(old));
}

function withoutOwners(object: KubernetesObject): unknown {
  const { ownerReferences: _, finalizers: __, ...metadata } = object.metadata;
  const rest = new Map<string, unknown>(Object.entries(metadata));
  rest.delete('managedFields');
  rest.delete('selfLink');
  return { ...object, metadata: Object.fromEntries(rest) };
}
