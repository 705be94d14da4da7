/** What is in a PKCS#12 archive. */
import type { PrivateKey } from '../keys/key.ts';

/** What every bag may say of what is in it (RFC 7292, section 4.2; RFC 2985, section 5.5). */
export interface BagAttributes {
  readonly friendlyName?: string;
  readonly localKeyId?: Uint8Array;
}

export type Pkcs12Content =
  | { readonly kind: 'certificate' | 'crl'; readonly der: Uint8Array }
  | { readonly kind: 'key'; readonly key: PrivateKey; readonly encrypted: boolean }
  /** A key under another passphrase than the archive's. */
  | { readonly kind: 'lockedKey'; readonly code: LockedCode; readonly reason: string }
  /** A private key that cannot be read. */
  | { readonly kind: 'malformed'; readonly reason: string }
  /** Something that kubepki does not decode. */
  | { readonly kind: 'other'; readonly what: string };

export type Pkcs12Bag = Pkcs12Content & BagAttributes;

export type LockedCode = 'PASSPHRASE_NEEDED' | 'WRONG_PASSPHRASE';

export interface Pkcs12 {
  /** As `HMAC-SHA256, 2048 iterations`; undefined where there is none, and so nothing vouches for the content. */
  readonly mac: string | undefined;
  /** How its contents are encrypted, each way once. */
  readonly encryption: readonly string[];
  readonly bags: readonly Pkcs12Bag[];
  /** Why encrypted contents stay closed. With a MAC, whatever is in the clear is then not shown either where the passphrase is wrong. */
  readonly locked?: { readonly code: LockedCode; readonly reason: string };
}
