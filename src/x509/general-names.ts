/** The GeneralNames of a subjectAltName extension (RFC 5280, section 4.2.1.6): DNS, IP, URI and e-mail names. */
import { isAscii } from 'node:buffer';
import { KubepkiError, quoted } from '../errors.ts';
import { type DerElement, DerReader, malformed } from './der/reader.ts';
import { context } from './der/tag.ts';
import { element, sequenceOf, textElement } from './der/writer.ts';
import { bytesToIp, ipToBytes } from './ip.ts';
import type { SubjectAltNames } from './types.ts';
import { isAbsoluteUri, isUri } from './uri.ts';

const EMAIL = context(1);
const DNS = context(2);
const URI = context(6);
const IP = context(7);

/** Printable ASCII without the space: what a DNS name or URI in a certificate is made of. */
const VISIBLE = /^[\x21-\x7e]+$/;
const PRINTABLE = /^[\x20-\x7e]+$/;

/**
 * DER of the names in Go's order (DNS, e-mail, IP, URI), or undefined where there are none.
 *
 * @throws KubepkiError INVALID_VALUE for a name that does not fit its kind.
 */
export function encodeGeneralNames(names: Partial<SubjectAltNames>): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  for (const name of names.dns ?? []) parts.push(text(DNS, 'DNS name', VISIBLE, name));
  for (const name of names.email ?? []) parts.push(text(EMAIL, 'e-mail address', PRINTABLE, name));
  for (const name of names.ip ?? []) {
    const bytes = ipToBytes(name);
    if (bytes === undefined) throw invalid('IP address', name);
    parts.push(element(IP, bytes));
  }
  for (const name of names.uri ?? []) {
    if (!isAbsoluteUri(name)) throw invalid('URI', name);
    parts.push(text(URI, 'URI', VISIBLE, name));
  }
  return parts.length === 0 ? undefined : sequenceOf(parts);
}

function text(tag: number, kind: string, allowed: RegExp, name: string): Uint8Array {
  if (!allowed.test(name)) throw invalid(kind, name);
  return textElement(tag, name);
}

function invalid(kind: string, name: string): KubepkiError {
  const shown = quoted(name, 80);
  return new KubepkiError('INVALID_VALUE', `subjectAltName: ${shown} is not a valid ${kind}`);
}

/**
 * Reads GeneralNames. Kinds other than the four are passed over, as Go does; the raw extension
 * keeps them.
 */
export function readGeneralNames(names: DerElement): SubjectAltNames {
  const dns: string[] = [];
  const ip: string[] = [];
  const uri: string[] = [];
  const email: string[] = [];
  const reader = DerReader.inside(names);
  while (!reader.done) {
    const name = reader.next('a name');
    switch (name.tag) {
      case DNS:
        dns.push(ia5(name, 'a DNS name'));
        break;
      case EMAIL:
        email.push(ia5(name, 'an e-mail address'));
        break;
      case URI:
        uri.push(readUri(name));
        break;
      case IP:
        if (name.content.length !== 4 && name.content.length !== 16) {
          throw malformed(name.offset, `an IP address of ${name.content.length} bytes`);
        }
        ip.push(bytesToIp(name.content));
        break;
      default:
    }
  }
  return { dns, ip, uri, email };
}

function ia5(name: DerElement, kind: string): string {
  if (!isAscii(name.content)) throw malformed(name.offset, `${kind} that is not ASCII`);
  return Buffer.from(name.content).toString('latin1');
}

/** A URI that Go reads; control characters are refused, as there. */
function readUri(name: DerElement): string {
  const uri = ia5(name, 'a URI');
  for (let i = 0; i < uri.length; i++) {
    const code = uri.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) throw malformed(name.offset, 'a URI with control characters');
  }
  if (!isUri(uri)) throw malformed(name.offset, 'a URI that cannot be parsed');
  return uri;
}
