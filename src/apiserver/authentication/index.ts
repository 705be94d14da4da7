/** Who makes a request: a front proxy's headers, client certificates, bearer tokens, nobody. */
export { createAuthenticator, type ServerAuthenticator } from './authenticator.ts';
export { bearerToken } from './bearer.ts';
export {
  ALL_AUTHENTICATED,
  ALL_UNAUTHENTICATED,
  ANONYMOUS_USER,
} from './identities.ts';
export { extraIn, textsOf, valuesOf } from './identity-headers.ts';
export { type PublishedParts, publishedData } from './published.ts';
export type { RequestHeaderOptions } from './request-header.ts';
export { reviewToken } from './token-review.ts';
