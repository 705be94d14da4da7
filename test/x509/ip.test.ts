import { isIP } from 'node:net';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToIp, ipToBytes } from '../../src/x509/ip.ts';
import { hex, unhex } from './support.ts';

const bytesOf = (text: string): string | undefined => {
  const bytes = ipToBytes(text);
  return bytes === undefined ? undefined : hex(bytes);
};

describe('ipToBytes', () => {
  const known: [string, string][] = [
    ['0.0.0.0', '00000000'],
    ['172.16.10.138', 'ac100a8a'],
    ['255.255.255.255', 'ffffffff'],
    ['::', '0'.repeat(32)],
    ['::1', `${'0'.repeat(31)}1`],
    ['1::', `0001${'0'.repeat(28)}`],
    ['FD00:0::a', `fd00${'0'.repeat(27)}a`],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
    ['::2:3:4:5:6:7:8', '00000002000300040005000600070008'],
    ['64:ff9b::192.0.2.1', '0064ff9b0000000000000000c0000201'],
    ['1:2:3:4:5:6:192.0.2.1', '000100020003000400050006c0000201'],
    ['::ffff:192.0.2.1', 'c0000201'],
    ['::ffff:c000:201', 'c0000201'],
  ];
  for (const [text, bytes] of known) it(`reads ${text}`, () => expect(bytesOf(text)).toBe(bytes));

  const wrong = [
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4 ',
    '1.2.3.-4',
    '1.2.3.0x4',
    '1..3.4',
    ':',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '::1:2:3:4:5:6:7:8',
    '1::2::3',
    '12345::',
    'g::',
    '::1%eth0',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '::1.2.3',
    '[::1]',
    ':1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:',
    `::${'0'.repeat(60)}`,
  ];
  for (const text of wrong) {
    it(`refuses ${JSON.stringify(text)}`, () => expect(bytesOf(text)).toBeUndefined());
  }

  it('agrees with Node on what is an address', () => {
    const pieces = fc.constantFrom('::', ':', '.', '0', '1', 'ffff', '255', '256', '1.2.3.4', 'x');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 10 }), (parts) => {
        const text = parts.join('');
        // Node takes a "::" that stands for no group at all; Go does not.
        const groups =
          text.split(/::?/).filter((part) => part !== '').length + (text.includes('.') ? 1 : 0);
        if (groups === 8 && text.includes('::')) return;
        expect(ipToBytes(text) !== undefined).toBe(isIP(text) !== 0);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('bytesToIp', () => {
  const known: [string, string][] = [
    ['0a000001', '10.0.0.1'],
    ['00000000000000000000000000000000', '::'],
    ['20010db8000000000000000000000001', '2001:db8::1'],
    ['20010db8000100000001000000000001', '2001:db8:1:0:1::1'],
    ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    ['20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    ['00010000000000000000000000000000', '1::'],
    ['0000000000000000000000000a000001', '::a00:1'],
    ['00000000000000000000ffff0a000001', '10.0.0.1'],
    ['abcdef00000100020003000400050006', 'abcd:ef00:1:2:3:4:5:6'],
  ];
  for (const [bytes, text] of known) {
    it(`shows ${text} as RFC 5952 says`, () => expect(bytesToIp(unhex(bytes))).toBe(text));
  }
  it('refuses other sizes', () =>
    expect(() => bytesToIp(new Uint8Array(5))).toThrow('expected 4 or 16 bytes, got 5'));
  it('is read back as the same bytes', () => {
    const group = fc.oneof(fc.constant(0), fc.nat(0xffff));
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const bytes = Buffer.alloc(16);
        for (const [i, value] of groups.entries()) bytes.writeUInt16BE(value, 2 * i);
        const mapped = hex(bytes).startsWith(`${'0'.repeat(20)}ffff`);
        expect(bytesOf(bytesToIp(bytes))).toBe(hex(mapped ? bytes.subarray(12) : bytes));
      }),
    );
  });
});
