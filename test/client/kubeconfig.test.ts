/** The transport that a kubeconfig describes: who it is, and when it looks at files and plug-ins again. */
import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  createClient,
  inClusterTransport,
  type KubeconfigTransportOptions,
  type RemoteTransport,
  transportFromKubeconfig,
} from '../../src/client/index.ts';
import {
  formatKubeconfigJson,
  type Kubeconfig,
  NODES,
  type User,
} from '../../src/kubernetes/index.ts';
import { ManualClock } from '../manual-clock.ts';
import { temporaryDirectory } from '../temporary.ts';
import {
  AUTHORITY,
  clientOf,
  createAuthority,
  serve,
  type TestServer,
  until,
} from './tls-server.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

type ClusterEntry = Partial<Parameters<Kubeconfig['clusters']['set']>[1]>;

function kubeconfig(server: string, user: User, cluster: ClusterEntry = {}): Kubeconfig {
  return {
    clusters: new Map([
      ['c', { server, certificateAuthorityData: bytes(AUTHORITY.ca), ...cluster }],
    ]),
    users: new Map([['u', user]]),
    contexts: new Map([['x', { cluster: 'c', user: 'u' }]]),
    currentContext: 'x',
  };
}

async function open(
  options: { config: Kubeconfig } | { path: string },
  more: Partial<KubeconfigTransportOptions> = {},
): Promise<RemoteTransport> {
  const transport = await transportFromKubeconfig({
    userAgent: 'test/1',
    clock: new ManualClock(),
    ...more,
    ...options,
  } as KubeconfigTransportOptions);
  onTestFinished(async () => transport.close());
  return transport;
}

/** Who the server took one request for. */
async function ask(transport: RemoteTransport): Promise<string> {
  const client = createClient(transport, { clock: new ManualClock() });
  const { metadata } = await client.get(NODES, { name: 'a' });
  return metadata.name ?? '';
}

/** A server that answers with what `who` sees in a request. */
const echo = async (who: (request: IncomingMessage) => unknown): Promise<TestServer> =>
  serve((request, response) =>
    response.end(JSON.stringify({ metadata: { name: String(who(request)) } })),
  );

const authorization = async (): Promise<TestServer> =>
  echo(({ headers }) => headers.authorization ?? 'none');
const certificate = async (): Promise<TestServer> => echo(({ socket }) => clientOf(socket));

async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.fail('expected a rejection'),
    (error: unknown) => error as Error,
  );
}

