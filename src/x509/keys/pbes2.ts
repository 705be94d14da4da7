/**
 * Private keys under a passphrase: EncryptedPrivateKeyInfo (RFC 5958) with PBES2 (RFC 8018).
 *
 * Decryption is done here and not by OpenSSL, for the file says how much work and memory it takes:
 * a hostile one must not be able to ask for hours or gigabytes.
 */
import { createCipheriv, createDecipheriv, pbkdf2Sync, randomBytes, scryptSync } from 'node:crypto';
import { KubepkiError } from '../../errors.ts';
import { DerReader } from '../der/reader.ts';
import { Tag } from '../der/tag.ts';
import { readOid, readSmallInteger } from '../der/values.ts';
import { nul, octetString, oid, sequence, smallInteger } from '../der/writer.ts';
import { badKey, unsupportedKey } from './refusal.ts';

/** OWASP's figure for PBKDF2-HMAC-SHA256 (2023); about a tenth of a second. OpenSSL writes 2048. */
const PBKDF2_ITERATIONS = 600_000;
/** More than anything writes, and some seconds of work. */
const MAX_PBKDF2_ITERATIONS = 10_000_000;
/** 128 * r * (N + p) of scrypt; `openssl pkcs8 -scrypt` takes 16 MiB. */
const MAX_SCRYPT_BYTES = 256 * 1024 * 1024;
/** N * r * p of scrypt: its time, in blocks of 128 bytes. */
const MAX_SCRYPT_WORK = 2 ** 24;
const MAX_SALT_BYTES = 1024;

export const OID_PBES2 = '1.2.840.113549.1.5.13';
const OID_PBKDF2 = '1.2.840.113549.1.5.12';
const OID_SCRYPT = '1.3.6.1.4.1.11591.4.11';
const OID_HMAC_SHA256 = '1.2.840.113549.2.9';
const OID_AES_256_CBC = '2.16.840.1.101.3.4.1.42';

/** RFC 8018, appendix B.1.2. */
const HMACS = new Map([
  ['1.2.840.113549.2.7', 'sha1'],
  ['1.2.840.113549.2.8', 'sha224'],
  [OID_HMAC_SHA256, 'sha256'],
  ['1.2.840.113549.2.10', 'sha384'],
  ['1.2.840.113549.2.11', 'sha512'],
]);

interface Cipher {
  readonly name: string;
  readonly keyBytes: number;
  readonly blockBytes: number;
}

/** RFC 8018, appendix B.2; RFC 3565, section 4.1. */
const CIPHERS = new Map<string, Cipher>([
  ['2.16.840.1.101.3.4.1.2', { name: 'aes-128-cbc', keyBytes: 16, blockBytes: 16 }],
  ['2.16.840.1.101.3.4.1.22', { name: 'aes-192-cbc', keyBytes: 24, blockBytes: 16 }],
  [OID_AES_256_CBC, { name: 'aes-256-cbc', keyBytes: 32, blockBytes: 16 }],
  ['1.2.840.113549.3.7', { name: 'des-ede3-cbc', keyBytes: 24, blockBytes: 8 }],
]);

export interface KeyDerivation {
  /** The keyLength that the parameters state, if they do. */
  readonly length: number | undefined;
  /** How much work it is, in iterations of PBKDF2 or about as much. */
  readonly cost: number;
  /** As one would call it: `PBKDF2-HMAC-SHA256, 2048 iterations`. */
  readonly name: string;
  readonly derive: (passphrase: Uint8Array, keyBytes: number) => Buffer;
}

/** Encryption by PBES2, its parameters read. */
export interface Pbes2 {
  readonly derivation: KeyDerivation;
  readonly name: string;
  /** Undefined where the passphrase is wrong; that it is defined does not prove that it is right. */
  readonly decrypt: (ciphertext: Uint8Array, passphrase: Uint8Array) => Uint8Array | undefined;
}

/**
 * Decrypts EncryptedPrivateKeyInfo to the bytes of PrivateKeyInfo.
 *
 * Throws `WRONG_PASSPHRASE` where what comes out is not one (a damaged file looks the same),
 * `UNSUPPORTED` for schemes older than PBES2 and for parameters beyond the limits above.
 */
