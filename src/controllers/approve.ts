/** Says yes to a CertificateSigningRequest. */
import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
  withCondition,
} from '../kubernetes/index.ts';
import type { ControllerContext } from './context.ts';

/**
 * Adds the condition Approved, if the object is still the one that was judged: it is sent with its
 * resource version. The server sets the times.
 *
 * @throws StatusError Conflict where somebody else has changed it meanwhile.
 */
export async function approve(
  { client, signal, log }: ControllerContext,
  csr: CertificateSigningRequest,
  decision: { readonly reason: string; readonly message: string },
): Promise<void> {
  const approved = withCondition(csr, { type: 'Approved', status: 'True', ...decision });
  await client.update(CERTIFICATE_SIGNING_REQUESTS, approved, { subresource: 'approval', signal });
  const { name } = csr.metadata;
  const { signerName, username } = csr.spec;
  const { reason } = decision;
  log({ level: 'info', message: 'approved', csr: name, signerName, username, reason });
}
