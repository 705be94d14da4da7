/** What a server reads again from its files while it runs. */
import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import { CONFIG_MAPS } from '../../../src/kubernetes/index.ts';
import { parseCertificate, readCertificates, serialHex } from '../../../src/x509/index.ts';
import { createAuthority, EXPIRED } from '../../client/tls-server.ts';
import { admin, connect, running, until } from './running.ts';

const WHO = '/api/v1/namespaces';

/** The serial number of the certificate that new connections get. */
function servedSerial(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(serialHex(parseCertificate(socket.getPeerCertificate().raw)));
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

const serialOf = (pem: string): string => serialHex(readCertificates(pem)[0]);

describe('the serving certificate', () => {
  it('is another one for new connections, while a watch over an old one goes on', async () => {
    const { port, server, authority, serving, replace } = await running();
    const old = connect(port, authority.ca, admin(authority));
    const watch = old.stream('/api/v1/namespaces?watch=true&resourceVersion=0');
    let events = '';
    watch.setEncoding('utf8').on('data', (chunk: string) => (events += chunk));
    await until(() => events.includes('kube-system'));
    expect(await servedSerial(port)).toBe(serialOf(serving.certificate));

    const next = authority.issue('kube-apiserver');
    replace('tls.key', next.key);
    await server.reload();
    // The new key stands beside the old certificate.
    expect(await servedSerial(port)).toBe(serialOf(serving.certificate));
    replace('tls.crt', next.certificate);
    await server.reload();
    expect(await servedSerial(port)).toBe(serialOf(next.certificate));

    const made = await old.ask('/api/v1/namespaces', {}, { metadata: { name: 'over-the-old' } });
    expect(made.status).toBe(201);
    await until(() => events.includes('over-the-old'));
    expect(watch.closed).toBe(false);
  });

  it('that is expired, another’s, torn or gone is not taken; it is said once, and in a metric', async () => {
    const { port, server, authority, serving, replace, logged, path } = await running();
    const stands = async (): Promise<void> => {
      await server.reload();
      await server.reload();
      expect(await servedSerial(port)).toBe(serialOf(serving.certificate));
    };
    replace('tls.crt', EXPIRED.certificate);
    replace('tls.key', EXPIRED.key);
    await stands();
    expect(logged).toEqual([
      expect.stringContaining(`${path('tls.crt')}: the certificate has expired on`),
    ]);
    const next = authority.issue('kube-apiserver');
    replace('tls.crt', next.certificate);
    await stands();
    expect(logged.at(-1)).toMatch(/^serving certificate: what was read before stays in use: /);
    replace('tls.crt', next.certificate.slice(0, 200));
    await stands();
    renameSync(path('tls.crt'), path('elsewhere'));
    await stands();
    expect(logged.at(-1)).toContain(`${path('tls.crt')}: no such file`);
    expect(logged).toHaveLength(4);
    const { ask } = connect(port, authority.ca, admin(authority));
    expect((await ask('/metrics')).text).toContain(
      'kubepki_files_unusable{files="serving certificate"} 1\n',
    );
    replace('tls.crt', next.certificate);
    replace('tls.key', next.key);
    await server.reload();
    expect(await servedSerial(port)).toBe(serialOf(next.certificate));
    expect((await ask('/metrics')).text).toContain(
      'kubepki_files_unusable{files="serving certificate"} 0\n',
    );
  });
});

describe('the client CA', () => {
  it('that is taken away lets nobody in any more, not over a connection that stands either', async () => {
    const { port, server, authority, replace } = await running();
    const { ask } = connect(port, authority.ca, admin(authority));
    expect((await ask(WHO)).status).toBe(200);
    const other = createAuthority('other');
    replace('ca.crt', other.ca);
    await server.reload();
    expect((await ask(WHO)).status).toBe(401);
    const newcomer = connect(port, authority.ca, admin(other));
    expect((await newcomer.ask(WHO)).status).toBe(200);
    replace('ca.crt', authority.ca + other.ca);
    await server.reload();
    expect((await ask(WHO)).status).toBe(200);
    expect((await newcomer.ask(WHO)).status).toBe(200);
  });

  it('that is empty is not taken', async () => {
    const { port, server, authority, replace, logged } = await running();
    const { ask } = connect(port, authority.ca, admin(authority));
    replace('ca.crt', '');
    await server.reload();
    expect((await ask(WHO)).status).toBe(200);
    expect(logged).toHaveLength(1);
  });

  it('is told to extension API servers at once', async () => {
    const { server, authority, replace } = await running();
    const other = createAuthority('other');
    const key = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };
    const published = async (): Promise<string> =>
      (await server.client.get(CONFIG_MAPS, key)).data?.['client-ca-file'] ?? '';
    expect(readCertificates(await published())).toHaveLength(1);
    replace('ca.crt', authority.ca + other.ca);
    await server.reload();
    await until(async () => readCertificates(await published()).length === 2);
  });
});

