/**
 * RC2 (RFC 2268), decryption in CBC mode: what OpenSSL before 3.0 and Java before 17 encrypt the
 * certificates of an archive with, under 40 bits. OpenSSL keeps it in a provider that Node does not
 * load. It protects nothing; it is here so that old archives can be read.
 */

/** The permutation of RFC 2268, section 2: the digits of pi. */
const PI_TABLE = Buffer.from(
  'd978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2' +
    '179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82' +
    '54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626' +
    '6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7' +
    '08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec' +
    'c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731' +
    '2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9' +
    '0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad',
  'hex',
);

export const RC2_BLOCK_BYTES = 8;
/** How far the words of a block are turned back, first to last. */
const ROTATIONS = [1, 2, 3, 5] as const;

/** The 64 words of the key (RFC 2268, section 2); the effective bits are all that the key has. */
function expandKey(key: Uint8Array): Uint16Array {
  const size = key.length;
  const bytes = new Uint8Array(128);
  bytes.set(key);
  const pi = (index: number): number => PI_TABLE[index & 0xff] ?? 0;
  const at = (index: number): number => bytes[index] ?? 0;
  for (let i = size; i < 128; i++) bytes[i] = pi(at(i - 1) + at(i - size));
  bytes[128 - size] = pi(at(128 - size));
  for (let i = 127 - size; i >= 0; i--) bytes[i] = pi(at(i + 1) ^ at(i + size));
  return Uint16Array.from({ length: 64 }, (_, i) => at(2 * i) + 256 * at(2 * i + 1));
}

/** One block, in place. */
function decryptBlock(block: Uint16Array, words: Uint16Array): void {
  const word = (index: number): number => block[index & 3] ?? 0;
  const mash = (): void => {
    for (let i = 3; i >= 0; i--) block[i] = word(i) - (words[word(i + 3) & 63] ?? 0);
  };
  for (let round = 15, next = 63; round >= 0; round--) {
    for (let i = 3; i >= 0; i--, next--) {
      const by = ROTATIONS[i] ?? 0;
      const turned = ((word(i) >>> by) | (word(i) << (16 - by))) & 0xffff;
      const mixed = (words[next] ?? 0) + (word(i + 3) & word(i + 2)) + (~word(i + 3) & word(i + 1));
      block[i] = turned - mixed;
    }
    // Five rounds of mixing, mashing, six, mashing, five: from behind.
    if (round === 11 || round === 5) mash();
  }
}

/**
 * Decrypts and takes the padding of RFC 8018, section 6.1.1 off; undefined where there is none.
 *
 * @param key all of whose bits count: 5 bytes are RC2 under 40 bits
 */
export function decryptRc2Cbc(
  key: Uint8Array,
  iv: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array | undefined {
  const size = RC2_BLOCK_BYTES;
  if (ciphertext.length === 0 || ciphertext.length % size !== 0) return undefined;
  const words = expandKey(key);
  const plaintext = Buffer.alloc(ciphertext.length);
  const block = new Uint16Array(4);
  for (let at = 0; at < ciphertext.length; at += size) {
    for (let i = 0; i < 4; i++) {
      block[i] = (ciphertext[at + 2 * i] ?? 0) + 256 * (ciphertext[at + 2 * i + 1] ?? 0);
    }
    decryptBlock(block, words);
    for (let i = 0; i < size; i++) {
      const before = at === 0 ? iv[i] : ciphertext[at - size + i];
      plaintext[at + i] = ((block[i >> 1] ?? 0) >> (8 * (i & 1))) ^ (before ?? 0);
    }
  }
  const padding = plaintext.at(-1) ?? 0;
  const isPadded =
    padding >= 1 &&
    padding <= size &&
    plaintext.subarray(-padding).every((byte) => byte === padding);
  return isPadded ? plaintext.subarray(0, -padding) : undefined;
}
