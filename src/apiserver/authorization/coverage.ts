/**
 * Whether some rules allow everything that others allow
 * (kubernetes, component-helpers/auth/rbac/validation/policy_comparator.go).
 */
import type { PolicyRule } from '../../kubernetes/index.ts';
import { listOf, urlCovers } from './rules.ts';

/**
 * More single rights than any role has. A rule with lists of a thousand each would come to a thousand
 * million, and whoever may create roles could keep the server busy.
 */
export const MOST_RIGHTS = 100_000;

export type Coverage =
  | { readonly kind: 'covered' }
  /** The rights that are not covered, each with one verb and one resource or path. */
  | { readonly kind: 'uncovered'; readonly missing: readonly PolicyRule[] }
  | { readonly kind: 'too-many' };

/** Each right on its own has to be covered by a single rule of the owner's. */
export function coverage(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): Coverage {
  const missing: PolicyRule[] = [];
  let rights = 0;
  for (const rule of wanted) {
    rights += countRights(rule);
    if (rights > MOST_RIGHTS) return { kind: 'too-many' };
    for (const right of breakDown(rule)) {
      if (!owned.some((owner) => covers(owner, right))) missing.push(asRule(right));
    }
  }
  return missing.length === 0 ? { kind: 'covered' } : { kind: 'uncovered', missing };
}

function countRights(rule: PolicyRule): number {
  const verbs = listOf(rule.verbs).length;
  const names = Math.max(1, listOf(rule.resourceNames).length);
  const resources = listOf(rule.apiGroups).length * listOf(rule.resources).length * names;
  return verbs * (resources + listOf(rule.nonResourceURLs).length);
}

type Right =
  | {
      readonly kind: 'resource';
      readonly verb: string;
      readonly group: string;
      readonly resource: string;
      /** Absent: of every name. */
      readonly name?: string;
    }
  | { readonly kind: 'path'; readonly verb: string; readonly url: string };

function* breakDown(rule: PolicyRule): Generator<Right> {
  const names = listOf(rule.resourceNames);
  for (const group of listOf(rule.apiGroups)) {
    for (const resource of listOf(rule.resources)) {
      for (const verb of listOf(rule.verbs)) {
        if (names.length === 0) yield { kind: 'resource', verb, group, resource };
        for (const name of names) yield { kind: 'resource', verb, group, resource, name };
      }
    }
  }
  for (const url of listOf(rule.nonResourceURLs)) {
    for (const verb of listOf(rule.verbs)) yield { kind: 'path', verb, url };
  }
}

function asRule(right: Right): PolicyRule {
  if (right.kind === 'path') return { verbs: [right.verb], nonResourceURLs: [right.url] };
  return {
    verbs: [right.verb],
    apiGroups: [right.group],
    resources: [right.resource],
    ...(right.name === undefined ? {} : { resourceNames: [right.name] }),
  };
}

function covers(owner: PolicyRule, right: Right): boolean {
  if (!hasOrAll(owner.verbs, right.verb)) return false;
  const names = listOf(owner.resourceNames);
  if (right.kind === 'path') {
    // Upstream: an owner's rule with resource names covers nothing that has none.
    return (
      names.length === 0 && listOf(owner.nonResourceURLs).some((url) => urlCovers(url, right.url))
    );
  }
  return (
    hasOrAll(owner.apiGroups, right.group) &&
    coversResource(listOf(owner.resources), right.resource) &&
    (names.length === 0 || (right.name !== undefined && names.includes(right.name)))
  );
}

const hasOrAll = (values: readonly string[] | undefined, wanted: string): boolean =>
  listOf(values).includes('*') || listOf(values).includes(wanted);

function coversResource(owned: readonly string[], resource: string): boolean {
  if (owned.includes('*') || owned.includes(resource)) return true;
  const slash = resource.indexOf('/');
  return slash >= 0 && owned.includes(`*${resource.slice(slash)}`);
}
