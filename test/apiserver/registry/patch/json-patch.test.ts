import { describe, expect, it } from 'vitest';
import {
  applyJsonPatch,
  JsonPatchError,
} from '../../../../src/apiserver/registry/patch/json-patch.ts';

/** RFC 6902, appendix A. */
const VECTORS: readonly (readonly [string, unknown, unknown, unknown])[] = [
  ['A.1', { foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux' }], { baz: 'qux', foo: 'bar' }],
  [
    'A.2',
    { foo: ['bar', 'baz'] },
    [{ op: 'add', path: '/foo/1', value: 'qux' }],
    { foo: ['bar', 'qux', 'baz'] },
  ],
  ['A.3', { baz: 'qux', foo: 'bar' }, [{ op: 'remove', path: '/baz' }], { foo: 'bar' }],
  [
    'A.4',
    { foo: ['bar', 'qux', 'baz'] },
    [{ op: 'remove', path: '/foo/1' }],
    { foo: ['bar', 'baz'] },
  ],
  [
    'A.5',
    { baz: 'qux', foo: 'bar' },
    [{ op: 'replace', path: '/baz', value: 'boo' }],
    { baz: 'boo', foo: 'bar' },
  ],
  [
    'A.6',
    { foo: { bar: 'baz', waldo: 'fred' }, qux: { corge: 'grault' } },
    [{ op: 'move', from: '/foo/waldo', path: '/qux/thud' }],
    { foo: { bar: 'baz' }, qux: { corge: 'grault', thud: 'fred' } },
  ],
  [
    'A.7',
    { foo: ['all', 'grass', 'cows', 'eat'] },
    [{ op: 'move', from: '/foo/1', path: '/foo/3' }],
    { foo: ['all', 'cows', 'eat', 'grass'] },
  ],
  [
    'A.8',
    { baz: 'qux', foo: ['a', 2, 'c'] },
    [
      { op: 'test', path: '/baz', value: 'qux' },
      { op: 'test', path: '/foo/1', value: 2 },
    ],
    { baz: 'qux', foo: ['a', 2, 'c'] },
  ],
  [
    'A.10',
    { foo: 'bar' },
    [{ op: 'add', path: '/child', value: { grandchild: {} } }],
    { foo: 'bar', child: { grandchild: {} } },
  ],
  [
    'A.11',
    { foo: 'bar' },
    [{ op: 'add', path: '/baz', value: 'qux', xyz: 123 }],
    { foo: 'bar', baz: 'qux' },
  ],
  ['A.14', { '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: 10 }], { '/': 9, '~1': 10 }],
  [
    'A.16',
    { foo: ['bar'] },
    [{ op: 'add', path: '/foo/-', value: ['abc', 'def'] }],
    { foo: ['bar', ['abc', 'def']] },
  ],
  [
    'a copy',
    { a: [1] },
    [
      { op: 'copy', from: '/a', path: '/b' },
      { op: 'add', path: '/b/-', value: 2 },
    ],
    { a: [1], b: [1, 2] },
  ],
  ['the whole', { a: 1 }, [{ op: 'replace', path: '', value: { b: 2 } }], { b: 2 }],
  ['an empty name', { '': 1 }, [{ op: 'replace', path: '/', value: 2 }], { '': 2 }],
];

describe('a JSON patch', () => {
  it.each(VECTORS)('%s of RFC 6902', (_, document, patch, expected) => {
    const before = JSON.stringify(document);
    expect(applyJsonPatch(document, patch)).toEqual(expected);
    expect(JSON.stringify(document)).toBe(before);
  });

  it.each([
    [
      'A.9: a test that fails',
      { baz: 'qux' },
      [{ op: 'test', path: '/baz', value: 'bar' }],
      'testing value "/baz" failed',
    ],
    [
      'A.12: no parent',
      { foo: 'bar' },
      [{ op: 'add', path: '/baz/bat', value: 'qux' }],
      'nothing at',
    ],
    [
      'A.15: text is no number',
      { '/': 9, '~1': 10 },
      [{ op: 'test', path: '/~01', value: '10' }],
      'failed',
    ],
    ['replace what is not there', {}, [{ op: 'replace', path: '/a', value: 1 }], 'nothing at'],
    ['remove what is not there', {}, [{ op: 'remove', path: '/a' }], 'nothing at'],
    ['an index too large', { a: [] }, [{ op: 'add', path: '/a/1', value: 1 }], 'nothing at'],
    ['a leading zero', { a: [1, 2] }, [{ op: 'remove', path: '/a/01' }], 'nothing at'],
    ['a negative index', { a: [1] }, [{ op: 'remove', path: '/a/-1' }], 'nothing at'],
    [
      'move into itself',
      { a: { b: 1 } },
      [{ op: 'move', from: '/a', path: '/a/b' }],
      'into itself',
    ],
    [
      'inherited names',
      {},
      [{ op: 'test', path: '/constructor/name', value: 'Object' }],
      'nothing at',
    ],
    ['no value', {}, [{ op: 'add', path: '/a' }], 'no value'],
    ['no slash', {}, [{ op: 'add', path: 'a', value: 1 }], 'without a slash'],
    ['another op', {}, [{ op: 'merge', path: '/a', value: 1 }], 'Unexpected kind'],
  ])('%s is refused', (_, document, patch, message) => {
    expect(() => applyJsonPatch(document, patch)).toThrow(JsonPatchError);
    expect(() => applyJsonPatch(document, patch)).toThrow(message);
  });

  it('tells what is no patch at all', () => {
    for (const patch of [{}, null, 'x', [1], [{}]]) {
      try {
        applyJsonPatch({}, patch);
        expect.unreachable();
      } catch (error) {
        expect(error).toMatchObject({ malformed: true });
      }
    }
  });

  it('makes no prototype of __proto__', () => {
    const result = applyJsonPatch({}, [{ op: 'add', path: '/__proto__', value: { polluted: 1 } }]);
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
    expect('polluted' in {}).toBe(false);
    expect(() =>
      applyJsonPatch({}, [{ op: 'add', path: '/__proto__/polluted', value: 1 }]),
    ).toThrow('nothing at');
  });

  it('bounds what copies make of a small patch', () => {
    const patch = Array.from({ length: 60 }, () => ({ op: 'copy', from: '/a', path: '/a/-' }));
    expect(() => applyJsonPatch({ a: ['0123456789'] }, patch)).toThrow('copies may not be larger');
  });
});
