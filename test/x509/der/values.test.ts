import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DerElement, DerReader } from '../../../src/x509/der/reader.ts';
import {
  readBitString,
  readBitStringBytes,
  readBoolean,
  readIntegerBytes,
  readNamedBits,
  readOid,
  readSmallInteger,
  readTime,
} from '../../../src/x509/der/values.ts';
import {
  bitString,
  boolean,
  namedBits,
  oid,
  smallInteger,
  time,
  unsignedInteger,
} from '../../../src/x509/der/writer.ts';
import { expectRefused, hex, unhex } from '../support.ts';

const read = (bytes: Uint8Array): DerElement => DerReader.single(bytes);
const refused = (reader: (element: DerElement) => unknown, bytes: string, text: string): void =>
  expectRefused(() => reader(read(unhex(bytes))), 'MALFORMED_DER', text);

describe('readBoolean', () => {
  it('reads TRUE and FALSE', () => {
    expect(readBoolean(read(boolean(true)))).toBe(true);
    expect(readBoolean(read(boolean(false)))).toBe(false);
  });
  it('refuses other bytes', () => refused(readBoolean, '010101', 'neither TRUE'));
  it('refuses no content', () => refused(readBoolean, '0100', 'neither TRUE'));
  it('refuses two bytes', () => refused(readBoolean, '0102ffff', 'neither TRUE'));
});

describe('readIntegerBytes', () => {
  it('reads what is in its shortest form', () => {
    for (const bytes of ['020100', '02017f', '02020080', '020180', '0202ff7f']) {
      expect(hex(readIntegerBytes(read(unhex(bytes))))).toBe(bytes.slice(4));
    }
  });
  it('refuses no content', () => refused(readIntegerBytes, '0200', 'without content'));
  it('refuses a redundant zero byte', () => refused(readIntegerBytes, '0202007f', 'shortest form'));
  it('refuses a redundant ff byte', () => refused(readIntegerBytes, '0202ff80', 'shortest form'));
});

const at = (value: number) => () => readSmallInteger(read(smallInteger(value)), 10);

describe('readSmallInteger', () => {
  it('reads back what the writer makes', () => {
    fc.assert(
      fc.property(fc.nat(), (value) => {
        expect(readSmallInteger(read(smallInteger(value)))).toBe(value);
      }),
    );
  });
  it('refuses a negative number', () => refused(readSmallInteger, '0201ff', 'a negative INTEGER'));
  it('refuses a number above the maximum', () => {
    expect(at(10)()).toBe(10);
    expectRefused(at(11), 'MALFORMED_DER', 'an INTEGER above 10');
  });
  it('refuses a number of many bytes', () =>
    refused(readSmallInteger, '020701000000000000', 'an INTEGER above'));
});

describe('readOid', () => {
  const known: [string, string][] = [
    ['2.5.4.3', '0603550403'],
    ['1.2.840.113549.1.1.11', '06092a864886f70d01010b'],
    ['0.0', '060100'],
    ['0.39', '060127'],
    ['1.0', '060128'],
    ['1.39', '06014f'],
    ['2.0', '060150'],
    ['2.999.3', '0603883703'],
  ];
  for (const [dotted, bytes] of known) {
    it(`reads and writes ${dotted}`, () => {
      expect(readOid(read(unhex(bytes)))).toBe(dotted);
      expect(hex(oid(dotted))).toBe(bytes);
    });
  }
  it('reads back what the writer makes', () => {
    const root = fc.oneof(
      fc.tuple(fc.constantFrom(0, 1), fc.nat(39)),
      fc.tuple(fc.constant(2), fc.nat(0x7fffffff - 80)),
    );
    fc.assert(
      fc.property(root, fc.array(fc.nat(0x7fffffff), { maxLength: 12 }), (first, rest) => {
        const dotted = [...first, ...rest].join('.');
        expect(readOid(read(oid(dotted)))).toBe(dotted);
      }),
    );
  });
  it('refuses no content', () => refused(readOid, '0600', 'ends inside an arc'));
  it('refuses an unfinished arc', () => refused(readOid, '06025583', 'ends inside an arc'));
  it('refuses a leading zero in an arc', () => refused(readOid, '0603558003', 'a leading zero'));
  it('reads the largest arc that Go takes', () =>
    expect(readOid(read(unhex('06065587ffffff7f')))).toBe('2.5.2147483647'));
  it('refuses a larger one', () => refused(readOid, '0606558880808000', 'arc above 2^31'));
  it('refuses an arc without end', () =>
    refused(readOid, `060a55${'ff'.repeat(9)}`, 'arc above 2^31'));
});

