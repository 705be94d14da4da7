/** The key derivation of PKCS#12 (RFC 7292, appendix B), and the passphrases that it takes. */

import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';

/** Digests by the OIDs of RFC 7292, appendix B.1 and RFC 9579: name, and bytes of output and input block. */
export interface Digest {
  readonly name: 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';
  readonly bytes: number;
  readonly blockBytes: number;
}

export const SHA1: Digest = { name: 'sha1', bytes: 20, blockBytes: 64 };

export const DIGESTS = new Map<string, Digest>([
  ['1.3.14.3.2.26', SHA1],
  ['2.16.840.1.101.3.4.2.4', { name: 'sha224', bytes: 28, blockBytes: 64 }],
  ['2.16.840.1.101.3.4.2.1', { name: 'sha256', bytes: 32, blockBytes: 64 }],
  ['2.16.840.1.101.3.4.2.2', { name: 'sha384', bytes: 48, blockBytes: 128 }],
  ['2.16.840.1.101.3.4.2.3', { name: 'sha512', bytes: 64, blockBytes: 128 }],
]);

/** What the derived bytes are for (appendix B.3). */
export const PURPOSE = { key: 1, iv: 2, mac: 3 } as const;

export interface Derivation {
  readonly digest: Digest;
  readonly salt: Uint8Array;
  readonly iterations: number;
}

/** Bytes for a purpose, from a passphrase in the form of `bmpPassphrase`. */
export function derive(
  { digest, salt, iterations }: Derivation,
  purpose: number,
  passphrase: Uint8Array,
  size: number,
): Uint8Array {
  const { name, bytes, blockBytes } = digest;
  const diversifier = Buffer.alloc(blockBytes, purpose);
  const input = Buffer.concat([filled(salt, blockBytes), filled(passphrase, blockBytes)]);
  const out: Buffer[] = [];
  for (let length = 0; length < size; length += bytes) {
    let block = hash(name, Buffer.concat([diversifier, input]), 'buffer');
    for (let i = 1; i < iterations; i++) block = hash(name, block, 'buffer');
    out.push(block);
    addToBlocks(input, filled(block, blockBytes).subarray(0, blockBytes), blockBytes);
  }
  return Buffer.concat(out).subarray(0, size);
}

/** The bytes again and again, up to a whole number of blocks. */
function filled(bytes: Uint8Array, blockBytes: number): Buffer {
  const size = Math.ceil(bytes.length / blockBytes) * blockBytes;
  return size === 0 ? Buffer.alloc(0) : Buffer.alloc(size, bytes);
}

/** Adds `addend` and one to every block, as big-endian numbers without carry out of the block. */
function addToBlocks(input: Buffer, addend: Buffer, blockBytes: number): void {
  for (let start = 0; start < input.length; start += blockBytes) {
    let carry = 1;
    for (let i = blockBytes - 1; i >= 0; i--) {
      const sum = (input[start + i] ?? 0) + (addend[i] ?? 0) + carry;
      input[start + i] = sum & 0xff;
      carry = sum >> 8;
    }
  }
}

/**
 * A passphrase as the derivation takes it: UTF-16, big-endian, with a NUL at the end. Bytes that
 * are no UTF-8 are taken for Latin-1, as OpenSSL does.
 */
export function bmpPassphrase(passphrase: Uint8Array): Uint8Array {
  const bytes = Buffer.from(passphrase.buffer, passphrase.byteOffset, passphrase.byteLength);
  const text = bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1');
  return Buffer.from(`${text}\0`, 'utf16le').swap16();
}
