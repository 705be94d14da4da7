/** Reads private keys from PEM, in every form that Kubernetes components read, and encrypted ones. */
import { KubepkiError, quoted } from '../../errors.ts';
import { decodePem, type PemBlock } from '../pem.ts';
import { readSec1 } from './ec.ts';
import type { PrivateKey } from './key.ts';
import { decryptPkcs8 } from './pbes2.ts';
import { ecPrivateKey, readPkcs8, rsaPrivateKey } from './pkcs8.ts';
import { badKey, readingAt, readingPublic, readingSecret, unsupportedKey } from './refusal.ts';

export interface DecodePrivateKeyOptions {
  /** For `ENCRYPTED PRIVATE KEY`; a string is taken as UTF-8. Not looked at for a key in the clear. */
  readonly passphrase?: string | Uint8Array;
  /** The file (or other place) that the text is from: it opens every message. */
  readonly where?: string;
}

type PassphraseOption = DecodePrivateKeyOptions['passphrase'];

/** The labels that hold a private key we read. */
const READERS = new Map<string, (der: Uint8Array, passphrase: PassphraseOption) => PrivateKey>([
  ['EC PRIVATE KEY', readEcPrivateKey],
  ['RSA PRIVATE KEY', readRsaPrivateKey],
  ['PRIVATE KEY', readPlainPkcs8],
  ['ENCRYPTED PRIVATE KEY', readEncryptedPkcs8],
]);

/**
 * Reads the first private key of a PEM text and passes over what else is there (certificates, EC
 * parameters), as client-go's `keyutil.ParsePrivateKeyPEM` does: SEC 1, PKCS#1 and PKCS#8 with RSA,
 * ECDSA (P-256, P-384, P-521) or Ed25519; beyond that, PKCS#8 encrypted with PBES2.
 *
 * The key is checked: scalars are in range, RSA numbers fit together as Go's `rsa.Validate` asks,
 * and a public key beside the private one belongs to it. Stricter than upstream in that the first
 * private key must be readable: upstream tries the next one in silence.
 *
 * Errors: `MALFORMED_PEM`, `MALFORMED_KEY` (nothing to read, damaged, inconsistent, RSA below 1024
 * bits), `UNSUPPORTED` (another algorithm, curve or encryption), `PASSPHRASE_NEEDED`,
 * `WRONG_PASSPHRASE`. None of them quotes key material.
 */
export function decodePrivateKey(
  text: string | Uint8Array,
  options: DecodePrivateKeyOptions = {},
): PrivateKey {
  return readingAt(options.where, () => {
    const blocks = decodePem(text);
    for (const block of blocks) {
      if (READERS.has(block.label)) return readPrivateKeyBlock(block, options.passphrase);
    }
    throw noPrivateKey(text, blocks);
  });
}

/** True of a PEM label that `readPrivateKeyBlock` reads. */
export const isPrivateKeyLabel = (label: string): boolean => READERS.has(label);

/** Reads one block whose label `isPrivateKeyLabel` knows. */
export function readPrivateKeyBlock(block: PemBlock, passphrase: PassphraseOption): PrivateKey {
  const read = READERS.get(block.label);
  if (read === undefined) throw new RangeError(`expected a private key, got ${block.label}`);
  if (block.headers.get('Proc-Type')?.includes('ENCRYPTED') === true) {
    throw unsupportedKey(
      'the private key is encrypted in the old PEM form (Proc-Type: 4,ENCRYPTED)',
      'convert it with: openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW',
    );
  }
  return read(block.bytes, passphrase);
}

/** The error for a text without a single PEM block: `what` was expected. */
export function noPemBlock(text: string | Uint8Array, what: string): KubepkiError {
  const begins = Buffer.from(text).includes('-----BEGIN ');
  return new KubepkiError(
    'MALFORMED_PEM',
    begins
      ? `a PEM block that is cut off or damaged, expected ${what}`
      : `no PEM block, expected ${what}`,
  );
}

/** The labels of a file's blocks as an error names them. */
export function listLabels(blocks: readonly PemBlock[]): string {
  const labels = [...new Set(blocks.map((block) => block.label))];
  const shown = labels
    .slice(0, 5)
    .map((label) => quoted(label, 40))
    .join(', ');
  return labels.length > 5 ? `${shown}, …` : shown;
}

function noPrivateKey(text: string | Uint8Array, blocks: readonly PemBlock[]): KubepkiError {
  if (blocks.length === 0) return noPemBlock(text, 'a private key');
  if (blocks.some((block) => block.label === 'OPENSSH PRIVATE KEY')) {
    return unsupportedKey(
      'the private key is in the form of OpenSSH',
      'convert a copy of it with: ssh-keygen -p -m PKCS8 -f COPY',
    );
  }
  return badKey(`no private key, only ${listLabels(blocks)}`);
}

function readEcPrivateKey(der: Uint8Array): PrivateKey {
  return readingSecret('sec1', der, () => ecPrivateKey(readSec1(der)));
}

function readRsaPrivateKey(der: Uint8Array): PrivateKey {
  return readingSecret('pkcs1', der, () => rsaPrivateKey(der));
}

function readPlainPkcs8(der: Uint8Array): PrivateKey {
  return readingSecret('pkcs8', der, () => readPkcs8(der));
}

function readEncryptedPkcs8(der: Uint8Array, passphrase: PassphraseOption): PrivateKey {
  if (passphrase === undefined) {
    throw new KubepkiError('PASSPHRASE_NEEDED', 'the private key is encrypted', {
      hint: 'give its passphrase',
    });
  }
  const secret = typeof passphrase === 'string' ? Buffer.from(passphrase, 'utf8') : passphrase;
  const plaintext = readingPublic('the encrypted private key', () => decryptPkcs8(der, secret));
  return readPlainPkcs8(plaintext);
}
