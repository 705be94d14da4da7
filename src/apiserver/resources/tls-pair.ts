/** Whether a certificate and a key belong together, in the words of Go's crypto/tls (X509KeyPair). */
import { KubepkiError } from '../../errors.ts';
import {
  decodePem,
  decodePrivateKey,
  keysMatch,
  type PemBlock,
  parseCertificate,
} from '../../x509/index.ts';

/**
 * @param certificate PEM, in base64, as the next
 * @returns what is wrong; undefined for a pair
 */
export function tlsPairProblem(certificate: string, key: string): string | undefined {
  const chain = decodePem(Buffer.from(certificate, 'base64'));
  const leaf = chain.find(({ label }) => label === 'CERTIFICATE');
  if (leaf === undefined) return noCertificate(chain);
  const pem = Buffer.from(key, 'base64');
  const blocks = decodePem(pem);
  if (!blocks.some(({ label }) => isKey(label))) return noKey(blocks);
  try {
    const { spki, keyType } = parseCertificate(leaf.bytes);
    const own = decodePrivateKey(pem);
    if (keysMatch({ spki }, own)) return undefined;
    const kind = (type: string): string => type.replace(/-.*$/, '');
    return kind(keyType) === kind(own.type)
      ? 'tls: private key does not match public key'
      : 'tls: private key type does not match public key type';
  } catch (error) {
    if (error instanceof KubepkiError) return `tls: ${error.message}`;
    throw error;
  }
}

const isKey = (label: string): boolean => label === 'PRIVATE KEY' || label.endsWith(' PRIVATE KEY');

const labels = (blocks: readonly PemBlock[]): string =>
  `[${blocks.map(({ label }) => label).join(' ')}]`;

function noCertificate(blocks: readonly PemBlock[]): string {
  const [only] = blocks;
  if (only === undefined) return 'tls: failed to find any PEM data in certificate input';
  if (blocks.length === 1 && only.label.endsWith('PRIVATE KEY')) {
    return 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched';
  }
  return `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: ${labels(blocks)}`;
}

function noKey(blocks: readonly PemBlock[]): string {
  const [only] = blocks;
  if (only === undefined) return 'tls: failed to find any PEM data in key input';
  if (blocks.length === 1 && only.label === 'CERTIFICATE') {
    return 'tls: found a certificate rather than a key in the PEM for the private key';
  }
  return `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: ${labels(blocks)}`;
}
