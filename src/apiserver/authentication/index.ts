/** Who makes a request: client certificates, bearer tokens, nobody. */
export {
  type AuthenticatorOptions,
  createAuthenticator,
  type ServerAuthenticator,
} from './authenticator.ts';
export {
  ALL_AUTHENTICATED,
  ALL_UNAUTHENTICATED,
  ANONYMOUS_USER,
  isAnonymous,
  unauthorized,
} from './identities.ts';
export { reviewToken, type TokenReview } from './token-review.ts';
