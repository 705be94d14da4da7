/** The bags of an archive (RFC 7292, section 4.2): keys, certificates, revocation lists. */
import { KubepkiError } from '../../errors.ts';
import { type DerElement, DerReader, malformed } from '../der/reader.ts';
import { readString } from '../der/strings.ts';
import { contextConstructed, Tag } from '../der/tag.ts';
import { readOid } from '../der/values.ts';
import { readPkcs8 } from '../keys/pkcs8.ts';
import { readingSecret } from '../keys/refusal.ts';
import { berToDer } from './ber.ts';
import type { Opener } from './opener.ts';
import type { BagAttributes, Pkcs12Bag, Pkcs12Content } from './types.ts';

const BAG = '1.2.840.113549.1.12.10.1.';
const OID_KEY_BAG = `${BAG}1`;
const OID_SHROUDED_KEY_BAG = `${BAG}2`;
const OID_CERT_BAG = `${BAG}3`;
const OID_CRL_BAG = `${BAG}4`;
const OID_SECRET_BAG = `${BAG}5`;
const OID_SAFE_CONTENTS_BAG = `${BAG}6`;
const OID_X509_CERTIFICATE = '1.2.840.113549.1.9.22.1';
const OID_X509_CRL = '1.2.840.113549.1.9.23.1';
const OID_FRIENDLY_NAME = '1.2.840.113549.1.9.20';
const OID_LOCAL_KEY_ID = '1.2.840.113549.1.9.21';

/** Java keeps every certificate that a system trusts in one: some hundred. */
const MOST_BAGS = 10_000;
/** Bags of bags: nobody writes them. */
const MOST_DEPTH = 4;

export class BagReader {
  readonly bags: Pkcs12Bag[] = [];
  readonly #opener: Opener;

  constructor(opener: Opener) {
    this.#opener = opener;
  }

  add(bag: Pkcs12Bag): void {
    if (this.bags.length >= MOST_BAGS) throw malformed(0, `more than ${MOST_BAGS} bags`);
    this.bags.push(bag);
  }

  /** Reads SafeContents. */
  read(contents: Uint8Array): void {
    this.#contents(DerReader.single(berToDer(contents), Tag.sequence, 'the bags'), 1);
  }

  #contents(contents: DerElement, depth: number): void {
    if (depth > MOST_DEPTH) throw malformed(contents.offset, 'bags inside of bags');
    const list = DerReader.inside(contents);
    while (!list.done) {
      const fields = list.sequence('a bag');
      const type = readOid(fields.expect(Tag.oid, 'the type of a bag'));
      const tagged = DerReader.inside(fields.expect(contextConstructed(0), 'a bag'));
      const value = tagged.next('the content of a bag');
      tagged.end('the content of a bag');
      const attributes = fields.optional(Tag.set, 'the attributes of a bag');
      fields.end('a bag');
      if (type === OID_SAFE_CONTENTS_BAG) this.#contents(value, depth + 1);
      else this.add({ ...this.#content(type, value), ...readAttributes(attributes) });
    }
  }

  #content(type: string, value: DerElement): Pkcs12Content {
    switch (type) {
      case OID_CERT_BAG:
        return readTyped(value, OID_X509_CERTIFICATE, 'certificate');
      case OID_CRL_BAG:
        return readTyped(value, OID_X509_CRL, 'crl');
      case OID_KEY_BAG:
        return attempt(() => readKey(value.bytes, false));
      case OID_SHROUDED_KEY_BAG:
        return attempt(() => this.#shroudedKey(value));
      case OID_SECRET_BAG:
        return { kind: 'other', what: 'a secret' };
      default:
        return { kind: 'other', what: `a bag of the type ${type}` };
    }
  }

  /** EncryptedPrivateKeyInfo. */
  #shroudedKey(value: DerElement): Pkcs12Content {
    const fields = DerReader.inside(value);
    const identifier = fields.sequence('the encryption scheme');
    const ciphertext = fields.expect(Tag.octetString, 'the encrypted key').content;
    fields.end('the encrypted key');
    const what = 'the private key';
    const plaintext = this.#opener.open(identifier, ciphertext, what, looksLikeKey);
    return plaintext === undefined
      ? { kind: 'lockedKey', ...this.#opener.refusal(what) }
      : readKey(plaintext, true);
  }
}

function readKey(der: Uint8Array, encrypted: boolean): Pkcs12Content {
  const key = readingSecret('pkcs8', der, () => readPkcs8(der));
  return { kind: 'key', key, encrypted };
}

/** One wrong passphrase in 256 leaves padding that looks right. */
function looksLikeKey(plaintext: Uint8Array): void {
  const fields = DerReader.inside(DerReader.single(plaintext, Tag.sequence));
  fields.expect(Tag.integer);
  fields.expect(Tag.sequence);
  fields.expect(Tag.octetString);
}

/** CertBag and CRLBag: a type, and DER in an OCTET STRING. */
function readTyped(
  value: DerElement,
  expected: string,
  kind: 'certificate' | 'crl',
): Pkcs12Content {
  const fields = DerReader.inside(value);
  const type = readOid(fields.expect(Tag.oid, 'the type of a bag'));
  if (type !== expected) {
    return { kind: 'other', what: `a ${kind} of the type ${type}` };
  }
  const tagged = DerReader.inside(fields.expect(contextConstructed(0), 'the content of a bag'));
  fields.end('a bag');
  const der = tagged.expect(Tag.octetString, 'the content of a bag').content;
  tagged.end('the content of a bag');
  return { kind, der };
}

/** Turns a key that is refused into a bag that says so: the others can be read all the same. */
function attempt(read: () => Pkcs12Content): Pkcs12Content {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    const hint = error.hint === undefined ? '' : ` (${error.hint})`;
    return { kind: 'malformed', reason: error.message + hint };
  }
}

function readAttributes(attributes: DerElement | undefined): BagAttributes {
  let friendlyName: string | undefined;
  let localKeyId: Uint8Array | undefined;
  if (attributes !== undefined) {
    const list = DerReader.inside(attributes);
    while (!list.done) {
      const attribute = list.sequence('an attribute');
      const type = readOid(attribute.expect(Tag.oid, 'the type of an attribute'));
      const values = DerReader.inside(attribute.expect(Tag.set, 'the values of an attribute'));
      attribute.end('an attribute');
      if (values.done) continue;
      if (type === OID_FRIENDLY_NAME) friendlyName = readString(values.next('the alias'));
      if (type === OID_LOCAL_KEY_ID) {
        localKeyId = values.expect(Tag.octetString, 'the local key id').content;
      }
    }
  }
  return {
    ...(friendlyName === undefined ? {} : { friendlyName }),
    ...(localKeyId === undefined ? {} : { localKeyId }),
  };
}
