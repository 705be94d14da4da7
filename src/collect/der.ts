/**
 * Reads a file of raw DER. Nothing in it says what it is, so its outermost elements are looked at,
 * and then the reader of `x509` for that has the word.
 */
import { parseCertificate } from '../x509/index.ts';
import { attempt, type BlockReader, type IdentifyOptions } from './block.ts';
import { readArchive } from './pkcs12.ts';
import type { Entry, Material } from './types.ts';

const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OID = 0x06;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const SEQUENCE = 0x30;
const CONTEXT_0 = 0xa0;

/** A SEQUENCE of indefinite length with the version of PKCS#12 and another SEQUENCE: BER. */
const ARCHIVE_IN_BER = Buffer.from('308002010330', 'hex');

/**
 * True of bytes that begin with the header of a SEQUENCE: with the length in its long form, which
 * no text has, or in its short form where it is the size of the file. And of PKCS#12 in BER.
 */
export function looksLikeDer(bytes: Buffer): boolean {
  const [tag, length] = bytes;
  if (tag !== SEQUENCE || length === undefined) return false;
  if (bytes.subarray(0, ARCHIVE_IN_BER.length).equals(ARCHIVE_IN_BER)) return true;
  return (length > 0x80 && length <= 0x84) || length + 2 === bytes.length;
}

/** What DER holds; `bytes` must look like it. */
export function readDer(bytes: Buffer, options: IdentifyOptions, reader: BlockReader): Material {
  if (bytes[1] === 0x80) return readArchive(bytes, options, reader);
  const elements = childrenOf(bytes);
  const [first, second] = elements;
  if (first?.tag === OID) {
    return {
      format: 'unknown',
      isDamaged: false,
      reason: 'PKCS#7 (convert it with: openssl pkcs7 -inform DER -print_certs)',
    };
  }
  if (first?.tag === INTEGER && second?.tag === SEQUENCE && first.content[0] === 3) {
    return readArchive(bytes, options, reader);
  }
  const label = labelOf(elements);
  return { format: 'der', entries: [readAs(label, bytes, reader)] };
}

function readAs(label: string | undefined, bytes: Buffer, reader: BlockReader): Entry {
  if (label === undefined) {
    // Cut off or none of these: a reader that says at which byte it ends.
    return attempt('DER', () => ({ kind: 'certificate', certificate: parseCertificate(bytes) }));
  }
  return reader.readBytes(label, bytes);
}

/** Which PEM label the outermost elements ask for. */
function labelOf(elements: readonly Element[]): string | undefined {
  const [first, second] = elements;
  if (first?.tag === INTEGER) {
    if (second?.tag === SEQUENCE) return 'PRIVATE KEY';
    if (second?.tag === OCTET_STRING) return 'EC PRIVATE KEY';
    if (second?.tag === INTEGER)
      return elements.length === 2 ? 'RSA PUBLIC KEY' : 'RSA PRIVATE KEY';
    return undefined;
  }
  if (first?.tag !== SEQUENCE) return undefined;
  if (second?.tag === BIT_STRING) return 'PUBLIC KEY';
  if (second?.tag === OCTET_STRING) return 'ENCRYPTED PRIVATE KEY';
  // A request has its attributes where a certificate of version 1 has its subject.
  const inside = childrenOf(first.bytes);
  // The third element of a revocation list is a date, behind the version where there is one.
  const date = inside[0]?.tag === INTEGER ? inside[3] : inside[2];
  if (date?.tag === UTC_TIME || date?.tag === GENERALIZED_TIME) return 'X509 CRL';
  const isRequest = inside[0]?.tag === INTEGER && inside[3]?.tag === CONTEXT_0;
  return isRequest ? 'CERTIFICATE REQUEST' : 'CERTIFICATE';
}

interface Element {
  readonly tag: number;
  readonly content: Buffer;
  /** Header and content. */
  readonly bytes: Buffer;
}

/** No structure here has its mark behind the fifth element. */
const MOST_ELEMENTS = 5;

/** The first elements inside the first element, as far as they are whole. A glance: it checks nothing else. */
function childrenOf(bytes: Buffer): Element[] {
  const content = elementAt(bytes, 0)?.content ?? Buffer.alloc(0);
  const elements: Element[] = [];
  for (let at = 0; elements.length < MOST_ELEMENTS; ) {
    const element = elementAt(content, at);
    if (element === undefined) break;
    elements.push(element);
    at += element.bytes.length;
  }
  return elements;
}

function elementAt(bytes: Buffer, at: number): Element | undefined {
  const [tag, first] = bytes.subarray(at, at + 2);
  if (tag === undefined || first === undefined) return undefined;
  const count = first < 0x80 ? 0 : first & 0x7f;
  const start = at + 2 + count;
  if ((count === 0 && first >= 0x80) || count > 4 || start > bytes.length) return undefined;
  const length = count === 0 ? first : bytes.readUIntBE(at + 2, count);
  if (start + length > bytes.length) return undefined;
  return {
    tag,
    content: bytes.subarray(start, start + length),
    bytes: bytes.subarray(at, start + length),
  };
}
