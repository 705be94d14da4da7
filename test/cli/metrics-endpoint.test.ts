/** Where `kubepki controllers` shows what it counts. */
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { type MetricsEndpoint, serveMetrics } from '../../src/cli/metrics-endpoint.ts';
import { ControllerMetrics } from '../../src/controllers/index.ts';
import { freePort } from '../free-port.ts';

interface Answer {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly text: string;
}

async function endpoint(metrics = new ControllerMetrics()): Promise<MetricsEndpoint> {
  const files = { readings: () => [] };
  const made = await serveMetrics(
    { host: '127.0.0.1', port: await freePort() },
    { metrics, files },
  );
  onTestFinished(async () => made.close());
  return made;
}

async function ask(url: string | URL, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    httpRequest(url, { method }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        resolve({ status: response.statusCode, type: response.headers['content-type'], text });
      });
    })
      .on('error', reject)
      .end();
  });
}

it('shows what is counted as Prometheus reads it', async () => {
  const metrics = new ControllerMetrics();
  metrics.serving('refused', 'HeldByService');
  metrics.decided('example.com/"\n', 'denied', 'whatever');
  metrics.issued('kubernetes.io/kubelet-serving', 0.02);
  metrics.queue('csrsigning', () => 7);
  const { url } = await endpoint(metrics);
  const { status, type, text } = await ask(url);
  expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  const lines = text.split('\n');
  expect(lines).toContain(
    'kubepki_serving_decisions_total{decision="refused",reason="HeldByService"} 1',
  );
  expect(lines).toContain(
    'kubepki_csr_decisions_total{signer="other",decision="denied",reason="other"} 1',
  );
  expect(lines).toContain(
    'kubepki_csr_duration_seconds_bucket{signer="kubernetes.io/kubelet-serving",le="0.025"} 1',
  );
  expect(lines).toContain('workqueue_depth{name="csrsigning"} 7');
  expect(text).toContain('process_resident_memory_bytes');
  // Each metric has its help and its type, once.
  const helps = lines.filter((line) => line.startsWith('# HELP '));
  expect(new Set(helps).size).toBe(helps.length);
});

it('tells whether it is alive, and whether it is ready', async () => {
  const metrics = new ControllerMetrics();
  const { url } = await endpoint(metrics);
  const synced = Promise.withResolvers<void>();
  metrics.syncing(synced.promise);
  expect(await ask(new URL('/healthz', url))).toMatchObject({ status: 200, text: 'ok' });
  expect((await ask(new URL('/readyz?verbose', url))).status).toBe(503);
  synced.resolve();
  await synced.promise;
  expect(await ask(new URL('/readyz', url))).toMatchObject({ status: 200, text: 'ok' });
});

it('answers nothing else', async () => {
  const { url } = await endpoint();
  expect((await ask(new URL('/', url))).status).toBe(404);
  expect((await ask(new URL('/debug/pprof', url))).status).toBe(404);
  expect((await ask(url, 'POST')).status).toBe(405);
  expect(await ask(url, 'HEAD')).toMatchObject({ status: 200, text: '' });
});

it('ends though somebody holds a connection open', async () => {
  const made = await endpoint();
  const { hostname, port } = new URL(made.url);
  const socket = connect(Number(port), hostname);
  await new Promise((resolve) => socket.once('connect', resolve));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await made.close();
  await closed;
});

it('says what to do where the port is taken', async () => {
  const { url } = await endpoint();
  const taken = { host: '127.0.0.1', port: Number(new URL(url).port) };
  const sources = { metrics: new ControllerMetrics(), files: { readings: () => [] } };
  await expect(serveMetrics(taken, sources)).rejects.toMatchObject({
    message: expect.stringContaining('cannot listen on 127.0.0.1'),
    hint: 'give another --metrics-bind-address',
  });
});