describe('a kubeconfig', () => {
  it('is read from its file, with paths relative to it', async () => {
    const directory = temporaryDirectory();
    const server = await certificate();
    const { certificate: pem, key } = AUTHORITY.issue('from-files');
    writeFileSync(join(directory, 'client.crt'), pem);
    writeFileSync(join(directory, 'client.key'), key);
    writeFileSync(join(directory, 'ca.crt'), AUTHORITY.ca);
    const user = { clientCertificate: 'client.crt', clientKey: 'client.key' };
    const { certificateAuthorityData: _, ...cluster } = {
      certificateAuthorityData: undefined,
      server: server.url,
      certificateAuthority: 'ca.crt',
    };
    const config = kubeconfig(server.url, user);
    config.clusters.set('c', cluster);
    const path = join(directory, 'config');
    writeFileSync(path, formatKubeconfigJson(config));
    expect(await ask(await open({ path }))).toBe('from-files');
  });

  it('has several contexts, of which one is chosen', async () => {
    const server = await authorization();
    const config = kubeconfig(server.url, { token: 'one' });
    config.users.set('v', { token: 'two' });
    config.contexts.set('y', { cluster: 'c', user: 'v' });
    expect(await ask(await open({ config }))).toBe('Bearer one');
    expect(await ask(await open({ config }, { context: 'y' }))).toBe('Bearer two');
  });

  it.each([
    ['token', { token: 't' }, 'Bearer t'],
    ['user name and password', { username: 'ä', password: 'p:q' }, 'Basic w6Q6cDpx'],
    ['nothing', {}, 'none'],
  ])('gives a %s', async (_, user, expected) => {
    const server = await authorization();
    expect(await ask(await open({ config: kubeconfig(server.url, user) }))).toBe(expected);
  });

  it('embeds a certificate, which counts more than files', async () => {
    const server = await certificate();
    const { certificate: pem, key } = AUTHORITY.issue('embedded');
    const config = kubeconfig(server.url, {
      clientCertificate: '/nowhere',
      clientKey: '/nowhere',
      clientCertificateData: bytes(pem),
      clientKeyData: bytes(key),
    });
    expect(await ask(await open({ config }))).toBe('embedded');
  });

  it('impersonates', async () => {
    const server = await echo(({ headers, rawHeaders }) =>
      JSON.stringify([
        headers['impersonate-user'],
        headers['impersonate-uid'],
        rawHeaders.filter((_, at) => rawHeaders[at - 1]?.toLowerCase() === 'impersonate-group'),
        headers['impersonate-extra-a%2fb%25'],
        headers.authorization,
      ]),
    );
    const config = kubeconfig(server.url, {
      token: 't',
      as: 'jane',
      asUid: '7',
      asGroups: ['g', 'h'],
      asUserExtra: new Map([['a/b%', ['v']]]),
    });
    expect(JSON.parse(await ask(await open({ config })))).toEqual([
      'jane',
      '7',
      ['g', 'h'],
      'v',
      'Bearer t',
    ]);
  });

  const mistakes: readonly [string, (config: Kubeconfig) => void, RegExp][] = [
    ['no current context', (c) => (c.currentContext = ''), /no context is current/],
    ['an unknown context', (c) => (c.currentContext = 'z'), /has no context "z"/],
    ['an unknown cluster', (c) => c.clusters.clear(), /has no cluster "c"/],
    ['an unknown user', (c) => c.users.clear(), /has no user "u"/],
    ['no server', (c) => c.clusters.set('c', { server: '' }), /has no server/],
    [
      'an address that is none',
      (c) => c.clusters.set('c', { server: 'x://y' }),
      /https:\/\/host:port/,
    ],
    [
      'both trust and none',
      (c) =>
        c.clusters.set('c', {
          server: 'https://x',
          insecureSkipTlsVerify: true,
          certificateAuthority: '/x',
        }),
      /insecure-skip-tls-verify/,
    ],
    [
      'a proxy that is none',
      (c) => c.clusters.set('c', { server: 'https://x', proxyUrl: 'hunter2' }),
      /proxy-url/,
    ],
    [
      'a certificate without a key',
      (c) => c.users.set('u', { clientCertificate: '/x' }),
      /belong together/,
    ],
    [
      'two who it could be',
      (c) => c.users.set('u', { token: 'hunter2', username: 'x' }),
      /one can be used/,
    ],
    ['groups without a user', (c) => c.users.set('u', { asGroups: ['g'] }), /no user/],
    [
      'an old plug-in',
      (c) => c.users.set('u', { authProvider: { name: 'gcp', config: null } }),
      /auth-provider/,
    ],
  ];
  it.each(mistakes)('is refused with %s', async (_, spoil, message) => {
    const config = kubeconfig('https://127.0.0.1', {});
    spoil(config);
    const error = await rejection(open({ config }));
    expect(error).toMatchObject({ code: expect.stringMatching(/INVALID_VALUE|UNSUPPORTED/) });
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('hunter2');
  });

  it('that is not there is named', async () => {
    const error = await rejection(open({ path: '/nowhere/config' }));
    expect(error).toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('/nowhere/config'),
    });
  });
});

describe('a token file', () => {
  it('is read again every minute, and its last content stays while it cannot be read', async () => {
    const path = join(temporaryDirectory(), 'token');
    const server = await authorization();
    const clock = new ManualClock();
    const config = kubeconfig(server.url, { tokenFile: path, token: 'fallback' });
    const transport = await open({ config }, { clock });
    expect(await ask(transport)).toBe('Bearer fallback');
    writeFileSync(path, ' first\n');
    expect(await ask(transport)).toBe('Bearer first');
    writeFileSync(path, 'second');
    await clock.advance(59_999);
    expect(await ask(transport)).toBe('Bearer first');
    await clock.advance(1);
    expect(await ask(transport)).toBe('Bearer second');
    for (const spoil of [() => writeFileSync(path, ' \n'), () => rmSync(path)]) {
      spoil();
      await clock.advance(60_000);
      expect(await ask(transport)).toBe('Bearer second');
    }
    expect(server.accepted).toBe(1);
  });

  it('is read again at once when the server refuses the token, and the request repeated', async () => {
    const path = join(temporaryDirectory(), 'token');
    writeFileSync(path, 'old');
    const seen: unknown[] = [];
    const server = await serve((request, response) => {
      seen.push(request.headers.authorization);
      const known = request.headers.authorization === 'Bearer new';
      response.writeHead(known ? 200 : 401).end(JSON.stringify({ metadata: { name: 'ok' } }));
    });
    const transport = await open({ config: kubeconfig(server.url, { tokenFile: path }) });
    expect(await rejection(ask(transport))).toMatchObject({ reason: 'Unauthorized' });
    writeFileSync(path, 'new');
    expect(await ask(transport)).toBe('ok');
    expect(seen).toEqual(['Bearer old', 'Bearer old', 'Bearer new']);
  });

  it('that cannot be read is named', async () => {
    const config = kubeconfig('https://127.0.0.1:1', { tokenFile: '/nowhere/token' });
    const error = await rejection(ask(await open({ config })));
    expect(error.message).toBe('cannot read /nowhere/token: it does not exist');
  });
});

