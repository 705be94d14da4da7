/**
 * Approves the request of a node of `kubepki up` whose Node is there already. The approver leaves such a
 * request to people, because whoever has a bootstrap token could ask in any node's name. Here it is
 * known whose it is: this process has made the key and sent the request, with a token that nobody else
 * has. Nothing has to be deleted for it, so labels and taints of the Node stay.
 */
import type { KubernetesClient } from '../../client/index.ts';
import { KubepkiError, quotable } from '../../errors.ts';
import {
  CERTIFICATE_SIGNING_REQUESTS,
  isDecided,
  refusedFor,
  withCondition,
} from '../../kubernetes/index.ts';
import type { NodeEvent } from '../../node/index.ts';

/**
 * @param identity the user that the node's token stands for
 * @throws KubepkiError CONFLICT where the request in the cluster is another than the node has sent
 */
export async function approveOwn(
  client: KubernetesClient,
  { name, request, signerName }: Extract<NodeEvent, { type: 'csr-created' }>,
  identity: string,
): Promise<void> {
  for (;;) {
    const csr = await client.get(CERTIFICATE_SIGNING_REQUESTS, { name });
    if (isDecided(csr)) return;
    const { spec } = csr;
    // The request holds the public key, and is signed with the key that the node has made.
    const isOwn =
      spec.request === request && spec.signerName === signerName && spec.username === identity;
    if (!isOwn) {
      throw new KubepkiError(
        'CONFLICT',
        `CertificateSigningRequest ${quotable(name)} is not the one that the node has sent`,
      );
    }
    const approved = withCondition(csr, {
      type: 'Approved',
      status: 'True',
      reason: 'KubepkiUp',
      message: 'This node is one of kubepki up, which has made key and request.',
    });
    try {
      await client.update(CERTIFICATE_SIGNING_REQUESTS, approved, { subresource: 'approval' });
      return;
    } catch (error) {
      // Somebody has written to it meanwhile: looked at again.
      if (!refusedFor(error, 'Conflict')) throw error;
    }
  }
}
