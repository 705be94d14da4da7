import { describe, expect, it } from 'vitest';
import {
  type ClusterFlags,
  type CredentialFlags,
  emptyKubeconfig,
  type Kubeconfig,
  parseKubeconfig,
  setCluster,
  setContext,
  setCredentials,
  useContext,
} from '../../../src/kubernetes/kubeconfig/index.ts';

const files = {
  read: (path: string) => Buffer.from(`content of ${path}`),
  absolute: (path: string) => `/cwd/${path}`,
};
const cluster = (flags: ClusterFlags, before: Kubeconfig = emptyKubeconfig()) =>
  setCluster(before, 'c', flags, files).clusters.get('c');
const user = (flags: CredentialFlags, before: Kubeconfig = emptyKubeconfig()) =>
  setCredentials(before, 'u', flags, files).users.get('u');
const withUser = (text: string) => parseKubeconfig(`users: [{name: u, user: ${text}}]`, 'f');
const withCluster = (text: string) =>
  parseKubeconfig(`clusters: [{name: c, cluster: ${text}}]`, 'f');

describe('setCluster', () => {
  it('leaves the kubeconfig that it is given alone', () => {
    const before = withCluster('{server: a}');
    expect(cluster({ server: 'b' }, before)).toEqual({ server: 'b' });
    expect(before.clusters.get('c')).toEqual({ server: 'a' });
  });

  it('embeds a CA, or refers to it; one displaces the other', () => {
    const data = Buffer.from('content of ca');
    expect(cluster({ certificateAuthority: 'ca', embedCerts: true })).toEqual({
      server: '',
      certificateAuthorityData: data,
    });
    expect(
      cluster({ certificateAuthority: 'ca' }, withCluster('{certificate-authority-data: QQ==}')),
    ).toEqual({
      server: '',
      certificateAuthority: '/cwd/ca',
    });
  });

  it('forgets the TLS name with the server that it belonged to', () => {
    expect(cluster({ server: 'b' }, withCluster('{server: a, tls-server-name: name}'))).toEqual({
      server: 'b',
    });
    expect(
      cluster({ proxyUrl: 'p' }, withCluster('{server: a, tls-server-name: name}'))?.tlsServerName,
    ).toBe('name');
  });

  it('verifies again unless told otherwise, and forgets the CA where it does not', () => {
    expect(cluster({}, withCluster('{insecure-skip-tls-verify: true}'))).toEqual({ server: '' });
    expect(
      cluster({ insecureSkipTlsVerify: true }, withCluster('{certificate-authority: x}')),
    ).toEqual({
      server: '',
      insecureSkipTlsVerify: true,
    });
  });

  it('takes __proto__ for a name', () => {
    const { clusters } = setCluster(emptyKubeconfig(), '__proto__', { server: 's' }, files);
    expect(clusters.get('__proto__')).toEqual({ server: 's' });
  });

  it.each<[string, ClusterFlags]>([
    ['', {}],
    ['c', { insecureSkipTlsVerify: true, certificateAuthority: 'x' }],
    ['c', { embedCerts: true }],
    ['c', { embedCerts: true, certificateAuthority: '' }],
  ])('refuses name %j with %j', (name, flags) => {
    expect(() => setCluster(emptyKubeconfig(), name, flags, files)).toThrow(
      expect.objectContaining({ code: 'USAGE' }),
    );
  });
});

