/**
 * Whether some rules allow everything that others allow
 * (kubernetes, component-helpers/auth/rbac/validation/policy_comparator.go).
 */
import type { PolicyRule } from '../../kubernetes/index.ts';
import { OwnedRights } from './owned-rights.ts';
import { countRights, listOf } from './rules.ts';

/**
 * More single rights than any role has, and more than anybody holds. A rule with lists of a thousand each
 * would come to a thousand million, and whoever may create roles could keep the server busy. Upstream has
 * no bound but that of the request.
 */
export const MOST_RIGHTS = 100_000;

/** More rules than any role has. */
export const MOST_RULES = 10_000;

export type Coverage =
  | { readonly kind: 'covered' }
  /** The rights that are not covered, each with one verb and one resource or path. */
  | { readonly kind: 'uncovered'; readonly missing: readonly PolicyRule[] }
  /** There is more to check than is checked: of the rules that are wanted, or of those that are owned. */
  | { readonly kind: 'too-many'; readonly what: 'wanted' | 'owned' };

/**
 * Each right on its own has to be covered by a single rule of the owner's. Costs the sum of both sides,
 * each bounded, and not their product. Of more than MOST_RIGHTS owned rights the first ones count: where
 * they suffice, the others do not matter.
 */
export function coverage(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): Coverage {
  if (wanted.length > MOST_RULES || !isWithin(wanted)) return { kind: 'too-many', what: 'wanted' };
  const rights = new OwnedRights(owned, MOST_RIGHTS);
  const missing: PolicyRule[] = [];
  for (const rule of wanted) collectMissing(rights, rule, missing);
  if (missing.length === 0) return { kind: 'covered' };
  return rights.complete ? { kind: 'uncovered', missing } : { kind: 'too-many', what: 'owned' };
}

function isWithin(wanted: readonly PolicyRule[]): boolean {
  let rights = 0;
  for (const rule of wanted) {
    rights += countRights(rule);
    if (rights > MOST_RIGHTS) return false;
  }
  return true;
}

function collectMissing(owned: OwnedRights, rule: PolicyRule, missing: PolicyRule[]): void {
  // Lists beside an empty one give nothing, however long they are.
  if (countRights(rule) === 0) return;
  const names = listOf(rule.resourceNames);
  for (const group of listOf(rule.apiGroups)) {
    for (const resource of listOf(rule.resources)) {
      for (const verb of listOf(rule.verbs)) {
        const one = { verbs: [verb], apiGroups: [group], resources: [resource] };
        const held = owned.namesOf(verb, group, resource);
        if (held === 'all') continue;
        if (names.length === 0) missing.push(one);
        for (const name of names) {
          if (!held.some((some) => some.has(name))) missing.push({ ...one, resourceNames: [name] });
        }
      }
    }
  }
  for (const url of listOf(rule.nonResourceURLs)) {
    for (const verb of listOf(rule.verbs)) {
      if (!owned.hasPath(verb, url)) missing.push({ verbs: [verb], nonResourceURLs: [url] });
    }
  }
}
