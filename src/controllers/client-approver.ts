/**
 * Approves client certificates of kubelets where a SubjectAccessReview says so
 * (kube-controller-manager's csrapproving: kubernetes, pkg/controller/certificates/approver). Unlike that
 * one, a bootstrap token gets no certificate in the name of a node that is there already.
 */
import {
  type CertificateSigningRequest,
  isDecided,
  isIssued,
  KUBELET_CLIENT_SIGNER,
  NODE_USER_PREFIX,
  recogniseKubeletClient,
  refusedFor,
  SECRETS,
  usagesOf,
} from '../kubernetes/index.ts';
import {
  BOOTSTRAP_SECRET_NAMESPACE,
  BOOTSTRAP_USER_PREFIX,
  bootstrapSecretName,
  bootstrapTokenLifetime,
} from '../tokens/index.ts';
import { type CertificationRequest, commonName } from '../x509/index.ts';
import { approve } from './approve.ts';
import type { ControllerContext } from './context.ts';
import type { CsrHandler } from './csr-controller.ts';
import { isNodeName } from './node-name.ts';
import { readRequest } from './request-reader.ts';
import { reviewRequester } from './requester.ts';

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
          ? (heldBack(csr, request, nodeExists) ?? (await tokenGone(context, csr)))
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

interface Held {
  readonly reason: string;
  readonly hint?: string;
  /** Whether it may be let through later. */
  readonly again: boolean;
}

/** Who is revoked may be let in again. */
const deniedFor = (reason: string): Held => ({
  reason,
  hint: 'delete the request; or the revocation, if it was a mistake',
  again: true,
});

/** Why somebody else gets no certificate for this node, whatever the review says. */
function heldBack(
  { spec }: CertificateSigningRequest,
  { subject }: CertificationRequest,
  nodeExists: NodeExists | undefined,
): Held | undefined {
  const user = commonName(subject) ?? '';
  const node = user.slice(NODE_USER_PREFIX.length);
  if (!isNodeName(node)) return { reason: 'the name of the node is none', again: false };
  if (spec.username === user || nodeExists?.(node) !== true) return undefined;
  return {
    reason: `there is a Node ${node} already`,
    hint: 'to let it join anew, delete the Node; or approve the request by hand',
    again: true,
  };
}

/**
 * That the bootstrap token which the request was made with is no longer. The review cannot know: it asks
 * about groups. Without this, a request that had to wait (for the Node of its name to go) would be approved
 * long after the token that it came with was found out and deleted.
 */
async function tokenGone(
  { client, clock, signal }: ControllerContext,
  { spec: { username = '' } }: CertificateSigningRequest,
): Promise<Held | undefined> {
  if (!username.startsWith(BOOTSTRAP_USER_PREFIX)) return undefined;
  const name = bootstrapSecretName(username.slice(BOOTSTRAP_USER_PREFIX.length));
  const gone: Held = {
    reason: 'the bootstrap token that it was made with has expired or is deleted',
    hint: 'approve the request by hand, if it is to be trusted',
    again: false,
  };
  try {
    const secret = await client.get(
      SECRETS,
      { namespace: BOOTSTRAP_SECRET_NAMESPACE, name },
      { signal },
    );
    return bootstrapTokenLifetime(secret, clock.now()).expired ? gone : undefined;
  } catch (error) {
    if (refusedFor(error, 'NotFound')) return gone;
    // Who may approve need not be allowed to read Secrets: upstream's approver is not.
    if (refusedFor(error, 'Forbidden')) return undefined;
    throw error;
  }
}
