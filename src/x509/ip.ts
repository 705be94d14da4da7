/** IP addresses between text and the bytes that an iPAddress name holds, by the rules of Go's net.IP. */

const LONGEST_TEXT = 45;

/**
 * The 4 or 16 bytes of an address, or undefined where the text is none. IPv4 in dotted decimals
 * without leading zeros, IPv6 as in RFC 4291, section 2.2, without zone. An IPv4-mapped address
 * (`::ffff:192.0.2.1`) gives 4 bytes: Go writes it into certificates so.
 */
export function ipToBytes(text: string): Uint8Array | undefined {
  if (text.length > LONGEST_TEXT) return undefined;
  if (!text.includes(':')) return ipv4ToBytes(text);
  const bytes = ipv6ToBytes(text);
  return bytes !== undefined && isMapped(bytes) ? bytes.subarray(12) : bytes;
}

/**
 * An address of 4 or 16 bytes as text: dotted decimals, or RFC 5952 for IPv6. An IPv4-mapped one
 * is shown as IPv4, as Go does.
 */
export function bytesToIp(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) throw new RangeError(`expected 4 or 16 bytes, got ${bytes.length}`);
  if (isMapped(bytes)) return bytes.subarray(12).join('.');
  const groups = Array.from({ length: 8 }, (_, i) => {
    const [high = 0, low = 0] = bytes.subarray(2 * i, 2 * i + 2);
    return (high << 8) | low;
  });
  const run = longestZeroRun(groups);
  if (run.length < 2) return hexGroups(groups);
  return `${hexGroups(groups.slice(0, run.start))}::${hexGroups(groups.slice(run.start + run.length))}`;
}

const hexGroups = (groups: readonly number[]): string =>
  groups.map((group) => group.toString(16)).join(':');

/** The longest run of zero groups, of equal ones the first (RFC 5952, section 4.2.3). */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (const [i, group] of groups.entries()) {
    if (group !== 0) start = i + 1;
    else if (i + 1 - start > best.length) best = { start, length: i + 1 - start };
  }
  return best;
}

function isMapped(bytes: Uint8Array): boolean {
  for (let i = 0; i < 10; i++) if (bytes[i] !== 0) return false;
  return bytes[10] === 0xff && bytes[11] === 0xff;
}

const DECIMAL = /^(?:0|[1-9][0-9]{0,2})$/;

function ipv4ToBytes(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (const [i, part] of parts.entries()) {
    const value = Number(part);
    if (value > 255 || !DECIMAL.test(part)) return undefined;
    bytes[i] = value;
  }
  return bytes;
}

function ipv6ToBytes(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  const [head, tail] = halves;
  if (head === undefined || halves.length > 2) return undefined;
  const front = groupsToBytes(head, tail === undefined);
  if (front === undefined) return undefined;
  if (tail === undefined) return front.length === 16 ? Uint8Array.from(front) : undefined;
  const back = groupsToBytes(tail, true);
  // `::` stands for at least one group.
  if (back === undefined || front.length + back.length > 14) return undefined;
  const bytes = new Uint8Array(16);
  bytes.set(front);
  bytes.set(back, 16 - back.length);
  return bytes;
}

const GROUP = /^[0-9A-Fa-f]{1,4}$/;

/** The bytes of groups between colons; the last one may be dotted IPv4 where they end the address. */
function groupsToBytes(text: string, atEnd: boolean): number[] | undefined {
  const bytes: number[] = [];
  if (text === '') return bytes;
  const groups = text.split(':');
  for (const [i, group] of groups.entries()) {
    if (GROUP.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
      continue;
    }
    const dotted = atEnd && i === groups.length - 1 ? ipv4ToBytes(group) : undefined;
    if (dotted === undefined) return undefined;
    bytes.push(...dotted);
  }
  return bytes;
}