export function decryptPkcs8(der: Uint8Array, passphrase: Uint8Array): Uint8Array {
  const { scheme, ciphertext } = readEncrypted(der);
  const plaintext = scheme.decrypt(ciphertext, passphrase);
  // One wrong passphrase in 256 leaves padding that looks right.
  if (plaintext === undefined || !isPrivateKeyInfo(plaintext)) throw wrongPassphrase();
  return plaintext;
}

/** Encrypts PrivateKeyInfo: PBKDF2-HMAC-SHA256 with 600,000 iterations and 16 bytes of salt, AES-256-CBC. */
export function encryptPkcs8(privateKeyInfo: Uint8Array, passphrase: Uint8Array): Uint8Array {
  const salt = randomBytes(16);
  const iv = randomBytes(16);
  const key = pbkdf2Sync(passphrase, salt, PBKDF2_ITERATIONS, 32, 'sha256');
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const ciphertext = Buffer.concat([cipher.update(privateKeyInfo), cipher.final()]);
  const kdf = sequence(
    oid(OID_PBKDF2),
    sequence(
      octetString(salt),
      smallInteger(PBKDF2_ITERATIONS),
      sequence(oid(OID_HMAC_SHA256), nul()),
    ),
  );
  const scheme = sequence(oid(OID_AES_256_CBC), octetString(iv));
  return sequence(sequence(oid(OID_PBES2), sequence(kdf, scheme)), octetString(ciphertext));
}

function wrongPassphrase(): KubepkiError {
  return new KubepkiError('WRONG_PASSPHRASE', 'the passphrase does not open the private key', {
    hint: 'check the passphrase; if it is right, the file is damaged',
  });
}

function isPrivateKeyInfo(plaintext: Uint8Array): boolean {
  try {
    const outer = DerReader.inside(DerReader.single(plaintext, Tag.sequence));
    readSmallInteger(outer.expect(Tag.integer), 1);
    outer.expect(Tag.sequence);
    outer.expect(Tag.octetString);
    return true;
  } catch {
    return false;
  }
}

function readEncrypted(der: Uint8Array): { scheme: Pbes2; ciphertext: Uint8Array } {
  const outer = DerReader.inside(DerReader.single(der, Tag.sequence, 'the encrypted key'));
  const identifier = outer.sequence('the encryption scheme');
  const dotted = readOid(identifier.expect(Tag.oid, 'the encryption scheme'));
  if (dotted !== OID_PBES2) {
    throw unsupportedKey(
      `the private key is encrypted with the scheme ${dotted}, not with PBES2`,
      'convert it with: openssl pkcs8 -topk8 -v2 aes-256-cbc',
    );
  }
  const scheme = readPbes2(identifier, 'the private key');
  const ciphertext = outer.expect(Tag.octetString, 'the encrypted content').content;
  outer.end('the encrypted key');
  return { scheme, ciphertext };
}

/**
 * Reads the parameters of PBES2 (RFC 8018, appendix A.4), whose OID has been read.
 *
 * @param what what is encrypted: it begins the messages
 * @throws KubepkiError MALFORMED_DER, MALFORMED_KEY, UNSUPPORTED
 */
export function readPbes2(identifier: DerReader, what: string): Pbes2 {
  const parameters = identifier.sequence('the parameters of PBES2');
  identifier.end('the encryption scheme');
  const derivation = readKeyDerivation(parameters.sequence('the key derivation'), what);
  const { cipher, iv } = readCipher(parameters.sequence('the cipher'), what);
  parameters.end('the parameters of PBES2');
  if (derivation.length !== undefined && derivation.length !== cipher.keyBytes) {
    throw badKey('the key length of the key derivation is not that of the cipher');
  }
  return {
    derivation,
    name: `PBES2 with ${cipher.name.toUpperCase()} (${derivation.name})`,
    decrypt: (ciphertext, passphrase) => {
      try {
        const key = derivation.derive(passphrase, cipher.keyBytes);
        const decipher = createDecipheriv(cipher.name, key, iv);
        return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
      } catch {
        // OpenSSL's error says no more than that the padding is wrong.
        return undefined;
      }
    },
  };
}

