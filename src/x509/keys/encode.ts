/** Writes keys as PEM, and as the DER that goes to another thread. */
import { KubepkiError } from '../../errors.ts';
import { encodePem } from '../pem.ts';
import { writeSec1 } from './ec.ts';
import type { PrivateKey } from './key.ts';
import { encryptPkcs8 } from './pbes2.ts';
import { readPkcs8 } from './pkcs8.ts';
import { readingSecret } from './refusal.ts';
import { secretOf, writePkcs8 } from './secret.ts';

export interface EncodePrivateKeyOptions {
  /**
   * `traditional` (the default): SEC 1 as `EC PRIVATE KEY`, PKCS#1 as `RSA PRIVATE KEY`, byte for
   * byte what kubeadm writes with Go's MarshalECPrivateKey and MarshalPKCS1PrivateKey. `pkcs8`:
   * `PRIVATE KEY`. An Ed25519 key has no traditional form and is always PKCS#8.
   */
  readonly form?: 'traditional' | 'pkcs8';
  /**
   * Encrypts, whatever the form: `ENCRYPTED PRIVATE KEY` with PBES2, PBKDF2-HMAC-SHA256 of 600,000
   * iterations (about a tenth of a second) and AES-256-CBC. A string is taken as UTF-8.
   */
  readonly passphrase?: string | Uint8Array;
}

/** Writes a private key as PEM. An empty passphrase is refused with `INVALID_VALUE`. */
export function encodePrivateKey(key: PrivateKey, options: EncodePrivateKeyOptions = {}): string {
  const secret = secretOf(key);
  const { form = 'traditional', passphrase } = options;
  if (form !== 'traditional' && form !== 'pkcs8') {
    throw new RangeError(`expected the form traditional or pkcs8, got ${String(form)}`);
  }
  if (passphrase !== undefined) {
    const bytes = typeof passphrase === 'string' ? Buffer.from(passphrase, 'utf8') : passphrase;
    if (bytes.length === 0) {
      throw new KubepkiError('INVALID_VALUE', 'the passphrase for the private key is empty');
    }
    return encodePem('ENCRYPTED PRIVATE KEY', encryptPkcs8(writePkcs8(secret), bytes));
  }
  if (form === 'traditional' && secret.kind === 'ec') {
    return encodePem('EC PRIVATE KEY', writeSec1(secret));
  }
  if (form === 'traditional' && secret.kind === 'rsa') {
    return encodePem('RSA PRIVATE KEY', secret.pkcs1);
  }
  return encodePem('PRIVATE KEY', writePkcs8(secret));
}

/** Writes a public key, or the public half of a private one or of a certificate, as PEM `PUBLIC KEY`. */
export function encodePublicKey(key: { readonly spki: Uint8Array }): string {
  return encodePem('PUBLIC KEY', key.spki);
}

/**
 * The secret itself, PKCS#8 DER, for handing a key to another thread. The bytes have an ArrayBuffer
 * of their own, so transferring it moves the secret and leaves no copy.
 */
export function exportPrivateKeyDer(key: PrivateKey): Uint8Array {
  return Uint8Array.from(writePkcs8(secretOf(key)));
}

/** The key that `exportPrivateKeyDer` gave. Checked as `decodePrivateKey` checks: `MALFORMED_KEY`, `UNSUPPORTED`. */
export function importPrivateKeyDer(der: Uint8Array): PrivateKey {
  return readingSecret('pkcs8', der, () => readPkcs8(der));
}
