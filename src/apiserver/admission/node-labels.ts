/**
 * Which labels a node may give itself: with others it could draw workloads to itself that are not meant
 * for it (kubernetes, plugin/pkg/admission/noderestriction; kubelet, pkg/apis/well_known_labels.go).
 */

/** These the kubelet sets. */
const OWN_LABELS: ReadonlySet<string> = new Set([
  'kubernetes.io/hostname',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
]);
/** And any in these. */
const OWN_DOMAINS = ['kubelet.kubernetes.io', 'node.kubernetes.io'];
/** Reserved for administrators. */
const RESTRICTED_DOMAIN = 'node-restriction.kubernetes.io';
const KUBERNETES_DOMAINS = ['kubernetes.io', 'k8s.io'];

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
  const slash = key.indexOf('/');
  const domain = slash < 0 ? '' : key.slice(0, slash);
  if (isWithin(domain, RESTRICTED_DOMAIN)) return true;
  const isOwn = OWN_LABELS.has(key) || OWN_DOMAINS.some((own) => isWithin(domain, own));
  return !isOwn && KUBERNETES_DOMAINS.some((parent) => isWithin(domain, parent));
}

const isWithin = (domain: string, parent: string): boolean =>
  domain === parent || domain.endsWith(`.${parent}`);
