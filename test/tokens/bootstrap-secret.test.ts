/** Bootstrap tokens in Secrets: written as kubeadm writes them, read as kubeadm and kube-apiserver do. */
import { describe, expect, it } from 'vitest';
import type { Secret } from '../../src/kubernetes/index.ts';
import {
  type BootstrapToken,
  bootstrapTokenId,
  bootstrapTokenLifetime,
  bootstrapTokenUser,
  decodeBootstrapTokenSecret,
  encodeBootstrapTokenSecret,
} from '../../src/tokens/index.ts';

const NOW = new Date('2026-06-01T12:00:00Z');

const TOKEN: BootstrapToken = {
  id: 'abcdef',
  secret: '0123456789abcdef',
  description: 'für worker-1',
  expiration: new Date('2026-06-02T12:00:00Z'),
  usages: ['signing', 'authentication'],
  groups: ['system:bootstrappers:kubeadm:default-node-token'],
};

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** The Secret of `TOKEN` with other data; undefined takes a key away. */
function secretWith(
  data: Readonly<Record<string, string | undefined>>,
  changes: Partial<Secret> = {},
): Secret {
  const secret = encodeBootstrapTokenSecret(TOKEN);
  const merged: Record<string, string> = { ...secret.data };
  for (const [key, text] of Object.entries(data)) {
    if (text === undefined) delete merged[key];
    else merged[key] = base64(text);
  }
  return { ...secret, data: merged, ...changes };
}

describe('encodeBootstrapTokenSecret', () => {
  it('writes the Secret of kubeadm', () => {
    expect(encodeBootstrapTokenSecret(TOKEN)).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
      type: 'bootstrap.kubernetes.io/token',
      data: {
        'token-id': base64('abcdef'),
        'token-secret': base64('0123456789abcdef'),
        description: base64('für worker-1'),
        expiration: base64('2026-06-02T12:00:00Z'),
        'usage-bootstrap-signing': base64('true'),
        'usage-bootstrap-authentication': base64('true'),
        'auth-extra-groups': base64('system:bootstrappers:kubeadm:default-node-token'),
      },
    });
  });

  it('leaves out what there is not', () => {
    const { data } = encodeBootstrapTokenSecret({
      ...TOKEN,
      description: '',
      usages: [],
      groups: [],
    });
    expect(Object.keys(data ?? {}).sort()).toEqual(['expiration', 'token-id', 'token-secret']);
  });

  it('refuses what is no token, and does not tell its secret', () => {
    const encode = (): unknown => encodeBootstrapTokenSecret({ ...TOKEN, secret: 'UNFIT-SECRET' });
    expect(encode).toThrow(TypeError);
    expect(encode).not.toThrow(/UNFIT/);
  });
});

describe('decodeBootstrapTokenSecret', () => {
  it('reads back what was written', () => {
    expect(decodeBootstrapTokenSecret(encodeBootstrapTokenSecret(TOKEN))).toEqual({
      ok: true,
      token: { ...TOKEN, usages: ['authentication', 'signing'] },
    });
  });

  it('counts usages that are exactly true only', () => {
    const decoded = decodeBootstrapTokenSecret(
      secretWith({
        'usage-bootstrap-signing': 'True',
        'usage-bootstrap-authentication': 'true ',
        'usage-bootstrap-other': 'true',
      }),
    );
    expect(decoded).toMatchObject({ ok: true, token: { usages: ['other'] } });
  });

  it.each<[string, Secret, string]>([
    ['no data', { metadata: { name: 'bootstrap-token-abcdef' } }, 'has no token-id'],
    ['no id', secretWith({ 'token-id': undefined }), 'has no token-id'],
    ['no secret', secretWith({ 'token-secret': '' }), 'has no token-secret'],
    ['another id', secretWith({ 'token-id': 'fedcba' }), 'is not named'],
    ['another name', secretWith({}, { metadata: { name: 'abcdef' } }), 'is not named'],
    ['a secret too short', secretWith({ 'token-secret': '0123' }), 'no token can have'],
    ['no time', secretWith({ expiration: 'tomorrow' }), 'an expiration that is no time'],
  ])('tells what is wrong with a Secret that has %s', (_, secret, reason) => {
    const decoded = decodeBootstrapTokenSecret(secret);
    expect(decoded).toEqual({ ok: false, reason: expect.stringContaining(reason) });
    expect(JSON.stringify(decoded)).not.toContain('0123');
  });

  it('takes names of the language for keys like any other', () => {
    const data = JSON.parse('{"__proto__":"eA==","constructor":"eA=="}') as Record<string, string>;
    expect(decodeBootstrapTokenSecret({ metadata: { name: 'toString' }, data })).toMatchObject({
      ok: false,
    });
  });
});

