/** Bearer tokens as Kubernetes has them: bootstrap tokens with their Secrets, and static token files. */
export * from './bootstrap-secret.ts';
export * from './bootstrap-token.ts';
export * from './cluster-info.ts';
export { sameSecret } from './compare.ts';
export * from './node-binding.ts';
export { formatRfc3339, parseRfc3339 } from './rfc3339.ts';
export { readTokenFile } from './token-file.ts';