describe('certificate files', () => {
  it('are taken anew when they change, as the kubelet rotates them', async () => {
    const directory = temporaryDirectory();
    const current = join(directory, 'kubelet-client-current.pem');
    const put = (name: string): void => {
      const { certificate: pem, key } = AUTHORITY.issue(name);
      writeFileSync(join(directory, `${name}.pem`), pem + key);
      symlinkSync(join(directory, `${name}.pem`), `${current}.new`);
      renameSync(`${current}.new`, current);
    };
    put('first');
    const server = await certificate();
    const clock = new ManualClock();
    const user = { clientCertificate: current, clientKey: current };
    const transport = await open({ config: kubeconfig(server.url, user) }, { clock });
    expect(await ask(transport)).toBe('first');
    put('second');
    await clock.advance(9_999);
    expect(await ask(transport)).toBe('first');
    await clock.advance(1);
    expect(await ask(transport)).toBe('second');
    await until('the old connection ends', () => server.connections.size === 1);
    // Only touched, or half written: nothing to change.
    writeFileSync(join(directory, 'half.pem'), AUTHORITY.issue('half').certificate);
    rmSync(current);
    symlinkSync(join(directory, 'half.pem'), current);
    await clock.advance(10_000);
    expect(await ask(transport)).toBe('second');
    put('third');
    await clock.advance(10_000);
    expect(await ask(transport)).toBe('third');
    expect(server.accepted).toBe(3);
  });

  it('of authorities too', async () => {
    const path = join(temporaryDirectory(), 'ca.crt');
    writeFileSync(path, createAuthority('other').ca);
    const server = await certificate();
    const clock = new ManualClock();
    const config = kubeconfig(server.url, {});
    config.clusters.set('c', { server: server.url, certificateAuthority: path });
    const transport = await open({ config }, { clock });
    expect((await rejection(ask(transport))).message).toContain('trusted here');
    writeFileSync(path, AUTHORITY.ca);
    await clock.advance(10_000);
    expect(await ask(transport)).toBe('nobody');
  });
});

