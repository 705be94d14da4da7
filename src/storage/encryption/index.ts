/** Encryption of values where they are stored, byte for byte as kube-apiserver has it in etcd. */
export { EncryptedStorage, type EncryptionRules } from './encrypted-storage.ts';
export { IDENTITY } from './identity.ts';
export { createTransformer, type EncryptionKey, type Provider } from './providers.ts';
export type { Transformer } from './transformer.ts';
