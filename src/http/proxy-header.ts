/**
 * The header of the PROXY protocol, with which a balancer says whose connection it hands on (HAProxy,
 * doc/proxy-protocol.txt, versions 1 and 2). Strict: whoever is trusted to send it sends it right.
 */
import { bytesToIp, ipToBytes } from '../x509/index.ts';

export type ProxyHeader =
  /** What is there can be the beginning of one. */
  | { readonly kind: 'more' }
  /** `source` is absent where the balancer speaks for itself, or does not know for whom. */
  | { readonly kind: 'header'; readonly length: number; readonly source?: string }
  | { readonly kind: 'wrong'; readonly reason: string };

const MORE: ProxyHeader = { kind: 'more' };
const wrong = (reason: string): ProxyHeader => ({ kind: 'wrong', reason });

/** The beginning of a connection, as far as it has come. Reads nothing behind the header. */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader {
  if (bytes.length === 0) return MORE;
  if (beginsLike(bytes, SIGNATURE)) return readBinary(bytes);
  if (beginsLike(bytes, PREFIX)) return readText(bytes);
  return wrong('there is none');
}

/** As far as both go. */
const beginsLike = (bytes: Uint8Array, start: Uint8Array): boolean =>
  start.every((byte, i) => i >= bytes.length || bytes[i] === byte);

/** Version 1: a line of text. */
const PREFIX = Buffer.from('PROXY ');
/** With its end (section 2.1). */
const LONGEST_LINE = 107;
const [CARRIAGE_RETURN, LINE_FEED] = [0x0d, 0x0a];
const TEXT = /^PROXY (TCP4|TCP6) ([0-9.]+|[0-9A-Fa-f:.]+) ([0-9A-Fa-f:.]+) (\d+) (\d+)$/;
const UNKNOWN = /^PROXY UNKNOWN(?: [\x20-\x7e]*)?$/;
const PORT = /^(?:0|[1-9]\d{0,4})$/;

function readText(bytes: Uint8Array): ProxyHeader {
  const start = bytes.subarray(0, LONGEST_LINE);
  const end = start.indexOf(LINE_FEED);
  if (end < 0) {
    return start.length === LONGEST_LINE ? wrong('the line does not end') : MORE;
  }
  if (start[end - 1] !== CARRIAGE_RETURN) return wrong('the line does not end in CR LF');
  const line = Buffer.from(start.subarray(0, end - 1)).toString('latin1');
  const length = end + 1;
  if (UNKNOWN.test(line)) return { kind: 'header', length };
  const [, family, source = '', destination = '', ...ports] = TEXT.exec(line) ?? [];
  if (family === undefined) return wrong('the line is not what the protocol says');
  const isSix = family === 'TCP6';
  const [from, to] = [source, destination].map((text) =>
    text.includes(':') === isSix ? ipToBytes(text) : undefined,
  );
  const arePorts = ports.every((port) => PORT.test(port) && Number(port) <= 65_535);
  if (from === undefined || to === undefined || !arePorts) {
    return wrong('an address or a port is none');
  }
  return { kind: 'header', length, source: bytesToIp(from) };
}

/** Version 2, in bytes (section 2.2). */
const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const FIXED = 16;
/**
 * Of what follows the fixed part, addresses and additional values: those of cloud balancers have some hundred
 * bytes. 65,535 could be told.
 */
const MOST_FOLLOWING = 4096;
const [LOCAL, PROXY] = [0x20, 0x21];
/** Bytes of an address, by family and transport; of each there are two, and two ports. */
const ADDRESS_BYTES: ReadonlyMap<number, number> = new Map([
  [0x11, 4],
  [0x21, 16],
]);
const UNSPECIFIED = 0x00;

function readBinary(bytes: Uint8Array): ProxyHeader {
  if (bytes.length < FIXED) return MORE;
  const [command = 0, family = 0, high = 0, low = 0] = bytes.subarray(SIGNATURE.length, FIXED);
  const following = high * 256 + low;
  if (command !== LOCAL && command !== PROXY) return wrong('its version or command is unknown');
  if (following > MOST_FOLLOWING) return wrong(`it is longer than ${MOST_FOLLOWING} bytes`);
  const size = ADDRESS_BYTES.get(family);
  if (command === PROXY && family !== UNSPECIFIED) {
    if (size === undefined) return wrong('it is not about a connection of TCP');
    if (following < 2 * size + 4) return wrong('it is too short for its addresses');
  }
  const length = FIXED + following;
  if (bytes.length < length) return MORE;
  if (command === LOCAL || size === undefined) return { kind: 'header', length };
  return { kind: 'header', length, source: bytesToIp(bytes.subarray(FIXED, FIXED + size)) };
}
