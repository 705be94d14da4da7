/**
 * Certificates that say and are worth the same as another, in other bytes. Where (r, s) is a signature of
 * ECDSA, so is (r, n - s), with n the order of the curve (SEC 1, section 4.1.4; BIP 62 on malleability):
 * whoever holds a certificate can write it anew with that one, without the key of its CA, and it has another
 * fingerprint. RSA (PKCS #1 v1.5), RSA-PSS and Ed25519 as they are verified here have nothing of the kind.
 */
import { DerReader } from './der/reader.ts';
import { Tag } from './der/tag.ts';
import { readBitStringBytes, readIntegerBytes } from './der/values.ts';
import { bitString, sequence, unsignedInteger } from './der/writer.ts';
import { CURVES } from './keys/curve.ts';

const ORDERS = CURVES.map(({ order, size }) => ({ n: numberOf(order), size }));

/**
 * The same certificate with the other signature, DER; one for each curve that its CA's key may be on, since
 * only that key would tell. Nothing for what is not signed so, or is no certificate at all.
 */
export function signatureTwins(der: Uint8Array): readonly Uint8Array[] {
  try {
    const outer = DerReader.inside(DerReader.single(der, Tag.sequence));
    const tbs = outer.expect(Tag.sequence);
    const algorithm = outer.expect(Tag.sequence);
    const signature = DerReader.single(readBitStringBytes(outer.expect(Tag.bitString)));
    outer.end();
    if (signature.tag !== Tag.sequence) return [];
    const numbers = DerReader.inside(signature);
    const r = numbers.expect(Tag.integer);
    const bytes = readIntegerBytes(numbers.expect(Tag.integer));
    numbers.end();
    // A negative number verifies nothing.
    if ((bytes[0] ?? 0) >= 0x80) return [];
    const s = numberOf(bytes);
    return ORDERS.filter(({ n }) => s > 0n && s < n).map(({ n, size }) => {
      const other = unsignedInteger(bytesOf(n - s, size));
      return sequence(tbs.bytes, algorithm.bytes, bitString(sequence(r.bytes, other)));
    });
  } catch {
    // Whatever it is, nobody is let in with it.
    return [];
  }
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`);
}

const bytesOf = (number: bigint, size: number): Uint8Array =>
  Buffer.from(number.toString(16).padStart(size * 2, '0'), 'hex');