describe('a credential plug-in', () => {
  const API = 'client.authentication.k8s.io/v1';

  /** A program that prints a file and counts how often. */
  function plugin(credential: unknown, more: Partial<NonNullable<User['exec']>> = {}) {
    const directory = temporaryDirectory();
    const output = join(directory, 'output');
    const print = (next: unknown): void =>
      writeFileSync(output, typeof next === 'string' ? next : JSON.stringify(next));
    print(credential);
    writeFileSync(
      join(directory, 'plugin'),
      '#!/bin/sh\necho "$1|$EXTRA|$KUBERNETES_EXEC_INFO" >> "$0.runs"\ncat "${0%/*}/output"\n',
      { mode: 0o755 },
    );
    const user: User = {
      exec: {
        command: join(directory, 'plugin'),
        args: ['; touch /tmp/no-shell'],
        env: [{ name: 'EXTRA', value: 'extra' }],
        apiVersion: API,
        provideClusterInfo: false,
        interactiveMode: 'Never',
        ...more,
      },
    };
    const runs = async (): Promise<string[]> => {
      const { readFile } = await import('node:fs/promises');
      return (await readFile(join(directory, 'plugin.runs'), 'utf8').catch(() => ''))
        .split('\n')
        .slice(0, -1);
    };
    return { user, print, runs };
  }

  const credential = (status: object, apiVersion = API) => ({
    kind: 'ExecCredential',
    apiVersion,
    status,
  });

  it('is run once, without a shell, with what it is to know', async () => {
    const server = await authorization();
    const { user, runs } = plugin(credential({ token: 'printed' }), { provideClusterInfo: true });
    const config = kubeconfig(server.url, user);
    const transport = await open({ config });
    expect(await Promise.all([ask(transport), ask(transport)])).toEqual([
      'Bearer printed',
      'Bearer printed',
    ]);
    const [run = '', ...others] = await runs();
    expect(others).toEqual([]);
    const [argument, extra, info = ''] = run.split('|');
    expect([argument, extra]).toEqual(['; touch /tmp/no-shell', 'extra']);
    expect(JSON.parse(info)).toEqual({
      kind: 'ExecCredential',
      apiVersion: API,
      spec: {
        interactive: false,
        cluster: {
          server: server.url,
          'certificate-authority-data': Buffer.from(AUTHORITY.ca).toString('base64'),
          config: null,
        },
      },
    });
  });

  it('is run again when what it printed has expired', async () => {
    const server = await authorization();
    const { user, print, runs } = plugin(
      credential({ token: 'one', expirationTimestamp: '2030-01-01T01:00:00Z' }),
    );
    const clock = new ManualClock();
    const transport = await open({ config: kubeconfig(server.url, user) }, { clock });
    expect(await ask(transport)).toBe('Bearer one');
    print(credential({ token: 'two' }));
    await clock.advance(3_600_000);
    expect(await ask(transport)).toBe('Bearer one');
    await clock.advance(1);
    expect(await ask(transport)).toBe('Bearer two');
    expect(await runs()).toHaveLength(2);
  });

  it('is run again once when the server refuses what it printed', async () => {
    const server = await serve(({ headers }, response) =>
      response
        .writeHead(headers.authorization === 'Bearer new' ? 200 : 401)
        .end(JSON.stringify({ metadata: { name: 'ok' } })),
    );
    const { user, print, runs } = plugin(credential({ token: 'old' }));
    const transport = await open({ config: kubeconfig(server.url, user) });
    expect(await rejection(ask(transport))).toMatchObject({ reason: 'Unauthorized' });
    expect(await runs()).toHaveLength(2);
    print(credential({ token: 'new' }));
    expect(await ask(transport)).toBe('ok');
    expect(await runs()).toHaveLength(3);
  });

  it('is run again once for all the requests that were refused together', async () => {
    const held: (() => void)[] = [];
    const server = await serve(({ headers }, response) => {
      const known = headers.authorization === 'Bearer new';
      const answer = (): void =>
        void response
          .writeHead(known ? 200 : 401)
          .end(JSON.stringify({ metadata: { name: 'ok' } }));
      if (known) answer();
      else held.push(answer);
    });
    const { user, print, runs } = plugin(credential({ token: 'old' }));
    const transport = await open({ config: kubeconfig(server.url, user) });
    const answers = Promise.all([ask(transport), ask(transport), ask(transport)]);
    await until('all are there', () => held.length === 3);
    print(credential({ token: 'new' }));
    held[0]?.();
    held[1]?.();
    await until('the first two come again', () => server.accepted >= 3);
    // The last refusal is of a token that has been replaced meanwhile.
    setTimeout(() => held[2]?.(), 100);
    expect(await answers).toEqual(['ok', 'ok', 'ok']);
    expect(await runs()).toHaveLength(2);
  });

  it('may print a certificate, in the older version too', async () => {
    const server = await certificate();
    const version = 'client.authentication.k8s.io/v1beta1';
    const { certificate: clientCertificateData, key: clientKeyData } = AUTHORITY.issue('printed');
    const { user } = plugin(credential({ clientCertificateData, clientKeyData }, version), {
      apiVersion: version,
    });
    expect(await ask(await open({ config: kubeconfig(server.url, user) }))).toBe('printed');
  });

  it('is not asked where the user has something else', async () => {
    const server = await authorization();
    const { user, runs } = plugin(credential({ token: 'printed' }));
    const config = kubeconfig(server.url, { ...user, token: 'own' });
    expect(await ask(await open({ config }))).toBe('Bearer own');
    expect(await runs()).toEqual([]);
  });

  it.each([
    ['no JSON', 'hunter2 {'],
    ['something else', { kind: 'Secret', apiVersion: API, status: { token: 'hunter2' } }],
    ['another version', credential({ token: 'hunter2' }, 'client.authentication.k8s.io/v1beta1')],
    ['no status', { kind: 'ExecCredential', apiVersion: API }],
    ['nothing', credential({})],
    ['half a pair', credential({ clientCertificateData: 'hunter2' })],
    ['no time', credential({ token: 'hunter2', expirationTimestamp: 'soon' })],
    ['no token', credential({ token: 'hunter2\nx' })],
    ['no end', 'hunter2'.repeat(200_000)],
  ])('that prints %s is refused, and nothing of it shown', async (_, output) => {
    const { user } = plugin(output);
    const error = await rejection(
      ask(await open({ config: kubeconfig('https://127.0.0.1:1', user) })),
    );
    expect(error).toMatchObject({ name: 'KubepkiError' });
    expect(error.message).toMatch(/^kubeconfig: user "u"/);
    expect(error.message).not.toContain('hunter2');
  });

  it('that fails or is not there is named', async () => {
    const failing = plugin({}, { command: '/bin/false' });
    const missing = plugin({}, { command: 'no-such-plugin', installHint: 'install it' });
    const ofFailing = await rejection(
      ask(await open({ config: kubeconfig('https://127.0.0.1:1', failing.user) })),
    );
    expect(ofFailing.message).toContain('"/bin/false" ended with 1');
    const ofMissing = await rejection(
      ask(await open({ config: kubeconfig('https://127.0.0.1:1', missing.user) })),
    );
    expect(ofMissing).toMatchObject({ code: 'NOT_FOUND', hint: '"install it"' });
  });

  it.each([
    [{ apiVersion: 'client.authentication.k8s.io/v1alpha1' }, 'UNSUPPORTED'],
    [{ interactiveMode: 'Sometimes' }, 'INVALID_VALUE'],
    [{ interactiveMode: 'Always' }, 'INVALID_VALUE'],
  ])('of %o is refused without a terminal', async (more, code) => {
    const { user } = plugin({}, more);
    const config = kubeconfig('https://127.0.0.1:1', user);
    expect(await rejection(open({ config }, { terminal: false }))).toMatchObject({ code });
  });

  it('that hangs does not hold up who has stopped waiting, and ends with the transport', async () => {
    const { user } = plugin({}, { command: '/bin/sleep', args: ['1000'] });
    const transport = await open({ config: kubeconfig('https://127.0.0.1:1', user) });
    const client = createClient(transport, { clock: new ManualClock() });
    const signal = AbortSignal.timeout(50);
    const error = await rejection(client.get(NODES, { name: 'a' }, { signal }));
    expect(error.name).toBe('TimeoutError');
    const other = rejection(client.get(NODES, { name: 'a' }));
    await transport.close();
    expect((await other).message).toContain('was closed');
  });
});

