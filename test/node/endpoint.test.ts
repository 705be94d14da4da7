import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SubjectAccessReview } from '../../src/kubernetes/index.ts';
import { AccessReviewer, ClientAuthorities } from '../../src/node/access.ts';
import { DISK } from '../../src/node/disk.ts';
import { type Endpoint, openEndpoint } from '../../src/node/endpoint.ts';
import { CertificateStore } from '../../src/node/store.ts';
import {
  type CertificateTemplate,
  encodePem,
  encodePrivateKey,
  fingerprintHex,
  generatePrivateKey,
  makeName,
  type PrivateKey,
  parseCertificate,
} from '../../src/x509/index.ts';
import { temporaryDirectory } from '../temporary.ts';
import { type Authority, FakeApi, makeAuthority, unreachable } from './fake-api.ts';
import { ManualClock } from './manual-clock.ts';

/** Real time too: Node's own TLS looks at the machine's clock. */
const NOW = new Date();
const authority = makeAuthority(NOW);
const HOUR = 3_600_000;

interface Pair {
  readonly pem: string;
  readonly key: PrivateKey;
}

function issue(by: Authority, change: Partial<CertificateTemplate> = {}): Pair {
  const key = generatePrivateKey('ECDSA-P256');
  const der = by.issuer.issue(
    {
      subject: makeName({ organizations: ['team'], commonName: 'kube-apiserver-kubelet-client' }),
      notBefore: new Date(NOW.getTime() - HOUR),
      notAfter: new Date(NOW.getTime() + HOUR),
      basicConstraints: { ca: false },
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: ['clientAuth'],
      ...change,
    },
    key.spki,
  );
  return { pem: encodePem('CERTIFICATE', der), key };
}

const serving = (): Pair =>
  issue(authority, { extendedKeyUsage: ['serverAuth'], subjectAltNames: { ip: ['127.0.0.1'] } });

async function arrange({ withCertificate = true, withAuthorities = true } = {}) {
  const dir = temporaryDirectory();
  const clock = new ManualClock(NOW.toISOString());
  const api = new FakeApi(() => clock.now());
  const own = api.connect({ server: 'https://api.test', token: 'node' });
  const log: string[] = [];
  const file = join(dir, 'ca.crt');
  writeFileSync(file, authority.pem);
  const stop = new AbortController();
  const certificates = [['client', parseCertificate(derOf(issue(authority)))]] as const;
  const endpoint = await openEndpoint({
    address: '127.0.0.1',
    port: 0,
    authorities: withAuthorities
      ? new ClientAuthorities(file, { disk: DISK, log: (line) => log.push(line) })
      : undefined,
    reviewer: new AccessReviewer({
      nodeName: 'worker-1',
      client: () => own,
      clock,
      signal: stop.signal,
    }),
    clock,
    certificates: () => certificates,
    log: (line) => log.push(line),
  });
  onTestFinished(async () => endpoint.close());
  const store = new CertificateStore({ directory: dir, prefix: 'kubelet-server', now: () => NOW });
  const use = async (): Promise<string> => {
    const { pem, key } = serving();
    const pair = await store.update(pem, key);
    endpoint.use(pair);
    return pair.serial;
  };
  if (withCertificate) await use();
  const ask = async (path: string, client?: Pair, method = 'GET') =>
    get(endpoint, path, client, method);
  return { clock, api, log, file, endpoint, use, ask };
}

const derOf = ({ pem }: Pair): Buffer => Buffer.from(pem.replace(/-----.*-----|\n/g, ''), 'base64');

async function get(
  { port }: Endpoint,
  path: string,
  client: Pair | undefined,
  method: string,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method,
        agent: false,
        ca: authority.pem,
        ...(client && { cert: client.pem, key: encodePrivateKey(client.key) }),
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}

