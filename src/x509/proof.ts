/** Signatures over any data, by which somebody proves to have a key. */
import { constants, verify } from 'node:crypto';
import type { PublicKey } from './keys/key.ts';

/**
 * Whether the signature is one of this key over the data, as Go's libraries make it where nothing else is said:
 * Ed25519 (RFC 8032); ECDSA with SHA-256, as ECDSA-Sig-Value in DER; RSASSA-PSS with SHA-256 and a salt of any
 * length (RFC 8017, section 8.1).
 *
 * @throws OpenSSL's error where the key is none, as `PublicKey.object`
 */
export function signsData(
  { type, object }: PublicKey,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (type === 'Ed25519') return verify(null, data, object, signature);
  if (type.startsWith('ECDSA-')) return verify('sha256', data, object, signature);
  if (!type.startsWith('RSA-')) return false;
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const saltLength = constants.RSA_PSS_SALTLEN_AUTO;
  return verify('sha256', data, { key: object, padding, saltLength }, signature);
}
