/** What an endpoint shows, by servers that do it right, differently, or not at all. */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Recorder } from '../../src/collect/endpoint/recorder.ts';
import {
  type EndpointAddress,
  type EndpointMaterial,
  formatEndpoint,
  parseEndpoint,
  probeEndpoint,
} from '../../src/collect/index.ts';
import { encodePem, formatName } from '../../src/x509/index.ts';
import { errorOf } from '../x509/support.ts';
import {
  CA_PEM,
  leafFor,
  nobody,
  OTHER_CA_PEM,
  rawServer,
  SERVER,
  tlsServer,
} from './endpoint-servers.ts';

const TIMEOUT = 10_000;

async function shown(
  address: EndpointAddress,
  options: { servername?: string } = {},
): Promise<EndpointMaterial> {
  const material = await probeEndpoint(address, { timeout: TIMEOUT, ...options });
  if ('reason' in material) throw new Error(`expected an endpoint, got ${material.reason}`);
  return material;
}

async function reasonOf(address: EndpointAddress, timeout = TIMEOUT): Promise<string> {
  const material = await probeEndpoint(address, { timeout });
  if ('reason' in material) return material.reason;
  throw new Error(`expected a reason, got ${JSON.stringify(material)}`);
}

/** The chain as PEM, in the order in which it was presented. */
const chainOf = ({ entries }: EndpointMaterial): string =>
  entries
    .map((entry) =>
      entry.kind === 'certificate' ? encodePem('CERTIFICATE', entry.certificate.der) : entry.kind,
    )
    .join('');

const authoritiesOf = ({ clientCertificates }: EndpointMaterial): string[] | undefined =>
  clientCertificates?.authorities.map(formatName);

describe('parseEndpoint', () => {
  it.each([
    ['172.16.10.138:6443', '172.16.10.138', 6443],
    ['api.example.com:6443', 'api.example.com', 6443],
    ['localhost:1', 'localhost', 1],
    ['[::1]:65535', '::1', 65_535],
    ['https://api.example.com:6443', 'api.example.com', 6443],
    ['https://api.example.com', 'api.example.com', 443],
    ['HTTPS://[fd00::1]:6443/api?x#y', 'fd00::1', 6443],
  ])('reads %s', (text, host, port) => {
    const address = parseEndpoint(text);
    expect(address).toEqual({ host, port });
    if (address !== undefined) expect(parseEndpoint(formatEndpoint(address))).toEqual(address);
  });

  it.each([
    '',
    'ca.crt',
    './a:1',
    'a b:1',
    'a:',
    ':1',
    'a:b',
    '::1',
    '[::1]',
    '[x]:1',
    'a:1:2',
    'a:1\n',
    'x'.repeat(400),
  ])('takes %j for a path', (text) => expect(parseEndpoint(text)).toBeUndefined());

  it.each([
    ['a:0', 'a port is a number from 1 to 65535'],
    ['a:65536', 'a port is a number from 1 to 65535'],
    ['http://a:80', 'http:// is not an endpoint that speaks TLS'],
    ['ldap://a', 'ldap:// is not an endpoint'],
    ['https://', 'no host and port'],
    ['https://a:b', 'no host and port'],
    ['https://me:hunter2@a:1', 'no user name and no password'],
  ])('refuses %s', (text, reason) => {
    const error = errorOf(() => parseEndpoint(text));
    expect(error.code).toBe('USAGE');
    expect(error.message).toContain(reason);
    expect(error.message).not.toContain('hunter2');
  });
});

