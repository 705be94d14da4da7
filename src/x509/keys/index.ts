/** Keys: made, read, written, compared. */
export {
  type DecodePrivateKeyOptions,
  decodePrivateKey,
} from './decode.ts';
export {
  type DecodePublicKeyOptions,
  decodePublicKey,
  decodePublicKeys,
} from './decode-public.ts';
export {
  type EncodePrivateKeyOptions,
  encodePrivateKey,
  encodePublicKey,
  exportPrivateKeyDer,
  importPrivateKeyDer,
} from './encode.ts';
export { generatePrivateKey, generatePrivateKeyAsync } from './generate.ts';
export {
  isKeyAlgorithm,
  KEY_ALGORITHMS,
  type KeyAlgorithm,
  type PrivateKey,
  type PublicKey,
} from './key.ts';
export { keysMatch, publicKeyFromSpki } from './public.ts';
export { keyTypeOfSpki, publicKeyBits } from './spki.ts';
