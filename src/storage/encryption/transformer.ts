/** What turns values into what is stored of them, and back (apiserver, pkg/storage/value/transformer.go). */

export interface Transformed {
  readonly value: Uint8Array;
  /** It is not stored as a write would store it now. */
  readonly stale: boolean;
}

export interface Transformer {
  /**
   * @param key where it is stored: what was moved here from another key need not be readable
   * @throws TransformError
   */
  fromStorage(stored: Uint8Array, key: string): Transformed;
  toStorage(value: Uint8Array, key: string): Uint8Array;
}

/** Stored bytes cannot be read. The message holds nothing of them. */
export class TransformError extends Error {
  override readonly name = 'TransformError';
}

/** One algorithm with one key. */
export interface Cipher {
  /** @throws TransformError for what this key has not encrypted, or what has changed since */
  open(sealed: Uint8Array, key: string): Uint8Array;
  /** `prefix` and what is encrypted behind it, in bytes of their own. */
  seal(prefix: Uint8Array, value: Uint8Array, key: string): Uint8Array;
}

export const TOO_SHORT = 'the stored data was shorter than the required size';

/** Bytes of their own, which a storage keeps as they are. */
export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const bytes = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
