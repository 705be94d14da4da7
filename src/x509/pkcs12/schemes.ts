/** How contents of an archive are encrypted: PBES2, and the schemes of PKCS#12 itself (RFC 7292, appendix C). */
import { createDecipheriv } from 'node:crypto';
import { KubepkiError } from '../../errors.ts';
import type { DerReader } from '../der/reader.ts';
import { Tag } from '../der/tag.ts';
import { readOid, readSmallInteger } from '../der/values.ts';
import { OID_PBES2, readPbes2 } from '../keys/pbes2.ts';
import { bmpPassphrase, derive, PURPOSE, SHA1 } from './derive.ts';
import { decryptRc2Cbc } from './rc2.ts';

/** Each iteration is a call into OpenSSL, a microsecond of time; Java writes 10,000, OpenSSL 2048. */
export const MAX_ITERATIONS = 1_000_000;
export const MAX_SALT_BYTES = 1024;

/** One way of encryption with its parameters. */
export interface Scheme {
  readonly name: string;
  /** How much work it is to try a passphrase, in iterations. */
  readonly cost: number;
  /** Undefined where the passphrase is wrong; that it is defined does not prove that it is right. */
  readonly decrypt: (ciphertext: Uint8Array, passphrase: Uint8Array) => Uint8Array | undefined;
}

type Decrypt = (key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array) => Uint8Array | undefined;

const tripleDes =
  (cipher: 'des-ede3-cbc' | 'des-ede-cbc'): Decrypt =>
  (key, iv, ciphertext) => {
    try {
      const decipher = createDecipheriv(cipher, key, iv);
      return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
    } catch {
      return undefined;
    }
  };

interface Legacy {
  readonly name: string;
  readonly keyBytes: number;
  readonly decrypt: Decrypt;
}

const LEGACY = new Map<string, Legacy>([
  [
    '1.2.840.113549.1.12.1.3',
    { name: 'pbeWithSHAAnd3-KeyTripleDES-CBC', keyBytes: 24, decrypt: tripleDes('des-ede3-cbc') },
  ],
  [
    '1.2.840.113549.1.12.1.4',
    { name: 'pbeWithSHAAnd2-KeyTripleDES-CBC', keyBytes: 16, decrypt: tripleDes('des-ede-cbc') },
  ],
  [
    '1.2.840.113549.1.12.1.5',
    { name: 'pbeWithSHAAnd128BitRC2-CBC', keyBytes: 16, decrypt: decryptRc2Cbc },
  ],
  [
    '1.2.840.113549.1.12.1.6',
    { name: 'pbeWithSHAAnd40BitRC2-CBC', keyBytes: 5, decrypt: decryptRc2Cbc },
  ],
]);

const RC4 = new Map([
  ['1.2.840.113549.1.12.1.1', 'pbeWithSHAAnd128BitRC4'],
  ['1.2.840.113549.1.12.1.2', 'pbeWithSHAAnd40BitRC4'],
]);

/** All of them work on blocks of 64 bits. */
const IV_BYTES = 8;

/**
 * Reads the AlgorithmIdentifier of something encrypted.
 *
 * @throws KubepkiError UNSUPPORTED, MALFORMED_DER, MALFORMED_KEY
 */
export function readScheme(identifier: DerReader, what: string): Scheme {
  const dotted = readOid(identifier.expect(Tag.oid, 'the encryption scheme'));
  if (dotted === OID_PBES2) {
    const { name, derivation, decrypt } = readPbes2(identifier, what);
    return { name, cost: derivation.cost, decrypt };
  }
  const legacy = LEGACY.get(dotted);
  if (legacy === undefined) {
    const name = RC4.get(dotted) ?? `the scheme ${dotted}`;
    throw new KubepkiError('UNSUPPORTED', `${what} is encrypted with ${name}`, {
      hint: 'write the archive anew: openssl pkcs12 -legacy -in OLD -nodes -out TEMP, then openssl pkcs12 -export -in TEMP -out NEW',
    });
  }
  const parameters = identifier.sequence('the parameters of the encryption');
  const salt = parameters.expect(Tag.octetString, 'the salt').content;
  const iterations = readIterations(parameters, salt, what);
  parameters.end('the parameters of the encryption');
  identifier.end('the encryption scheme');
  return {
    name: `${legacy.name}, ${iterations} iterations`,
    // Each 20 bytes are a derivation of their own.
    cost: (Math.ceil(legacy.keyBytes / SHA1.bytes) + 1) * iterations,
    decrypt: (ciphertext, passphrase) => {
      const derivation = { digest: SHA1, salt, iterations };
      const secret = bmpPassphrase(passphrase);
      const key = derive(derivation, PURPOSE.key, secret, legacy.keyBytes);
      return legacy.decrypt(key, derive(derivation, PURPOSE.iv, secret, IV_BYTES), ciphertext);
    },
  };
}

/** The next INTEGER as the iterations of the derivation, within what is done for a file. */
export function readIterations(reader: DerReader, salt: Uint8Array, what: string): number {
  const element = reader.expect(Tag.integer, 'the iteration count');
  const iterations = readSmallInteger(element, 2 ** 47);
  if (iterations < 1 || iterations > MAX_ITERATIONS || salt.length > MAX_SALT_BYTES) {
    throw new KubepkiError(
      'UNSUPPORTED',
      `${what} asks for ${iterations} iterations over ${salt.length} bytes of salt, which is not done for a file`,
    );
  }
  return iterations;
}
