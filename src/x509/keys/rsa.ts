/** RSA keys: the PKCS#1 structures (RFC 8017, appendix A.1) and whether their numbers fit together. */
import { DerReader } from '../der/reader.ts';
import { Tag } from '../der/tag.ts';
import { readIntegerBytes, readSmallInteger } from '../der/values.ts';
import { bitString, nul, oid, sequence, unsignedInteger } from '../der/writer.ts';
import { OID_RSA } from './curve.ts';
import { badKey, unsupportedKey } from './refusal.ts';
import { bitLength } from './spki.ts';

/** Go's crypto/rsa refuses smaller ones since 1.24. */
const MIN_RSA_BITS = 1024;
/** OpenSSL's own limit (OPENSSL_RSA_MAX_MODULUS_BITS); it also bounds the arithmetic below. */
const MAX_RSA_BITS = 16_384;

const ALGORITHM = sequence(oid(OID_RSA), nul());

/** The numbers of an RSAPrivateKey as unsigned magnitudes. */
interface RsaNumbers {
  readonly modulus: Uint8Array;
  readonly exponent: Uint8Array;
  /** d, p, q, d mod p-1, d mod q-1, the inverse of q mod p: the order of the structure. */
  readonly rest: readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
}

export interface RsaParts {
  readonly type: string;
  readonly spki: Uint8Array;
}

/** Reads an RSAPrivateKey and checks it; what is returned is the public half. */
export function readPkcs1(der: Uint8Array, base = 0, depth = 0): RsaParts {
  const numbers = readNumbers(der, base, depth);
  checkPublicNumbers(numbers.modulus, numbers.exponent);
  checkPrivateNumbers(numbers);
  return publicParts(numbers.modulus, numbers.exponent);
}

/** The public half of an RSAPrivateKey that is known to be right. */
export function publicPartsOfPkcs1(der: Uint8Array): RsaParts {
  const { modulus, exponent } = readNumbers(der, 0, 0);
  return publicParts(modulus, exponent);
}

/**
 * Refuses an RSA public key that Go's crypto/rsa refuses to verify with: a modulus below 1024 bits
 * or even, an exponent below 3, even, or above 2^31 - 1.
 */
export function checkPublicNumbers(modulus: Uint8Array, exponent: Uint8Array): void {
  const bits = bitLength(modulus);
  if (bits < MIN_RSA_BITS) {
    throw badKey(`the RSA key has ${bits} bits, less than ${MIN_RSA_BITS}`);
  }
  if (bits > MAX_RSA_BITS) {
    throw badKey(`the RSA key has ${bits} bits, more than ${MAX_RSA_BITS}`);
  }
  if (!isOdd(modulus)) throw badKey('the RSA modulus is even');
  if (bitLength(exponent) > 31) throw badKey('the RSA public exponent is above 2^31 - 1');
  if (!isOdd(exponent)) throw badKey('the RSA public exponent is even');
  if (bitLength(exponent) < 2) throw badKey('the RSA public exponent is 1');
}

export function rsaSpki(modulus: Uint8Array, exponent: Uint8Array): Uint8Array {
  const numbers = sequence(unsignedInteger(modulus), unsignedInteger(exponent));
  return Uint8Array.from(sequence(ALGORITHM, bitString(numbers)));
}

/** PKCS#8's AlgorithmIdentifier for RSA. */
export const RSA_ALGORITHM: Uint8Array = ALGORITHM;

function publicParts(modulus: Uint8Array, exponent: Uint8Array): RsaParts {
  return { type: `RSA-${bitLength(modulus)}`, spki: rsaSpki(modulus, exponent) };
}

function readNumbers(der: Uint8Array, base: number, depth: number): RsaNumbers {
  const reader = new DerReader(der, base, depth);
  const outer = reader.sequence('the RSA private key');
  reader.end('the RSA private key');
  const version = readSmallInteger(outer.expect(Tag.integer, 'the version'));
  const next = (): Uint8Array => {
    const bytes = readIntegerBytes(outer.expect(Tag.integer, 'a number of the RSA private key'));
    const [first = 0] = bytes;
    if (first >= 0x80 || (first === 0 && bytes.length === 1)) {
      throw badKey('the RSA private key contains a number that is not positive');
    }
    return first === 0 ? bytes.subarray(1) : bytes;
  };
  const modulus = next();
  if (version === 1) {
    throw unsupportedKey('the RSA private key has more than two primes', 'make a new key');
  }
  if (version !== 0) throw badKey('the RSA private key is of a version that does not exist');
  const exponent = next();
  const rest: RsaNumbers['rest'] = [next(), next(), next(), next(), next(), next()];
  outer.end('the RSA private key');
  return { modulus, exponent, rest };
}

/**
 * The checks of Go's rsa.PrivateKey.Validate, in its order. They say that the numbers belong
 * together, not that p and q are prime. BigInt is not constant in time, which is of no use to
 * anybody here: a file on one's own disk is read once, and nobody else can have it read again.
 */
function checkPrivateNumbers({ modulus, exponent, rest }: RsaNumbers): void {
  // Before any of them is turned into a BigInt: the file must not decide how long that takes.
  if (rest.some((magnitude) => magnitude.length > modulus.length)) {
    throw badKey('the RSA private key contains a number larger than its modulus');
  }
  const n = toBigInt(modulus);
  const e = toBigInt(exponent);
  const [d, p, q] = [toBigInt(rest[0]), toBigInt(rest[1]), toBigInt(rest[2])];
  const [dP, dQ, qInv] = [toBigInt(rest[3]), toBigInt(rest[4]), toBigInt(rest[5])];
  if (p * q !== n) throw badKey('the RSA primes do not multiply to the modulus');
  if (p === 1n || q === 1n) throw badKey('an RSA prime is 1');
  if (dP >= p - 1n || (dP * e) % (p - 1n) !== 1n || dQ >= q - 1n || (dQ * e) % (q - 1n) !== 1n) {
    throw badKey('the RSA private key contains a wrong CRT exponent');
  }
  if (qInv >= p || (qInv * q) % p !== 1n) {
    throw badKey('the RSA private key contains a wrong CRT coefficient');
  }
  if (d >= n || d % (p - 1n) !== dP || d % (q - 1n) !== dQ) {
    throw badKey('the RSA private exponent does not belong to the primes');
  }
  const half = BigInt(bitLength(modulus) >> 1);
  const distance = p > q ? p - q : q - p;
  if (distance >> (half - 100n) === 0n) throw badKey('the RSA primes are too close to each other');
  if (d >> half === 0n) throw badKey('the RSA private exponent is too small');
}

const isOdd = (magnitude: Uint8Array): boolean => ((magnitude.at(-1) ?? 0) & 1) === 1;

const toBigInt = (magnitude: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(magnitude).toString('hex')}`);
