/**
 * Whether a serving certificate is approved. Node.status is a claim and no more: the identity comes from the
 * requester, names have to be the node's own, addresses have to be where the request came from or in the
 * allowed CIDRs, and nobody else may have any of them.
 */
import {
  type CertificateSigningRequest,
  NODE_USER_PREFIX,
  NODES_GROUP,
  recogniseKubeletServing,
  usagesOf,
} from '../kubernetes/index.ts';
import { type CertificationRequest, commonName } from '../x509/index.ts';
import { addressesOf, canonicalAddress, type NodeDirectory } from './node-addresses.ts';
import { readRequest } from './request-reader.ts';
import type { HolderOf } from './serving-holders.ts';
import type { AskedName, ServingNames } from './serving-names.ts';
import { type ServingSource, sourceOf, sourceProblem } from './serving-source.ts';

export interface Verdict {
  /**
   * `waiting`: nothing is wrong with it, and something that it needs is not there yet. `refused`: as things
   * stand nobody may have this by himself; an administrator can approve it by hand.
   */
  readonly decision: 'approved' | 'waiting' | 'refused';
  /** One word of a fixed set, for metrics and Events. */
  readonly reason: string;
  /** A sentence without its end, for people. */
  readonly message: string;
  /** What a change of could make it another verdict: `nodeKey` of a Node, or an address or name. */
  readonly hangsOn: readonly string[];
}

export interface ServingFacts {
  readonly nodes: NodeDirectory;
  readonly holderOf: HolderOf;
  readonly names: ServingNames;
  /** Whether the allowed CIDRs limit addresses: there are some. */
  readonly limited: boolean;
}

/** The key of a Node among what verdicts hang on: no name or address has a slash. */
export const nodeKey = (name: string): string => `Node/${name}`;

/** kubelets ask for one to a dozen; machines with many addresses for some dozens. */
const MOST_NAMES = 256;

const refused = (reason: string, message: string, ...hangsOn: readonly string[]): Verdict => ({
  decision: 'refused',
  reason,
  message,
  hangsOn,
});
const waiting = (reason: string, message: string, ...hangsOn: readonly string[]): Verdict => ({
  decision: 'waiting',
  reason,
  message,
  hangsOn,
});

export function judgeServing(csr: CertificateSigningRequest, facts: ServingFacts): Verdict {
  const { request, problem } = readRequest(csr);
  if (request === undefined) return refused('Unreadable', problem);
  const unfit = recogniseKubeletServing(request, usagesOf(csr.spec));
  if (unfit !== undefined) return refused('NotAServingRequest', unfit);

  const { username, groups } = csr.spec;
  const user = commonName(request.subject);
  if (user === undefined || username !== user) {
    return refused('NotTheRequester', 'the requester is not the node that the request is for');
  }
  if (groups?.includes(NODES_GROUP) !== true) {
    return refused('NotANode', 'the requester is not in system:nodes');
  }
  const asked = namesOf(request);
  if (asked.length > MOST_NAMES) {
    return refused('TooManyNames', `more than ${MOST_NAMES} names and addresses are asked for`);
  }
  const node = user.slice(NODE_USER_PREFIX.length);
  const source = sourceOf(csr);
  return (
    permission(asked, node, source, facts) ??
    possession(asked, node, source, facts) ?? {
      decision: 'approved',
      reason: 'AutoApproved',
      message: `Auto approving kubelet serving certificate: its names and addresses are those of the Node ${node} and of no other.`,
      hangsOn: [],
    }
  );
}

/** Whether a node of this name may have them, whatever it says of itself. */
function permission(
  asked: readonly AskedName[],
  node: string,
  source: ServingSource,
  { names, holderOf, limited }: ServingFacts,
): Verdict | undefined {
  for (const one of asked) {
    const unfit = names(one, node);
    if (unfit !== undefined) return refused(unfit.reason, `${one.value} ${unfit.text}`);
  }
  for (const one of asked) {
    if (one.type !== 'ip') continue;
    const address = canonicalAddress(one.value);
    const unfit = sourceProblem(address, source, limited);
    if (unfit !== undefined) return refused(unfit.reason, `${address} ${unfit.text}`);
  }
  for (const one of asked) {
    const name = canonicalAddress(one.value);
    const holder = holderOf(name);
    if (holder === undefined) continue;
    return refused(`HeldBy${holder.kind}`, `${name} is held by ${holder.text}`, name);
  }
  return undefined;
}

/** Whether they are the node's, and nobody else's. */
function possession(
  asked: readonly AskedName[],
  node: string,
  source: ServingSource,
  { nodes, names }: ServingFacts,
): Verdict | undefined {
  const found = nodes.get(node);
  if (found === undefined) {
    return waiting('NodeNotFound', `there is no Node ${node} yet`, nodeKey(node));
  }
  const own = addressesOf(found);
  for (const one of asked) {
    const name = canonicalAddress(one.value);
    if (own.has(name)) continue;
    const message = `${name} is not among the addresses of the Node ${node}`;
    return waiting('NotReportedByNode', message, nodeKey(node));
  }
  for (const one of asked) {
    const name = canonicalAddress(one.value);
    // What the server has seen itself, nobody else's claim can take away.
    if (source.addresses.has(name)) continue;
    // Anybody can claim anything: it counts only where the claimant could get a certificate for it.
    const other = nodes
      .claimants(name)
      .map(({ metadata }) => metadata.name ?? '')
      .find((claimant) => claimant !== node && names(one, claimant) === undefined);
    if (other === undefined) continue;
    const message = `${name} is claimed by the Node ${other} as well`;
    return waiting('ClaimedByAnotherNode', message, name, nodeKey(node));
  }
  return undefined;
}

const namesOf = ({ subjectAltNames }: CertificationRequest): AskedName[] => [
  ...(subjectAltNames?.dns ?? []).map((value) => ({ type: 'dns' as const, value })),
  ...(subjectAltNames?.ip ?? []).map((value) => ({ type: 'ip' as const, value })),
];
