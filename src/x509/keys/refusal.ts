/** How the files of this folder refuse a key: what is wrong, never any of its bytes. */
import { KubepkiError } from '../../errors.ts';
import { DerReader } from '../der/reader.ts';
import { Tag } from '../der/tag.ts';

/** A key that is malformed or inconsistent. The reason is fixed text or holds public facts only. */
export function badKey(reason: string, hint?: string): KubepkiError {
  return new KubepkiError('MALFORMED_KEY', reason, hint === undefined ? {} : { hint });
}

export function unsupportedKey(reason: string, hint?: string): KubepkiError {
  return new KubepkiError('UNSUPPORTED', reason, hint === undefined ? {} : { hint });
}

/** The forms of a private key, as messages name them. */
const FORMS = {
  sec1: { what: 'the EC private key', form: 'SEC 1 (EC PRIVATE KEY)' },
  pkcs1: { what: 'the RSA private key', form: 'PKCS#1 (RSA PRIVATE KEY)' },
  pkcs8: { what: 'the PKCS#8 private key', form: 'PKCS#8 (PRIVATE KEY)' },
} as const;

/**
 * Runs `read` over the DER of a private key. The reader's own messages quote lengths and tags,
 * which in a damaged key can be bytes of the secret: of those errors only the offset is passed on.
 */
export function readingSecret<T>(expected: keyof typeof FORMS, der: Uint8Array, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    const { code } = error;
    if (code !== 'MALFORMED_DER' && code !== 'MALFORMED_KEY') throw error;
    const offset = /^DER at byte (\d+):/.exec(error.message)?.[1] ?? '0';
    const found = recognise(der);
    throw badKey(
      code === 'MALFORMED_KEY'
        ? error.message
        : `${FORMS[expected].what} is malformed at byte ${offset}`,
      found === undefined || found === expected
        ? error.hint
        : `the content has the form of ${FORMS[found].form}: check the label`,
    );
  }
}

/** Runs `read` over the DER of something that is no secret: the reader's reason is passed on. */
export function readingPublic<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof KubepkiError) || error.code !== 'MALFORMED_DER') throw error;
    throw badKey(`${what} is malformed: ${error.message}`);
  }
}

/** Which private key form the outer elements look like, to explain a block with another form's label. */
function recognise(der: Uint8Array): keyof typeof FORMS | undefined {
  try {
    const outer = new DerReader(der).sequence();
    const version = outer.expect(Tag.integer).content;
    if (version.length !== 1) return undefined;
    const next = outer.peek();
    if (next === Tag.sequence) return 'pkcs8';
    if (next === Tag.integer) return 'pkcs1';
    if (next === Tag.octetString) return 'sec1';
  } catch {
    // Not DER at all: there is nothing to explain.
  }
  return undefined;
}

/** Puts the place in front of the message of whatever `read` refuses. */
export function readingAt<T>(where: string | undefined, read: () => T): T {
  if (where === undefined) return read();
  try {
    return read();
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    throw new KubepkiError(error.code, `${where}: ${error.message}`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.issues.length === 0 ? {} : { issues: error.issues }),
      ...(error.cause === undefined ? {} : { cause: error.cause }),
    });
  }
}
