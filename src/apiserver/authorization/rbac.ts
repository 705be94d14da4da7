/**
 * Role-based access control: what the bound roles allow is allowed, and nothing is ever denied
 * (kubernetes, plugin/pkg/auth/authorizer/rbac/rbac.go, pkg/registry/rbac/validation/rule.go).
 */
import type { PolicyRule, RoleRef, UserInfo } from '../../kubernetes/index.ts';
import { goQuote } from '../../kubernetes/index.ts';
import type { RbacSource } from '../registry/index.ts';
import type { Authorizer, Decision, RequestAttributes } from '../types.ts';
import { BindingIndex, type Bound, subjectFor } from './binding-index.ts';
import { ruleAllows } from './rules.ts';

/** Rules, and what went wrong where some could not be found: the rest counts all the same. */
export interface ResolvedRules {
  readonly rules: readonly PolicyRule[];
  readonly errors: readonly string[];
  /** There is more than can be listed. */
  readonly incomplete?: boolean;
}

export interface RbacAuthorizer extends Authorizer {
  /** Every rule that holds for a user in a namespace (empty: cluster-wide ones only). */
  rulesFor(user: UserInfo, namespace: string): ResolvedRules;
  /** The rules of a role that a binding refers to; the namespace is the binding's. */
  rulesOf(roleRef: RoleRef, namespace: string): RoleRules;
}

export type RoleRules =
  | { readonly found: true; readonly rules: readonly PolicyRule[] }
  | { readonly found: false; readonly error: string };

export function createRbacAuthorizer(source: RbacSource): RbacAuthorizer {
  const index = new BindingIndex(source);

  const rulesOf = ({ kind, name }: RoleRef, namespace: string): RoleRules => {
    switch (kind) {
      case 'ClusterRole':
        return found(source.clusterRole(name), 'clusterrole', name);
      case 'Role':
        // A ClusterRoleBinding cannot refer to one.
        if (namespace === '') return missing('role', name);
        return found(source.role(namespace, name), 'role', name);
      default:
        return { found: false, error: `unsupported role reference kind: ${goQuote(kind)}` };
    }
  };

  /** Bindings of the cluster first, then those of the namespace. */
  const boundTo = function* (user: UserInfo, namespace: string): Generator<Bound> {
    yield* index.boundTo(user, '');
    if (namespace !== '') yield* index.boundTo(user, namespace);
  };

  return {
    async authorize(request): Promise<Decision> {
      const namespace = request.kind === 'resource' ? request.namespace : '';
      const errors: string[] = [];
      for (const bound of boundTo(request.user, namespace)) {
        const role = rulesOf(bound.binding.roleRef, namespaceOf(bound));
        if (!role.found) errors.push(role.error);
        else if (allowedBy(role.rules, request)) {
          return { allowed: true, reason: `RBAC: allowed by ${describe(bound, request.user)}` };
        }
      }
      return { allowed: false, reason: errors.length === 0 ? '' : `RBAC: ${aggregate(errors)}` };
    },
    rulesFor(user, namespace) {
      const rules: PolicyRule[] = [];
      const errors: string[] = [];
      for (const bound of boundTo(user, namespace)) {
        const role = rulesOf(bound.binding.roleRef, namespaceOf(bound));
        // One by one: a call takes so many arguments only.
        if (role.found) for (const rule of role.rules) rules.push(rule);
        else errors.push(role.error);
      }
      return { rules, errors };
    },
    rulesOf,
  };
}

function allowedBy(rules: readonly PolicyRule[], request: RequestAttributes): boolean {
  for (const rule of rules) if (ruleAllows(rule, request)) return true;
  return false;
}

/** A RoleBinding's own namespace, not the request's: they are the same. */
const namespaceOf = ({ kind, binding }: Bound): string =>
  kind === 'RoleBinding' ? (binding.metadata.namespace ?? '') : '';

const RBAC_GROUP = 'rbac.authorization.k8s.io';

const missing = (resource: string, name: string): RoleRules => ({
  found: false,
  error: `${resource}.${RBAC_GROUP} ${goQuote(name)} not found`,
});

function found(
  role: { readonly rules?: readonly PolicyRule[] | null } | undefined,
  resource: string,
  name: string,
): RoleRules {
  if (role === undefined) return missing(resource, name);
  return { found: true, rules: Array.isArray(role.rules) ? role.rules : [] };
}

/** As Go's aggregate of errors: one alone, several in brackets, each text once. */
export function aggregate(errors: readonly string[]): string {
  const texts = [...new Set(errors)];
  return texts.length === 1 ? texts.join('') : `[${texts.join(', ')}]`;
}

/** `ClusterRoleBinding "x" of ClusterRole "y" to Group "z"`; of a RoleBinding, name and namespace. */
function describe(bound: Bound, user: UserInfo): string {
  const { kind, binding } = bound;
  const { name = '', namespace = '' } = binding.metadata;
  const named = kind === 'RoleBinding' ? `${name}/${namespace}` : name;
  const subject = subjectFor(bound, user);
  const role = `${binding.roleRef.kind} ${goQuote(binding.roleRef.name)}`;
  return `${kind} ${goQuote(named)} of ${role} to ${describeSubject(subject, namespace)}`;
}

function describeSubject(subject: ReturnType<typeof subjectFor>, namespace: string): string {
  if (subject === undefined) return '';
  const { kind, name } = subject;
  if (kind !== 'ServiceAccount') return `${kind} ${goQuote(name)}`;
  const own =
    subject.namespace === undefined || subject.namespace === '' ? namespace : subject.namespace;
  return `${kind} ${goQuote(`${name}/${own}`)}`;
}
