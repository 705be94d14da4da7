import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DerReader } from '../../src/x509/der/reader.ts';
import { Tag } from '../../src/x509/der/tag.ts';
import { element, octetString, oid, sequence, setOf } from '../../src/x509/der/writer.ts';
import {
  commonName,
  encodeName,
  formatName,
  makeName,
  organizations,
  parseName,
  readName,
} from '../../src/x509/name.ts';
import { ATTRIBUTE_TYPES } from '../../src/x509/oids.ts';
import type { Name } from '../../src/x509/types.ts';
import { expectRefused, hex, survives, unhex } from './support.ts';

const { CN, O, OU, DC, emailAddress } = ATTRIBUTE_TYPES;
const cn = (value: string): Name => [[{ type: CN, value }]];
const read = (bytes: Uint8Array): Name => readName(DerReader.single(bytes));
const attribute = (type: string, tag: number, value: string): Uint8Array =>
  sequence(oid(type), element(tag, Buffer.from(value, 'latin1')));

/** Printed by Go 1.26: asn1.Marshal(pkix.Name{…}.ToRDNSequence()). */
const GO_NAME =
  unhex(`307e310b3009060355040613024445310b3009060355040813027374310a3008060355040713016c
  310c300a06035504091303737472310a3008060355041113013131163009060355040a13026f313009060355040a13026f32
  310b3009060355040b13026f75310b300906035504031302636e310a30080603550405130137`);

describe('makeName', () => {
  it('orders the parts as Go does and puts several values into one RDN', () => {
    const name = makeName({
      commonName: 'cn',
      serialNumber: '7',
      organizations: ['o2', 'o1'],
      organizationalUnits: ['ou'],
      country: 'DE',
      province: 'st',
      locality: ['l'],
      streetAddress: 'str',
      postalCode: '1',
    });
    expect(hex(encodeName(name))).toBe(hex(GO_NAME));
    expect(formatName(read(GO_NAME))).toBe(
      'SERIALNUMBER=7,CN=cn,OU=ou,O=o1+O=o2,postalCode=1,STREET=str,L=l,ST=st,C=DE',
    );
  });
  it('leaves out what is empty', () => {
    expect(makeName({})).toEqual([]);
    expect(makeName({ commonName: '', serialNumber: '', organizations: [] })).toEqual([]);
    expect(hex(encodeName(makeName({})))).toBe('3000');
  });
});

describe('commonName', () => {
  it('is undefined where there is none', () => expect(commonName([])).toBeUndefined());
  it('is the last one where there are several, as in Go', () =>
    expect(commonName([...cn('a'), ...cn('b')])).toBe('b'));
});

describe('organizations', () => {
  it('collects them over all RDNs in order', () => {
    const name: Name = [
      [
        { type: O, value: 'b' },
        { type: OU, value: 'x' },
        { type: O, value: 'a' },
      ],
      [{ type: O, value: 'c' }],
    ];
    expect(organizations(name)).toEqual(['b', 'a', 'c']);
  });
});

const values = (name: Name): string[] => organizations(read(encodeName(name)));

describe('encodeName', () => {
  it('chooses the string type that Go chooses', () => {
    expect(hex(encodeName(cn('system:node:a')))).toContain('130d');
    expect(hex(encodeName(cn('ü')))).toContain('0c02c3bc');
  });
  it('writes domain components and e-mail addresses as IA5String (RFC 5280)', () => {
    expect(hex(encodeName([[{ type: DC, value: 'com' }]]))).toContain('1603636f6d');
    expect(hex(encodeName([[{ type: emailAddress, value: 'a@b' }]]))).toContain('1603614062');
    expect(hex(encodeName([[{ type: emailAddress, value: 'ä@b' }]]))).toContain('0c04c3a44062');
  });
  it('sorts the attributes of an RDN', () => {
    expect(values(makeName({ organizations: ['system:nodes', 'a', 'b'] }))).toEqual([
      'a',
      'b',
      'system:nodes',
    ]);
  });
  it('refuses an RDN without attributes', () =>
    expectRefused(() => encodeName([[]]), 'INVALID_VALUE', 'an RDN without attributes'));
  it('refuses text that has no UTF-8', () =>
    expectRefused(() => encodeName(cn('\udc00')), 'INVALID_VALUE', 'surrogate'));
  it('refuses a type that is not an OID', () =>
    expect(() => encodeName([[{ type: 'CN', value: 'a' }]])).toThrow(RangeError));
  it('writes a name of very many attributes', () => {
    const rdn = Array.from({ length: 200_000 }, (_, i) => ({ type: O, value: String(i) }));
    expect(organizations(read(encodeName([rdn])))).toHaveLength(rdn.length);
  });
});

