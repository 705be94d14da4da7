import { describe, expect, it } from 'vitest';
import {
  flatten,
  formatKubeconfig,
  makeKubeconfig,
  minify,
  parseKubeconfig,
  redact,
} from '../../../src/kubernetes/kubeconfig/index.ts';

const parse = (text: string) => parseKubeconfig(text, 'f');

describe('minify', () => {
  const config = parse(
    'current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}, {name: b, context: {cluster: x}}]\nclusters: [{name: c}, {name: d}]\nusers: [{name: u}, {name: v}]',
  );

  it('keeps what the current context needs', () => {
    const small = minify(config);
    expect([
      [...small.contexts.keys()],
      [...small.clusters.keys()],
      [...small.users.keys()],
    ]).toEqual([['a'], ['c'], ['u']]);
  });

  it.each(['', 'b', 'z'])('refuses where %j is current', (currentContext) => {
    expect(() => minify({ ...config, currentContext })).toThrow(
      expect.objectContaining({ code: 'NOT_FOUND' }),
    );
  });
});

describe('flatten', () => {
  it('puts files in the place of their paths', () => {
    const config = parse(
      'clusters: [{name: c, cluster: {certificate-authority: ca}}]\nusers: [{name: u, user: {client-key: k, tokenFile: t}}]',
    );
    const flat = flatten(config, (path) => Buffer.from(path));
    expect(flat.clusters.get('c')).toEqual({
      server: '',
      certificateAuthorityData: Buffer.from('ca'),
    });
    expect(flat.users.get('u')).toEqual({ clientKeyData: Buffer.from('k'), tokenFile: 't' });
    expect(config.clusters.get('c')?.certificateAuthority).toBe('ca');
  });

  it('refuses an entry with both', () => {
    const config = parse(
      'clusters: [{name: c, cluster: {certificate-authority: ca, certificate-authority-data: QQ==}}]',
    );
    expect(() => flatten(config, () => Buffer.from(''))).toThrow(
      expect.objectContaining({ code: 'INVALID_VALUE' }),
    );
  });
});

describe('redact', () => {
  it('hides secrets, and fields that it does not know', () => {
    const config = parse(
      'clusters: [{name: c, cluster: {server: s, certificate-authority-data: QQ==, secret: SECRET}, secret: SECRET}]\nusers: [{name: u, user: {client-certificate-data: QQ==, client-key-data: QQ==, token: SECRET, password: SECRET, secret: SECRET, exec: {command: c, secret: SECRET, env: [{name: a, value: b, secret: SECRET}]}, auth-provider: {name: p, secret: SECRET}}}]\ncontexts: [{name: x, context: {secret: SECRET}}]\nsecret: SECRET\npreferences: {secret: SECRET}',
    );
    const text = formatKubeconfig(redact(config));
    expect(text).not.toMatch(/SECRET|QQ==/);
    expect(text.match(/DATA\+OMITTED/g)).toHaveLength(3);
    expect(text.match(/REDACTED/g)).toHaveLength(2);
    expect(config.users.get('u')?.token).toBe('SECRET');
  });
});

describe('makeKubeconfig', () => {
  const base = { cluster: 'k', server: 'https://a', certificateAuthority: 'CA', user: 'u' };

  it('takes a token as well', () => {
    const config = makeKubeconfig({ ...base, token: 't', context: 'x', namespace: 'n' });
    expect(config.users.get('u')).toEqual({ token: 't' });
    expect(config.contexts.get('x')).toEqual({ cluster: 'k', user: 'u', namespace: 'n' });
    expect(config.currentContext).toBe('x');
  });

  it.each([
    {},
    { clientCertificate: 'a' },
    { clientKey: 'a' },
    { token: 't', clientCertificate: 'a', clientKey: 'b' },
    { token: 't', user: '' },
    { token: 't', server: '' },
  ])('refuses %j', (extra) => {
    expect(() => makeKubeconfig({ ...base, ...extra })).toThrow(
      expect.objectContaining({ code: 'INVALID_VALUE' }),
    );
  });
});
