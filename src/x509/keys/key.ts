/** What a key is, and which keys kubepki makes. */
import type { KeyObject } from 'node:crypto';

/** The keys that kubepki makes: kubeadm's `encryptionAlgorithm` values, all of them. */
export const KEY_ALGORITHMS = [
  'RSA-2048',
  'RSA-3072',
  'RSA-4096',
  'ECDSA-P256',
  'ECDSA-P384',
] as const;
export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number];

export function isKeyAlgorithm(type: string): type is KeyAlgorithm {
  return (KEY_ALGORITHMS as readonly string[]).includes(type);
}

/**
 * A public key. `type` is a `KeyAlgorithm` where it is one, else a name of the same pattern
 * (`RSA-1024`, `ECDSA-P521`, `Ed25519`) or the dotted OID of an algorithm that is not known.
 */
export interface PublicKey {
  readonly type: string;
  /** DER of the SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7). */
  readonly spki: Uint8Array;
  /** For node:crypto; made when first asked for. */
  readonly object: KeyObject;
}

/** A private key. Printing or serialising it never shows the secret. */
export interface PrivateKey {
  readonly type: string;
  /** DER of the matching SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** For node:crypto; made when first asked for. */
  readonly object: KeyObject;
}
