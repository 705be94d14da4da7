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
});