describe('setCredentials', () => {
  it('lets a token displace user name and password, and the other way round', () => {
    expect(user({ token: 't' }, withUser('{username: me, password: p}'))).toEqual({ token: 't' });
    expect(user({ password: 'p' }, withUser('{username: me, token: t}'))).toEqual({
      username: 'me',
      password: 'p',
    });
    expect(user({ token: '' }, withUser('{username: me, token: t}'))).toEqual({ username: 'me' });
  });

  it('embeds certificate and key', () => {
    expect(
      user(
        { clientCertificate: 'a', clientKey: 'b', embedCerts: true },
        withUser('{client-key: old}'),
      ),
    ).toEqual({
      clientCertificateData: Buffer.from('content of a'),
      clientKeyData: Buffer.from('content of b'),
    });
  });

  it('sets and removes arguments of an auth provider', () => {
    expect(user({ authProvider: 'oidc', authProviderArg: ['a=b=c', 'd=e'] })?.authProvider).toEqual(
      {
        name: 'oidc',
        config: new Map([
          ['a', 'b=c'],
          ['d', 'e'],
        ]),
      },
    );
    const before = withUser('{auth-provider: {name: oidc, config: {a: b, c: d}}}');
    expect(user({ authProviderArg: ['a-'] }, before)?.authProvider?.config).toEqual(
      new Map([['c', 'd']]),
    );
    expect(user({ authProvider: 'other' }, before)?.authProvider).toEqual({
      name: 'other',
      config: new Map(),
    });
    expect(user({ authProviderArg: ['a=b'] })).toEqual({});
  });

  it('sets up an exec plug-in, and resets its arguments with the command', () => {
    const before = withUser(
      '{exec: {command: old, args: [x], env: [{name: A, value: a}, {name: B, value: b}]}}',
    );
    expect(user({ execCommand: 'new', execEnv: ['B=2', 'A-', 'C=3'] }, before)?.exec).toEqual({
      command: 'new',
      args: null,
      env: [
        { name: 'B', value: '2' },
        { name: 'C', value: '3' },
      ],
      provideClusterInfo: false,
    });
    expect(
      user(
        { execArg: ['y', 'z'], execProvideClusterInfo: true, execInteractiveMode: 'Never' },
        before,
      )?.exec,
    ).toMatchObject({
      command: 'old',
      args: ['y', 'z'],
      provideClusterInfo: true,
      interactiveMode: 'Never',
    });
    expect(user({ execArg: ['y'] })).toEqual({});
  });

  it.each<[string, CredentialFlags]>([
    ['', {}],
    ['u', { token: 't', username: 'me' }],
    ['u', { token: 't', password: 'p' }],
    ['u', { embedCerts: true }],
    ['u', { execInteractiveMode: 'never' }],
    ['u', { execEnv: ['A'] }],
    ['u', { execEnv: ['=a'] }],
    ['u', { authProviderArg: ['-'] }],
  ])('refuses name %j with %j', (name, flags) => {
    expect(() => setCredentials(emptyKubeconfig(), name, flags, files)).toThrow(
      expect.objectContaining({ code: 'USAGE' }),
    );
  });

  it('does not show what may be a secret', () => {
    expect(() => user({ authProviderArg: ['SECRET'] })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('SECRET') as unknown }),
    );
  });
});

describe('setContext', () => {
  it('says whether the context is new', () => {
    const first = setContext(emptyKubeconfig(), 'a', { cluster: 'c', user: 'u' });
    expect(first).toMatchObject({ name: 'a', created: true });
    const second = setContext(first.config, 'a', { namespace: 'n' });
    expect(second.created).toBe(false);
    expect(second.config.contexts.get('a')).toEqual({ cluster: 'c', user: 'u', namespace: 'n' });
  });

  it('changes the current context', () => {
    const config = useContext(setContext(emptyKubeconfig(), 'a', {}).config, 'a');
    expect(setContext(config, '', { current: true, user: 'u' })).toMatchObject({
      name: 'a',
      created: false,
    });
  });

  it('refuses no name, two names, and no current context', () => {
    expect(() => setContext(emptyKubeconfig(), '', {})).toThrow(
      expect.objectContaining({ code: 'USAGE' }),
    );
    expect(() => setContext(emptyKubeconfig(), 'a', { current: true })).toThrow(
      expect.objectContaining({ code: 'USAGE' }),
    );
    expect(() => setContext(emptyKubeconfig(), '', { current: true })).toThrow(
      expect.objectContaining({ code: 'NOT_FOUND' }),
    );
  });
});

describe('useContext', () => {
  it('takes only a context that is there', () => {
    const { config } = setContext(emptyKubeconfig(), 'a', {});
    expect(useContext(config, 'a').currentContext).toBe('a');
    expect(() => useContext(config, 'b')).toThrow(
      expect.objectContaining({ code: 'NOT_FOUND', hint: 'there are: a' }),
    );
    expect(() => useContext(config, '')).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});
