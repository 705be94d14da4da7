/** Reads public keys from PEM: bare, out of certificates, and out of private keys. */
import type { KubepkiError } from '../../errors.ts';
import { DerReader } from '../der/reader.ts';
import { contextConstructed, Tag } from '../der/tag.ts';
import { decodePem, type PemBlock } from '../pem.ts';
import { curveOfType, isOnCurve } from './curve.ts';
import { isPrivateKeyLabel, listLabels, noPemBlock, readPrivateKeyBlock } from './decode.ts';
import type { PublicKey } from './key.ts';
import { publicKeyFromSpki } from './public.ts';
import { badKey, readingAt, readingPublic, unsupportedKey } from './refusal.ts';
import { checkPublicNumbers, rsaSpki } from './rsa.ts';
import { keyTypeOfSpki, publicKeyBits, readRsaPublicKey } from './spki.ts';

/** How many blocks of one text are read as keys; a service-account key file holds a handful. */
const MAX_PUBLIC_KEYS = 10_000;

const READERS = new Map<string, (der: Uint8Array) => Uint8Array>([
  ['PUBLIC KEY', (der) => der],
  ['RSA PUBLIC KEY', spkiOfPkcs1],
  ['CERTIFICATE', spkiOfCertificate],
  ['X509 CERTIFICATE', spkiOfCertificate],
]);

export interface DecodePublicKeyOptions {
  /** The file (or other place) that the text is from: it opens every message. */
  readonly where?: string;
}

/**
 * Reads the first public key of a PEM text; see `decodePublicKeys`. What follows it is not looked at.
 */
export function decodePublicKey(
  text: string | Uint8Array,
  options: DecodePublicKeyOptions = {},
): PublicKey {
  return readingAt(options.where, () => {
    const blocks = decodePem(text);
    const block = blocks.find((candidate) => holdsPublicKey(candidate));
    if (block === undefined) throw noPublicKey(text, blocks);
    return readBlock(block);
  });
}

/**
 * Reads every public key of a PEM text in order, as client-go's `keyutil.ParsePublicKeysPEM` does:
 * `PUBLIC KEY`, the keys of certificates, and the public halves of private keys; also `RSA PUBLIC
 * KEY`, which upstream does not. Blocks of other labels are passed over; of a certificate only the
 * key is looked at.
 *
 * Errors: `MALFORMED_PEM`, `MALFORMED_KEY` (no key at all, a damaged one, a point that is not on
 * its curve, an RSA key that Go refuses), `UNSUPPORTED`, and for an encrypted private key
 * `PASSPHRASE_NEEDED`. Upstream passes over what it cannot read: a verifier that has lost a key
 * without a word is not what anybody wants.
 */
export function decodePublicKeys(
  text: string | Uint8Array,
  options: DecodePublicKeyOptions = {},
): PublicKey[] {
  return readingAt(options.where, () => {
    const all = decodePem(text);
    const blocks = all.filter((block) => holdsPublicKey(block));
    if (blocks.length === 0) throw noPublicKey(text, all);
    if (blocks.length > MAX_PUBLIC_KEYS) {
      throw badKey(`${blocks.length} keys, more than the limit of ${MAX_PUBLIC_KEYS}`);
    }
    return blocks.map((block) => readBlock(block));
  });
}

const holdsPublicKey = (block: PemBlock): boolean =>
  READERS.has(block.label) || isPrivateKeyLabel(block.label);

function readBlock(block: PemBlock): PublicKey {
  const read = READERS.get(block.label);
  if (read === undefined) {
    return publicKeyFromSpki(readPrivateKeyBlock(block, undefined).spki);
  }
  return readingPublic(`the ${block.label} block`, () => {
    const spki = Uint8Array.from(read(block.bytes));
    checkKey(spki);
    return publicKeyFromSpki(spki);
  });
}

function noPublicKey(text: string | Uint8Array, blocks: readonly PemBlock[]): KubepkiError {
  if (blocks.length === 0) return noPemBlock(text, 'a public key');
  return badKey(`no public key, only ${listLabels(blocks)}`);
}

/** What `keyTypeOfSpki` leaves open: whether anything can be verified with the key. */
function checkKey(spki: Uint8Array): void {
  const type = keyTypeOfSpki(spki);
  const curve = curveOfType(type);
  if (curve !== undefined) {
    if (!isOnCurve(curve, publicKeyBits(spki))) {
      throw badKey(`the public key is not a point on the curve of ${type}`);
    }
  } else if (type.startsWith('RSA-')) {
    const { modulus, exponent } = readRsaPublicKey(publicKeyBits(spki));
    checkPublicNumbers(modulus, exponent);
  } else if (type !== 'Ed25519') {
    throw unsupportedKey(
      `the public key is of the algorithm or curve ${type}`,
      'kubepki does RSA, ECDSA (P-256, P-384, P-521) and Ed25519',
    );
  }
}

function spkiOfPkcs1(der: Uint8Array): Uint8Array {
  const { modulus, exponent } = readRsaPublicKey(der);
  return rsaSpki(modulus, exponent);
}

/** The subjectPublicKeyInfo of a certificate (RFC 5280, section 4.1), without reading the rest of it. */
function spkiOfCertificate(der: Uint8Array): Uint8Array {
  const outer = DerReader.inside(DerReader.single(der, Tag.sequence, 'the certificate'));
  const tbs = outer.sequence('the signed part');
  tbs.optional(contextConstructed(0), 'the version');
  tbs.expect(Tag.integer, 'the serial number');
  tbs.expect(Tag.sequence, 'the signature algorithm');
  tbs.expect(Tag.sequence, 'the issuer');
  tbs.expect(Tag.sequence, 'the validity');
  tbs.expect(Tag.sequence, 'the subject');
  return tbs.expect(Tag.sequence, 'the public key').bytes;
}