describe('the HTTPS endpoint of a node', () => {
  const caller = issue(authority);

  it('answers who has proven a certificate and is allowed to ask', async () => {
    const { api, ask } = await arrange();
    expect(await ask('/healthz', caller)).toEqual({ status: 200, body: 'ok' });
    const review = api.calls.at(-1)?.body as SubjectAccessReview;
    expect(review.spec).toEqual({
      user: 'kube-apiserver-kubelet-client',
      groups: ['team', 'system:authenticated'],
      extra: {
        'authentication.kubernetes.io/credential-id': [
          `X509SHA256=${fingerprintHex(derOf(caller))}`,
        ],
      },
      resourceAttributes: {
        verb: 'get',
        version: 'v1',
        resource: 'nodes',
        subresource: 'healthz',
        name: 'worker-1',
      },
    });
  });

  it('lists its certificates', async () => {
    const { ask } = await arrange();
    const { status, body } = await ask('/certificates?x=y', caller);
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual([
      {
        kind: 'client',
        subject: expect.stringContaining('CN=kube-apiserver-kubelet-client'),
        issuer: 'CN=kubernetes',
        serial: expect.stringMatching(/^[0-9a-f]+$/),
        notBefore: expect.stringMatching(/^\d{4}-.*Z$/),
        notAfter: expect.stringMatching(/^\d{4}-.*Z$/),
      },
    ]);
  });

  it.each<[string, Pair | undefined]>([
    ['no certificate', undefined],
    ['one of another CA of the same name', issue(makeAuthority(NOW))],
    ['one that has expired', issue(authority, { notAfter: new Date(NOW.getTime() - 60_000) })],
    ['one for servers', issue(authority, { extendedKeyUsage: ['serverAuth'] })],
    ['one without a name', issue(authority, { subject: makeName({ organizations: ['team'] }) })],
  ])('does not know who shows %s', async (_, client) => {
    const { api, ask } = await arrange();
    for (const path of ['/healthz', '/certificates', '/pods', '/']) {
      expect(await ask(path, client)).toEqual({ status: 401, body: 'Unauthorized' });
    }
    expect(api.calls).toEqual([]);
  });

  it('knows nobody where it has no CAs', async () => {
    const { ask } = await arrange({ withAuthorities: false });
    expect((await ask('/healthz', caller)).status).toBe(401);
  });

  it('refuses who is not allowed, and asks for either of two rights', async () => {
    const { api, ask } = await arrange();
    api.allows = () => false;
    expect(await ask('/healthz', caller)).toEqual({
      status: 403,
      body: 'Forbidden (user=kube-apiserver-kubelet-client, verb=get, resource=nodes, subresource(s)=[healthz proxy])\n',
    });
    expect((await ask('/certificates', caller)).status).toBe(403);
    const other = await arrange();
    other.api.allows = ({ resourceAttributes }) => resourceAttributes?.subresource === 'proxy';
    expect((await other.ask('/healthz', caller)).status).toBe(200);
  });

  it('refuses while the API server does not answer', async () => {
    const { api, ask, log } = await arrange();
    api.failure = () => unreachable();
    expect(await ask('/healthz', caller)).toEqual({
      status: 500,
      body: 'Authorization error (user=kube-apiserver-kubelet-client, verb=get, resource=nodes)',
    });
    expect(log).toEqual([expect.stringContaining('did not answer')]);
  });

  it('remembers for 10 s that one is allowed, for 5 s that one is not', async () => {
    const { api, clock, ask } = await arrange();
    const asked = async (): Promise<number> => {
      const before = api.calls.length;
      await ask('/certificates', caller);
      return api.calls.length - before;
    };
    expect(await asked()).toBe(1);
    await clock.advance(9_999);
    expect(await asked()).toBe(0);
    api.allows = () => false;
    await clock.advance(1);
    expect(await asked()).toBe(1);
    await clock.advance(4_999);
    expect(await asked()).toBe(0);
    await clock.advance(1);
    expect(await asked()).toBe(1);
  });

  it('says that it does not have what needs a kubelet', async () => {
    const { ask } = await arrange();
    expect(await ask('/pods', caller)).toMatchObject({ status: 404 });
    expect(await ask('/healthz', caller, 'POST')).toMatchObject({ status: 405 });
  });

  it('reads the CAs again when they change', async () => {
    const { file, ask, log } = await arrange();
    const newer = makeAuthority(NOW, 'newer');
    const client = issue(newer);
    expect((await ask('/healthz', client)).status).toBe(401);
    writeFileSync(file, `${authority.pem}${newer.pem}`);
    expect((await ask('/healthz', client)).status).toBe(200);
    writeFileSync(file, newer.pem);
    expect((await ask('/healthz', caller)).status).toBe(401);
    writeFileSync(file, 'garbage');
    expect((await ask('/healthz', client)).status).toBe(200);
    expect((await ask('/healthz', client)).status).toBe(200);
    expect(log).toEqual([expect.stringContaining('going on with what it held before')]);
  });

  it('lets handshakes fail as long as it has no certificate', async () => {
    const { ask, use } = await arrange({ withCertificate: false });
    await expect(ask('/healthz', caller)).rejects.toThrow();
    await use();
    expect((await ask('/healthz', caller)).status).toBe(200);
  });

  it('proves a new certificate to new connections and keeps the old ones', async () => {
    const { endpoint, use } = await arrange();
    const open = async () => {
      const socket = connect({ host: '127.0.0.1', port: endpoint.port, ca: authority.pem });
      await once(socket, 'secureConnect');
      onTestFinished(() => void socket.destroy());
      return { socket, serial: socket.getPeerCertificate().serialNumber.toLowerCase() };
    };
    const before = await open();
    const serial = await use();
    const after = await open();
    expect(after.serial).toBe(serial);
    expect(before.serial).not.toBe(serial);
    const answer = once(before.socket, 'data');
    before.socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
    expect(String((await answer)[0])).toMatch(/^HTTP\/1.1 401 /);
  });

  it('speaks TLS 1.2 and newer', async () => {
    const { endpoint } = await arrange();
    const handshake = async (version: 'TLSv1.1' | 'TLSv1.2') => {
      const socket = connect({
        host: '127.0.0.1',
        port: endpoint.port,
        ca: authority.pem,
        minVersion: version,
        maxVersion: version,
        ciphers: 'DEFAULT@SECLEVEL=0',
      });
      onTestFinished(() => void socket.destroy());
      await once(socket, 'secureConnect');
    };
    await handshake('TLSv1.2');
    await expect(handshake('TLSv1.1')).rejects.toThrow();
  });

  it('does not start without the CAs it is told to trust', () => {
    const options = { disk: DISK, log: () => undefined };
    const file = join(temporaryDirectory(), 'ca.crt');
    expect(() => new ClientAuthorities(file, options)).toThrow(`${file}: no such file`);
    writeFileSync(file, 'garbage');
    expect(() => new ClientAuthorities(file, options)).toThrow('expected a PEM block');
  });
});