describe('readBitString', () => {
  it('reads bytes and the count of unused bits', () => {
    const { bytes, unused } = readBitString(read(unhex('030204f0')));
    expect({ bytes: hex(bytes), unused }).toEqual({ bytes: 'f0', unused: 4 });
  });
  it('reads an empty one', () => expect(readBitString(read(unhex('030100'))).unused).toBe(0));
  it('refuses no content', () => refused(readBitString, '0300', 'impossible count'));
  it('refuses eight unused bits', () => refused(readBitString, '03020800', 'impossible count'));
  it('refuses unused bits of no byte', () => refused(readBitString, '030101', 'impossible count'));
  it('refuses unused bits that are set', () => refused(readBitString, '030204f8', 'are not zero'));
});

describe('readBitStringBytes', () => {
  it('reads back what the writer makes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(hex(readBitStringBytes(read(bitString(bytes))))).toBe(hex(bytes));
      }),
    );
  });
  it('refuses unused bits', () => refused(readBitStringBytes, '030204f0', 'not of whole bytes'));
});

describe('readNamedBits', () => {
  it('reads back what the writer makes', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(20)), (bits) => {
        expect(readNamedBits(read(namedBits(bits)))).toEqual(bits.toSorted((a, b) => a - b));
      }),
    );
  });
  it('reads no bits', () => expect(readNamedBits(read(unhex('030100')))).toEqual([]));
  it('refuses zero bits at the end', () =>
    refused(readNamedBits, '03020080', 'zero bits at the end'));
  it('refuses a zero byte at the end', () => refused(readNamedBits, '0303008000', 'zero bits'));
});

const utc = (text: string): Uint8Array =>
  Buffer.concat([Uint8Array.of(0x17, text.length), Buffer.from(text)]);
const generalized = (text: string): Uint8Array =>
  Buffer.concat([Uint8Array.of(0x18, text.length), Buffer.from(text)]);

describe('readTime', () => {
  it('reads UTCTime, years 50 to 99 in the past century', () => {
    expect(readTime(read(utc('260704123456Z'))).toISOString()).toBe('2026-07-04T12:34:56.000Z');
    expect(readTime(read(utc('491231235959Z'))).toISOString()).toBe('2049-12-31T23:59:59.000Z');
    expect(readTime(read(utc('500101000000Z'))).toISOString()).toBe('1950-01-01T00:00:00.000Z');
  });
  it('reads GeneralizedTime, the no-expiry date of RFC 5280 too', () => {
    expect(readTime(read(generalized('99991231235959Z'))).toISOString()).toBe(
      '9999-12-31T23:59:59.000Z',
    );
    expect(readTime(read(generalized('00010101000000Z'))).getUTCFullYear()).toBe(1);
  });
  it('reads a leap day only in a leap year', () => {
    expect(readTime(read(utc('240229000000Z'))).getUTCDate()).toBe(29);
    expectRefused(() => readTime(read(utc('250229000000Z'))), 'MALFORMED_DER', 'does not exist');
  });
  it('reads back what the writer makes', () => {
    const date = fc.date({
      min: new Date('0000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(date, (at) => {
        const seconds = Math.floor(at.getTime() / 1000) * 1000;
        expect(readTime(read(time(at))).getTime()).toBe(seconds);
      }),
    );
  });
  const forms = [
    '2607041234Z',
    '260704123456+0100',
    '260704123456',
    '260704123456.5Z',
    '',
    '26070412345aZ',
  ];
  for (const text of forms) {
    it(`refuses UTCTime ${JSON.stringify(text)}`, () =>
      expectRefused(() => readTime(read(utc(text))), 'MALFORMED_DER', 'not of the form'));
  }
  for (const text of [
    '260004000000Z',
    '261304000000Z',
    '260700000000Z',
    '260704240000Z',
    '260704126000Z',
    '260704120060Z',
  ]) {
    it(`refuses the date ${text}`, () =>
      expectRefused(() => readTime(read(utc(text))), 'MALFORMED_DER', 'does not exist'));
  }
  it('refuses another type', () => refused(readTime, '020101', 'expected a time, got INTEGER'));
});

describe('unsignedInteger', () => {
  it('is read back as the same number', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (magnitude) => {
        const bytes = readIntegerBytes(read(unsignedInteger(magnitude)));
        expect(BigInt(`0x${hex(bytes)}`)).toBe(BigInt(`0x${hex(magnitude)}`));
        expect(bytes[0]).toBeLessThan(0x80);
      }),
    );
  });
});
