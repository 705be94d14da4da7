/** What TLS and authentication take, checked when it is read and not when a connection fails. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { getCACertificates } from 'node:tls';
import { KubepkiError, systemCode } from '../../errors.ts';

/** A client certificate with its key, as PEM. The certificate may come with its chain, leaf first. */
export interface ClientCertificate {
  readonly certificate: string | Uint8Array;
  readonly key: string | Uint8Array;
}

const bytes = (pem: string | Uint8Array): Buffer =>
  typeof pem === 'string'
    ? Buffer.from(pem, 'utf8')
    : Buffer.from(pem.buffer, pem.byteOffset, pem.byteLength);

/**
 * The pair, if it is one.
 *
 * @param where for messages: `client certificate /path`
 * @throws KubepkiError MALFORMED_PEM, MALFORMED_KEY, PASSPHRASE_NEEDED, or CONFLICT where the key is another's
 */
export function checkedPair(pair: ClientCertificate, where: string): ClientCertificate {
  const certificate = bytes(pair.certificate);
  const key = bytes(pair.key);
  const leaf = parsedCertificate(certificate, where);
  if (!leaf.checkPrivateKey(parsedKey(key, where))) {
    throw new KubepkiError('CONFLICT', `${where}: the private key is not the certificate's`, {
      hint: 'give the key that the certificate was requested with',
    });
  }
  return { certificate, key };
}

function parsedCertificate(pem: Buffer, where: string): X509Certificate {
  try {
    // It takes DER too, which TLS does not.
    if (pem.includes('-----BEGIN ')) return new X509Certificate(pem);
  } catch {
    // Told below.
  }
  throw new KubepkiError('MALFORMED_PEM', `${where}: no certificate in PEM could be read`);
}

function parsedKey(pem: Buffer, where: string): ReturnType<typeof createPrivateKey> {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    if (systemCode(error) === 'ERR_MISSING_PASSPHRASE') {
      throw new KubepkiError('PASSPHRASE_NEEDED', `${where}: the private key is encrypted`, {
        hint: 'clients of the Kubernetes API take keys without a passphrase',
      });
    }
    throw new KubepkiError('MALFORMED_KEY', `${where}: no private key in PEM could be read`);
  }
}

/** @throws KubepkiError MALFORMED_PEM where there is no certificate: Node would trust its own list instead */
export function checkedAuthorities(pem: string | Uint8Array, where: string): Buffer {
  const checked = bytes(pem);
  parsedCertificate(checked, where);
  return checked;
}

/** What is trusted where no authority is named: the system's, as Go does; Node's own where that has none. */
export function systemAuthorities(): string[] {
  const system = getCACertificates('system');
  return system.length > 0 ? system : getCACertificates('default');
}

/**
 * @param where for messages; the token is in none
 * @throws KubepkiError INVALID_VALUE for what no header can carry
 */
export function bearer(token: string, where: string): string {
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new KubepkiError('INVALID_VALUE', `${where}: expected a token of printable characters`);
  }
  return `Bearer ${token}`;
}

/** @throws KubepkiError INVALID_VALUE for a name that holds a colon (RFC 7617, section 2) */
export function basic(username: string, password: string, where: string): string {
  if (username.includes(':')) {
    throw new KubepkiError('INVALID_VALUE', `${where}: expected a user name without a colon`);
  }
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}
