/** Opens the encrypted parts of an archive with one passphrase, as much work as a file may ask for. */
import { KubepkiError } from '../../errors.ts';
import type { DerReader } from '../der/reader.ts';
import { readScheme } from './schemes.ts';
import type { LockedCode, Pkcs12 } from './types.ts';

/** Iterations of all derivations of an archive: a keystore of Java's with 300 keys takes as many. */
const MOST_ITERATIONS = 10_000_000;

export class Opener {
  readonly passphrase: Uint8Array;
  readonly #isGiven: boolean;
  readonly #schemes = new Set<string>();
  #locked: Pkcs12['locked'];
  #iterations = 0;

  constructor(passphrase: string | Uint8Array | undefined) {
    this.#isGiven = passphrase !== undefined;
    this.passphrase =
      typeof passphrase === 'string' ? Buffer.from(passphrase) : (passphrase ?? Buffer.alloc(0));
  }

  /** The ways of encryption met so far. */
  get schemes(): string[] {
    return [...this.#schemes];
  }

  /** Why something stayed closed, where something has. */
  get locked(): Pkcs12['locked'] {
    return this.#locked;
  }

  /** Takes the work from what a file may ask for. */
  charge(iterations: number): void {
    this.#iterations += iterations;
    if (this.#iterations > MOST_ITERATIONS) {
      throw new KubepkiError(
        'UNSUPPORTED',
        `the archive asks for more than ${MOST_ITERATIONS} iterations of its key derivations`,
      );
    }
  }

  /** How the passphrase does not fit. */
  refusal(what: string): { readonly code: LockedCode; readonly reason: string } {
    return this.#isGiven
      ? { code: 'WRONG_PASSPHRASE', reason: `the passphrase does not open ${what}` }
      : { code: 'PASSPHRASE_NEEDED', reason: `${what} is encrypted` };
  }

  /** Remembers that the passphrase is not the archive's: nothing is tried from here on. */
  lock(): void {
    this.#locked = this.refusal('the PKCS#12 archive');
  }

  /**
   * Decrypts; undefined where the passphrase does not fit.
   *
   * @param check throws a KubepkiError for what is not the content looked for
   */
  open(
    identifier: DerReader,
    ciphertext: Uint8Array,
    what: string,
    check: (plaintext: Uint8Array) => void,
  ): Uint8Array | undefined {
    const scheme = readScheme(identifier, what);
    this.#schemes.add(scheme.name);
    if (this.#locked !== undefined) return undefined;
    this.charge(scheme.cost);
    const plaintext = scheme.decrypt(ciphertext, this.passphrase);
    return plaintext !== undefined && passes(plaintext, check) ? plaintext : undefined;
  }
}

function passes(plaintext: Uint8Array, check: (plaintext: Uint8Array) => void): boolean {
  try {
    check(plaintext);
    return true;
  } catch (error) {
    if (error instanceof KubepkiError) return false;
    throw error;
  }
}
