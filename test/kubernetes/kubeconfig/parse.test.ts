import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KubepkiError } from '../../../src/errors.ts';
import {
  emptyKubeconfig,
  formatKubeconfig,
  parseKubeconfig,
} from '../../../src/kubernetes/kubeconfig/index.ts';
import { kubeconfigs } from './arbitrary.ts';

const parse = (text: string) => parseKubeconfig(text, 'admin.conf');

/** The error that a text is refused with. */
function refusal(text: string): KubepkiError {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof KubepkiError) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('parseKubeconfig', () => {
  it.each(['', '# nothing', '---\n', 'null', '{}', 'kind: Config\napiVersion: v1'])(
    'reads %j as empty',
    (text) => {
      expect(parse(text)).toEqual(emptyKubeconfig());
    },
  );

  it('reads JSON', () => {
    const config = parse('{"users":[{"name":"a","user":{"token":"t","client-key-data":"QQ=="}}]}');
    expect(config.users.get('a')).toEqual({ token: 't', clientKeyData: Buffer.from('A') });
  });

  it('gives exec plug-ins of older API versions their default mode', () => {
    const exec = (version: string): unknown =>
      parse(`users: [{name: a, user: {exec: {command: c, apiVersion: ${version}}}}]`).users.get('a')
        ?.exec?.interactiveMode;
    expect(exec('client.authentication.k8s.io/v1beta1')).toBe('IfAvailable');
    expect(exec('client.authentication.k8s.io/v1')).toBeUndefined();
  });

  it('keeps fields that it does not know', () => {
    const text = `apiVersion: v1
clusters:
- cluster:
    future:
      deep: [1, yes]
    server: ""
  name: a
  beside: 1
contexts: null
current-context: ""
kind: Config
users: null
zone: z
`;
    expect(formatKubeconfig(parse(text))).toBe(
      text
        .replace('  name: a\n  beside: 1', '  name: a')
        .replace('- cluster', '- beside: 1\n  cluster')
        .replace('[1, yes]', '\n      - 1\n      - true')
        .replace('deep: \n', 'deep:\n'),
    );
  });

  it('takes __proto__ for a name like any other', () => {
    const config = parse(
      'users: [{name: __proto__, user: {__proto__: {polluted: yes}, token: t}}]\n__proto__: {polluted: 1}\nextensions: [{name: __proto__, extension: {__proto__: 2}}]',
    );
    expect(config.users.get('__proto__')?.token).toBe('t');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(formatKubeconfig(config)).toMatch(/^__proto__:\n {2}polluted: 1\n/);
  });

  it('follows aliases and merge keys', () => {
    const config = parse(
      'users:\n- &a {name: a, user: {token: t}}\n- {<<: *a, name: b}\n- {name: c, <<: [{name: d}, *a]}\n',
    );
    expect([...config.users.keys()]).toEqual(['a', 'b', 'd']);
    expect(config.users.get('d')).toEqual({ token: 't' });
  });

  it.each([
    ['[]', 'admin.conf: line 1: the document: expected a mapping, got a list'],
    ['kind: Pod', 'admin.conf: line 1: kind: expected Config, got "Pod"'],
    ['\napiVersion: v2', 'admin.conf: line 2: apiVersion: expected v1, got "v2"'],
    [
      'users:\n- name: a\n  user:\n    token: 123',
      'admin.conf: line 4: users[0].user.token: expected a string, got a number',
    ],
    [
      'current-context: yes',
      'admin.conf: line 1: current-context: expected a string, got a boolean',
    ],
    ['clusters: {}', 'admin.conf: line 1: clusters: expected a list, got a mapping'],
    ['users: [{user: x}]', 'admin.conf: line 1: users[0].user: expected a mapping, got a string'],
    [
      'clusters:\n- name: a\n- name: a',
      'admin.conf: line 3: clusters[1].name: "a" is used twice in this list',
    ],
    [
      'extensions: [{name: a}, {name: a}]',
      'admin.conf: line 1: extensions[1].name: "a" is used twice in this list',
    ],
    [
      'clusters: [{name: a, cluster: {certificate-authority-data: QQ}}]',
      'admin.conf: line 1: clusters[0].cluster.certificate-authority-data: not valid base64',
    ],
    [
      'clusters: [{name: a, cluster: {insecure-skip-tls-verify: "true"}}]',
      'admin.conf: line 1: clusters[0].cluster.insecure-skip-tls-verify: expected true or false, got a string',
    ],
    ['a: 1\na: 2', 'admin.conf: line 2: the key "a" twice in one mapping'],
    ['a: .nan', 'admin.conf: line 1: a: a number that JSON cannot hold'],
    ['a: !!int x', 'admin.conf: line 1: a value that its tag does not allow'],
    ['a: !mine x', 'admin.conf: line 1: a tag that kubepki does not support'],
    ['1.5: x', 'admin.conf: line 1: a key that is not a string'],
    ['a: b\n---\nc: d', 'admin.conf: line 2: a second document; a kubeconfig is one document'],
    [
      'a: *b',
      'admin.conf: line 1: an alias of something that is not defined before it, or of what it is part of',
    ],
    [
      'a: &b [*b]',
      'admin.conf: line 1: an alias of something that is not defined before it, or of what it is part of',
    ],
    ['<<: 1', 'admin.conf: line 1: a merge key (<<) needs a mapping'],
    ['a: "x', 'admin.conf: line 1: a missing quote, bracket, comma, colon or space'],
    ['a:\n\tb: c', 'admin.conf: line 2: a tab used for indentation'],
    [
      'a: b\n\u0000',
      'admin.conf: line 2: a character that YAML does not allow, or reads as a line break in some versions',
    ],
  ])('refuses %j with path and line', (text, message) => {
    const error = refusal(text);
    expect(error.code).toBe('MALFORMED_DOCUMENT');
    expect(error.message).toBe(message);
  });

  it('never shows a value', () => {
    const secret = 'SECRET';
    for (const text of [
      `token: "${secret}`,
      `users: [{user: ${secret}}]`,
      `a: &${secret} [*${secret}]`,
      `a: ${secret}: b`,
      `{"a" ${secret}}`,
      `a: !${secret} x`,
      `%${secret}\n---\n@${secret}`,
    ]) {
      expect(JSON.stringify([refusal(text).message, refusal(text).hint])).not.toContain(secret);
    }
  });

  it('bounds what aliases expand to', () => {
    const levels = Array.from(
      { length: 9 },
      (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i},`.repeat(9)}]`,
    );
    expect(refusal(`l0: &l0 [x]\n${levels.join('\n')}`).message).toContain(
      'aliases that expand to too much',
    );
    const merges = Array.from({ length: 2000 }, () => '- {<<: *m}').join('\n');
    const many = Array.from({ length: 100 }, (_, i) => `k${i}: v`).join(', ');
    expect(refusal(`m: &m {${many}}\nlist:\n${merges}`).message).toContain(
      'aliases that expand to too much',
    );
  });

  it('bounds nesting, by itself and through aliases', () => {
    for (const depth of [101, 5000, 100_000]) {
      expect(refusal(`a: ${'['.repeat(depth)}${']'.repeat(depth)}`).message).toMatch(/nested/);
    }
    const chain = Array.from({ length: 120 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}]`).join(
      '\n',
    );
    expect(refusal(`a0: &a0 x\n${chain}`).message).toMatch(/nested/);
  });

  it('bounds size', () => {
    expect(refusal(`#${' '.repeat(8 * 1024 * 1024)}`).message).toContain('larger than 8 MiB');
    expect(refusal('- '.repeat(600_000)).message).toContain('more entries than');
    const data = `certificate-authority-data: ${'QUFB'.repeat(1_000_000)}`;
    expect(parse(`clusters: [{name: a, cluster: {${data}}}]`).clusters.size).toBe(1);
  });

  it('refuses damaged files without any other error', () => {
    const damage = fc.tuple(fc.nat(), fc.nat(40), fc.string({ maxLength: 4 }));
    fc.assert(
      fc.property(
        kubeconfigs,
        fc.array(damage, { minLength: 1, maxLength: 4 }),
        (config, damages) => {
          let text = formatKubeconfig(config);
          for (const [at, length, insert] of damages) {
            const start = at % (text.length + 1);
            text = text.slice(0, start) + insert + text.slice(start + length);
          }
          try {
            formatKubeconfig(parse(text));
          } catch (error) {
            expect(error).toBeInstanceOf(KubepkiError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
