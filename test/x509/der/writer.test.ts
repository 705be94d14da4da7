import { describe, expect, it } from 'vitest';
import {
  element,
  namedBits,
  nul,
  oid,
  sequence,
  setOf,
  smallInteger,
  time,
  unsignedInteger,
} from '../../../src/x509/der/writer.ts';
import { hex, unhex } from '../support.ts';

const head = (size: number): string => hex(element(4, new Uint8Array(size)).subarray(0, 6));

describe('element', () => {
  it('writes the length in its shortest form', () => {
    expect(head(0)).toBe('0400');
    expect(head(127).slice(0, 4)).toBe('047f');
    expect(head(128).slice(0, 6)).toBe('048180');
    expect(head(255).slice(0, 6)).toBe('0481ff');
    expect(head(256).slice(0, 8)).toBe('04820100');
    expect(head(65_536).slice(0, 10)).toBe('0483010000');
    expect(head(0x1000000)).toBe('048401000000');
  });
  it('joins its parts', () => expect(hex(sequence(nul(), smallInteger(1)))).toBe('30050500020101'));
});

describe('setOf', () => {
  it('sorts by encoding and leaves its argument alone', () => {
    const parts = [unhex('0c0162'), unhex('0c0161'), unhex('05 00')];
    expect(hex(setOf(parts))).toBe('310805000c01610c0162');
    expect(parts.map(hex)).toEqual(['0c0162', '0c0161', '0500']);
  });
});

describe('namedBits', () => {
  it('drops zero bits at the end', () => {
    expect(hex(namedBits([]))).toBe('030100');
    expect(hex(namedBits([0, 2]))).toBe('030205a0');
    expect(hex(namedBits([8]))).toBe('0303070080');
  });
});

describe('unsignedInteger', () => {
  it('puts a zero before a top bit and drops zeros that are not needed', () => {
    expect(hex(unsignedInteger(unhex('80')))).toBe('02020080');
    expect(hex(unsignedInteger(unhex('00007f')))).toBe('02017f');
    expect(hex(unsignedInteger(unhex('0000')))).toBe('020100');
    expect(hex(unsignedInteger(unhex('')))).toBe('020100');
  });
});

describe('smallInteger', () => {
  for (const value of [-1, 1.5, Number.NaN, 2 ** 53]) {
    it(`refuses ${value}`, () => expect(() => smallInteger(value)).toThrow(RangeError));
  }
});

describe('oid', () => {
  const wrong = ['', '1', '1.', '.1', '1..2', '3.1', '0.40', '1.50', '01.2', '1.02', '1.2.-3'];
  for (const dotted of [...wrong, '0x1.2', ' 1.2', '1.2.2147483648', '2.2147483600', '1.2.a']) {
    it(`refuses ${JSON.stringify(dotted)}`, () =>
      expect(() => oid(dotted)).toThrow(new RegExp('^expected an OID')));
  }
});

const text = (iso: string): string => Buffer.from(time(new Date(iso))).toString('latin1');

describe('time', () => {
  it('writes UTCTime from 1950 to 2049, GeneralizedTime before and after', () => {
    expect(text('2049-12-31T23:59:59Z')).toBe('\x17\x0d491231235959Z');
    expect(text('2050-01-01T00:00:00Z')).toBe('\x18\x0f20500101000000Z');
    expect(text('1950-01-01T00:00:00Z')).toBe('\x17\x0d500101000000Z');
    expect(text('1949-12-31T23:59:59Z')).toBe('\x18\x0f19491231235959Z');
  });
  it('drops fractions of a second', () =>
    expect(hex(time(new Date('2026-01-01T00:00:00.999Z')))).toBe(
      hex(time(new Date('2026-01-01T00:00:00Z'))),
    ));
  it('refuses years that have no four digits and dates that are none', () => {
    expect(() => time(new Date(Date.UTC(10_000, 0)))).toThrow(RangeError);
    expect(() => time(new Date(Number.NaN))).toThrow(RangeError);
  });
});
