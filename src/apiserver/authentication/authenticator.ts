/**
 * Authentication as kube-apiserver puts it together (kubernetes, pkg/kubeapiserver/authenticator/config.go):
 * the first credential that holds decides; without one, a wrong credential is refused and never taken for
 * none, and only who shows none at all is anonymous. Ours: who shows what is revoked is refused, whatever
 * else they show.
 */
import type { UserInfo } from '../../kubernetes/index.ts';
import type { Certificate } from '../../x509/index.ts';
import { type Hit, type Revocations, RevokedError, revokedReason } from '../revocation/index.ts';
import type { Authenticator, Peer, ServerRequest } from '../types.ts';
import { bearerToken } from './bearer.ts';
import { createCertificateAuthenticator } from './certificate.ts';
import { anonymous, unauthorized } from './identities.ts';
import { createRequestHeaderAuthenticator, type RequestHeaderOptions } from './request-header.ts';
import { createTokenAuthenticator, type TokenSources } from './token.ts';
import { NONE, type Verdict } from './verdict.ts';

export interface AuthenticatorOptions extends TokenSources {
  /** Absent: no proxy in front may speak for others. */
  readonly requestHeader?: RequestHeaderOptions;
  /** The CA certificates of `--client-ca-file`; another array when they have changed. None: switched off. */
  readonly clientCa: () => readonly Certificate[];
  /** Whether requests without a credential are let through, as system:anonymous. */
  readonly anonymous: boolean;
  readonly now: () => Date;
  /** Absent: nothing is revoked. */
  readonly revocations?: Revocations;
  /** Told why credentials were refused, for the log: the answer never says. Holds no secrets. */
  readonly onRefusal?: (reason: string) => void;
  /**
   * Asked of everybody whose client certificate is good: refuses who may not come from there. Undefined: nothing
   * has to be waited for.
   *
   * @throws StatusError
   */
  readonly confine?: ((user: UserInfo, peer: Peer) => Promise<void> | undefined) | undefined;
  /** Told of everybody who is let in by a client certificate of their own. */
  readonly onCertificate?: (user: UserInfo, peer: Peer) => void;
}

/** What the server itself has of it. */
export interface ServerAuthenticator extends Authenticator {
  /** Whether a request is let in since a proxy in front says whose it is. */
  isProxied(request: ServerRequest): boolean;
  /** Whom a token stands for, if anybody; absent where no token stands for anybody. */
  readonly authenticateToken?: (token: string) => Promise<UserInfo | undefined>;
}

export function createAuthenticator(options: AuthenticatorOptions): ServerAuthenticator {
  const { clientCa, requestHeader, now, revocations, onRefusal, onCertificate } = options;
  const byHeaders =
    requestHeader === undefined ? () => NONE : createRequestHeaderAuthenticator(requestHeader);
  const byCertificate = createCertificateAuthenticator(clientCa);
  const byToken = createTokenAuthenticator(options);
  const takesTokens = options.tokenFile !== undefined || options.bootstrapSecret !== undefined;

  const judgeToken = async (token: string, address?: string): Promise<Verdict> => {
    try {
      return await byToken(token, now(), address);
    } catch {
      // A token that could not be looked up is not shown to be good.
      return { kind: 'wrong', reason: 'the Secret of a bootstrap token cannot be read' };
    }
  };

  const refuse = (hit: Hit): never => {
    onRefusal?.(revokedReason(hit));
    throw new RevokedError(hit);
  };
  /** Whatever is shown counts, also what would not be looked at. */
  const refuseRevoked = ({ peer, headers }: ServerRequest): void => {
    if (revocations === undefined || revocations.size === 0) return;
    const token = bearerToken(headers);
    const hit =
      revocations.ofPeer(peer) ?? (token === undefined ? undefined : revocations.ofToken(token));
    if (hit !== undefined) refuse(hit);
  };
  const unlessRevoked = (user: UserInfo): UserInfo => {
    const hit = revocations?.ofUser(user);
    return hit === undefined ? user : refuse(hit);
  };

  return {
    isProxied: (request) => byHeaders(request, now()).kind === 'user',
    async authenticate(request) {
      if (request.user !== undefined) return request.user;
      refuseRevoked(request);
      const at = now();
      const proxied = byHeaders(request, at);
      if (proxied.kind === 'user') return unlessRevoked(proxied.user);
      const certificate = byCertificate(request.peer, at);
      if (certificate.kind === 'user') {
        const user = unlessRevoked(certificate.user);
        const confined = options.confine?.(user, request.peer);
        if (confined !== undefined) await confined;
        onCertificate?.(user, request.peer);
        return user;
      }
      const token = takesTokens ? bearerToken(request.headers) : undefined;
      const bearer =
        token === undefined ? undefined : await judgeToken(token, request.peer.address);
      if (bearer?.kind === 'user') return unlessRevoked(bearer.user);
      const reasons = [proxied, certificate, bearer].flatMap((verdict) =>
        verdict?.kind === 'wrong' ? [verdict.reason] : [],
      );
      if (reasons.length === 0 && options.anonymous) return anonymous;
      onRefusal?.(reasons.length === 0 ? 'no credential was shown' : reasons.join('; '));
      throw unauthorized();
    },
    ...(takesTokens
      ? {
          authenticateToken: async (token) => {
            const verdict = await judgeToken(token);
            if (verdict.kind !== 'user') return undefined;
            const hit = revocations?.ofToken(token) ?? revocations?.ofUser(verdict.user);
            return hit === undefined ? verdict.user : undefined;
          },
        }
      : {}),
  };
}
