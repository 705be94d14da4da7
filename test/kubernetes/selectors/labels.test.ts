import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatLabelSelector,
  type LabelOperator,
  labelSelector,
  parseLabelSelector,
} from '../../../src/kubernetes/index.ts';

const matches = (text: string, labels: Record<string, string>): boolean =>
  parseLabelSelector(text).matches(labels);

describe('a label selector', () => {
  it.each([
    ['x=a', { x: 'a' }, true],
    ['x=a', { x: 'b' }, false],
    ['x==a', { x: 'a' }, true],
    ['x = a', { x: 'a' }, true],
    ['x!=a', { x: 'b' }, true],
    ['x!=a', {}, true],
    ['x!=a', { x: 'a' }, false],
    ['x', { x: '' }, true],
    ['x', { y: '' }, false],
    ['!x', { y: '' }, true],
    ['!x', { x: 'a' }, false],
    ['! x', {}, true],
    ['x in (a,b)', { x: 'b' }, true],
    ['x in (a,b)', {}, false],
    ['x in (a,,b)', { x: '' }, true],
    ['x in ()', { x: '' }, true],
    ['x in (a,)', { x: '' }, true],
    ['x notin (a,b)', { x: 'c' }, true],
    ['x notin (a,b)', {}, true],
    ['x notin (a,b)', { x: 'a' }, false],
    ['x=', { x: '' }, true],
    ['x=,y=b', { x: '', y: 'b' }, true],
    ['x>1', { x: '2' }, true],
    ['x>1', { x: '1' }, false],
    ['x<10', { x: '9' }, true],
    ['x<10', { x: 'nine' }, false],
    ['x>1', {}, false],
    ['x=a,y=b', { x: 'a', y: 'b' }, true],
    ['x=a,y=b', { x: 'a' }, false],
    ['', {}, true],
    ['   ', {}, true],
    ['example.com/x=a', { 'example.com/x': 'a' }, true],
    ['in in (notin)', { in: 'notin' }, true],
    ['notin=in', { notin: 'in' }, true],
    ['toString', {}, false],
    ['!toString', {}, true],
  ])('%j of %j is %j', (text, labels, expected) => {
    expect(matches(text, labels as Record<string, string>)).toBe(expected);
  });

  it.each([
    ['a==b=c', "found '=', expected: ',' or 'end of string'"],
    ['a=b,', "found '', expected: identifier after ','"],
    ['=b', "found '=', expected: !, identifier, or 'end of string'"],
    ['a<b', 'the value must be an integer'],
    ['-a', 'unable to parse requirement: key: Invalid value: "-a": name part must consist'],
    ['a=-', 'a valid label must be'],
    ['a in b', "found 'b' expected: '('"],
    ['a in (b', "expected: ',' or ')'"],
    ['a b', "found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['!', "found '', expected: identifier"],
    ['a/b/c', 'a valid label key must'],
    ['a'.repeat(64), 'must be no more than 63 bytes'],
    ['!a=b', "found '=', expected: ',' or 'end of string'"],
  ])('%j is refused: %s', (text, message) => {
    expect(() => parseLabelSelector(text)).toThrow(message);
  });

  it('reads back what it prints', () => {
    const word = fc.stringMatching(/^[a-z0-9]([-a-z0-9_.]{0,8}[a-z0-9])?$/);
    const number = fc.integer().map(String);
    const requirement = fc.oneof(
      fc.record({
        key: word,
        operator: fc.constantFrom<LabelOperator>('=', '==', '!='),
        values: fc.tuple(word),
      }),
      fc.record({
        key: word,
        operator: fc.constantFrom<LabelOperator>('in', 'notin'),
        values: fc.uniqueArray(word, { minLength: 1, maxLength: 4 }).map((all) => all.sort()),
      }),
      fc.record({
        key: word,
        operator: fc.constantFrom<LabelOperator>('exists', '!'),
        values: fc.constant([]),
      }),
      fc.record({
        key: word,
        operator: fc.constantFrom<LabelOperator>('>', '<'),
        values: fc.tuple(number.filter((text) => !text.startsWith('-'))),
      }),
    );
    fc.assert(
      fc.property(fc.array(requirement, { maxLength: 5 }), (requirements) => {
        const selector = labelSelector(requirements);
        const read = parseLabelSelector(formatLabelSelector(selector));
        expect(read.requirements).toEqual(selector.requirements);
      }),
    );
  });

  it('means what its requirements mean one by one', () => {
    const value = fc.constantFrom('', '0', '1', '2', '7', 'a', 'b');
    const values = fc.uniqueArray(value, { minLength: 1, maxLength: 3 });
    const requirement = fc.record({
      key: fc.constantFrom('x', 'y', 'z'),
      operator: fc.constantFrom<LabelOperator>('=', '!=', 'in', 'notin', 'exists', '!', '>', '<'),
      values,
    });
    const few = ({
      operator,
      ...rest
    }: {
      key: string;
      operator: LabelOperator;
      values: string[];
    }) =>
      operator === '>' || operator === '<'
        ? { ...rest, operator, values: ['1'] }
        : { ...rest, operator };
    // Of keys that no object here has: so many that they are looked up in another way.
    const others = Array.from({ length: 12 }, (_, index) => ({
      key: `k${index}`,
      operator: '!' as const,
      values: [],
    }));
    const labels = fc.dictionary(fc.constantFrom('x', 'y', 'z', 'w'), value, { maxKeys: 4 });
    fc.assert(
      fc.property(
        fc.array(requirement, { maxLength: 6 }),
        labels,
        fc.boolean(),
        (given, object, isLong) => {
          const requirements = [...given.map(few), ...(isLong ? others : [])];
          const alone = requirements.every((one) => labelSelector([one]).matches(object));
          expect(labelSelector(requirements).matches(object)).toBe(alone);
        },
      ),
      { numRuns: 500 },
    );
  });

  // Before, each of 100 million requirements was looked at: 14 s of one core, and nobody else was served meanwhile.
  it.each([
    ['!', (index: number) => `!x${index}`],
    ['!=', (index: number) => `a!=x${index}`],
    ['exists', () => 'a'],
    ['notin', (index: number) => `a notin (x${index},y)`],
  ])('of 20,000 requirements (%s) takes no longer for an object than a short one', (_, term) => {
    const text = Array.from({ length: 20_000 }, (_, index) => term(index)).join(',');
    const selector = parseLabelSelector(text);
    let reads = 0;
    const object = new Proxy<Record<string, string>>(
      { a: 'v' },
      {
        get: (target, key) => {
          reads += 1;
          return Reflect.get(target, key);
        },
        getOwnPropertyDescriptor: (target, key) => {
          reads += 1;
          return Reflect.getOwnPropertyDescriptor(target, key);
        },
      },
    );
    expect(selector.matches(object)).toBe(true);
    expect(reads).toBeLessThan(10);
  });
});
