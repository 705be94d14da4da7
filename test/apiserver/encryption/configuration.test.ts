import { describe, expect, it } from 'vitest';
import { readEncryptionConfiguration } from '../../../src/apiserver/encryption/configuration.ts';
import { encryptionRules } from '../../../src/apiserver/encryption/rules.ts';
import { KubepkiError } from '../../../src/errors.ts';

const HEAD = 'apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\n';
const S16 = Buffer.alloc(16, 1).toString('base64');
const S32 = Buffer.alloc(32, 1).toString('base64');

/** One rule, of secrets where nothing else is said. */
const withProviders = (providers: string, resources = 'secrets'): string =>
  `${HEAD}resources:\n- resources: [${resources}]\n  providers: ${providers}\n`;
const withResources = (...resources: readonly string[]): string =>
  withProviders('[{identity: {}}]', resources.map((name) => `'${name}'`).join(', '));
const withKey = (key: string, type = 'aescbc'): string =>
  withProviders(`[{${type}: {keys: [${key}]}}]`);

/** What is wrong, each with its place. */
async function wrong(text: string): Promise<string[]> {
  try {
    await encryptionRules(text, 'enc.yaml');
    return [];
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    const said = [error.message, error.hint ?? '', JSON.stringify(error.issues)].join(' ');
    expect(said).not.toContain(S16.slice(0, 20));
    return error.code === 'INVALID_VALUE'
      ? error.issues.map(({ path, message }) => `${path}: ${message}`)
      : [`${error.code} ${error.message}`];
  }
}

