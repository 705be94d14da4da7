/** Bootstrap tokens: which texts are tokens, and that every token is equally likely. */
import { describe, expect, it } from 'vitest';
import {
  generateBootstrapToken,
  isBootstrapGroup,
  isBootstrapTokenId,
  parseBootstrapToken,
  sameSecret,
} from '../../src/tokens/index.ts';
import { seededWith } from '../seeded.ts';

describe('parseBootstrapToken', () => {
  it('takes a token apart', () => {
    expect(parseBootstrapToken('abcdef.0123456789abcdef')).toEqual({
      id: 'abcdef',
      secret: '0123456789abcdef',
    });
  });

  it.each([
    ['', 'nothing'],
    ['.', 'a dot'],
    ['abcdef', 'an id alone'],
    ['abcdef.', 'no secret'],
    ['.0123456789abcdef', 'no id'],
    ['abcdef.0123456789abcde', 'a secret cut short'],
    ['abcdef.0123456789abcdef0', 'a secret too long'],
    ['abcde.0123456789abcdef', 'an id cut short'],
    ['abcdef.0123456789abcdef.', 'a dot behind'],
    ['abcdef.0123456789abcdef\n', 'a line feed behind'],
    ['\nabcdef.0123456789abcdef', 'a line feed before'],
    [' abcdef.0123456789abcdef', 'a space before'],
    ['abcdef.0123456789abcdef\0', 'a zero behind'],
    ['ABCDEF.0123456789abcdef', 'capitals'],
    ['abcdef.0123456789ABCDEF', 'capitals in the secret'],
    ['abcdéf.0123456789abcdef', 'an accent'],
    ['аbcdef.0123456789abcdef', 'a Cyrillic letter'],
    ['abcdef.０１２３４５６７89abcdef', 'wide digits'],
    ['../../.0123456789abcdef', 'a path'],
    [`abcdef.${'0'.repeat(1_000_000)}`, 'a megabyte'],
  ])('refuses %j (%s)', (text) => {
    expect(parseBootstrapToken(text)).toBeUndefined();
  });
});

describe('names around tokens', () => {
  it.each([
    ['system:bootstrappers:a', true],
    ['system:bootstrappers:kubeadm:default-node-token', true],
    [`system:bootstrappers:${'a'.repeat(256)}`, true],
    [`system:bootstrappers:${'a'.repeat(257)}`, false],
    ['system:bootstrappers:', false],
    ['system:bootstrappers:a-', false],
    ['system:bootstrappers:A', false],
    ['system:bootstrappers', false],
    ['system:masters', false],
    ['system:bootstrappers:a\nsystem:masters', false],
    ['', false],
  ])('tells whether %j is a group of bootstrap tokens', (name, expected) => {
    expect(isBootstrapGroup(name)).toBe(expected);
  });

  it('knows ids', () => {
    expect(['abc123', 'abc12', 'abc1234', 'ABC123', 'abc12\n'].map(isBootstrapTokenId)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('generateBootstrapToken', () => {
  it('makes tokens that are different every time', () => {
    const tokens = new Set(Array.from({ length: 100 }, () => generateBootstrapToken()));
    expect(tokens.size).toBe(100);
    for (const token of tokens) expect(parseBootstrapToken(token)).toBeDefined();
  });

  it('prefers no character: of all bytes, each is reached by the same number', () => {
    const counts = new Map<string, number>();
    for (let byte = 0; byte < 252; byte++) {
      const token = generateBootstrapToken((size) => new Uint8Array(size).fill(byte));
      const [first = ''] = token;
      expect(token.replace('.', '')).toBe(first.repeat(22));
      counts.set(first, (counts.get(first) ?? 0) + 1);
    }
    expect([...counts.keys()].sort().join('')).toBe('0123456789abcdefghijklmnopqrstuvwxyz');
    expect(new Set(counts.values())).toEqual(new Set([7]));
  });

  it('passes over bytes that would prefer the first characters', () => {
    const random = seededWith(7);
    const token = generateBootstrapToken((size) =>
      Uint8Array.from({ length: size }, (_, i) =>
        i % 2 === 0 ? 252 + Math.floor(random.next() * 4) : 35,
      ),
    );
    expect(token).toBe('zzzzzz.zzzzzzzzzzzzzzzz');
  });

  it('gives up on a source that is broken', () => {
    expect(() => generateBootstrapToken((size) => new Uint8Array(size).fill(255))).toThrow(
      RangeError,
    );
  });
});

describe('sameSecret', () => {
  it.each([
    ['', '', true],
    ['a', 'a', true],
    ['a', 'b', false],
    ['a', '', false],
    ['a', 'aa', false],
    ['é', 'é', true],
    // The same length in characters, not in bytes.
    ['é', 'e', false],
  ])('compares %j and %j', (one, other, expected) => {
    expect(sameSecret(one, other)).toBe(expected);
  });
});
