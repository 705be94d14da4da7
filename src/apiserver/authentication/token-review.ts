/** TokenReview: whom a token stands for (kubernetes, pkg/registry/authentication/tokenreview/storage.go). */
import { type KubernetesObject, StatusError, type UserInfo } from '../../kubernetes/index.ts';
import type { ServerAuthenticator } from './authenticator.ts';

export interface TokenReview extends KubernetesObject {
  readonly spec?: { readonly token?: string; readonly audiences?: readonly string[] };
  readonly status?: {
    readonly authenticated?: boolean;
    readonly user?: {
      readonly username?: string;
      readonly uid?: string;
      readonly groups?: readonly string[];
      readonly extra?: UserInfo['extra'];
    };
    readonly audiences?: readonly string[];
    readonly error?: string;
  };
}

/**
 * The review with its status. The tokens known here are for no audience in particular, so they are good
 * for those asked for, or else for the server's own.
 *
 * @throws StatusError BadRequest without a token
 */
export async function reviewToken(
  review: TokenReview,
  authenticator: Pick<ServerAuthenticator, 'authenticateToken'>,
  apiAudiences: readonly string[],
): Promise<TokenReview> {
  const token = review.spec?.token ?? '';
  if (token === '') {
    throw StatusError.of('BadRequest', 'token is required for TokenReview in authentication');
  }
  const user = await authenticator.authenticateToken(token);
  if (user === undefined) {
    return { ...review, status: { user: {}, error: 'invalid bearer token' } };
  }
  const asked = review.spec?.audiences ?? [];
  const audiences = asked.length > 0 ? asked : apiAudiences;
  const { name, ...rest } = user;
  return {
    ...review,
    status: {
      authenticated: true,
      user: { username: name, ...rest },
      ...(audiences.length === 0 ? {} : { audiences }),
    },
  };
}