describe('probeEndpoint', () => {
  it.each([
    ['TLSv1.3', 'TLS_AES_256_GCM_SHA384'],
    ['TLSv1.3', 'TLS_AES_128_GCM_SHA256'],
    ['TLSv1.3', 'TLS_CHACHA20_POLY1305_SHA256'],
    ['TLSv1.2', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
    ['TLSv1.2', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
  ] as const)('tells protocol, cipher suite, ALPN and chain: %s, %s', async (version, ciphers) => {
    const address = await tlsServer({
      minVersion: version,
      maxVersion: version,
      ciphers,
      cert: SERVER.cert + CA_PEM,
      ALPNProtocols: ['http/1.1'],
    });
    const material = await shown(address);
    expect(material).toMatchObject({
      format: 'endpoint',
      protocol: version,
      alpn: 'http/1.1',
      servername: undefined,
      clientCertificates: undefined,
      ended: undefined,
    });
    expect(material.cipher).toMatch(/^TLS_/);
    if (version === 'TLSv1.3') expect(material.cipher).toBe(ciphers);
    expect(chainOf(material)).toBe(SERVER.cert + CA_PEM);
  });

  it.each(['TLSv1.3', 'TLSv1.2'] as const)(
    'shows the chain as it was presented, in whatever order: %s',
    async (version) => {
      const cert = SERVER.cert + OTHER_CA_PEM + CA_PEM + OTHER_CA_PEM;
      const address = await tlsServer({ minVersion: version, maxVersion: version, cert });
      expect(chainOf(await shown(address))).toBe(cert);
    },
  );

  it.each(['TLSv1.3', 'TLSv1.2'] as const)(
    'tells which client certificates are asked for: %s',
    async (version) => {
      const options = { minVersion: version, maxVersion: version, requestCert: true } as const;
      const asking = await tlsServer({
        ...options,
        rejectUnauthorized: false,
        ca: [CA_PEM, OTHER_CA_PEM],
      });
      expect(authoritiesOf(await shown(asking))).toEqual(['CN=endpoint-ca', 'CN=other-ca']);
      const insisting = await tlsServer({ ...options, ca: CA_PEM });
      const material = await shown(insisting);
      expect(authoritiesOf(material)).toEqual(['CN=endpoint-ca']);
      // OpenSSL adds what it finds among the CAs of its clients.
      expect(chainOf(material)).toBe(SERVER.cert + CA_PEM);
    },
  );

  it('reads a server that wants another key share first (HelloRetryRequest)', async () => {
    const address = await tlsServer({ minVersion: 'TLSv1.3', ecdhCurve: 'P-521' });
    expect(await shown(address)).toMatchObject({ protocol: 'TLSv1.3', ended: undefined });
  });

  it('reads a long chain, over many records', async () => {
    const cert = SERVER.cert + CA_PEM.repeat(90);
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const { entries } = await shown(await tlsServer({ cert, maxVersion }));
      expect(entries).toHaveLength(91);
    }
  });

  it('names what is older than Kubernetes takes', async () => {
    const ciphers = 'DEFAULT:@SECLEVEL=0';
    const address = await tlsServer({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers });
    expect(await shown(address)).toMatchObject({ protocol: 'TLSv1.1' });
  });

  it('asks for the name of the host, or the one that is given; never for an address', async () => {
    const asked: string[] = [];
    const address = await tlsServer({
      SNICallback: (name, done) => {
        asked.push(name);
        done(null);
      },
    });
    const { port } = address;
    expect((await shown({ host: 'localhost', port })).servername).toBe('localhost');
    expect((await shown(address)).servername).toBeUndefined();
    expect((await shown(address, { servername: 'kubernetes' })).servername).toBe('kubernetes');
    expect((await shown(address, { servername: '10.96.0.1' })).servername).toBeUndefined();
    expect(asked).toEqual(['localhost', 'kubernetes']);
  });

  it('reaches IPv6', async () => {
    const address = await tlsServer({ cert: leafFor({ ip: ['::1'] }) }, '::1');
    const [entry] = (await shown(address)).entries;
    expect(entry).toMatchObject({ certificate: { subjectAltNames: { ip: ['::1'] } } });
  });

  it('does without ALPN where the server insists on another protocol', async () => {
    const address = await tlsServer({ ALPNProtocols: ['imap'] });
    expect(await shown(address)).toMatchObject({ alpn: undefined, ended: undefined });
  });

  it('leaves no connection behind', async () => {
    let open = 0;
    let most = 0;
    const address = await rawServer((socket) => {
      most = Math.max(most, ++open);
      socket.resume();
      socket.on('close', () => open--);
    });
    expect(await reasonOf(address, 200)).toContain('does not answer');
    await expect.poll(() => open).toBe(0);
    expect(most).toBe(1);
  });
});

/** The first bytes of a TLS record of handshake type that never ends. */
const RECORD = Buffer.from('160303400002003ffc0303', 'hex');

describe('probeEndpoint, of what is no TLS', () => {
  it.each<[string, (socket: Socket) => void, string | RegExp]>([
    ['closes at once', (socket) => socket.destroy(), /^it closes the connection at once/],
    ['ends at once', (socket) => socket.end(), /^it closes the connection at once/],
    ['resets', (socket) => socket.resetAndDestroy(), /^it closes the connection at once/],
    [
      'is an SSH server',
      (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'),
      'it speaks no TLS: it is an SSH server',
    ],
    ['is a mail server', (socket) => socket.write('220 mail ESMTP\r\n'), /mail/],
    [
      'answers with binary junk',
      (socket) => socket.write(Buffer.alloc(100, 0xff)),
      'it speaks no TLS',
    ],
    ['answers with zeros and closes', (socket) => socket.end(Buffer.alloc(5)), 'it speaks no TLS'],
    [
      'refuses with an alert',
      (socket) => socket.end(Buffer.from('15030300020228', 'hex')),
      'it has refused the handshake (handshake_failure)',
    ],
    [
      'refuses with an alert that nobody knows',
      (socket) => socket.end(Buffer.from('150303000202ee', 'hex')),
      'it has refused the handshake (alert 238)',
    ],
    [
      'closes in the middle',
      (socket) => socket.end(RECORD),
      'it has closed the connection in the middle of the handshake',
    ],
  ])('names one that %s', async (_what, serve, reason) => {
    const said = await reasonOf(await rawServer(serve));
    expect(said).toMatch(reason);
    expect(said).not.toContain('\n');
  });

  it('names an HTTP server', async () => {
    const server = createHttpServer();
    const address = await rawServer((socket) => {
      server.emit('connection', socket);
    });
    expect(await reasonOf(address)).toBe('it speaks no TLS: it answers in HTTP');
  });

  it('names one that nobody listens on, and a host that does not exist', async () => {
    expect(await reasonOf(await nobody())).toBe('connection refused: nothing listens there');
    expect(await reasonOf({ host: 'no-such-host.invalid', port: 1 })).toMatch(/name|looked up/);
  });

  it.each<[string, (socket: Socket) => void, string]>([
    ['never answers', () => undefined, 'it takes the connection and does not answer within 0.3 s'],
    [
      'stops in the middle',
      (socket) => socket.write(RECORD),
      'it has not finished the handshake within 0.3 s',
    ],
    [
      'answers byte by byte',
      (socket) => {
        let at = 0;
        const timer = setInterval(() => socket.write(RECORD.subarray(at, ++at)), 20);
        socket.on('close', () => clearInterval(timer));
      },
      'it has not finished the handshake within 0.3 s',
    ],
  ])('gives up in time on one that %s', async (_what, serve, reason) => {
    const started = performance.now();
    expect(await reasonOf(await rawServer(serve), 300)).toContain(reason);
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it('ends a connection that brings more than a handshake can have', async () => {
    const address = await rawServer((socket) => {
      const write = (): void => {
        while (!socket.destroyed && socket.write(Buffer.alloc(65_536)));
      };
      socket.on('drain', write);
      write();
    });
    expect(await reasonOf(address)).toBe('it speaks no TLS');
    const recorder = new Recorder(connect(address.port, address.host));
    recorder.resume();
    await once(recorder, 'close');
    expect(recorder.isFull).toBe(true);
    expect(recorder.received.length).toBeLessThanOrEqual(1024 * 1024);
  });

  it('shows what came before a damaged end', async () => {
    // A real handshake, of which every byte behind the certificate is spoilt on its way.
    const real = await tlsServer({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
    const address = await rawServer((socket) => {
      const onward = connect(real.port, real.host);
      socket.pipe(onward);
      onward.on('error', () => socket.destroy());
      onward.on('data', (chunk: Buffer) => {
        const spoilt = Buffer.from(chunk);
        // ServerHelloDone is the last message of the first flight.
        spoilt[spoilt.length - 4] = 0xee;
        socket.write(spoilt);
      });
      socket.on('close', () => onward.destroy());
    });
    const material = await shown(address);
    expect(material.ended).toMatch(/^the handshake failed/);
    expect(chainOf(material)).toBe(SERVER.cert);
  });
});
