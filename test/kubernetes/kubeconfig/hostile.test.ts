/** Kubeconfigs that fuzzing found: each killed the process or wrote to the terminal. */
import { describe, expect, it } from 'vitest';
import { KubepkiError } from '../../../src/errors.ts';
import { parseKubeconfig } from '../../../src/kubernetes/index.ts';

function refusal(text: string): string {
  try {
    parseKubeconfig(text, 'FILE');
  } catch (error) {
    if (error instanceof KubepkiError) return error.message;
    throw error;
  }
  throw new Error('expected a refusal');
}

describe('parseKubeconfig', () => {
  it.each([
    ['keys one after the other', `a: ${'b: '.repeat(20_000)}`],
    ['brackets', `a: ${'['.repeat(20_000)}`],
  ])('refuses %s', (_, text) => {
    expect(refusal(text)).toMatch(/^FILE: line \d+: [^\n]{5,80}$/);
  });

  it.each([
    ['a kind', `kind: ${'x'.repeat(5000)}`],
    ['a kind that a terminal would obey', 'kind: "\\e[31m"'],
    ['a key', `users: {${'x'.repeat(5000)}: 1}`],
    ['a key twice', `"${'x'.repeat(900)}\\e": 1\n"${'x'.repeat(900)}\\e": 1`],
    ['a key in a path', `users: [{name: a, user: {as-user-extra: {"\\n${'x'.repeat(900)}": 1}}}]`],
    [
      'a name twice',
      `users: [{name: "${'x'.repeat(900)}\\u2028"}, {name: "${'x'.repeat(900)}\\u2028"}]`,
    ],
  ])('shows %s on one line, cut where it is long', (_, text) => {
    const message = refusal(text);
    expect(message).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
    expect(message.length).toBeLessThan(800);
  });
});
