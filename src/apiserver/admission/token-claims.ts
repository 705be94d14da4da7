/**
 * Bootstrap tokens that are good for one certificate: the first request claims its token for a node, and the first
 * approval fixes the key. Both stand in the token's Secret and are written as a compare-and-set before the request
 * itself is: whoever comes second, at whichever server, is refused.
 */
import { KubepkiError } from '../../errors.ts';
import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
  goQuote,
  isApproved,
  isNodeName,
  KUBELET_CLIENT_SIGNER,
  type KubernetesObject,
  NODE_USER_PREFIX,
  readSpecRequest,
  recogniseKubeletClient,
  type Secret,
  usagesOf,
} from '../../kubernetes/index.ts';
import {
  bootstrapTokenLifetime,
  bootstrapUserTokenId,
  type Claimant,
  claimLeft,
  claimProblem,
  nodeBindingOf,
  withClaim,
  withGrant,
} from '../../tokens/index.ts';
import { commonName, publicKeyPin, verifyRequest } from '../../x509/index.ts';
import type { TokenSecrets } from '../bootstrap-tokens/index.ts';
import type { Admission, AdmissionRequest } from '../types.ts';
import { isAbout, operationOf, refusal, textOf } from './request.ts';

const CSRS = 'certificatesigningrequests.certificates.k8s.io';
/** Each time somebody else has written the Secret meanwhile, and that happens twice in its life. */
const MOST_ATTEMPTS = 10;

type Secrets = Pick<TokenSecrets, 'find' | 'replace'>;

/** Told of a request that is refused because its token is somebody else's by now: it may have been stolen. */
type OnRefusal = (tokenId: string, reason: string) => void;

/** To be asked last: what another admission refuses must not have claimed a token. */
export function tokenClaims(secrets: Secrets, now: () => Date, onRefusal: OnRefusal): Admission {
  const context = { secrets, now, onRefusal };
  return async (request) => {
    if (!isAbout(request, CSRS)) return;
    const { subresource, user } = request.attributes;
    const operation = operationOf(request);
    if (subresource === '' && operation === 'create') {
      const id = bootstrapUserTokenId(user.name);
      if (id !== undefined) await settle(request, id, withClaim, context);
    } else if (subresource === 'approval' && operation === 'update' && becomesApproved(request)) {
      const id = bootstrapUserTokenId(textOf(request.old, 'spec.username'));
      if (id !== undefined) await settle(request, id, withGrant, context);
    }
  };
}

const becomesApproved = ({ object, old }: AdmissionRequest): boolean =>
  isRequest(object) && isApproved(object) && !(isRequest(old) && isApproved(old));

interface Context {
  readonly secrets: Secrets;
  readonly now: () => Date;
  readonly onRefusal: OnRefusal;
}

/** @throws StatusError Forbidden where the token does not serve the request */
async function settle(
  request: AdmissionRequest,
  id: string,
  write: typeof withGrant,
  { secrets, now, onRefusal }: Context,
): Promise<void> {
  for (let left = MOST_ATTEMPTS; left > 0; left -= 1) {
    const secret = await secrets.find(id);
    // Without its Secret there is nothing to keep it by: the approver leaves such requests alone.
    if (secret === undefined || !nodeBindingOf(secret).oneShot) return;
    requireAlive(request, secret, now());
    const claimant = claimantOf(request);
    const problem = claimProblem(nodeBindingOf(secret), claimant);
    if (problem !== undefined) {
      const reason = `${problem.reason} (node ${goQuote(problem.for)})`;
      onRefusal(id, `a request for node ${goQuote(claimant.node)}: ${reason}`);
      throw refusal(request, reason);
    }
    const written = write(secret, claimant, now());
    if (written === secret || request.dryRun || (await secrets.replace(written))) return;
  }
  throw refusal(request, 'its bootstrap token is written by somebody else all the time');
}

/** It may have expired since its holder was let in: a body can be long in coming. */
function requireAlive(request: AdmissionRequest, secret: Secret, now: Date): void {
  const left = claimLeft(nodeBindingOf(secret), now);
  if (!bootstrapTokenLifetime(secret, now).expired && (left === undefined || left > 0)) return;
  throw refusal(request, 'its bootstrap token has expired');
}

/** For whom the request asks; all is checked first, so that nothing but a good request uses a token up. */
function claimantOf(request: AdmissionRequest): Claimant {
  const csr = request.object;
  const only = (what: string) =>
    refusal(request, `its bootstrap token is for the client certificate of one node only: ${what}`);
  if (!isRequest(csr)) throw only('this is no certificate signing request');
  if (csr.spec.signerName !== KUBELET_CLIENT_SIGNER) {
    throw only(`the signer is not ${KUBELET_CLIENT_SIGNER}`);
  }
  const read = readIn(csr);
  if (typeof read === 'string') throw only(read);
  const problem = recogniseKubeletClient(read, usagesOf(csr.spec));
  if (problem !== undefined) throw only(problem);
  const node = (commonName(read.subject) ?? '').slice(NODE_USER_PREFIX.length);
  if (!isNodeName(node)) throw only('the name of the node is none');
  if (!verifyRequest(read)) throw only('the request is not signed with its own key');
  return { node, key: publicKeyPin(read.spki) };
}

function readIn({ spec }: CertificateSigningRequest) {
  try {
    return readSpecRequest(spec.request);
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    return error.message;
  }
}

/** What the registry has read as one. */
const isRequest = (object: KubernetesObject | undefined): object is CertificateSigningRequest =>
  object?.kind === CERTIFICATE_SIGNING_REQUESTS.kind;
