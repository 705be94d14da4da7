import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isJsonObject, parseJson, parseJsonDocument, setOwn } from '../../src/kubernetes/index.ts';
import { seeded } from '../seeded.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const parse = (text: string): unknown => parseJson(bytes(text));

/** What JSON.parse does, and whether it does. */
function outcome(read: () => unknown): { value: unknown } | 'refused' {
  try {
    return { value: read() };
  } catch {
    return 'refused';
  }
}

/** Wrapped so that a key has an escape, and the reader of our own is taken. */
const slowly = (text: string): unknown => {
  const value = parse(`{"\\u0061":0,"value":${text}}`);
  return isJsonObject(value) ? value['value'] : undefined;
};

describe('parseJson', () => {
  it('reads keys with escapes right after documents with others (a defect of JSON.parse in Node 24)', () => {
    for (let count = 0; count < 3; count += 1) {
      expect(Object.keys(parse('{"a":1,"x\\\\":2}') as object)).toEqual(['a', 'x\\']);
      expect(Object.keys(parse('{"a":1,"x\\"":2}') as object)).toEqual(['a', 'x"']);
      expect(Object.keys(parse('{"a":1,"x\\n":2}') as object)).toEqual(['a', 'x\n']);
    }
  });

  it('makes an ordinary property of __proto__, by either reader', () => {
    for (const text of [
      '{"__proto__":{"polluted":1}}',
      '{"__proto__":{"polluted":1},"\\u0061":1}',
    ]) {
      const value = parse(text);
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      expect(Object.keys(value as object)).toContain('__proto__');
      expect('polluted' in {}).toBe(false);
    }
  });

  it('bounds the depth', () => {
    const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(parse(nested(500))).toBeInstanceOf(Array);
    expect(() => parse(nested(501))).toThrow('nested more than 500 levels');
    expect(() => parse('{"a":'.repeat(1e6))).toThrow('nested more than 500 levels');
    // Brackets inside of texts are none.
    expect(parse(JSON.stringify('['.repeat(1000)))).toBe('['.repeat(1000));
  });

  it('says where it is wrong and never what stands there', () => {
    for (const text of ['{"password":hunter2}', '{"\\u0061":hunter2}', '{"a":"hunter2']) {
      expect(() => parse(text)).toThrow(/^(not valid JSON|unexpected end of JSON input)/);
      expect(() => parse(text)).not.toThrow(/hunter2/);
    }
  });

  it('accepts what JSON.parse accepts, and nothing else, whatever is done to a document', () => {
    const random = seeded('damaged JSON');
    const start = '{"a":[1,-2.5e3,true,null,"x\\ny\\u00e9"],"b":{"c":{}},"":"\\\\"}';
    const alphabet = '{}[]",:\\0123456789eE+-.truefalsn u';
    let accepted = 0;
    for (let count = 0; count < 20_000; count += 1) {
      const at = Math.floor(random.next() * start.length);
      const char = alphabet[Math.floor(random.next() * alphabet.length)] ?? '';
      const cut = Math.floor(random.next() * 3);
      const text = `${start.slice(0, at)}${char}${start.slice(at + cut)}`;
      const expected = outcome(() => JSON.parse(text));
      if (expected !== 'refused') accepted += 1;
      expect(outcome(() => slowly(text))).toEqual(expected);
    }
    expect(accepted).toBeGreaterThan(100);
  });

  it('reads back what JSON.stringify writes, with any keys', () => {
    fc.assert(
      fc.property(fc.json(), fc.string({ unit: 'binary' }), (json, key) => {
        const value: Record<string, unknown> = {};
        setOwn(value, key, JSON.parse(json));
        const text = JSON.stringify(value);
        const read = parse(text) as Record<string, unknown>;
        expect(Object.keys(read)).toEqual([key.toWellFormed()]);
        expect(JSON.stringify(read[key.toWellFormed()])).toBe(JSON.stringify(JSON.parse(json)));
      }),
    );
  });
});

describe('parseJsonDocument', () => {
  const duplicates = (text: string): readonly string[] => parseJsonDocument(bytes(text)).duplicates;

  it('finds keys that stand twice in an object, wherever it is', () => {
    expect(duplicates('{"a":1,"b":{"a":2}}')).toEqual([]);
    expect(duplicates('{"a":1,"a":2}')).toEqual(['a']);
    expect(duplicates('{"m":{"l":{"x":1,"x":1}},"t":[{},{"k":1,"k":2,"k":3}]}')).toEqual([
      'm.l.x',
      't[1].k',
      't[1].k',
    ]);
    expect(duplicates('{"a":1,"\\u0061":2}')).toEqual(['a']);
  });

  it('takes the last value', () => {
    expect(parseJsonDocument(bytes('{"a":1,"a":{"b":2}}')).value).toEqual({ a: { b: 2 } });
  });

  it('is not misled by texts that look like keys', () => {
    expect(duplicates('{"a":"\\"b\\":1,\\"b\\":2","c":["d" , "e"]}')).toEqual([]);
  });
});
