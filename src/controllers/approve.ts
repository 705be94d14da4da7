/** Says yes to a CertificateSigningRequest. */
import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
  withCondition,
} from '../kubernetes/index.ts';
import type { ControllerContext } from './context.ts';
import { denialOf } from './requester.ts';

/**
 * Adds the condition Approved, if the object is still the one that was judged: it is sent with its
 * resource version. The server sets the times. A request whose requester is revoked stays as it is, which is
 * told in the log.
 *
 * @returns why its requester is refused; undefined where it is approved
 * @throws StatusError Conflict where somebody else has changed it meanwhile.
 */
export async function approve(
  context: ControllerContext,
  csr: CertificateSigningRequest,
  decision: { readonly reason: string; readonly message: string },
): Promise<string | undefined> {
  const { client, signal, log } = context;
  const { name } = csr.metadata;
  const { signerName, username } = csr.spec;
  const approved = withCondition(csr, { type: 'Approved', status: 'True', ...decision });
  try {
    await client.update(CERTIFICATE_SIGNING_REQUESTS, approved, {
      subresource: 'approval',
      signal,
    });
  } catch (error) {
    const denial = await denialOf(context, csr, error);
    if (denial === undefined) throw error;
    log({ level: 'warn', message: 'not approved', csr: name, username, reason: denial });
    return denial;
  }
  const { reason } = decision;
  log({ level: 'info', message: 'approved', csr: name, signerName, username, reason });
  return undefined;
}
