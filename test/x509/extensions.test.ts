import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DerReader } from '../../src/x509/der/reader.ts';
import { context, contextConstructed } from '../../src/x509/der/tag.ts';
import {
  bitString,
  boolean,
  element,
  namedBits,
  nul,
  octetString,
  oid,
  sequence,
  smallInteger,
} from '../../src/x509/der/writer.ts';
import {
  encodeAuthorityKeyId,
  encodeBasicConstraints,
  encodeExtendedKeyUsage,
  encodeExtension,
  encodeKeyUsage,
  encodeSubjectAltNames,
  encodeSubjectKeyId,
  readExtensions,
} from '../../src/x509/extensions.ts';
import { bytesToIp } from '../../src/x509/ip.ts';
import { EXTENSION_TYPES } from '../../src/x509/oids.ts';
import { type DecodedExtensions, EXTENDED_KEY_USAGES, KEY_USAGES } from '../../src/x509/types.ts';
import { expectRefused, hex, survives, unhex } from './support.ts';

const readAll = (...extensions: (Uint8Array | undefined)[]): ReturnType<typeof readExtensions> => {
  const present = extensions.filter((extension) => extension !== undefined);
  return readExtensions([DerReader.single(sequence(...present))]);
};
const decoded = (...extensions: (Uint8Array | undefined)[]): DecodedExtensions =>
  readAll(...extensions).decoded;
/** An extension with a value that is made by hand. */
const made = (
  name: keyof typeof EXTENSION_TYPES,
  value: Uint8Array,
  critical = false,
): Uint8Array => encodeExtension({ oid: EXTENSION_TYPES[name], critical, value });
/** The keys of a constant table, with their types. */
const keysOf = <K extends string>(table: Readonly<Record<K, unknown>>): K[] => {
  const keys: K[] = [];
  for (const key in table) keys.push(key);
  return keys;
};
const refused = (extension: Uint8Array, text: string): void =>
  expectRefused(() => readAll(extension), 'MALFORMED_DER', text);

const encode = (ca: boolean, pathLength: number) => () =>
  encodeBasicConstraints({ ca, pathLength });

describe('basicConstraints', () => {
  it('is written critical, without defaults', () => {
    expect(hex(encodeBasicConstraints({ ca: false }))).toBe('300c0603551d130101ff04023000');
    expect(hex(encodeBasicConstraints({ ca: true }))).toBe('300f0603551d130101ff040530030101ff');
    expect(hex(encodeBasicConstraints({ ca: true, pathLength: 0 }))).toBe(
      '30120603551d130101ff040830060101ff020100',
    );
  });
  it('is read back', () => {
    for (const constraints of [{ ca: false }, { ca: true }, { ca: true, pathLength: 300 }]) {
      expect(decoded(encodeBasicConstraints(constraints)).basicConstraints).toEqual(constraints);
    }
  });
  it('is read with an explicit FALSE, which is met though it is no DER', () => {
    const value = sequence(boolean(false));
    expect(decoded(made('basicConstraints', value)).basicConstraints).toEqual({ ca: false });
  });
  it('is refused with a path length that makes no sense', () => {
    expectRefused(encode(false, 0), 'INVALID_VALUE', 'only a CA has a path length');
    expectRefused(encode(true, -1), 'INVALID_VALUE', 'path length -1');
    expectRefused(encode(true, 0.5), 'INVALID_VALUE', 'path length 0.5');
  });
  it('is refused where malformed', () => {
    refused(made('basicConstraints', nul()), 'the basic constraints: expected SEQUENCE, got NULL');
    refused(made('basicConstraints', unhex('')), 'ends where the basic constraints');
    refused(made('basicConstraints', sequence(unhex('0101aa'))), 'a BOOLEAN that is neither');
    refused(made('basicConstraints', sequence(nul())), 'unexpected bytes after the basic');
    refused(made('basicConstraints', sequence(unhex('0201ff'))), 'a negative INTEGER');
    refused(
      made('basicConstraints', Buffer.concat([sequence(), nul()])),
      'unexpected bytes after the value of an extension',
    );
  });
});

