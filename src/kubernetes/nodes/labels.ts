/** Which of Kubernetes' own labels a node may give itself (kubelet, pkg/apis/well_known_labels.go). */

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
const KUBERNETES_DOMAINS = ['kubernetes.io', 'k8s.io'];

/** What stands before the slash of a label's key; empty where there is none. */
export const labelDomain = (key: string): string => key.slice(0, Math.max(0, key.indexOf('/')));

export const isWithinDomain = (domain: string, parent: string): boolean =>
  domain === parent || domain.endsWith(`.${parent}`);

/** Whether the key is in one of Kubernetes' domains, where not everybody may invent labels. */
export const isKubernetesLabel = (key: string): boolean =>
  KUBERNETES_DOMAINS.some((parent) => isWithinDomain(labelDomain(key), parent));

/** Whether it is one that a node may give itself; of keys outside of Kubernetes' domains it says nothing. */
export const isOwnNodeLabel = (key: string): boolean =>
  OWN_LABELS.has(key) || OWN_DOMAINS.some((own) => isWithinDomain(labelDomain(key), own));
