/**
 * The rules that an aggregated ClusterRole gathers from others by their labels
 * (kubernetes, pkg/controller/clusterroleaggregation).
 */
import type { ClusterRole, PolicyRule } from '../../kubernetes/index.ts';
import { sameJson } from './same-json.ts';

/** Undefined for a role that gathers none. Every rule stands once, in the order of the roles' names. */
export function aggregatedRules(
  role: ClusterRole,
  clusterRoles: Iterable<ClusterRole>,
): PolicyRule[] {
  const selectors = role.aggregationRule?.clusterRoleSelectors ?? [];
  const rules: PolicyRule[] = [];
  const all = [...clusterRoles].sort((one, other) =>
    (one.metadata.name ?? '') < (other.metadata.name ?? '') ? -1 : 1,
  );
  for (const selector of selectors) {
    for (const other of all) {
      if (other.metadata.name === role.metadata.name || !selects(selector, other)) continue;
      for (const rule of other.rules ?? []) {
        if (!rules.some((known) => sameJson(known, rule))) rules.push(rule);
      }
    }
  }
  return rules;
}

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly Requirement[];
}

/** An empty selector selects everything, as metav1.LabelSelectorAsSelector has it. */
function selects(selector: LabelSelector, { metadata: { labels } }: ClusterRole): boolean {
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
