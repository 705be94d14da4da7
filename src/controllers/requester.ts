/**
 * Whether somebody who has asked for a certificate may still have one. kubepki's server knows revocations,
 * and refuses to have the requests of the revoked approved or signed; of why, a review tells.
 */
import {
  apiVersionOf,
  type CertificateSigningRequest,
  refusedFor,
  SUBJECT_ACCESS_REVIEWS,
} from '../kubernetes/index.ts';
import type { ControllerContext } from './context.ts';

interface Reviewed {
  readonly allowed: boolean;
  /** Not only not allowed: whatever others say. */
  readonly denied: boolean;
  readonly reason: string;
}

/** Whether the requester may create such a thing, and what else the review says. */
export async function reviewRequester(
  { client, signal }: ControllerContext,
  { spec }: CertificateSigningRequest,
  subresource: string,
): Promise<Reviewed> {
  const { username, uid, groups, extra } = spec;
  const review = await client.create(
    SUBJECT_ACCESS_REVIEWS,
    {
      apiVersion: apiVersionOf(SUBJECT_ACCESS_REVIEWS),
      kind: SUBJECT_ACCESS_REVIEWS.kind,
      metadata: {},
      spec: {
        ...(username === undefined ? {} : { user: username }),
        ...(uid === undefined ? {} : { uid }),
        ...(groups === undefined ? {} : { groups }),
        ...(extra === undefined ? {} : { extra }),
        resourceAttributes: {
          group: 'certificates.k8s.io',
          resource: 'certificatesigningrequests',
          subresource,
          verb: 'create',
          version: '*',
        },
      },
    },
    { signal },
  );
  // What another server answers need not be what it should.
  const status: Partial<Reviewed> = review.status ?? {};
  const { reason = '' } = status;
  return { allowed: status.allowed === true, denied: status.denied === true, reason };
}

/**
 * Why the server has refused a write to a request: that its requester is denied everything. Undefined where
 * it was for something else, such as a right that the controller lacks.
 *
 * @param error what the write was answered with
 */
export async function denialOf(
  context: ControllerContext,
  csr: CertificateSigningRequest,
  error: unknown,
): Promise<string | undefined> {
  if (!refusedFor(error, 'Forbidden')) return undefined;
  const { denied, reason } = await reviewRequester(context, csr, '');
  return denied ? reason : undefined;
}