describe('the CA of front proxies', () => {
  const speaksFor = { 'x-remote-user': 'carol', 'x-remote-group': 'system:masters' };

  it('is another one from the next request on', async () => {
    const proxies = createAuthority('front-proxy-ca');
    const { port, server, authority, replace } = await running(
      (path) => ({
        requestheaderClientCaFile: path('proxy.crt'),
        requestheaderUsernameHeaders: ['X-Remote-User'],
        requestheaderGroupHeaders: ['X-Remote-Group'],
      }),
      (arranged) => arranged.replace('proxy.crt', proxies.ca),
    );
    const proxy = connect(port, authority.ca, proxies.issue('front-proxy-client'));
    expect((await proxy.ask(WHO, speaksFor)).status).toBe(200);
    replace('proxy.crt', createAuthority('other').ca);
    await server.reload();
    expect((await proxy.ask(WHO, speaksFor)).status).toBe(401);
  });

  it('may not become that of clients, who could then be anybody', async () => {
    const proxies = createAuthority('front-proxy-ca');
    const { port, server, authority, replace, logged } = await running(
      (path) => ({
        requestheaderClientCaFile: path('proxy.crt'),
        requestheaderUsernameHeaders: ['X-Remote-User'],
        requestheaderGroupHeaders: ['X-Remote-Group'],
      }),
      (arranged) => arranged.replace('proxy.crt', proxies.ca),
    );
    const before = logged.length;
    replace('proxy.crt', authority.ca);
    await server.reload();
    replace('ca.crt', proxies.ca);
    await server.reload();
    expect(logged.length - before).toBe(2);
    const eve = connect(port, authority.ca, authority.issue('eve'));
    expect((await eve.ask(WHO, speaksFor)).status).toBe(403);
  });
});

describe('static tokens', () => {
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  it('come and go with their file', async () => {
    const { port, server, authority, replace, path } = await running(
      (place) => ({ tokenAuthFile: place('tokens.csv') }),
      (arranged) => writeFileSync(arranged.path('tokens.csv'), 'first,ann,1,system:masters\n'),
    );
    const { ask } = connect(port, authority.ca);
    expect((await ask(WHO, bearer('first'))).status).toBe(200);
    expect((await ask(WHO, bearer('second'))).status).toBe(401);
    appendFileSync(path('tokens.csv'), 'second,bob,2,system:masters\n');
    await server.reload();
    expect((await ask(WHO, bearer('second'))).status).toBe(200);
    replace('tokens.csv', 'second,bob,2,system:masters\n');
    await server.reload();
    expect((await ask(WHO, bearer('first'))).status).toBe(401);
    replace('tokens.csv', 'third,only two columns\n');
    await server.reload();
    expect((await ask(WHO, bearer('second'))).status).toBe(200);
    replace('tokens.csv', '');
    await server.reload();
    expect((await ask(WHO, bearer('second'))).status).toBe(401);
  });
});

describe('the audit log', () => {
  it('goes on in a new file when the old one was renamed, as logrotate does', async () => {
    const { port, server, authority, path } = await running((place) => ({
      auditLogPath: place('audit.log'),
    }));
    const { ask } = connect(port, authority.ca, admin(authority));
    await ask('/version?before');
    renameSync(path('audit.log'), path('audit.log.1'));
    await server.reload();
    await ask('/version?after');
    await until(() => readFileSync(path('audit.log'), 'utf8').includes('/version?after'));
    expect(readFileSync(path('audit.log.1'), 'utf8')).toContain('/version?before');
    expect(readFileSync(path('audit.log.1'), 'utf8')).not.toContain('/version?after');
  });
});
