/** Who makes a request: client certificates, bearer tokens, nobody. */
export { createAuthenticator } from './authenticator.ts';