describe('bootstrapTokenId', () => {
  it.each([
    ['bootstrap-token-abc123', 'abc123'],
    ['bootstrap-token-', undefined],
    ['bootstrap-token-abc', undefined],
    ['bootstrap-token-abc123ghi', undefined],
    ['bootstrap-token-ABC123', undefined],
    ['bootstrap-token-abc123\n', undefined],
    ['abc123', undefined],
    ['', undefined],
  ])('finds the id in %j', (name, id) => {
    expect(bootstrapTokenId(name)).toBe(id);
  });
});

describe('bootstrapTokenLifetime', () => {
  it.each([
    ['', { expired: false }],
    ['2026-06-01T12:00:01Z', { expired: false, left: 1000 }],
    ['2026-06-01T12:00:00Z', { expired: true }],
    ['2026-06-01T11:59:59Z', { expired: true }],
    // What cannot be read has expired.
    ['2026-06-31T12:00:00Z', { expired: true }],
    ['9999999999', { expired: true }],
  ])('judges %j', (expiration, expected) => {
    expect(bootstrapTokenLifetime(secretWith({ expiration }), NOW)).toEqual(expected);
  });
});

describe('bootstrapTokenUser', () => {
  it('is the user of the id, with all groups sorted', () => {
    const groups = 'system:bootstrappers:b,system:bootstrappers:a,system:bootstrappers:b';
    const user = bootstrapTokenUser(secretWith({ 'auth-extra-groups': groups }), TOKEN, NOW);
    expect(user).toEqual({
      ok: true,
      name: 'system:bootstrap:abcdef',
      groups: ['system:bootstrappers', 'system:bootstrappers:a', 'system:bootstrappers:b'],
    });
  });

  it.each<[string, Secret]>([
    [
      'is being deleted',
      secretWith({}, { metadata: { deletionTimestamp: '2026-06-01T12:00:00Z' } }),
    ],
    ['is not of the type', secretWith({}, { type: 'Opaque' })],
    ['has another token-secret', secretWith({ 'token-secret': '0123456789abcdee' })],
    ['has another token-secret', secretWith({ 'token-secret': undefined })],
    ['has another token-id', secretWith({ 'token-id': 'fedcba' })],
    ['has expired', secretWith({ expiration: '2026-06-01T12:00:00Z' })],
    ['has expired', secretWith({ expiration: 'soon' })],
    ['is not marked', secretWith({ 'usage-bootstrap-authentication': undefined })],
    ['is not marked', secretWith({ 'usage-bootstrap-authentication': 'TRUE' })],
    ['has a group', secretWith({ 'auth-extra-groups': 'system:masters' })],
    ['has a group', secretWith({ 'auth-extra-groups': 'system:bootstrappers:a,system:masters' })],
    ['has a group', secretWith({ 'auth-extra-groups': 'system:bootstrappers:a,' })],
    [
      'has a group',
      secretWith({ 'auth-extra-groups': 'system:bootstrappers:a, system:bootstrappers:b' }),
    ],
  ])('is nobody where the Secret %s', (reason, secret) => {
    expect(bootstrapTokenUser(secret, TOKEN, NOW)).toEqual({
      ok: false,
      reason: expect.stringContaining(reason),
    });
  });
});
