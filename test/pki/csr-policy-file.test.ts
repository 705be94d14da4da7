/** The document of the kind SigningPolicy: what it takes, and how it says what is wrong. */
import { describe, expect, it } from 'vitest';
import type { KubepkiError } from '../../src/errors.ts';
import { readPolicy } from '../../src/pki/csr/policy-file.ts';

const HEAD = 'apiVersion: kubepki.dev/v1alpha1\nkind: SigningPolicy\n';

function issues(text: string): string[] {
  try {
    readPolicy(text, 'policy.yaml');
  } catch (error) {
    const { code, message, issues } = error as KubepkiError;
    return [`${code} ${message}`, ...issues.map(({ path, message }) => `${path}: ${message}`)];
  }
  return [];
}

describe('a signing policy', () => {
  it('allows nothing that it does not say, and the usual keys', () => {
    expect(readPolicy(`${HEAD}spec: { usages: [serverAuth], validity: 1d }`, 'p')).toMatchObject({
      commonNames: [],
      organizations: [],
      attributes: {},
      dns: [],
      ip: [],
      namesAsAsked: false,
      usages: ['serverAuth'],
      keyAlgorithms: ['RSA', 'ECDSA-P256', 'ECDSA-P384'],
      minimumRsaBits: 2048,
      validity: 86400,
    });
  });

  it('has to say what certificates are good for, and for how long', () => {
    expect(issues(`${HEAD}spec: {}`)).toEqual([
      'INVALID_VALUE policy.yaml: 2 problems',
      'spec.usages (line 3): missing',
      'spec.validity (line 3): missing',
    ]);
    expect(issues(`${HEAD}spec: { usages: [], validity: 1d }`)[1]).toBe(
      'spec.usages (line 3): at least 1',
    );
  });

  it('names every problem with its path and line', () => {
    const text = `${HEAD}spec:
  subjects: {}
  subject:
    commonNames: ["", "a\\0b"]
    attributes: { CN: [x] }
  names:
    dns: [API.example.com, "*", ".*.example.com", "a*.b", "."]
    ip: [10.0.0.1/8, "::ffff:10.0.0.0/104", 300.0.0.1, 10.0.0.0/08, "fd00::/129"]
  usages: [server, any]
  keys: { algorithms: [DSA], minimumRsaBits: 1024 }
  validity: 5m
`;
    expect(issues(text).map((line) => line.replace(/: .*/, ''))).toEqual([
      'INVALID_VALUE policy.yaml',
      'spec.subject.commonNames[0] (line 6)',
      'spec.subject.commonNames[1] (line 6)',
      'spec.subject.attributes.CN (line 7)',
      'spec.names.dns[0] (line 9)',
      'spec.names.dns[1] (line 9)',
      'spec.names.dns[2] (line 9)',
      'spec.names.dns[3] (line 9)',
      'spec.names.dns[4] (line 9)',
      'spec.names.ip[0] (line 10)',
      'spec.names.ip[1] (line 10)',
      'spec.names.ip[2] (line 10)',
      'spec.names.ip[3] (line 10)',
      'spec.names.ip[4] (line 10)',
      'spec.usages[0] (line 11)',
      'spec.usages[1] (line 11)',
      'spec.keys.algorithms[0] (line 12)',
      'spec.keys.minimumRsaBits (line 12)',
      'spec.validity (line 13)',
      'spec.subjects (line 4)',
    ]);
  });

  it.each([
    [
      'another kind',
      'apiVersion: kubepki.dev/v1alpha1\nkind: Cluster\nspec: {}',
      'kind (line 2): expected SigningPolicy',
    ],
    ['nothing', '', '(top): expected object, got nothing'],
    ['a list', '- x', '(top): expected object, got a list'],
  ])('is not %s', (_, text, said) => {
    expect(issues(text)).toContain(said);
  });

  it.each([
    ['broken YAML', `${HEAD}spec: [`, /^MALFORMED_DOCUMENT policy.yaml:3:\d+: /],
    ['a key twice', `${HEAD}kind: SigningPolicy\n`, /^MALFORMED_DOCUMENT policy.yaml:3:1: /],
    ['a second document', `${HEAD}---\n${HEAD}`, /^MALFORMED_DOCUMENT/],
    [
      'a bomb of aliases',
      `${HEAD}a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
        .split('')
        .map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefghi'[i]}`).join(',')}]`)
        .join('\n')}`,
      /^MALFORMED_DOCUMENT/,
    ],
    ['endless nesting', '['.repeat(200_000), /^MALFORMED_DOCUMENT/],
    [
      'more than a megabyte',
      `#${'x'.repeat(1024 * 1024)}`,
      /^MALFORMED_DOCUMENT policy.yaml: larger than/,
    ],
  ])('refuses %s', (_, text, said) => {
    expect(issues(text)[0]).toMatch(said);
  });

  it('takes no prototype for a key', () => {
    expect(
      issues(`${HEAD}__proto__: { x: 1 }\nspec: { usages: [serverAuth], validity: 1d }`),
    ).toEqual(['INVALID_VALUE policy.yaml: 1 problem', '__proto__ (line 3): unknown key']);
  });
});
