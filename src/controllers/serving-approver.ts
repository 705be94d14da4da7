/**
 * Approves serving certificates of kubelets. Upstream leaves that to administrators, because the API
 * cannot know whose a name is; here a node gets a certificate for what `ServingNames` lets it have, its
 * own Node object says of it, and no other Node claims that could have it as well. Nothing is ever denied:
 * what is not approved stays for an administrator, and is looked at again when a Node changes.
 */
import {
  type CertificateSigningRequest,
  isDecided,
  isFailed,
  isIssued,
  KUBELET_SERVING_SIGNER,
  NODE_USER_PREFIX,
  NODES_GROUP,
  recogniseKubeletServing,
  usagesOf,
} from '../kubernetes/index.ts';
import { type CertificationRequest, commonName } from '../x509/index.ts';
import { approve } from './approve.ts';
import type { ControllerContext } from './context.ts';
import type { CsrHandler } from './csr-controller.ts';
import { addressesOf, canonicalAddress, type NodeDirectory } from './node-addresses.ts';
import { readRequest } from './request-reader.ts';
import type { AskedName, ServingNames } from './serving-names.ts';

export interface ServingApprover {
  readonly handle: CsrHandler;
  /** The names of those, as of now, that a change of a Node may let through. */
  readonly waiting: () => readonly string[];
  /** The request of this name is gone. */
  readonly forget: (name: string) => void;
}

/** The approver of kubelets' serving certificates. */
export function createServingApprover(
  context: ControllerContext,
  nodes: NodeDirectory,
  names: ServingNames,
): ServingApprover {
  const waiting = new Set<string>();
  const handle: CsrHandler = async (csr) => {
    const { name } = csr.metadata;
    if (name === undefined) return 'done';
    waiting.delete(name);
    if (csr.spec.signerName !== KUBELET_SERVING_SIGNER) return 'done';
    if (isIssued(csr) || isDecided(csr) || isFailed(csr)) return 'done';
    const verdict = judge(csr, nodes, names);
    if (verdict.approved) {
      await approve(context, csr, { reason: 'AutoApproved', message: verdict.message });
      return 'done';
    }
    if (verdict.mayChange) waiting.add(name);
    context.log({
      level: verdict.mayChange ? 'info' : 'warn',
      message: 'not approved',
      csr: name,
      username: csr.spec.username,
      reason: verdict.reason,
    });
    return 'done';
  };
  return { handle, waiting: () => [...waiting], forget: (name) => void waiting.delete(name) };
}

type Verdict =
  | { readonly approved: true; readonly message: string }
  | {
      readonly approved: false;
      readonly reason: string;
      /** Whether a change of a Node could make it another one. */
      readonly mayChange: boolean;
    };

const never = (reason: string): Verdict => ({ approved: false, reason, mayChange: false });
const notYet = (reason: string): Verdict => ({ approved: false, reason, mayChange: true });

function judge(csr: CertificateSigningRequest, nodes: NodeDirectory, names: ServingNames): Verdict {
  const { request, problem } = readRequest(csr);
  if (request === undefined) return never(problem);
  const unfit = recogniseKubeletServing(request, usagesOf(csr.spec));
  if (unfit !== undefined) return never(unfit);

  const { username, groups } = csr.spec;
  const user = commonName(request.subject);
  if (user === undefined || username !== user) {
    return never('the requester is not the node that the request is for');
  }
  if (groups?.includes(NODES_GROUP) !== true) return never('the requester is not in system:nodes');
  const node = user.slice(NODE_USER_PREFIX.length);
  const asked = namesOf(request);
  for (const one of asked) {
    const problem = names(one, node);
    if (problem !== undefined) return never(`${one.value} ${problem}`);
  }
  const found = nodes.get(node);
  if (found === undefined) return notYet('there is no such Node');

  const own = addressesOf(found);
  for (const one of asked) {
    const name = canonicalAddress(one.value);
    if (!own.has(name)) return notYet(`${name} is not among the addresses of the Node`);
    // Anybody can claim anything: it counts only where the claimant could get a certificate for it.
    const other = nodes
      .claimants(name)
      .map(({ metadata }) => metadata.name ?? '')
      .find((claimant) => claimant !== node && names(one, claimant) === undefined);
    if (other !== undefined) return notYet(`${name} is claimed by the Node ${other} as well`);
  }
  const message = `Auto approving kubelet serving certificate: its names and addresses are those of the Node ${node} and of no other.`;
  return { approved: true, message };
}

const namesOf = ({ subjectAltNames }: CertificationRequest): AskedName[] => [
  ...(subjectAltNames?.dns ?? []).map((value) => ({ type: 'dns' as const, value })),
  ...(subjectAltNames?.ip ?? []).map((value) => ({ type: 'ip' as const, value })),
];