describe('readName', () => {
  it('reads every string type', () => {
    const name = sequence(
      setOf([attribute(CN, Tag.t61String, '\xe4')]),
      setOf([attribute(CN, Tag.bmpString, '\x20\xac')]),
      setOf([attribute(CN, Tag.universalString, '\0\x01\xf6\0')]),
      setOf([attribute(CN, Tag.ia5String, 'a@b')]),
      setOf([attribute(CN, Tag.numericString, '1 2')]),
    );
    expect(
      read(name)
        .flat()
        .map(({ value }) => value),
    ).toEqual(['ä', '€', '😀', 'a@b', '1 2']);
  });
  it('keeps the order of an RDN that is not sorted', () => {
    const set = element(
      Tag.set,
      attribute(O, Tag.utf8String, 'b'),
      attribute(O, Tag.utf8String, 'a'),
    );
    expect(organizations(read(sequence(set)))).toEqual(['b', 'a']);
  });
  const wrong: [string, Uint8Array, string][] = [
    ['an RDN without attributes', sequence(setOf([])), 'an RDN without attributes'],
    ['an RDN that is no SET', sequence(sequence()), 'an RDN: expected SET, got SEQUENCE'],
    [
      'a value that is no string',
      sequence(setOf([sequence(oid(CN), octetString(unhex('61')))])),
      'expected a character string',
    ],
    [
      'an attribute without a value',
      sequence(setOf([sequence(oid(CN))])),
      'ends where the value of an attribute',
    ],
    [
      'a third field in an attribute',
      sequence(setOf([sequence(oid(CN), unhex('0c0161'), unhex('0500'))])),
      'unexpected bytes after the value',
    ],
    [
      'bad characters',
      sequence(setOf([attribute(CN, Tag.printableString, 'a_b')])),
      'a PrintableString with characters',
    ],
  ];
  for (const [what, bytes, message] of wrong) {
    it(`refuses ${what}`, () => expectRefused(() => read(bytes), 'MALFORMED_DER', message));
  }
});

const anyName = fc.array(
  fc.array(
    fc.record({
      type: fc.constantFrom(...Object.values(ATTRIBUTE_TYPES), '1.2.3.4', '2.999.1'),
      value: fc.oneof(
        fc.string({ unit: 'grapheme', maxLength: 12 }),
        fc.string({ unit: fc.constantFrom(...' #,+"\\<>;=\0a\u202e\n'.split('')), maxLength: 8 }),
      ),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  { maxLength: 4 },
);

describe('formatName', () => {
  const known: [Name, string][] = [
    [[], ''],
    [makeName({ commonName: 'a', organizations: ['x', 'y'] }), 'CN=a,O=x+O=y'],
    [cn('a,b+c"d\\e<f>g;h=i'), 'CN=a\\,b\\+c\\"d\\\\e\\<f\\>g\\;h=i'],
    [cn('#a'), 'CN=\\#a'],
    [cn('a#'), 'CN=a#'],
    [cn(' a '), 'CN=\\ a\\ '],
    [cn(' '), 'CN=\\ '],
    [cn('  '), 'CN=\\ \\ '],
    [cn('   '), 'CN=\\  \\ '],
    [cn('ü😀'), 'CN=ü😀'],
    [cn('a\0b\u001b[31m\u202e'), 'CN=a\\00b\\1B[31m\\E2\\80\\AE'],
    [[[{ type: '1.2.3', value: 'a' }]], '1.2.3=#130161'],
    [[[{ type: '1.2.3', value: 'ä' }]], '1.2.3=#0c02c3a4'],
  ];
  for (const [name, text] of known) {
    it(`writes ${JSON.stringify(text)}`, () => {
      expect(formatName(name)).toBe(text);
      expect(parseName(text)).toEqual(name);
    });
  }
  it('is read back as the same name', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const text = formatName(name);
        expect(parseName(text)).toEqual(name);
        expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      }),
      { numRuns: 2000 },
    );
  });
});