function readCipher(reader: DerReader, what: string): { cipher: Cipher; iv: Uint8Array } {
  const dotted = readOid(reader.expect(Tag.oid, 'the cipher'));
  const cipher = CIPHERS.get(dotted);
  if (cipher === undefined) {
    throw unsupportedKey(`${what} is encrypted with the cipher ${dotted}`);
  }
  const iv = reader.expect(Tag.octetString, 'the initialisation vector').content;
  reader.end('the cipher');
  if (iv.length !== cipher.blockBytes) {
    throw badKey(`the initialisation vector is not of ${cipher.blockBytes} bytes`);
  }
  return { cipher, iv };
}

/** Reads a key derivation of PKCS#5 (RFC 8018, appendix A.2; RFC 7914, section 7), its OID first. */
export function readKeyDerivation(reader: DerReader, what: string): KeyDerivation {
  const dotted = readOid(reader.expect(Tag.oid, 'the key derivation'));
  if (dotted !== OID_PBKDF2 && dotted !== OID_SCRYPT) {
    throw unsupportedKey(`${what} is protected with the key derivation ${dotted}`);
  }
  const parameters = reader.sequence('the parameters of the key derivation');
  reader.end('the key derivation');
  const salt = parameters.expect(Tag.octetString, 'the salt').content;
  if (salt.length > MAX_SALT_BYTES) throw badKey(`the salt has more than ${MAX_SALT_BYTES} bytes`);
  const derivation =
    dotted === OID_PBKDF2 ? readPbkdf2(parameters, salt, what) : readScrypt(parameters, salt, what);
  parameters.end('the parameters of the key derivation');
  return derivation;
}

/** PBKDF2-params (RFC 8018, appendix A.2), after the salt. */
function readPbkdf2(reader: DerReader, salt: Uint8Array, what: string): KeyDerivation {
  const iterations = readSmallInteger(reader.expect(Tag.integer, 'the iteration count'), 2 ** 47);
  const length = readKeyLength(reader);
  let digest = 'sha1';
  if (!reader.done) {
    const identifier = reader.sequence('the pseudo-random function');
    const dotted = readOid(identifier.expect(Tag.oid, 'the pseudo-random function'));
    identifier.optional(Tag.null);
    identifier.end('the pseudo-random function');
    const known = HMACS.get(dotted);
    if (known === undefined) {
      throw unsupportedKey(`${what} is protected with the pseudo-random function ${dotted}`);
    }
    digest = known;
  }
  if (iterations < 1) throw badKey('the iteration count is zero');
  if (iterations > MAX_PBKDF2_ITERATIONS) {
    throw unsupportedKey(
      `${what} asks for ${iterations} iterations of PBKDF2, more than ${MAX_PBKDF2_ITERATIONS}`,
    );
  }
  return {
    length,
    cost: iterations,
    name: `PBKDF2-HMAC-${digest.toUpperCase()}, ${iterations} iterations`,
    derive: (passphrase, keyBytes) => pbkdf2Sync(passphrase, salt, iterations, keyBytes, digest),
  };
}

/** scrypt-params (RFC 7914, section 7.1), after the salt. */
function readScrypt(reader: DerReader, salt: Uint8Array, what: string): KeyDerivation {
  const max = 2 ** 47;
  const N = readSmallInteger(reader.expect(Tag.integer, 'the cost of scrypt'), max);
  const r = readSmallInteger(reader.expect(Tag.integer, 'the block size of scrypt'), max);
  const p = readSmallInteger(reader.expect(Tag.integer, 'the parallelism of scrypt'), max);
  const length = readKeyLength(reader);
  if (N < 2 || !Number.isInteger(Math.log2(N)) || r < 1 || p < 1) {
    throw badKey('the parameters of scrypt are not valid');
  }
  const bytes = 128 * r * (N + p);
  if (bytes > MAX_SCRYPT_BYTES || N * r * p > MAX_SCRYPT_WORK) {
    throw unsupportedKey(
      `${what} asks for scrypt with N=${N}, r=${r}, p=${p}, more than is done for a key file`,
    );
  }
  const maxmem = bytes + 1024 * 1024;
  return {
    length,
    // Its inner loop does about as much as an iteration of PBKDF2.
    cost: N * r * p,
    name: `scrypt, N=${N}, r=${r}, p=${p}`,
    derive: (passphrase, keyBytes) => scryptSync(passphrase, salt, keyBytes, { N, r, p, maxmem }),
  };
}

function readKeyLength(reader: DerReader): number | undefined {
  const element = reader.optional(Tag.integer, 'the key length');
  return element === undefined ? undefined : readSmallInteger(element);
}
