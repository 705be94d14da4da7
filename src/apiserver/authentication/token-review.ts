/** TokenReview: whom a token stands for (kubernetes, pkg/registry/authentication/tokenreview/storage.go). */
import { type KubernetesObject, StatusError, type UserInfo } from '../../kubernetes/index.ts';
import type { ServerAuthenticator } from './authenticator.ts';
import { bearerToken } from './bearer.ts';

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
 * The review with its status.
 *
 * @param apiAudiences whom the server's tokens are for, as none of those known here names its own. A review
 *   that asks for others finds nobody.
 * @throws StatusError BadRequest without a token
 */
export async function reviewToken(
  review: TokenReview,
  authenticator: Pick<ServerAuthenticator, 'authenticateToken'>,
  apiAudiences: readonly string[],
): Promise<TokenReview> {
  const { token = '', audiences: asked = [] } = review.spec ?? {};
  if (token === '') {
    throw StatusError.of('BadRequest', 'token is required for TokenReview in authentication');
  }
  const { authenticateToken } = authenticator;
  const read = tokenIn(token);
  if (authenticateToken === undefined || read === undefined)
    return withStatus(review, { user: {} });
  const audiences =
    asked.length === 0 ? apiAudiences : apiAudiences.filter((one) => asked.includes(one));
  const isForOthers = asked.length > 0 && audiences.length === 0;
  const user = isForOthers ? undefined : await authenticateToken(read);
  if (user === undefined) return withStatus(review, { user: {}, error: 'invalid bearer token' });
  return withStatus(review, {
    authenticated: true,
    user: shown(user),
    ...(audiences.length === 0 ? {} : { audiences }),
  });
}

/** Upstream puts the token into a header and reads it from there, so what no header could carry is none. */
function tokenIn(token: string): string | undefined {
  const bytes = Buffer.from(token, 'utf8').toString('latin1');
  return bearerToken({ authorization: `Bearer ${bytes}` });
}

const withStatus = (
  review: TokenReview,
  status: NonNullable<TokenReview['status']>,
): TokenReview => ({ ...review, status });

const shown = ({ name, uid = '', groups, extra }: UserInfo) => ({
  username: name,
  ...(uid === '' ? {} : { uid }),
  ...(groups.length === 0 ? {} : { groups }),
  ...(extra === undefined ? {} : { extra }),
});
