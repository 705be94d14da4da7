/** Sets of fields: their canonical form, and what can be done with them. */
import { describe, expect, it } from 'vitest';
import {
  canonicalElement,
  compareElements,
  FieldsError,
} from '../../../src/apiserver/fields/element.ts';
import {
  difference,
  EMPTY,
  type FieldSet,
  inOrder,
  intersection,
  isSameSet,
  shownPaths,
  union,
} from '../../../src/apiserver/fields/field-set.ts';
import { layoutOf } from '../../../src/apiserver/fields/layout.ts';
import { readFieldSet } from '../../../src/apiserver/fields/read-field-set.ts';
import { schemaOfType } from '../../../src/apiserver/resources/index.ts';

const POD = layoutOf(schemaOfType('io.k8s.api.core.v1.Pod'));
const read = (fields: unknown): FieldSet => readFieldSet(POD, fields);
const text = (fields: unknown): string => JSON.stringify(read(fields));

describe('a set as it is read', () => {
  it('is canonical: keys sorted, values as Go writes them, fields before items before values', () => {
    expect(
      text({
        'i:2': {},
        'v:"b"': {},
        'v:10': {},
        'v:9': {},
        'k:{"b":1,"a":"<"}': { 'f:x': {}, '.': {} },
        'f:b': {},
        'f:a': {},
      }),
    ).toBe(
      String.raw`{"f:a":{},"f:b":{},"k:{\"a\":\"\\u003c\",\"b\":1}":{".":{},"f:x":{}},"v:9":{},"v:10":{},"v:"b"":{},"i:2":{}}`.replace(
        '"v:"b""',
        '"v:\\"b\\""',
      ),
    );
  });

  it('sorts items by their values and not by their texts', () => {
    const keys = [
      'k:{"containerPort":80,"protocol":"TCP"}',
      'k:{"containerPort":443,"protocol":"TCP"}',
      'k:{"containerPort":443,"protocol":"UDP"}',
      'k:{"name":"a"}',
      'k:{"name":"a","z":1}',
      'k:{"name":"a b"}',
      'k:{"name":"ab"}',
    ];
    expect(keys.toReversed().sort(compareElements)).toEqual(keys);
  });

  it('sorts by bytes of UTF-8: what is beyond the first plane comes last', () => {
    const names = ['f:a', 'f:z', 'f:ﬀ', 'f:😀'];
    expect(names.toReversed().sort(compareElements)).toEqual(names);
  });

  it('leaves out what nobody knows, and what is left empty is a member', () => {
    expect(text({ 'f:a': { 'x:new': {} }, 'z:b': { 'f:c': {} } })).toBe('{"f:a":{}}');
  });

  it('takes two texts of one element for one', () => {
    expect(text({ 'k:{"a":1}': { 'f:x': {} }, 'k:{ "a": 1 }': { 'f:y': {} } })).toBe(
      String.raw`{"k:{\"a\":1}":{"f:x":{},"f:y":{}}}`,
    );
  });

  it('takes what is in an atomic field for the field', () => {
    expect(text({ 'f:spec': { 'f:nodeSelector': { 'f:a': {} }, 'f:hostname': {} } })).toBe(
      '{"f:spec":{"f:hostname":{},"f:nodeSelector":{}}}',
    );
  });

  it.each([
    ['a list', []],
    ['no element', { data: {} }],
    ['an empty element', { '': {} }],
    ['keys that are no JSON', { 'k:{': {} }],
    ['keys that are no object', { 'k:1': {} }],
    ['a value that is no JSON', { 'v:': {} }],
    ['an index that is no number', { 'i:x': {} }],
    ['what is in an element', { 'f:a': 1 }],
    ['a prototype', JSON.parse('{"__proto__":{}}')],
  ])('is refused with %s', (_, fields) => {
    expect(() => read(fields)).toThrow(FieldsError);
  });

  it('is refused where it is nested beyond any object', () => {
    let deep: unknown = {};
    for (let at = 0; at < 100; at += 1) deep = { 'f:a': deep };
    expect(() => read(deep)).toThrow('nested too deeply');
  });

  it.each(['k:{"a":', 'v:'])('an element %s… nested too deeply is none', (start) => {
    const end = start.startsWith('k') ? '}' : '';
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    const element = (depth: number): unknown => ({ [`${start}${nested(depth)}${end}`]: {} });
    expect(() => read(element(500_000))).toThrow('nested too deeply');
    expect(() => read(element(60))).not.toThrow();
    // What stands in a text is not nested.
    const text = JSON.stringify('\\"['.repeat(1000));
    expect(() => read({ [`${start}${text}${end}`]: {} })).not.toThrow();
  });
});

describe('sets', () => {
  const a = read({ 'f:spec': { 'f:a': {}, 'f:b': { '.': {}, 'f:c': {} } } });

  it('share what an operation leaves as it is', () => {
    expect(union(a, read({ 'f:spec': { 'f:a': {} } }))).toBe(a);
    expect(difference(a, read({ 'f:spec': { 'f:z': {} }, 'f:status': {} }))).toBe(a);
  });

  it('lose a field and keep what is in it, and the other way round', () => {
    expect(difference(a, read({ 'f:spec': { 'f:b': {} } }))).toEqual({
      'f:spec': { 'f:a': {}, 'f:b': { 'f:c': {} } },
    });
    expect(difference(a, read({ 'f:spec': { 'f:b': { 'f:c': {} } } }))).toEqual({
      'f:spec': { 'f:a': {}, 'f:b': {} },
    });
    expect(difference(a, a)).toEqual(EMPTY);
  });

  it('have in common what is a member of both', () => {
    const b = read({ 'f:spec': { 'f:b': { 'f:c': {}, 'f:d': {} } }, 'f:x': {} });
    expect(intersection(a, b)).toEqual({ 'f:spec': { 'f:b': { 'f:c': {} } } });
  });

  it('come together in their order, whatever they had', () => {
    const both = union(
      read({ 'f:b': {}, 'f:d': { 'f:x': {} } }),
      read({ 'f:c': {}, 'f:a': {}, 'f:d': {} }),
    );
    expect(JSON.stringify(both)).toBe('{"f:a":{},"f:b":{},"f:c":{},"f:d":{".":{},"f:x":{}}}');
    expect(inOrder(both)).toBe(both);
    expect(isSameSet(both, read(both))).toBe(true);
    expect(isSameSet(both, a)).toBe(false);
  });

  it('show their members, those of a field before those within', () => {
    const set = read({
      'f:a': { 'f:x': {} },
      'f:b': {},
      'f:list': { 'k:{"name":"n","port":80}': { '.': {}, 'f:y': {} }, 'v:"v"': {}, 'i:3': {} },
    });
    expect(shownPaths(set)).toEqual([
      '.b',
      '.a.x',
      '.list[name="n",port=80]',
      '.list[="v"]',
      '.list[3]',
      '.list[name="n",port=80].y',
    ]);
  });

  it('have one text for one element', () => {
    expect(canonicalElement('k:{ "b": "&", "a": 1.0 }')).toBe(String.raw`k:{"a":1,"b":"\u0026"}`);
    expect(canonicalElement('i:+07')).toBe('i:7');
    expect(canonicalElement('q:x')).toBeUndefined();
  });
});
