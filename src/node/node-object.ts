/** The Node as the agent registers it, and what it later changes in it. Computes only. */
import type { Node, NodeAddress, NodeCondition, Taint } from '../kubernetes/index.ts';
import type { MachineInfo } from './types.ts';

/** No pod is sent to a machine without a kubelet. */
export const NO_KUBELET: Taint = { key: 'kubepki.dev/no-kubelet', effect: 'NoSchedule' };

/** How a Node tells that no kubelet has made it. */
const VERSION_PREFIX = 'kubepki-v';

export interface NodeFacts {
  readonly nodeName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly addresses: readonly NodeAddress[];
  readonly machine: MachineInfo;
  readonly port: number;
  readonly version: string;
}

/** The labels that the kubelet keeps right also on a Node that is there already. */
const defaultLabels = ({ nodeName, machine }: NodeFacts): Record<string, string> => ({
  'kubernetes.io/hostname': nodeName,
  'kubernetes.io/os': machine.operatingSystem,
  'kubernetes.io/arch': machine.architecture,
  'beta.kubernetes.io/os': machine.operatingSystem,
  'beta.kubernetes.io/arch': machine.architecture,
});

/** RFC 3339 in whole seconds, as metav1.Time. */
export const wholeSeconds = (time: Date): string => `${time.toISOString().slice(0, 19)}Z`;

export function readyCondition(now: Date, since = now): NodeCondition {
  return {
    type: 'Ready',
    status: 'False',
    reason: 'KubepkiNodeAgent',
    message: 'kubepki keeps the certificates of this node; no kubelet runs here',
    lastHeartbeatTime: wholeSeconds(now),
    lastTransitionTime: wholeSeconds(since),
  };
}

/** To be created. Capacity is left out: without it nothing fits on this node. */
export function newNode(facts: NodeFacts, now: Date): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: facts.nodeName, labels: { ...defaultLabels(facts), ...facts.labels } },
    spec: { taints: [NO_KUBELET] },
    status: {
      addresses: facts.addresses,
      conditions: [readyCondition(now)],
      daemonEndpoints: { kubeletEndpoint: { Port: facts.port } },
      nodeInfo: nodeInfo(facts),
    },
  };
}

function nodeInfo({ machine, version }: NodeFacts): Record<string, string> {
  return {
    ...machine,
    containerRuntimeVersion: '',
    kubeletVersion: `${VERSION_PREFIX}${version}`,
    kubeProxyVersion: '',
  };
}

/** A strategic merge patch of the status, which may also set labels (`PatchNodeStatus`). */
export interface NodePatch {
  readonly metadata?: { readonly labels: Readonly<Record<string, string>> };
  readonly status: {
    readonly addresses?: readonly (NodeAddress | { readonly $patch: 'replace' })[];
    readonly conditions: readonly NodeCondition[];
    readonly daemonEndpoints?: { readonly kubeletEndpoint: { readonly Port: number } };
    readonly nodeInfo?: Readonly<Record<string, string>>;
  };
}

/** Whether a Node is one that a kubelet works for: then it is not ours to change. */
export function isOfKubelet(node: Node): boolean {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' && !hasOurTaint(node);
}

/** Whether a Node was made by an agent of ours for this address, and no kubelet works for it. */
export function isOfAgent({ status }: Node, address: string): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const version = status?.nodeInfo?.['kubeletVersion'];
  return (
    ready?.status !== 'True' &&
    typeof version === 'string' &&
    version.startsWith(VERSION_PREFIX) &&
    status?.addresses?.some((one) => one.type === 'InternalIP' && one.address === address) === true
  );
}

export const hasOurTaint = (node: Node): boolean =>
  node.spec?.taints?.some(
    ({ key, effect }) => key === NO_KUBELET.key && effect === NO_KUBELET.effect,
  ) === true;

/**
 * What a Node that is there lacks of what this one should be, and its heartbeat. Labels as the kubelet
 * reconciles them: only its own defaults, and taints never, for NodeRestriction refuses that.
 *
 * @returns the patch, and whether anything but the heartbeat changes
 */
export function nodePatch(
  existing: Node,
  facts: NodeFacts,
  now: Date,
): { readonly patch: NodePatch; readonly changed: boolean } {
  const {
    addresses = [],
    conditions = [],
    daemonEndpoints,
    nodeInfo: info,
  } = existing.status ?? {};
  const labels = Object.fromEntries(
    Object.entries({ ...defaultLabels(facts), ...pick(facts.labels, defaultLabels(facts)) }).filter(
      ([key, value]) => existing.metadata.labels?.[key] !== value,
    ),
  );
  const ready = conditions.find(({ type }) => type === 'Ready');
  const wanted = readyCondition(now);
  const sameStatus = ready?.status === wanted.status;
  const condition: NodeCondition = sameStatus
    ? { ...wanted, lastTransitionTime: ready.lastTransitionTime ?? wholeSeconds(now) }
    : wanted;
  const newAddresses = !sameAddresses(addresses, facts.addresses);
  const newPort = daemonEndpoints?.kubeletEndpoint?.Port !== facts.port;
  const newInfo = Object.entries(nodeInfo(facts)).some(([key, value]) => info?.[key] !== value);
  const hasLabels = Object.keys(labels).length > 0;
  return {
    changed:
      newAddresses ||
      newPort ||
      newInfo ||
      hasLabels ||
      !sameStatus ||
      ready.reason !== wanted.reason,
    patch: {
      ...(hasLabels ? { metadata: { labels } } : {}),
      status: {
        conditions: [condition],
        ...(newAddresses ? { addresses: replaced(facts.addresses) } : {}),
        ...(newPort ? { daemonEndpoints: { kubeletEndpoint: { Port: facts.port } } } : {}),
        ...(newInfo ? { nodeInfo: nodeInfo(facts) } : {}),
      },
    },
  };
}

function pick(
  from: Readonly<Record<string, string>>,
  keys: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(Object.entries(from).filter(([key]) => Object.hasOwn(keys, key)));
}

/** Addresses merge by their type, which cannot be right with two of one type: so the whole list. */
const replaced = (addresses: readonly NodeAddress[]) => [
  ...addresses,
  { $patch: 'replace' } as const,
];

export const sameAddresses = (a: readonly NodeAddress[], b: readonly NodeAddress[]): boolean =>
  a.length === b.length &&
  a.every(({ type, address }, i) => type === b[i]?.type && address === b[i].address);
