/** Reads PKCS#12 archives (RFC 7292), in DER and in BER, as OpenSSL, Java, Windows and Go write them. */
import { KubepkiError } from '../../errors.ts';
import { type DerElement, DerReader, malformed } from '../der/reader.ts';
import { context, contextConstructed, Tag } from '../der/tag.ts';
import { readOid, readSmallInteger } from '../der/values.ts';
import { BagReader } from './bags.ts';
import { berToDer } from './ber.ts';
import { type Mac, readMac } from './mac.ts';
import { Opener } from './opener.ts';
import type { Pkcs12 } from './types.ts';

const OID_DATA = '1.2.840.113549.1.7.1';
const OID_SIGNED_DATA = '1.2.840.113549.1.7.2';
const OID_ENVELOPED_DATA = '1.2.840.113549.1.7.3';
const OID_ENCRYPTED_DATA = '1.2.840.113549.1.7.6';

/**
 * Reads an archive. Its MAC is verified before anything is decrypted. Without a passphrase the empty
 * one is tried, which many archives have.
 *
 * A passphrase that is missing or wrong is a result (`locked`), so that what stands in the clear can be
 * told; a key under a passphrase of its own is a bag that stays closed.
 *
 * @throws KubepkiError MALFORMED_DER, MALFORMED_KEY; UNSUPPORTED for archives that rest on public
 *   keys instead of a passphrase, for RC4, and for more work than is done for a file
 */
export function readPkcs12(
  bytes: Uint8Array,
  options: { readonly passphrase?: string | Uint8Array } = {},
): Pkcs12 {
  const outer = DerReader.inside(
    DerReader.single(berToDer(bytes), Tag.sequence, 'the PKCS#12 archive'),
  );
  const version = outer.expect(Tag.integer, 'the version');
  if (readSmallInteger(version) !== 3) {
    throw malformed(version.offset, 'a version of PKCS#12 other than 3');
  }
  const content = readAuthenticatedSafe(outer);
  const mac = outer.done ? undefined : readMac(outer.sequence('the MAC of the archive'));
  outer.end('the PKCS#12 archive');

  const opener = new Opener(options.passphrase);
  if (mac !== undefined) check(mac, content, opener);
  const bags = new BagReader(opener);
  // A MAC that does not verify may mean that somebody has changed what stands in the clear.
  const isTrusted = opener.locked?.code !== 'WRONG_PASSPHRASE';
  if (isTrusted) for (const part of partsOf(content)) readPart(part, bags, opener);
  return {
    mac: mac?.name,
    encryption: opener.schemes,
    bags: bags.bags,
    ...(opener.locked === undefined ? {} : { locked: opener.locked }),
  };
}

/** The content that the MAC is made over, and everything is in. */
function readAuthenticatedSafe(outer: DerReader): Uint8Array {
  const { type, content } = readContentInfo(outer.sequence('the content of the archive'));
  if (type === OID_SIGNED_DATA) {
    throw new KubepkiError(
      'UNSUPPORTED',
      'the archive is signed instead of protected by a passphrase',
      { hint: 'export it again with a passphrase' },
    );
  }
  if (type !== OID_DATA || content === undefined) {
    throw malformed(0, `an archive whose content is of the type ${type}`);
  }
  return octetsOf(content, 'the content of the archive');
}

interface ContentInfo {
  readonly type: string;
  readonly content: DerElement | undefined;
}

/** ContentInfo (RFC 2315, section 7). */
function readContentInfo(fields: DerReader): ContentInfo {
  const type = readOid(fields.expect(Tag.oid, 'the type of a content'));
  const tagged = fields.optional(contextConstructed(0), 'a content');
  fields.end('a content');
  if (tagged === undefined) return { type, content: undefined };
  const inside = DerReader.inside(tagged);
  const content = inside.next('a content');
  inside.end('a content');
  return { type, content };
}

function octetsOf(element: DerElement, what: string): Uint8Array {
  if (element.tag !== Tag.octetString)
    throw malformed(element.offset, `${what} is no OCTET STRING`);
  return element.content;
}

/** Archives have two or three. */
const MOST_PARTS = 1000;

function partsOf(content: Uint8Array): ContentInfo[] {
  const parts: ContentInfo[] = [];
  const list = DerReader.inside(
    DerReader.single(berToDer(content), Tag.sequence, 'the parts of the archive'),
  );
  while (!list.done) {
    parts.push(readContentInfo(list.sequence('a part of the archive')));
    if (parts.length > MOST_PARTS) throw malformed(0, `more than ${MOST_PARTS} parts`);
  }
  return parts;
}

function readPart({ type, content }: ContentInfo, bags: BagReader, opener: Opener): void {
  if (content === undefined) return;
  switch (type) {
    case OID_DATA:
      bags.read(octetsOf(content, 'a part of the archive'));
      return;
    case OID_ENCRYPTED_DATA: {
      const plaintext = openEncryptedData(content, opener);
      if (plaintext === undefined) opener.lock();
      else bags.read(plaintext);
      return;
    }
    case OID_ENVELOPED_DATA:
      bags.add({ kind: 'other', what: 'a part for the holder of another key' });
      return;
    default:
      bags.add({ kind: 'other', what: `a part of the type ${type}` });
  }
}

/** EncryptedData (RFC 2315, section 13), opened; undefined where it stays closed. */
function openEncryptedData(element: DerElement, opener: Opener): Uint8Array | undefined {
  const fields = DerReader.inside(element);
  readSmallInteger(fields.expect(Tag.integer, 'the version'));
  const info = fields.sequence('the encrypted content');
  info.expect(Tag.oid, 'the type of the encrypted content');
  const identifier = info.sequence('the encryption scheme');
  const ciphertext = readCiphertext(info);
  info.end('the encrypted content');
  return opener.open(identifier, ciphertext, 'a part of the archive', (plaintext) => {
    DerReader.single(berToDer(plaintext), Tag.sequence);
  });
}

/** `[0] IMPLICIT OCTET STRING`, in one piece or in several. */
function readCiphertext(info: DerReader): Uint8Array {
  const whole = info.optional(context(0), 'the encrypted content');
  if (whole !== undefined) return whole.content;
  const pieces: Uint8Array[] = [];
  const list = DerReader.inside(info.expect(contextConstructed(0), 'the encrypted content'));
  while (!list.done) pieces.push(list.expect(Tag.octetString, 'a piece').content);
  return Buffer.concat(pieces);
}

/** Whether the passphrase at hand is the archive's. */
function check(mac: Mac, content: Uint8Array, opener: Opener): void {
  opener.charge(mac.cost);
  if (!mac.verifies(content, opener.passphrase)) opener.lock();
}
