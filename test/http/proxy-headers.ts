/** Headers of the PROXY protocol, version 2, as balancers write them. */
import { ipToBytes } from '../../src/x509/index.ts';

export const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

export function binaryHeader({
  command = 0x21,
  family,
  source,
  more = Buffer.alloc(0),
}: {
  readonly command?: number;
  /** That of the addresses unless given. */
  readonly family?: number;
  readonly source?: string;
  /** What follows the addresses. */
  readonly more?: Uint8Array;
}): Buffer {
  const address = source === undefined ? Buffer.alloc(0) : (ipToBytes(source) ?? Buffer.alloc(0));
  const ends =
    address.length === 0
      ? Buffer.alloc(0)
      : Buffer.concat([address, address, Buffer.from([0x8b, 0x3e, 0x19, 0x2b])]);
  const length = ends.length + more.length;
  const own = address.length === 4 ? 0x11 : address.length === 16 ? 0x21 : 0;
  return Buffer.concat([
    SIGNATURE,
    Buffer.from([command, family ?? own, length >> 8, length & 0xff]),
    ends,
    more,
  ]);
}
