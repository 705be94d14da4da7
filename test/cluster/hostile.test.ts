/** Cluster files that fuzzing found: each took minutes, killed the process or wrote to the terminal. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readCluster } from '../../src/cluster/read.ts';
import { KubepkiError } from '../../src/errors.ts';

function refusal(text: string): KubepkiError {
  try {
    readCluster(text, 'cluster.yaml');
  } catch (error) {
    if (error instanceof KubepkiError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}

const HEAD = 'apiVersion: kubepki.dev/v1alpha1\nkind: Cluster\n';

describe('readCluster', () => {
  afterEach(() => vi.restoreAllMocks());

  it.each([
    ['keys one after the other', `${HEAD}a: ${'b: '.repeat(20_000)}`, /nested too deeply|Nested/],
    ['brackets', `${HEAD}a: ${'['.repeat(20_000)}`, /nested too deeply/],
    [
      'levels that the parser still manages',
      `${HEAD}a: ${'{b: '.repeat(60)}${'}'.repeat(60)}`,
      /nested too deeply/,
    ],
    ['keys that are mappings', `${HEAD}${'? '.repeat(600)}a`, /a key that is not text/],
    ['a key that is a list', `${HEAD}? [a]\n: b`, /^cluster\.yaml:3:3: a key that is not text$/],
  ])('refuses %s at once', (_, text, message) => {
    const start = process.cpuUsage();
    const error = refusal(text);
    expect({ code: error.code, message: error.message }).toEqual({
      code: 'MALFORMED_DOCUMENT',
      message: expect.stringMatching(message),
    });
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(5000);
  });

  it('says nothing on stderr', () => {
    const warn = vi.spyOn(process, 'emitWarning');
    refusal(`${HEAD}? [a]\n: b`);
    refusal(`${HEAD}a: !unknown b`);
    expect(warn).not.toHaveBeenCalled();
  });

  it('shows keys and values of the file on one line, cut where they are long', () => {
    const long = 'x'.repeat(900);
    const error = refusal(
      `${HEAD}"a\\e[31m\\nb": 1\n${long}: 2\nmetadata: { name: "\\e]0;" }\nspec: { hosts: [] }`,
    );
    const texts = error.issues.flatMap(({ path, message }) => [path, message]);
    expect(texts).toContain('a\\u{1b}[31m\\u{a}b (line 3)');
    expect(texts.filter((text) => /\p{Cc}/u.test(text) || text.length > 400)).toEqual([]);
  });
});
