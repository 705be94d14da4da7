/** Encryption at rest: `--encryption-provider-config`. */
export { MOST_CONFIGURATION_BYTES } from './configuration.ts';
export { Encryption } from './encryption.ts';