const sorted = (name: Name): string =>
  JSON.stringify(name.map((rdn) => rdn.map((a) => JSON.stringify(a)).toSorted()));

describe('encodeName and readName', () => {
  it('keep every name, but for the order inside RDNs', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        expect(sorted(read(encodeName(name)))).toBe(sorted(name));
      }),
    );
  });
});

describe('parseName', () => {
  const known: [string, Name][] = [
    // The examples of RFC 4514, section 4.
    [
      'UID=jsmith,DC=example,DC=net',
      [
        [{ type: DC, value: 'net' }],
        [{ type: DC, value: 'example' }],
        [{ type: ATTRIBUTE_TYPES.UID, value: 'jsmith' }],
      ],
    ],
    [
      'OU=Sales+CN=J.  Smith,DC=net',
      [
        [{ type: DC, value: 'net' }],
        [
          { type: OU, value: 'Sales' },
          { type: CN, value: 'J.  Smith' },
        ],
      ],
    ],
    ['CN=James \\"Jim\\" Smith\\, III', cn('James "Jim" Smith, III')],
    ['CN=Before\\0dAfter', cn('Before\rAfter')],
    ['1.3.6.1.4.1.1466.0=#0c0461626364', [[{ type: '1.3.6.1.4.1.1466.0', value: 'abcd' }]]],
    ['CN=Lu\\C4\\8Di\\C4\\87', cn('Lučić')],
    // Beyond them.
    ['', []],
    ['  ', []],
    ['cn=a', cn('a')],
    ['2.5.4.3=a', cn('a')],
    ['CN=', cn('')],
    [' CN = a b , O = c ', [[{ type: O, value: 'c' }], [{ type: CN, value: 'a b' }]]],
    ['CN=a\\ ', cn('a ')],
    ['CN=a\\20  ', cn('a ')],
    ['CN=a  \\ b', cn('a   b')],
    ['CN=#1e0220ac ,O=c', [[{ type: O, value: 'c' }], [{ type: CN, value: '€' }]]],
    ['CN=a=b', cn('a=b')],
  ];
  for (const [text, name] of known) {
    it(`reads ${JSON.stringify(text)}`, () => expect(parseName(text)).toEqual(name));
  }

  const wrong: [string, string][] = [
    ['CN', 'character 3: expected "="'],
    ['=a', 'character 1: expected an attribute type'],
    ['XY=a', 'character 1: unknown attribute type "XY"'],
    ['1.50.3=a', 'character 1: an attribute type that is not an OID'],
    ['1=a', 'character 1: expected an attribute type'],
    ['CN=a,', 'character 6: expected an attribute type'],
    ['CN=a+', 'character 6: expected an attribute type'],
    ['CN=a;O=b', 'character 5: ";" must be escaped'],
    ['CN="a"', 'character 4: "\\"" must be escaped'],
    ['CN=a<', '"<" must be escaped'],
    ['CN=a\0', 'must be escaped'],
    ['CN=a\\', 'character 6: expected a special character or two hex digits'],
    ['CN=a\\x', 'expected a special character'],
    ['CN=\\ff', 'character 4: a value that is not UTF-8'],
    ['CN=\ud800', 'a value that is not UTF-8'],
    ['CN=#', 'in hex after "#"'],
    ['CN=#0', 'in hex after "#"'],
    ['CN=#040161', 'in hex after "#"'],
    ['CN=#0c0261', 'in hex after "#"'],
    ['CN=#0c0161x', '"x" must be escaped'],
    ['CN=#0c0161\u0085', '"\\u{85}" must be escaped'],
    ['CN=#0c0161\u{1f600}', '"\u{1f600}" must be escaped'],
  ];
  for (const [text, message] of wrong) {
    it(`refuses ${JSON.stringify(text)}`, () =>
      expectRefused(() => parseName(text), 'INVALID_VALUE', message));
  }
  it('refuses text above the limit', () =>
    expectRefused(
      () => parseName(`CN=${'a'.repeat(70_000)}`),
      'INVALID_VALUE',
      'the limit of 65536',
    ));
  it('survives any text', () => {
    const pieces = fc.constantFrom(
      'CN=',
      'O',
      '=',
      ',',
      '+',
      '\\',
      '#',
      '0c',
      '"',
      ' ',
      '1.2',
      'é',
      '\ud800',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        survives(() => parseName(parts.join('')));
      }),
      { numRuns: 1000 },
    );
  });
});
