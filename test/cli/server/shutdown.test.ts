/** How a server ends, and what a signal does to it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Authority } from '../../client/tls-server.ts';
import { KUBEPKI } from '../../spawn.ts';
import { admin, arrange, connect, running, until } from './running.ts';

describe('a server that ends', () => {
  it('is not ready at once, and serves on for its delay, over old and new connections', async () => {
    const { port, server, authority } = await running({ shutdownDelayDuration: '400ms' });
    const standing = connect(port, authority.ca, admin(authority));
    expect((await standing.ask('/readyz')).status).toBe(200);
    const closed = server.close();
    expect((await standing.ask('/readyz')).status).toBe(500);
    expect((await standing.ask('/livez')).status).toBe(200);
    expect((await standing.ask('/api/v1/namespaces')).status).toBe(200);
    const late = connect(port, authority.ca, admin(authority));
    expect((await late.ask('/api/v1/namespaces')).status).toBe(200);
    await closed;
    const refused = connect(port, authority.ca);
    await expect(refused.ask('/livez')).rejects.toThrow();
  });

  it('ends watches as if they were over, and tells clients to go elsewhere', async () => {
    const { port, server, authority } = await running();
    const { session, stream } = connect(port, authority.ca, admin(authority));
    const watch = stream('/api/v1/namespaces?watch=true&resourceVersion=0');
    let text = '';
    watch.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    await until(() => text.includes('kube-system'));
    const goaway = new Promise((resolve) => session.once('goaway', resolve));
    const ended = new Promise((resolve) => watch.once('end', () => resolve(text)));
    await server.close();
    expect(await goaway).toBe(0);
    expect(await ended).toMatch(/\n$/);
    expect(watch.rstCode).toBe(0);
  });

  it('finishes a request that is under way', async () => {
    const { port, server, authority } = await running();
    const upload = await beginUpload(port, authority);
    const closed = server.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await upload.finish()).toBe(201);
    await closed;
  });

  it('with --shutdown-send-retry-after, sends newcomers away until that is done', async () => {
    const { port, server, authority } = await running({ shutdownSendRetryAfter: true });
    const upload = await beginUpload(port, authority);
    const closed = server.close();
    const late = connect(port, authority.ca, admin(authority));
    const goaway = new Promise((resolve) => late.session.once('goaway', resolve));
    expect((await late.ask('/readyz')).status).toBe(500);
    expect(await late.ask('/api/v1/namespaces')).toMatchObject({
      status: 429,
      headers: { 'retry-after': '5' },
      text: 'The apiserver is shutting down, please try again later.\n',
    });
    await goaway;
    expect(await upload.finish()).toBe(201);
    await closed;
  });
});

/** A request whose body has come by half. */
async function beginUpload(port: number, authority: Authority) {
  const { session } = connect(port, authority.ca, admin(authority));
  await once(session, 'connect');
  const upload = session.request({
    ':path': '/api/v1/namespaces/default/configmaps',
    ':method': 'POST',
    'content-type': 'application/json',
  });
  const status = new Promise<number>((resolve, reject) => {
    upload.on('response', (headers) => resolve(Number(headers[':status']))).on('error', reject);
  });
  upload.write('{"apiVersion":"v1","kind":"ConfigMap",');
  // What was sent before is there when the answer is here.
  await new Promise((resolve) => session.ping(resolve));
  return {
    finish(): Promise<number> {
      upload.end('"metadata":{"name":"under-way"}}');
      return status;
    },
  };
}

describe('a signal', () => {
  async function started(args: readonly string[] = []) {
    const { flags } = await arrange();
    const child = spawn(
      KUBEPKI,
      [
        'server',
        `--data-dir=${flags.dataDir}`,
        '--bind-address=127.0.0.1',
        `--secure-port=${flags.securePort}`,
        `--tls-cert-file=${flags.tlsCertFile}`,
        `--tls-private-key-file=${flags.tlsPrivateKeyFile}`,
        `--client-ca-file=${flags.clientCaFile}`,
        ...args,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    onTestFinished(() => void child.kill('SIGKILL'));
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
      child.on('close', (code, signal) => resolve({ code, signal })),
    );
    await until(() => stderr.includes('serving on'));
    return { child, ended, said: () => stderr };
  }

  it('SIGHUP does not end it, SIGTERM does, with code 0', async () => {
    const { child, ended } = await started();
    child.kill('SIGHUP');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(child.exitCode).toBeNull();
    child.kill('SIGTERM');
    expect(await ended).toEqual({ code: 0, signal: null });
  });

  it('a second one ends it at once', async () => {
    const { child, ended, said } = await started(['--shutdown-delay-duration=1h']);
    child.kill('SIGTERM');
    await until(() => said().includes('ending'));
    child.kill('SIGTERM');
    expect(await ended).toEqual({ code: null, signal: 'SIGTERM' });
  });
});
