import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DerReader, MAX_DER_BYTES, MAX_DER_DEPTH } from '../../../src/x509/der/reader.ts';
import { context, contextConstructed, Tag, tagName } from '../../../src/x509/der/tag.ts';
import { element, octetString, sequence, smallInteger } from '../../../src/x509/der/writer.ts';
import { expectRefused, hex, survives, unhex } from '../support.ts';

const refused = (bytes: string, text: string | RegExp): void =>
  expectRefused(() => DerReader.single(unhex(bytes)), 'MALFORMED_DER', text);

describe('DerReader.single', () => {
  it('reads one element: tag, content, whole, offsets', () => {
    const read = DerReader.single(unhex('0403616263'), Tag.octetString);
    expect(read).toMatchObject({ tag: Tag.octetString, offset: 0, contentOffset: 2, depth: 0 });
    expect(hex(read.content)).toBe('616263');
    expect(hex(read.bytes)).toBe('0403616263');
  });

  it('refuses nothing at all', () => refused('', 'DER at byte 0: ends where the document'));
  it('refuses a tag without a length', () => refused('30', 'byte 1: ends inside the length'));
  it('refuses a length that ends early', () => refused('308201', 'byte 3: ends inside the length'));
  it('refuses content that ends early', () =>
    refused('0403 6162', 'byte 0: the document claims 3 bytes, 2 are left'));
  it('refuses a huge length without allocating it', () =>
    refused('0484ffffffff', 'claims 4294967295 bytes, 0 are left'));
  it('refuses an indefinite length', () => refused('3080 0000', 'byte 1: an indefinite length'));
  it('refuses a length of five bytes', () => refused('04850000000001 61', 'a length of 5 bytes'));
  it('refuses the reserved length ff', () => refused('04ff', 'a length of 127 bytes'));
  it('refuses a long form below 128', () => refused('04810161', 'not in its shortest form'));
  it('refuses a leading zero in a length', () =>
    refused(`04820080${'61'.repeat(128)}`, 'not in its shortest form'));
  it('refuses a tag number above 30', () => refused('1f8100', 'byte 0: a tag number above 30'));
  it('refuses an end-of-contents tag', () => refused('0000', 'an end-of-contents tag'));
  it('refuses bytes after the element', () =>
    refused('0500 00', 'byte 2: 1 unexpected byte after the document'));
  it('counts several bytes after the element', () => refused('0500 0000', '2 unexpected bytes'));

  it('refuses another tag than the expected one, naming both', () => {
    expectRefused(
      () => DerReader.single(unhex('0500'), Tag.sequence, 'the key'),
      'MALFORMED_DER',
      'DER at byte 0: the key: expected SEQUENCE, got NULL',
    );
  });

  it('refuses an input above the limit before looking at it', () => {
    expectRefused(
      () => DerReader.single(new Uint8Array(MAX_DER_BYTES + 1)),
      'MALFORMED_DER',
      `more than the limit of ${MAX_DER_BYTES}`,
    );
  });

  it('reads an input of exactly the limit', () => {
    const bytes = octetString(new Uint8Array(MAX_DER_BYTES - 5));
    expect(bytes.length).toBe(MAX_DER_BYTES);
    expect(DerReader.single(bytes).content.length).toBe(MAX_DER_BYTES - 5);
  });
});

const nested = (levels: number): Uint8Array => {
  let bytes = sequence();
  for (let i = 1; i < levels; i++) bytes = sequence(bytes);
  return bytes;
};
const descend = (bytes: Uint8Array): void => {
  let current = DerReader.single(bytes);
  while (current.content.length > 0) current = DerReader.inside(current).next();
};

describe('DerReader', () => {
  it('reads the elements inside a constructed one with offsets of the outermost input', () => {
    const outer = sequence(smallInteger(5), sequence(octetString(unhex('61'))));
    const reader = DerReader.inside(DerReader.single(outer));
    expect(reader.expect(Tag.integer).offset).toBe(2);
    const inner = reader.sequence();
    expect(inner.offset).toBe(7);
    expect(inner.next()).toMatchObject({ offset: 7, contentOffset: 9, depth: 2 });
    expect(inner.done).toBe(true);
    expect(reader.done).toBe(true);
    reader.end();
  });

  it('does not look inside a primitive element', () => {
    const primitive = DerReader.single(unhex('040101'));
    expectRefused(
      () => DerReader.inside(primitive),
      'MALFORMED_DER',
      'OCTET STRING has no elements inside',
    );
  });

  it('refuses nesting beyond the limit', () => {
    descend(nested(MAX_DER_DEPTH + 1));
    expectRefused(() => descend(nested(MAX_DER_DEPTH + 2)), 'MALFORMED_DER', 'nested deeper');
  });

  it('tells at which element the input ends', () => {
    const reader = DerReader.inside(DerReader.single(sequence(smallInteger(1))));
    reader.next();
    expect(reader.peek()).toBeUndefined();
    expect(reader.optional(Tag.integer)).toBeUndefined();
    expectRefused(
      () => reader.expect(Tag.integer, 'the exponent'),
      'MALFORMED_DER',
      'DER at byte 5: ends where the exponent should be',
    );
  });

  it('reads an optional element only where its tag is next', () => {
    const reader = new DerReader(smallInteger(1));
    expect(reader.optional(Tag.boolean)).toBeUndefined();
    expect(reader.optional(Tag.integer)?.tag).toBe(Tag.integer);
  });

  it('never throws anything but MALFORMED_DER, whatever the bytes', () => {
    const walk = (reader: DerReader): void => {
      while (!reader.done) {
        const next = reader.next();
        if ((next.tag & 0x20) !== 0) walk(DerReader.inside(next));
      }
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        survives(() => walk(new DerReader(bytes)));
      }),
    );
  });

  it('reads back every element that the writer makes, at every size of length', () => {
    const sizes = fc.oneof(
      fc.nat(300),
      fc.constantFrom(127, 128, 255, 256, 65_535, 65_536, 0xffffff, 0x1000000 - 6),
    );
    fc.assert(
      fc.property(sizes, fc.constantFrom(...Object.values(Tag)), (size, tag) => {
        const content = new Uint8Array(Math.min(size, MAX_DER_BYTES - 6)).fill(7);
        const read = DerReader.single(element(tag, content), tag);
        expect(Buffer.compare(read.content, content)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});

describe('tagName', () => {
  it('names universal tags', () => expect(tagName(Tag.oid)).toBe('OBJECT IDENTIFIER'));
  it('shows context-specific tags by number', () => {
    expect(tagName(context(2))).toBe('[2]');
    expect(tagName(contextConstructed(3))).toBe('[3]');
  });
  it('shows others in hex', () => expect(tagName(0x09)).toBe('tag 0x09'));
});