describe('an encryption configuration', () => {
  it('is read as upstream documents it', () => {
    expect(
      readEncryptionConfiguration(
        `${HEAD}resources:
  - resources:
      - events
    providers:
      - identity: {}
  - resources: [secrets, configmaps, pandas.awesome.bears.example]
    providers:
      - aescbc:
          keys:
            - name: key1
              secret: c2VjcmV0IGlzIHNlY3VyZQ==
      - secretbox: {"keys": [{"name": "a", "secret": "b"}]}
      - aesgcm:
`,
        'enc.yaml',
      ),
    ).toEqual({
      resources: [
        { resources: ['events'], providers: [{ identity: true }] },
        {
          resources: ['secrets', 'configmaps', 'pandas.awesome.bears.example'],
          providers: [
            { aescbc: { keys: [{ name: 'key1', secret: 'c2VjcmV0IGlzIHNlY3VyZQ==' }] } },
            { secretbox: { keys: [{ name: 'a', secret: 'b' }] } },
            {},
          ],
        },
      ],
    });
  });

  it.each([
    [
      'in its first form',
      `apiVersion: v1\nkind: EncryptionConfig\nresources: [{resources: [secrets], providers: [{identity: {}}]}]`,
    ],
    [
      'in JSON',
      JSON.stringify({
        kind: 'EncryptionConfiguration',
        apiVersion: 'apiserver.config.k8s.io/v1',
        resources: [{ resources: ['secrets'], providers: [{ identity: {} }] }],
      }),
    ],
    [
      'with keys of every size',
      withProviders(
        `[{aesgcm: {keys: [{name: a, secret: ${S16}}]}}, {aescbc: {keys: [{name: b, secret: ${Buffer.alloc(24).toString('base64')}}]}}, {secretbox: {keys: [{name: c, secret: ${S32}}]}}]`,
      ),
    ],
    [
      'with a key over two lines',
      withKey(`{name: a, secret: "${S32.slice(0, 20)}\\n${S32.slice(20)}\\r\\n"}`),
    ],
    ['with two keys of one name', withKey(`{name: a, secret: ${S32}}, {name: a, secret: ${S16}}`)],
    ['with wildcards', withResources('*.', '*.apps', 'secrets.example.com')],
    ['for everything', withResources('*.*')],
    [
      'with rules for what comes first and for the rest',
      `${HEAD}resources:\n- {resources: [secrets], providers: [{identity: {}}]}\n- {resources: [secrets, configmaps], providers: [{identity: {}}]}\n- {resources: ['*.'], providers: [{identity: {}}]}\n- {resources: ['*.*'], providers: [{identity: {}}]}\n`,
    ],
  ])('is taken %s', async (_, text) => {
    expect(await wrong(text)).toEqual([]);
  });

  it.each<[string, string, readonly unknown[]]>([
    ['nothing', '', [expect.stringContaining('MALFORMED_DOCUMENT enc.yaml: empty')]],
    ['a comment', '# nothing', [expect.stringContaining('empty')]],
    ['text', 'abc', expect.arrayContaining(['(top): expected a mapping, line 1'])],
    [
      'another kind',
      `apiVersion: v1\nkind: Secret`,
      ['kind: expected apiserver.config.k8s.io/v1 EncryptionConfiguration, got v1 Secret'],
    ],
    [
      'another version',
      HEAD.replace('/v1', '/v2'),
      [expect.stringContaining('got apiserver.config.k8s.io/v2 Encryp')],
    ],
    [
      'two documents',
      `${withResources('secrets')}---\n${HEAD}`,
      [expect.stringContaining('a second document; an encryption configuration is one document')],
    ],
    [
      'a key twice',
      `${HEAD}kind: EncryptionConfiguration\n`,
      [expect.stringContaining('the key "kind" twice in one mapping')],
    ],
    ['an unknown field', `${withResources('secrets')}more: 1\n`, ['more: unknown field, line 6']],
    [
      'an unknown field of a provider',
      withProviders('[{identity: {}, aes: {}}]'),
      ['resources[0].providers[0].aes: unknown field, line 5'],
    ],
    [
      'a field of identity',
      withProviders('[{identity: {keys: []}}]'),
      ['resources[0].providers[0].identity.keys: unknown field, line 5'],
    ],
    [
      'a secret where a field is expected',
      withKey(`{name: a, ${S32}: 1}`),
      ['resources[0].providers[0].aescbc.keys[0]: an unknown field, line 5'],
    ],
    [
      'a secret twice as a field',
      withKey(`{${S32}: 1, ${S32}: 2}`),
      ['MALFORMED_DOCUMENT enc.yaml: line 5: the key twice in one mapping'],
    ],
    [
      'a secret for a kind',
      `kind: ${S32}`,
      ['kind: expected apiserver.config.k8s.io/v1 EncryptionConfiguration'],
    ],
    [
      'a secret for a resource',
      withResources(S32),
      ['resources[0].resources[0]: resource name should not contain capital letters'],
    ],
    [
      'a number for a name',
      withKey(`{name: 1, secret: ${S32}}`),
      [
        'resources[0].providers[0].aescbc.keys[0].name: expected a text (in quotes, if need be), line 5',
      ],
    ],
    [
      'a list for a mapping',
      withProviders('[[1]]'),
      ['resources[0].providers[0]: expected a mapping, line 5'],
    ],
    ['a mapping for a list', `${HEAD}resources: {}`, ['resources: expected a list, line 3']],
    ['no rules', HEAD, ['resources: at least one resources is required']],
    [
      'no resources',
      withProviders('[{identity: {}}]', ''),
      ['resources[0].resources: at least one resources[0].resources is required'],
    ],
    [
      'no providers',
      withProviders('[]'),
      ['resources[0].providers: at least one resources[0].providers is required'],
    ],
    [
      'an empty provider',
      withProviders('[{}]'),
      [
        'resources[0].providers[0]: provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity',
      ],
    ],
    [
      'a provider of null',
      withProviders('[identity: ]'),
      [expect.stringContaining('provider does not contain any')],
    ],
    [
      'two providers in one',
      withProviders(`[{identity: {}, aescbc: {keys: [{name: a, secret: ${S32}}]}}]`),
      [
        'resources[0].providers[0]: more than one provider specified in a single element, should split into different list elements',
      ],
    ],
    [
      'a KMS',
      withProviders('[{kms: {apiVersion: v2, name: x, endpoint: "unix:///x"}}]'),
      [
        'resources[0].providers[0].kms: needs a KMS plugin, over gRPC, which kubepki does not speak: neither v1 nor v2',
      ],
    ],
    [
      'no keys',
      withKey(''),
      ['resources[0].providers[0].aescbc.keys: at least one keys is required'],
    ],
    [
      'no name and no secret',
      withKey('{}'),
      [
        'resources[0].providers[0].aescbc.keys[0].name: name is a mandatory field for a key',
        'resources[0].providers[0].aescbc.keys[0].secret: secret is a mandatory field for a key',
      ],
    ],
    [
      'no base64',
      withKey('{name: a, secret: "*"}'),
      ['resources[0].providers[0].aescbc.keys[0].secret: secrets must be base64 encoded'],
    ],
    [
      'base64 without padding',
      withKey(`{name: a, secret: "${S32.replace('=', '')}"}`),
      [expect.stringContaining('secrets must be base64 encoded')],
    ],
    [
      'base64 for addresses',
      withKey(`{name: a, secret: "${'-_'.repeat(22)}"}`),
      [expect.stringContaining('secrets must be base64 encoded')],
    ],
    [
      'a short key',
      withKey('{name: a, secret: AQID}'),
      [
        'resources[0].providers[0].aescbc.keys[0].secret: secret is not of the expected length, got 3, expected one of [16 24 32]',
      ],
    ],
    [
      'a key of AES for secretbox',
      withKey(`{name: a, secret: "${S16}"}`, 'secretbox'),
      [
        'resources[0].providers[0].secretbox.keys[0].secret: secret is not of the expected length, got 16, expected one of [32]',
      ],
    ],
    [
      'a resource twice',
      withResources('secrets', 'configmaps', 'secrets.'),
      ['resources[0].resources: the same resource cannot be specified multiple times'],
    ],
    [
      'a resource and its group',
      withResources('secrets', '*.'),
      [expect.stringContaining('using overlapping resources')],
    ],
    [
      'a resource and everything',
      withResources('secrets', '*.*'),
      [expect.stringContaining('using overlapping resources')],
    ],
    [
      'capital letters',
      withResources('Secrets'),
      ['resources[0].resources[0]: resource name should not contain capital letters'],
    ],
    [
      'a star',
      withResources('*'),
      [expect.stringContaining("use '*.' to encrypt all the resources from core API group")],
    ],
    [
      'what is no resource',
      withResources('apiserveripinfo', 'serviceipallocations', 'servicenodeportallocations'),
      [1, 2, 3].map(() => expect.stringContaining('resources which do not have REST API/s')),
    ],
    [
      'events of another group',
      withResources('events.events.k8s.io', '*.events.k8s.io'),
      expect.arrayContaining([expect.stringContaining("Use 'events' instead")]),
    ],
    [
      'a group that is gone',
      withResources('ingresses.extensions'),
      [expect.stringContaining("'extensions' group has been removed")],
    ],
    [
      'a resource of all groups',
      withResources('secrets.*'),
      [expect.stringContaining('encrypting the same resource across groups')],
    ],
  ])('is refused with %s', async (_, text, expected) => {
    expect(await wrong(text)).toEqual(expected);
  });

  it.each([
    ['*.', 'secrets', 'resource "secrets" is masked by earlier rule "*."'],
    [
      '*.apps',
      'deployments.apps',
      'resource "deployments.apps" is masked by earlier rule "*.apps"',
    ],
    ['*.*', 'secrets', 'resource "secrets" is masked by earlier rule "*.*"'],
    ['*.*', '*.apps', 'resource "*.apps" is masked by earlier rule "*.*"'],
    ['*.*', '*.*', 'resource "*.*" is masked by earlier rule "*.*"'],
  ])('is refused where %s comes before %s', async (first, second, message) => {
    const rule = (name: string): string =>
      `- {resources: ['${name}'], providers: [{identity: {}}]}\n`;
    expect(await wrong(`${HEAD}resources:\n${rule(first)}${rule(second)}`)).toEqual([
      `resources[1].resources[0]: ${message}`,
    ]);
  });

  it('is refused at once where it is large', async () => {
    const began = performance.now();
    expect(await wrong(`${HEAD}#${'x'.repeat(300_000)}`)).toEqual([
      'MALFORMED_DOCUMENT enc.yaml: larger than 262144 bytes, which an encryption configuration never is',
    ]);
    const many = Array.from({ length: 20_000 }, (_, at) => `r${at % 19_999}`);
    expect(await wrong(withProviders('[{identity: {}}]', many.join(',')))).toEqual([
      'resources[0].resources: the same resource cannot be specified multiple times',
    ]);
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});
