/**
 * Which labels a node may give itself: with others it could draw workloads to itself that are not meant
 * for it (kubernetes, plugin/pkg/admission/noderestriction; kubelet, pkg/apis/well_known_labels.go).
 */
import {
  isKubernetesLabel,
  isOwnNodeLabel,
  isWithinDomain,
  labelDomain,
} from '../../kubernetes/index.ts';

/** Reserved for administrators. */
const RESTRICTED_DOMAIN = 'node-restriction.kubernetes.io';

/** The keys that are in one set of labels only, or have two values. */
export function modifiedLabels(one: unknown, other: unknown): string[] {
  const left = entriesOf(one);
  const right = entriesOf(other);
  const modified = new Set<string>();
  for (const [key, value] of left) if (right.get(key) !== value) modified.add(key);
  for (const [key, value] of right) if (left.get(key) !== value) modified.add(key);
  return [...modified];
}

const entriesOf = (labels: unknown): Map<string, unknown> =>
  new Map(typeof labels === 'object' && labels !== null ? Object.entries(labels) : []);

/** Those that a node may neither set nor change nor remove, sorted. */
export const forbiddenLabels = (keys: readonly string[]): string[] =>
  keys.filter(isForbidden).sort();

function isForbidden(key: string): boolean {
  if (isWithinDomain(labelDomain(key), RESTRICTED_DOMAIN)) return true;
  return isKubernetesLabel(key) && !isOwnNodeLabel(key);
}