describe('keyUsage', () => {
  it('is written critical', () =>
    expect(hex(encodeKeyUsage(['digitalSignature', 'keyEncipherment']) ?? nul())).toBe(
      '300e0603551d0f0101ff0404030205a0',
    ));
  it('is left out where no usage is given', () => expect(encodeKeyUsage([])).toBeUndefined());
  it('is read back in bit order, whatever the order given', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...KEY_USAGES), { minLength: 1 }), (usages) => {
        const inOrder = KEY_USAGES.filter((usage) => usages.includes(usage));
        expect(decoded(encodeKeyUsage(usages)).keyUsage).toEqual(inOrder);
      }),
    );
  });
  it('is read with bits that have no name, which are passed over', () =>
    expect(decoded(made('keyUsage', namedBits([5, 12]))).keyUsage).toEqual(['keyCertSign']));
  it('is refused where malformed', () => {
    refused(made('keyUsage', smallInteger(1)), 'the key usage: expected BIT STRING, got INTEGER');
    refused(made('keyUsage', bitString(unhex('8000'))), 'zero bits at the end');
  });
  it('does not take a usage that does not exist', () =>
    expect(() => {
      // @ts-expect-error A caller without types.
      encodeKeyUsage(['serverAuth']);
    }).toThrow('expected a key usage, got "serverAuth"'));
});

describe('extendedKeyUsage', () => {
  it('is written in the fixed order, not critical', () =>
    expect(hex(encodeExtendedKeyUsage(['clientAuth', 'serverAuth']) ?? nul())).toBe(
      '301d0603551d250416301406082b0601050507030106082b06010505070302',
    ));
  it('is left out where no usage is given', () =>
    expect(encodeExtendedKeyUsage([])).toBeUndefined());
  it('is read back in the fixed order', () => {
    const names = keysOf(EXTENDED_KEY_USAGES);
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 }), (usages) => {
        const inOrder = names.filter((usage) => usages.includes(usage));
        expect(decoded(encodeExtendedKeyUsage(usages)).extendedKeyUsage).toEqual(inOrder);
      }),
    );
  });
  it('is read with usages that have no name, in the order they stand', () => {
    const value = sequence(oid('1.3.6.1.4.1.311.20.2.2'), oid(EXTENDED_KEY_USAGES.serverAuth));
    expect(decoded(made('extendedKeyUsage', value)).extendedKeyUsage).toEqual([
      '1.3.6.1.4.1.311.20.2.2',
      'serverAuth',
    ]);
  });
  it('is refused where malformed', () =>
    refused(made('extendedKeyUsage', sequence(nul())), 'an extended key usage: expected OBJECT'));
  it('does not take a usage that does not exist', () =>
    expect(() => {
      // @ts-expect-error A caller without types.
      encodeExtendedKeyUsage(['keyCertSign']);
    }).toThrow('expected an extended key usage, got "keyCertSign"'));
});

const name = (number: number, bytes: string): Uint8Array =>
  made('subjectAltName', sequence(element(context(number), unhex(bytes))));

const some = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(of, { maxLength: 4 });

