/**
 * What the bootstrap token that a request was made with says of it. The review cannot know: it asks about groups.
 * A token that is good for one certificate is granted to the request here, before it is approved, with the version
 * of its Secret that was read: on an API server that is not kubepki's, nobody else does.
 */
import {
  type CertificateSigningRequest,
  goQuote,
  refusedFor,
  SECRETS,
  type Secret,
} from '../kubernetes/index.ts';
import {
  BOOTSTRAP_SECRET_NAMESPACE,
  BOOTSTRAP_USER_PREFIX,
  bootstrapSecretName,
  bootstrapTokenLifetime,
  type Claimant,
  claimLeft,
  claimProblem,
  nodeBindingOf,
  withGrant,
} from '../tokens/index.ts';
import type { ControllerContext } from './context.ts';

/** Why a request is not approved. */
export interface Held {
  readonly reason: string;
  readonly hint?: string;
  /** Whether it may be let through later. */
  readonly again: boolean;
}

/** The token of a request, as far as it can be known. */
export type RequesterToken =
  /** It was made with none, or who asks may not read Secrets: upstream's approver may not either. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'token'; readonly secret: Secret };

/**
 * Looks for it. Without this, a request that had to wait (for the Node of its name to go) would be approved
 * long after the token that it came with was found out and deleted.
 */
export async function tokenOf(
  { client, clock, signal }: ControllerContext,
  { metadata, spec: { username = '' } }: CertificateSigningRequest,
): Promise<RequesterToken> {
  if (!username.startsWith(BOOTSTRAP_USER_PREFIX)) return { kind: 'unknown' };
  const name = bootstrapSecretName(username.slice(BOOTSTRAP_USER_PREFIX.length));
  try {
    const location = { namespace: BOOTSTRAP_SECRET_NAMESPACE, name };
    const secret = await client.get(SECRETS, location, { signal });
    const left = claimLeft(nodeBindingOf(secret), clock.now());
    const over = bootstrapTokenLifetime(secret, clock.now()).expired || (left ?? 1) <= 0;
    return over || isOlder(metadata, secret.metadata)
      ? { kind: 'gone' }
      : { kind: 'token', secret };
  } catch (error) {
    if (refusedFor(error, 'NotFound')) return { kind: 'gone' };
    if (refusedFor(error, 'Forbidden')) return { kind: 'unknown' };
    throw error;
  }
}

/** It was made with another token of the same id then. */
const isOlder = (
  request: CertificateSigningRequest['metadata'],
  secret: Secret['metadata'],
): boolean =>
  Date.parse(request.creationTimestamp ?? '') < Date.parse(secret.creationTimestamp ?? '');

export const TOKEN_GONE: Held = {
  reason: 'the bootstrap token that it was made with has expired or is deleted',
  hint: 'approve the request by hand, if it is to be trusted',
  again: false,
};

/** Whether whoever made the token has meant this node: it may then take the place of one that is there. */
export const isMeantFor = (token: RequesterToken, node: string): boolean =>
  token.kind === 'token' && nodeBindingOf(token.secret).node === node;

/** Makes the token this request's, where it is good for one only; why that cannot be, where it cannot. */
export async function grantToken(
  { client, clock, signal }: ControllerContext,
  token: RequesterToken,
  claimant: Claimant,
): Promise<Held | undefined> {
  if (token.kind !== 'token' || !nodeBindingOf(token.secret).oneShot) return undefined;
  const problem = claimProblem(nodeBindingOf(token.secret), claimant);
  if (problem !== undefined) {
    return {
      reason: `${problem.reason} (node ${goQuote(problem.for)})`,
      hint: 'make another token, for this node: kubepki token create --node',
      again: false,
    };
  }
  const granted = withGrant(token.secret, claimant, clock.now());
  if (granted === token.secret) return undefined;
  try {
    await client.update(SECRETS, granted, { signal });
    return undefined;
  } catch (error) {
    // Whoever was faster is seen at the next look.
    if (refusedFor(error, 'Conflict', 'NotFound')) {
      return { reason: 'its bootstrap token has just been written by somebody else', again: true };
    }
    if (!refusedFor(error, 'Forbidden')) throw error;
    return {
      reason: 'its bootstrap token is good for one certificate, and cannot be marked as used',
      hint: 'let the controllers update Secrets in kube-system',
      again: true,
    };
  }
}
