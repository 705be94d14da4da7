/** What the name of a signer looks like: the API's rules, and its messages. */
import { describe, expect, it } from 'vitest';
import { isSignerName, SIGNER_NAMES, signerNameProblems } from '../../../src/kubernetes/index.ts';

const messages = (name: string): string[] => signerNameProblems(name).map((one) => one.message);
const label = (length: number): string => 'a'.repeat(length);
const domainOf = (length: number): string => `${`${label(61)}.`.repeat(9).slice(0, length - 2)}.a`;

describe('the name of a signer', () => {
  it.each([
    ...SIGNER_NAMES,
    'example.com/my-signer',
    'a.b/c',
    '1.2/3',
    'example.com/a.b.c',
    `${label(63)}.com/${label(253)}`,
    `${domainOf(253)}/${label(253)}.${label(63)}`,
  ])('may be %s', (name) => {
    expect(signerNameProblems(name)).toEqual([]);
  });

  it('has to be there', () => {
    expect(signerNameProblems('')).toEqual([{ kind: 'required', value: '', message: '' }]);
  });

  it.each(['example.com', 'example.com/a/b', '/', '//', 'a.b//c'])(
    'has one slash and two sides: %s',
    (name) => {
      expect(messages(name).length).toBeGreaterThan(0);
      if (name !== '/') expect(messages(name)[0]).toContain('fully qualified domain and path');
    },
  );

  it.each([
    ['example/a', 'example', 'at least two segments'],
    ['Example.com/a', 'Example.com', 'validating label "Example": a lowercase RFC 1123 label'],
    ['exa_mple.com/a', 'exa_mple.com', 'validating label "exa_mple"'],
    ['-a.com/a', '-a.com', 'validating label "-a"'],
    ['a..com/a', 'a..com', 'validating label ""'],
    [`${label(64)}.com/a`, `${label(64)}.com`, 'must be no more than 63 characters'],
    ['example.com/', '', 'validating label "": a lowercase RFC 1123 subdomain'],
    ['example.com/A', 'A', 'validating label "A"'],
    ['example.com/a..b', 'a..b', 'validating label ""'],
    [`example.com/${label(254)}`, label(254), 'must be no more than 253 characters'],
    ['example.com/a\n', 'a\n', 'validating label "a\\n"'],
  ])('is refused: %j', (name, value, message) => {
    const [problem] = signerNameProblems(name);
    expect(problem).toMatchObject({ kind: 'invalid', value });
    expect(problem?.message).toContain(message);
  });

  it('says every problem once', () => {
    const name = `${label(64)}-/B`;
    expect(messages(name)).toHaveLength(4);
  });

  it('has at most 253 characters before the slash and 571 in all', () => {
    const [long] = signerNameProblems(`${domainOf(254)}/a`);
    expect(long).toMatchObject({ kind: 'too-long', message: 'may not be more than 253 bytes' });
    const name = `${domainOf(253)}/${label(253)}.${label(64)}`;
    expect(signerNameProblems(name)).toMatchObject([
      { kind: 'too-long', message: 'may not be more than 571 bytes' },
    ]);
  });

  it('is looked at quickly however long', () => {
    const before = performance.now();
    signerNameProblems(`${'a.'.repeat(500_000)}/${'a-'.repeat(500_000)}`);
    expect(performance.now() - before).toBeLessThan(1000);
  });

  it('is one of Kubernetes own, or not', () => {
    expect(SIGNER_NAMES.every(isSignerName)).toBe(true);
    expect(isSignerName('kubernetes.io/kube-apiserver-serving')).toBe(false);
    expect(isSignerName('__proto__')).toBe(false);
  });
});
