import { describe, expect, it } from 'vitest';
import { quotable, quoted } from '../src/errors.ts';

describe('quotable', () => {
  it('leaves what can be seen', () => {
    for (const text of ['', 'a b', 'Zürich 東京 😀', '"quoted" \\'])
      expect(quotable(text)).toBe(text);
  });

  it('shows control and format characters and line ends by number', () => {
    expect(quotable('a\nb\u001b[31m\u202e\u2028\u{e0001}')).toBe(
      'a\\u{a}b\\u{1b}[31m\\u{202e}\\u{2028}\\u{e0001}',
    );
  });

  it('cuts what is long', () => {
    expect(quotable('x'.repeat(300))).toBe('x'.repeat(300));
    expect(quotable('x'.repeat(301))).toBe(`${'x'.repeat(300)}…`);
  });
});

describe('quoted', () => {
  it('stands between quotation marks, with its own escaped', () => {
    expect(quoted(' a "b" ')).toBe('" a \\"b\\" "');
  });

  it('shows what JSON leaves as it is, and terminals obey', () => {
    expect(quoted('a\n\u0085\u009b\u2028\u200b')).toBe('"a\\n\\u{85}\\u{9b}\\u{2028}\\u{200b}"');
  });

  it('cuts what is longer than asked', () => {
    expect(quoted('abcdef', 3)).toBe('"abc…"');
  });
});
