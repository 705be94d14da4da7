/** SHA-256 over certificates and public keys, in the writings that OpenSSL, kubeadm and service-account tokens use. */
import { hash } from 'node:crypto';
import { KubepkiError, quoted } from '../errors.ts';

/** As `openssl x509 -fingerprint -sha256` prints it: upper-case hex pairs with colons. */
export function fingerprint(der: Uint8Array): string {
  const hex = hash('sha256', der, 'hex').toUpperCase();
  return hex.replace(/(..)(?!$)/g, '$1:');
}

/** SHA-256 in lower-case hex. */
export function fingerprintHex(der: Uint8Array): string {
  return hash('sha256', der, 'hex');
}

/** kubeadm's pin of a CA (`--discovery-token-ca-cert-hash`): `sha256:` and lower-case hex over the SPKI. */
export function publicKeyPin(spki: Uint8Array): string {
  return `sha256:${fingerprintHex(spki)}`;
}

/**
 * Reads a pin as kubeadm does (cmd/kubeadm/app/util/pubkeypin): exactly one colon, the format's
 * name in any case, 32 bytes of hex in any case. Gives it in the form of `publicKeyPin`, so that
 * two pins are the same where the texts are. Errors: `INVALID_VALUE`.
 */
export function parsePublicKeyPin(text: string): string {
  const parts = text.split(':');
  const [format, value] = parts;
  if (parts.length !== 2 || format === undefined || value === undefined) {
    throw badPin(text, 'expected sha256: and the hash');
  }
  if (format.toLowerCase() !== 'sha256') throw badPin(text, 'its format is not sha256');
  if (!/^[0-9a-f]{64}$/i.test(value)) throw badPin(text, 'its hash is not 64 hexadecimal digits');
  return `sha256:${value.toLowerCase()}`;
}

/**
 * The key id that kube-apiserver puts into service-account tokens (pkg/serviceaccount/jwt.go):
 * SHA-256 over the SPKI in base64url without padding.
 */
export function publicKeyId(spki: Uint8Array): string {
  return hash('sha256', spki, 'base64url');
}

function badPin(text: string, reason: string): KubepkiError {
  return new KubepkiError('INVALID_VALUE', `${quoted(text, 80)} is no public-key pin: ${reason}`, {
    hint: 'it looks like sha256:, followed by 64 hexadecimal digits; kubepki inspect prints that of a CA',
  });
}
