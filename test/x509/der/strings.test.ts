import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DerReader } from '../../../src/x509/der/reader.ts';
import { directoryString, ia5String, readString } from '../../../src/x509/der/strings.ts';
import { Tag } from '../../../src/x509/der/tag.ts';
import { element } from '../../../src/x509/der/writer.ts';
import { expectRefused, unhex } from '../support.ts';

const text = (tag: number, content: Uint8Array | string): string =>
  readString(
    DerReader.single(element(tag, typeof content === 'string' ? unhex(content) : content)),
  );
const refused = (tag: number, content: string, message = 'characters it cannot have'): void =>
  expectRefused(() => text(tag, content), 'MALFORMED_DER', message);

describe('readString', () => {
  it('reads UTF8String', () => expect(text(Tag.utf8String, '4dc3bc6e63 68656e')).toBe('München'));
  it('keeps a byte-order mark', () => expect(text(Tag.utf8String, 'efbbbf61')).toBe('\ufeffa'));
  it('refuses overlong UTF-8', () => refused(Tag.utf8String, 'c0af'));
  it('refuses surrogates in UTF-8', () => refused(Tag.utf8String, 'eda080'));
  it('refuses UTF-8 that ends early', () => refused(Tag.utf8String, '61c3'));

  it('reads PrintableString, with the * and & that certificates have', () =>
    expect(text(Tag.printableString, Buffer.from("Az09 '()+,-./:=?*&"))).toBe(
      "Az09 '()+,-./:=?*&",
    ));
  for (const char of ['@', '_', '"', '#', ';', '\0', '\x80']) {
    it(`refuses ${JSON.stringify(char)} in PrintableString`, () =>
      refused(Tag.printableString, Buffer.from(char, 'latin1').toString('hex')));
  }

  it('reads NumericString', () => expect(text(Tag.numericString, '3120 32')).toBe('1 2'));
  it('refuses letters in NumericString', () => refused(Tag.numericString, '61'));
  it('reads IA5String', () => expect(text(Tag.ia5String, '6140 62')).toBe('a@b'));
  it('refuses bytes above 127 in IA5String', () => refused(Tag.ia5String, '80'));
  it('reads T61String as Latin-1', () => expect(text(Tag.t61String, 'e4')).toBe('ä'));

  it('reads BMPString', () => expect(text(Tag.bmpString, '00e4 20ac')).toBe('ä€'));
  it('drops a terminator of BMPString', () => expect(text(Tag.bmpString, '0061 0000')).toBe('a'));
  for (const units of ['00', 'd800', 'dfff', 'fdd0', 'fffe', 'ffff']) {
    it(`refuses ${units} in BMPString`, () => refused(Tag.bmpString, units));
  }
  it('reads UniversalString', () => expect(text(Tag.universalString, '0001f600')).toBe('😀'));
  for (const units of ['000000', '00110000', '0000d800', 'ffffffff']) {
    it(`refuses ${units} in UniversalString`, () => refused(Tag.universalString, units));
  }
  it('refuses other types', () =>
    refused(Tag.octetString, '61', 'expected a character string, got OCTET STRING'));
});

const tagOf = (value: string): number | undefined => directoryString(value)[0];

describe('directoryString', () => {
  it('chooses PrintableString where Go does', () => {
    for (const value of ['kubernetes', 'system:node:a-1.b', "O'Brien (x)+,-./=?", '']) {
      expect(tagOf(value)).toBe(Tag.printableString);
    }
  });
  it('chooses UTF8String for anything else', () => {
    for (const value of ['a@b', 'a_b', '*.example.com', 'A&B', 'ä', 'a\nb', 'a\0']) {
      expect(tagOf(value)).toBe(Tag.utf8String);
    }
  });
  it('refuses half a surrogate pair', () =>
    expectRefused(() => directoryString('a\ud800'), 'INVALID_VALUE', 'surrogate'));
  it('is read back as the same text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        expect(readString(DerReader.single(directoryString(value)))).toBe(value);
      }),
    );
  });
});

describe('ia5String', () => {
  it('takes ASCII only', () => {
    expect(ia5String('a@b')?.[0]).toBe(Tag.ia5String);
    expect(ia5String('ä')).toBeUndefined();
  });
});
