/** The Secrets of bootstrap tokens, and the end of those whose node has come. */
export { followGrantedTokens, GrantedTokens } from './granted.ts';
export { type TokenSecrets, tokenSecretsIn } from './secrets.ts';