describe('subjectAltName', () => {
  it('is written in the order DNS, e-mail, IP, URI', () => {
    const names = { uri: ['a:b'], ip: ['1.2.3.4', '::1'], email: ['a@b'], dns: ['x', 'a'] };
    expect(hex(encodeSubjectAltNames(names, false) ?? nul())).toBe(
      `30310603551d11042a3028 820178 820161 8103614062 870401020304
       8710${'0'.repeat(31)}1 8603613a62`.replace(/\s/g, ''),
    );
  });
  it('is critical where asked', () =>
    expect(readAll(encodeSubjectAltNames({ dns: ['a'] }, true)).extensions).toMatchObject([
      { oid: EXTENSION_TYPES.subjectAltName, critical: true },
    ]));
  it('is left out where there are no names', () =>
    expect(encodeSubjectAltNames({ dns: [], ip: [] }, false)).toBeUndefined());
  it('writes an IPv4-mapped address in 4 bytes and shows one of 16 as IPv4, as Go does', () => {
    expect(hex(encodeSubjectAltNames({ ip: ['::ffff:1.2.3.4'] }, false) ?? nul())).toContain(
      '870401020304',
    );
    const mapped = element(context(7), unhex('00000000000000000000ffff01020304'));
    expect(decoded(made('subjectAltName', sequence(mapped))).subjectAltNames?.ip).toEqual([
      '1.2.3.4',
    ]);
  });
  it('is read back', () => {
    const visible = fc.string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
      minLength: 1,
      maxLength: 70,
    });
    const ip = fc
      .oneof(
        fc.uint8Array({ minLength: 4, maxLength: 4 }),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
      )
      .map(bytesToIp);
    const all = fc.record({
      dns: some(visible),
      ip: some(ip),
      uri: some(visible.map((text) => `x:a${text.replaceAll('%', '%25')}`)),
      email: some(visible),
    });
    fc.assert(
      fc.property(all, (names) => {
        const extension = encodeSubjectAltNames(names, false);
        const isEmpty = Object.values(names).every((list) => list.length === 0);
        expect(extension === undefined ? undefined : decoded(extension).subjectAltNames).toEqual(
          isEmpty ? undefined : names,
        );
      }),
    );
  });
  it('writes very many names', () => {
    const dns = Array.from({ length: 150_000 }, (_, i) => `n${i}`);
    expect(decoded(encodeSubjectAltNames({ dns }, false)).subjectAltNames?.dns).toEqual(dns);
  });

  const wrong: [Parameters<typeof encodeSubjectAltNames>[0], string][] = [
    [{ dns: [''] }, '"" is not a valid DNS name'],
    [{ dns: ['ä.example'] }, '"ä.example" is not a valid DNS name'],
    [{ dns: ['a b'] }, '"a b" is not a valid DNS name'],
    [{ dns: ['a\0'] }, '"a\\u0000" is not a valid DNS name'],
    [{ ip: ['1.2.3'] }, '"1.2.3" is not a valid IP address'],
    [{ uri: ['ü:'] }, '"ü:" is not a valid URI'],
    [{ uri: ['/without/scheme'] }, '"/without/scheme" is not a valid URI'],
    [{ email: ['ü@b'] }, '"ü@b" is not a valid e-mail address'],
  ];
  for (const [names, text] of wrong) {
    it(`refuses to write ${text}`, () =>
      expectRefused(() => encodeSubjectAltNames(names, false), 'INVALID_VALUE', text));
  }

  it('passes over other kinds of names and keeps them in the raw extension', () => {
    const other = element(
      contextConstructed(0),
      oid('1.2.3'),
      element(contextConstructed(0), nul()),
    );
    const value = sequence(
      other,
      element(context(2), unhex('61')),
      element(context(8), unhex('2a03')),
    );
    const { extensions, decoded: read } = readAll(made('subjectAltName', value));
    expect(read.subjectAltNames).toEqual({ dns: ['a'], ip: [], uri: [], email: [] });
    expect(hex(extensions[0]?.value ?? nul())).toBe(hex(value));
  });
  it('is read without names', () =>
    expect(decoded(made('subjectAltName', sequence())).subjectAltNames).toEqual({
      dns: [],
      ip: [],
      uri: [],
      email: [],
    }));
  it('is refused where malformed', () => {
    refused(name(2, 'e4'), 'a DNS name that is not ASCII');
    refused(name(1, 'e4'), 'an e-mail address that is not ASCII');
    refused(name(6, 'e4'), 'a URI that is not ASCII');
    refused(name(6, '610a'), 'a URI with control characters');
    refused(name(6, '613a2f2f6220'), 'a URI that cannot be parsed');
    refused(name(7, '0102030405'), 'an IP address of 5 bytes');
    refused(name(7, ''), 'an IP address of 0 bytes');
    refused(
      made('subjectAltName', nul()),
      'the alternative names of the subject: expected SEQUENCE',
    );
  });
});

