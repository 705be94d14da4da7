import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  exactField,
  fieldMatcher,
  formatFieldSelector,
  parseFieldSelector,
} from '../../../src/kubernetes/index.ts';

describe('a field selector', () => {
  it('is a list of fields with values', () => {
    expect(parseFieldSelector('type!=Opaque,metadata.name=x')).toEqual([
      { field: 'metadata.name', operator: '=', value: 'x' },
      { field: 'type', operator: '!=', value: 'Opaque' },
    ]);
    expect(parseFieldSelector('a==b')).toEqual([{ field: 'a', operator: '=', value: 'b' }]);
    expect(parseFieldSelector('')).toEqual([]);
    expect(parseFieldSelector(',a=,')).toEqual([{ field: 'a', operator: '=', value: '' }]);
  });

  it('takes escapes in values', () => {
    expect(parseFieldSelector('a=x\\,y\\=z\\\\')).toEqual([
      { field: 'a', operator: '=', value: 'x,y=z\\' },
    ]);
  });

  it.each([
    ['a', "invalid selector: 'a'; can't understand 'a'"],
    ['a=b=c', 'unescaped character in value'],
    ['a=\\x', 'invalid escape sequence'],
    ['a=b\\', 'invalid escape sequence'],
  ])('%j is refused', (text, message) => {
    expect(() => parseFieldSelector(text)).toThrow(message);
  });

  it('compares with what is read', () => {
    const fields: Record<string, string> = { a: '1', b: '2' };
    const read = (field: string): string => fields[field] ?? '';
    const matches = (text: string): boolean => fieldMatcher(parseFieldSelector(text))(read);
    expect(matches('a=1,b!=1')).toBe(true);
    expect(matches('a=1,b!=2')).toBe(false);
    expect(matches('b!=1,b!=2,b!=3')).toBe(false);
    expect(matches('c=')).toBe(true);
    expect(matches('a=1,a=1')).toBe(true);
    expect(matches('a=1,a=2')).toBe(false);
    expect(matches('')).toBe(true);
  });

  it('reads a field once, however often it is named', () => {
    const text = Array.from({ length: 10_000 }, (_, index) => `a!=${index}`).join(',');
    let reads = 0;
    const read = (): string => {
      reads += 1;
      return 'x';
    };
    expect(fieldMatcher(parseFieldSelector(text))(read)).toBe(true);
    expect(reads).toBe(1);
  });

  it('knows the one value that it demands', () => {
    expect(exactField(parseFieldSelector('a!=0,a=1'), 'a')).toBe('1');
    expect(exactField(parseFieldSelector('a!=0'), 'a')).toBeUndefined();
  });

  it('reads back what it prints', () => {
    const field = fc.stringMatching(/^[a-z]+(\.[a-z]+)?$/);
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            field,
            operator: fc.constantFrom('=' as const, '!=' as const),
            value: fc.string(),
          }),
        ),
        (requirements) => {
          const text = formatFieldSelector(requirements);
          const read = parseFieldSelector(text);
          const key = (one: unknown): string => JSON.stringify(one);
          const withoutEmpty = requirements.map(({ field, operator, value }) => ({
            field,
            operator,
            value,
          }));
          expect(read.map(key).sort()).toEqual(withoutEmpty.map(key).sort());
        },
      ),
    );
  });
});
