/**
 * Approves client certificates of kubelets where a SubjectAccessReview says so
 * (kube-controller-manager's csrapproving: kubernetes, pkg/controller/certificates/approver). Unlike that
 * one, a bootstrap token gets no certificate in the name of a node that is there already, unless it was made
 * for that node; and one that is good for one certificate gets one.
 */
import {
  type CertificateSigningRequest,
  isDecided,
  isIssued,
  isNodeName,
  KUBELET_CLIENT_SIGNER,
  NODE_USER_PREFIX,
  recogniseKubeletClient,
  usagesOf,
} from '../kubernetes/index.ts';
import { type CertificationRequest, commonName, publicKeyPin } from '../x509/index.ts';
import { approve } from './approve.ts';
import type { ControllerContext } from './context.ts';
import type { CsrHandler } from './csr-controller.ts';
import { readRequest } from './request-reader.ts';
import { reviewRequester } from './requester.ts';
import { grantToken, type Held, isMeantFor, TOKEN_GONE, tokenOf } from './token-grant.ts';

interface Recogniser {
  /** Of a request that is one for a kubelet's client certificate. */
  readonly recognise: (csr: CertificateSigningRequest, request: CertificationRequest) => boolean;
  /** `create` of this subresource is what the requester has to be allowed. */
  readonly subresource: string;
  readonly message: string;
}

/** In the order in which they are tried. */
const RECOGNISERS: readonly Recogniser[] = [
  {
    // A node that renews what it has.
    recognise: ({ spec }, { subject }) => spec.username === (commonName(subject) ?? ''),
    subresource: 'selfnodeclient',
    message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
  },
  {
    // Somebody else on behalf of a node: a bootstrap token.
    recognise: () => true,
    subresource: 'nodeclient',
    message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
  },
];

/** Whether there is a Node of this name. */
export type NodeExists = (name: string) => boolean;

/**
 * The approver of kubelets' client certificates.
 *
 * @param nodeExists absent: a requester that may, as a bootstrap token, gets one for existing nodes as well
 */
export function createClientApprover(
  context: ControllerContext,
  nodeExists?: NodeExists,
): CsrHandler {
  // What is looked at again and again is complained about once.
  const told = new WeakSet<CertificateSigningRequest>();
  const hold = (
    csr: CertificateSigningRequest,
    { reason, hint, again }: Held,
  ): 'done' | 'retry' => {
    const { name } = csr.metadata;
    const { username } = csr.spec;
    const level = told.has(csr) ? 'debug' : 'warn';
    told.add(csr);
    context.log({ level, message: 'not approved', csr: name, username, reason, hint });
    return again ? 'retry' : 'done';
  };
  return async (csr) => {
    if (isIssued(csr) || isDecided(csr)) return 'done';
    if (csr.spec.signerName !== KUBELET_CLIENT_SIGNER) return 'done';
    const { request } = readRequest(csr);
    if (request === undefined) return 'done';
    if (recogniseKubeletClient(request, usagesOf(csr.spec)) !== undefined) return 'done';

    let denial: Held | undefined;
    for (const { recognise, subresource, message } of RECOGNISERS) {
      if (!recognise(csr, request)) continue;
      const { allowed, denied, reason } = await reviewRequester(context, csr, subresource);
      if (denied) denial = deniedFor(reason);
      if (!allowed) continue;
      const held =
        subresource === 'nodeclient'
          ? await heldBack(context, csr, request, nodeExists)
          : undefined;
      if (held !== undefined) return hold(csr, held);
      await approve(context, csr, { reason: 'AutoApproved', message });
      return 'done';
    }
    if (denial !== undefined) return hold(csr, denial);
    context.log({
      level: 'debug',
      message: 'recognised, but its requester is not allowed; trying again',
      csr: csr.metadata.name,
      username: csr.spec.username,
    });
    return 'retry';
  };
}

/** Who is revoked may be let in again. */
const deniedFor = (reason: string): Held => ({
  reason,
  hint: 'delete the request; or the revocation, if it was a mistake',
  again: true,
});

/** Why somebody else gets no certificate for this node, whatever the review says. */
async function heldBack(
  context: ControllerContext,
  csr: CertificateSigningRequest,
  { subject, spki }: CertificationRequest,
  nodeExists: NodeExists | undefined,
): Promise<Held | undefined> {
  const user = commonName(subject) ?? '';
  const node = user.slice(NODE_USER_PREFIX.length);
  if (!isNodeName(node)) return { reason: 'the name of the node is none', again: false };
  if (csr.spec.username === user) return undefined;
  const token = await tokenOf(context, csr);
  if (token.kind === 'gone') return TOKEN_GONE;
  if (nodeExists?.(node) === true && !isMeantFor(token, node)) {
    return {
      reason: `there is a Node ${node} already`,
      hint: `to let it join anew, make a token for it: kubepki token create --node ${node}`,
      again: true,
    };
  }
  return await grantToken(context, token, { node, key: publicKeyPin(spki) });
}
