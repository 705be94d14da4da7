import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyMergePatch } from '../../../../src/apiserver/registry/patch/merge-patch.ts';
import { isJsonObject } from '../../../../src/kubernetes/index.ts';

/** RFC 7386, appendix A. */
const VECTORS: readonly (readonly [unknown, unknown, unknown])[] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

/** The patch that makes `to` of `from`. */
function difference(from: unknown, to: unknown): unknown {
  if (!isJsonObject(from) || !isJsonObject(to)) return to;
  const patch: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(from)) if (!Object.hasOwn(to, key)) patch[key] = null;
  for (const [key, value] of Object.entries(to)) patch[key] = difference(from[key], value);
  return patch;
}

const hasNull = (value: unknown): boolean =>
  value === null || (isJsonObject(value) && Object.values(value).some(hasNull));

/** Documents of objects and scalars; a merge patch can say all of them but nulls. */
const document = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string(),
    fc.integer(),
    fc.array(fc.integer()),
    tie('object'),
  ),
  object: fc.dictionary(
    fc.oneof(fc.constantFrom('a', 'b', '__proto__', 'c'), fc.string()),
    tie('value'),
    {
      noNullPrototype: true,
    },
  ),
})).object;

describe('a merge patch', () => {
  it.each(VECTORS)('makes of %j with %j: %j (RFC 7386)', (target, patch, expected) => {
    expect(applyMergePatch(target, patch)).toEqual(expected);
  });

  it('leads from any document to any other', () => {
    fc.assert(
      fc.property(document, document, (from, to) => {
        fc.pre(!hasNull(to));
        expect(JSON.stringify(sorted(applyMergePatch(from, difference(from, to))))).toBe(
          JSON.stringify(sorted(to)),
        );
      }),
    );
  });

  it('changes nothing when it is applied again, and never its origin', () => {
    fc.assert(
      fc.property(document, fc.json(), (target, json) => {
        const before = JSON.stringify(target);
        const patch: unknown = JSON.parse(json);
        const once = applyMergePatch(target, patch);
        expect(applyMergePatch(once, patch)).toEqual(once);
        expect(JSON.stringify(target)).toBe(before);
      }),
    );
  });

  it('takes __proto__ as a name', () => {
    const result = applyMergePatch({}, JSON.parse('{"__proto__":{"polluted":1}}'));
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
    expect(JSON.stringify(result)).toBe('{"__proto__":{"polluted":1}}');
  });
});

function sorted(value: unknown): unknown {
  if (!isJsonObject(value)) return value;
  return Object.entries(value)
    .map(([key, inner]) => [key, sorted(inner)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