describe('key identifiers', () => {
  const id = unhex('0102030405060708090a0b0c0d0e0f1011121314');
  it('are written not critical', () => {
    expect(hex(encodeSubjectKeyId(id))).toBe(`301d0603551d0e04160414${hex(id)}`);
    expect(hex(encodeAuthorityKeyId(id))).toBe(
      `301f0603551d2304183016 8014${hex(id)}`.replace(' ', ''),
    );
  });
  it('are read back', () => {
    const { subjectKeyId, authorityKeyId } = decoded(
      encodeSubjectKeyId(id),
      encodeAuthorityKeyId(id),
    );
    expect([subjectKeyId, authorityKeyId].map((bytes) => hex(bytes ?? nul()))).toEqual([
      hex(id),
      hex(id),
    ]);
  });
  it('of an authority may have issuer and serial number beside them, or be missing', () => {
    const rest = [element(contextConstructed(1), nul()), element(context(2), unhex('01'))];
    const full = sequence(element(context(0), id), ...rest);
    expect(hex(decoded(made('authorityKeyIdentifier', full)).authorityKeyId ?? nul())).toBe(
      hex(id),
    );
    expect(decoded(made('authorityKeyIdentifier', sequence(...rest)))).toEqual({});
  });
  it('are refused where critical, as authorityInfoAccess is', () => {
    refused(
      made('subjectKeyIdentifier', octetString(id), true),
      'subjectKeyIdentifier is marked critical',
    );
    refused(
      made('authorityKeyIdentifier', sequence(), true),
      'authorityKeyIdentifier is marked critical',
    );
    refused(
      made('authorityInfoAccess', sequence(), true),
      'authorityInfoAccess is marked critical',
    );
  });
  it('are refused where malformed', () => {
    refused(
      made('subjectKeyIdentifier', nul()),
      'the subject key identifier: expected OCTET STRING',
    );
    refused(
      made('authorityKeyIdentifier', sequence(nul())),
      'unexpected bytes after the authority',
    );
  });
});

const unknown = { oid: '1.2.3.4', critical: true, value: unhex('deadbeef') };

describe('readExtensions', () => {
  it('keeps unknown extensions as they stand, in order', () => {
    const { extensions, decoded: read } = readAll(
      encodeExtension(unknown),
      encodeBasicConstraints({ ca: false }),
    );
    expect(extensions.map((extension) => extension.oid)).toEqual(['1.2.3.4', '2.5.29.19']);
    expect(hex(extensions[0]?.value ?? nul())).toBe('deadbeef');
    expect(read).toEqual({ basicConstraints: { ca: false } });
  });
  it('reads none', () => expect(readExtensions([])).toEqual({ extensions: [], decoded: {} }));
  it('refuses an extension that occurs twice', () => {
    const one = encodeExtension(unknown);
    expectRefused(() => readAll(one, one), 'MALFORMED_DER', 'extension 1.2.3.4 occurs twice');
  });
  it('refuses one that occurs in two of several lists', () => {
    const list = DerReader.single(sequence(encodeExtension(unknown)));
    expectRefused(() => readExtensions([list, list]), 'MALFORMED_DER', 'occurs twice');
  });
  it('reads an explicit FALSE for critical', () => {
    const explicit = sequence(oid('1.2.3.4'), boolean(false), octetString(unhex('00')));
    expect(readAll(explicit).extensions).toMatchObject([{ oid: '1.2.3.4', critical: false }]);
  });
  it('refuses a malformed extension', () => {
    refused(nul(), 'an extension: expected SEQUENCE, got NULL');
    refused(sequence(oid('1.2.3')), 'ends where the value of an extension');
    refused(sequence(oid('1.2.3'), unhex('010101'), octetString(nul())), 'a BOOLEAN');
    refused(sequence(oid('1.2.3'), nul()), 'the value of an extension: expected OCTET STRING');
    refused(sequence(oid('1.2.3'), octetString(nul()), nul()), 'unexpected bytes after the value');
  });
  it('tells the offset in the outermost input, also inside a value', () => {
    const bad = made('keyUsage', smallInteger(1), true);
    refused(bad, 'DER at byte 14: the key usage');
  });
  it('survives any value of a known extension', () => {
    const names = keysOf(EXTENSION_TYPES);
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.uint8Array({ maxLength: 40 }), (which, value) => {
        survives(() => readAll(made(which, value)));
      }),
      { numRuns: 2000 },
    );
  });
});
