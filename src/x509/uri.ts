/** Whether a text is a URI that Go's net/url reads: a certificate with another one is refused whole by every Kubernetes component. */
import { ipToBytes } from './ip.ts';

/** A scheme, and what follows its colon (RFC 3986, section 3.1). */
const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s;
const BROKEN_ESCAPE = /%(?![0-9A-Fa-f]{2})/;
const USER_INFO = /^[A-Za-z0-9\-._~:!$&'()*+,;=%@]*$/;
/** Host and port of an authority (section 3.2.2), with the four characters that Go lets pass beside. */
const HOST = /^([A-Za-z0-9\-._~!$&'()*+,;=<>"]*)(?::[0-9]*)?$/;
const ADDRESS = /^\[([0-9A-Fa-f:.]+)\](?::[0-9]*)?$/;

/** True of a URI with a scheme: what RFC 5280, section 4.2.1.6 allows in a certificate. */
export const isAbsoluteUri = (text: string): boolean => SCHEME.test(text) && isUri(text);

/**
 * True of a URI, or a reference without scheme, that Go reads. Stricter than Go in the host of one:
 * no percent-encoding, no zone of an IPv6 address, one colon.
 */
export function isUri(text: string): boolean {
  const hash = text.indexOf('#');
  const [before, fragment] = hash < 0 ? [text, ''] : [text.slice(0, hash), text.slice(hash + 1)];
  if (BROKEN_ESCAPE.test(fragment)) return false;
  const [, scheme, rest = before] = SCHEME.exec(before) ?? [];
  const [hierarchy = ''] = rest.split('?');
  if (!hierarchy.startsWith('/')) {
    // Behind a scheme anything goes; without one, a colon in the first segment would be one.
    if (scheme !== undefined) return true;
    return !(hierarchy.split('/')[0] ?? '').includes(':') && !BROKEN_ESCAPE.test(hierarchy);
  }
  if (!hierarchy.startsWith('//') || (scheme === undefined && hierarchy.startsWith('///'))) {
    return !BROKEN_ESCAPE.test(hierarchy);
  }
  const slash = hierarchy.indexOf('/', 2);
  const end = slash < 0 ? hierarchy.length : slash;
  return isAuthority(hierarchy.slice(2, end)) && !BROKEN_ESCAPE.test(hierarchy.slice(end));
}

function isAuthority(text: string): boolean {
  const at = text.lastIndexOf('@');
  const user = text.slice(0, Math.max(0, at));
  if (!USER_INFO.test(user) || BROKEN_ESCAPE.test(user)) return false;
  const host = text.slice(at + 1);
  const address = ADDRESS.exec(host)?.[1];
  if (address !== undefined) return address.includes(':') && ipToBytes(address) !== undefined;
  // Go takes the host for a domain name, port and all: no label of it is empty.
  return HOST.test(host) && (host === '' || host.split('.').every((label) => label !== ''));
}
