/**
 * The rules that an aggregated ClusterRole gathers from others by their labels
 * (kubernetes, pkg/controller/clusterroleaggregation).
 */
import type { ClusterRole, PolicyRule } from '../api/index.ts';

/** None for a role that gathers none. Every rule stands once, in the order of the roles' names. */
export function aggregatedRules(
  role: ClusterRole,
  clusterRoles: Iterable<ClusterRole>,
): PolicyRule[] {
  const selectors = role.aggregationRule?.clusterRoleSelectors ?? [];
  const rules = new Map<string, PolicyRule>();
  const all = [...clusterRoles].sort((one, other) =>
    (one.metadata.name ?? '') < (other.metadata.name ?? '') ? -1 : 1,
  );
  for (const selector of selectors) {
    for (const other of all) {
      if (other.metadata.name === role.metadata.name || !selects(selector, other)) continue;
      for (const rule of other.rules ?? []) {
        const key = contentOf(rule);
        if (!rules.has(key)) rules.set(key, rule);
      }
    }
  }
  return [...rules.values()];
}

/** Whether two lists of rules say the same, in the same order. */
export function sameRules(
  one: readonly PolicyRule[] | null | undefined,
  other: readonly PolicyRule[] | null | undefined,
): boolean {
  const [left, right] = [one ?? [], other ?? []];
  return (
    left.length === right.length &&
    left.every((rule, i) => {
      const counterpart = right[i];
      return counterpart !== undefined && contentOf(rule) === contentOf(counterpart);
    })
  );
}

/** An empty list and none are the same. */
const contentOf = (rule: PolicyRule): string =>
  JSON.stringify(
    [rule.verbs, rule.apiGroups, rule.resources, rule.resourceNames, rule.nonResourceURLs].map(
      (list) => list ?? [],
    ),
  );

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly Requirement[];
}

/** An empty selector selects everything, as metav1.LabelSelectorAsSelector has it. */
function selects(selector: Selector, { metadata: { labels } }: ClusterRole): boolean {
  const held = new Map(Object.entries(labels ?? {}));
  return (
    Object.entries(selector.matchLabels ?? {}).every(([key, value]) => held.get(key) === value) &&
    (selector.matchExpressions ?? []).every((requirement) => meets(held, requirement))
  );
}

function meets(
  labels: ReadonlyMap<string, string>,
  { key, operator, values = [] }: Requirement,
): boolean {
  const value = labels.get(key);
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      // Validation refuses others; gathering nothing is the safe side.
      return false;
  }
}
