/**
 * Authentication as kube-apiserver puts it together (kubernetes, pkg/kubeapiserver/authenticator/config.go):
 * the first credential that holds decides; without one, a wrong credential is refused and never taken for
 * none, and only who shows none at all is anonymous.
 */
import type { Certificate } from '../../x509/index.ts';
import type { Authenticator } from '../types.ts';
import { bearerToken } from './bearer.ts';
import { createCertificateAuthenticator, type Verdict } from './certificate.ts';
import { anonymous, unauthorized } from './identities.ts';
import { createTokenAuthenticator, type TokenSources } from './token.ts';

export interface AuthenticatorOptions extends TokenSources {
  /** The CA certificates of `--client-ca-file`; another array when they have changed. None: switched off. */
  readonly clientCa: () => readonly Certificate[];
  /** Whether requests without a credential are let through, as system:anonymous. */
  readonly anonymous: boolean;
  readonly now: () => Date;
  /** Told why credentials were refused, for the log: the answer never says. Holds no secrets. */
  readonly onRefusal?: (reason: string) => void;
}

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { clientCa, now, onRefusal } = options;
  const byCertificate = createCertificateAuthenticator(clientCa);
  const byToken = createTokenAuthenticator(options);
  const takesTokens = options.tokenFile !== undefined || options.bootstrapSecret !== undefined;

  const judgeToken = async (token: string): Promise<Verdict> => {
    try {
      return await byToken(token, now());
    } catch {
      // A token that could not be looked up is not shown to be good.
      return { kind: 'wrong', reason: 'the Secret of a bootstrap token cannot be read' };
    }
  };

  return {
    async authenticate(request) {
      if (request.user !== undefined) return request.user;
      const certificate = byCertificate(request.peer, now());
      if (certificate.kind === 'user') return certificate.user;
      const token = takesTokens ? bearerToken(request.headers) : undefined;
      const bearer = token === undefined ? undefined : await judgeToken(token);
      if (bearer?.kind === 'user') return bearer.user;
      const reasons = [certificate, bearer].flatMap((verdict) =>
        verdict?.kind === 'wrong' ? [verdict.reason] : [],
      );
      if (reasons.length === 0 && options.anonymous) return anonymous;
      onRefusal?.(reasons.length === 0 ? 'no credential was shown' : reasons.join('; '));
      throw unauthorized();
    },
  };
}
