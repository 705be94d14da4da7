/**
 * What anybody may read of a cluster, signed with its bootstrap tokens: who holds one can tell that it is not
 * forged (kubernetes, staging/src/k8s.io/cluster-bootstrap/token/jws/jws.go; RFC 7515, appendix F).
 */
import { createHmac } from 'node:crypto';
import type { Secret } from '../kubernetes/index.ts';
import { bootstrapTokenId, bootstrapTokenLifetime, type Lifetime } from './bootstrap-secret.ts';
import type { TokenParts } from './bootstrap-token.ts';
import { secretText } from './secret-text.ts';

export const CLUSTER_INFO = { namespace: 'kube-public', name: 'cluster-info' } as const;
/** Its key with the text that is signed. */
export const CLUSTER_INFO_KUBECONFIG = 'kubeconfig';

const SIGNATURE_PREFIX = 'jws-kubeconfig-';

/** The key of a token's signature. */
export const signatureKey = (tokenId: string): string => SIGNATURE_PREFIX + tokenId;

export const isSignatureKey = (key: string): boolean => key.startsWith(SIGNATURE_PREFIX);

/**
 * A JWS with the payload taken out, `<header>..<signature>`, HS256 with the secret's ASCII bytes as the key.
 * The verifier makes it anew and compares: each byte of the header counts.
 */
export function detachedSignature(payload: string, { id, secret }: TokenParts): string {
  const header = Buffer.from(`{"alg":"HS256","kid":"${id}"}`).toString('base64url');
  const signed = `${header}.${Buffer.from(payload).toString('base64url')}`;
  const signature = createHmac('sha256', secret).update(signed).digest('base64url');
  return `${header}..${signature}`;
}

/**
 * The token of a Secret where it may sign, and how long it still may; undefined where it may not
 * (kubernetes, pkg/controller/bootstrap/util.go, validateSecretForSigning).
 */
export function signingToken(
  secret: Secret,
  now: Date,
): { readonly token: TokenParts; readonly lifetime: Lifetime } | undefined {
  const id = bootstrapTokenId(secret.metadata.name ?? '');
  const tokenSecret = secretText(secret, 'token-secret');
  if (id === undefined || id !== secretText(secret, 'token-id') || tokenSecret === '') {
    return undefined;
  }
  const lifetime = bootstrapTokenLifetime(secret, now);
  if (lifetime.expired || secretText(secret, 'usage-bootstrap-signing') !== 'true')
    return undefined;
  return { token: { id, secret: tokenSecret }, lifetime };
}