describe('a proxy', () => {
  async function proxy(answer?: string) {
    const seen: (string | undefined)[][] = [];
    const server = createServer().listen(0, '127.0.0.1');
    const sockets = new Set<{ destroy(): void }>();
    server.on('connect', (request: IncomingMessage, socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      seen.push([request.url, request.headers['proxy-authorization']]);
      if (answer !== undefined) {
        socket.end(answer);
        return;
      }
      const [host = '', port = ''] = (request.url ?? '').split(':');
      const target = connectTcp(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        target.pipe(socket).pipe(target);
      });
      target.on('error', () => socket.destroy());
      sockets.add(target);
    });
    onTestFinished(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    return { url: `http://me:hunter2@127.0.0.1:${port}`, seen };
  }

  it('is asked for the way to the server, which it cannot listen to', async () => {
    const { url, seen } = await proxy();
    const server = await certificate();
    const { certificate: pem, key } = AUTHORITY.issue('through');
    const user = { clientCertificateData: bytes(pem), clientKeyData: bytes(key) };
    const transport = await open({ config: kubeconfig(server.url, user, { proxyUrl: url }) });
    expect(await ask(transport)).toBe('through');
    expect(seen).toEqual([
      [`127.0.0.1:${server.port}`, `Basic ${Buffer.from('me:hunter2').toString('base64')}`],
    ]);
  });

  it('that refuses is told from a server that does', async () => {
    const { url } = await proxy('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    const config = kubeconfig('https://127.0.0.1:1', {}, { proxyUrl: url });
    const error = await rejection(ask(await open({ config })));
    expect(error.message).toContain('the proxy refused to connect (HTTP status 407)');
    expect(error.message).not.toContain('hunter2');
  });
});

describe('in a pod', () => {
  it('takes what the kubelet has put there', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'token'), 'of-the-pod\n');
    writeFileSync(join(directory, 'ca.crt'), AUTHORITY.ca);
    const server = await authorization();
    const transport = inClusterTransport({
      userAgent: 'test/1',
      clock: new ManualClock(),
      env: { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(server.port) },
      directory,
    });
    onTestFinished(async () => transport.close());
    expect(await ask(transport)).toBe('Bearer of-the-pod');
  });

  it('is said where one is not', () => {
    expect(() =>
      inClusterTransport({ userAgent: 'test/1', clock: new ManualClock(), env: {} }),
    ).toThrow(/not in a pod/);
  });
});
