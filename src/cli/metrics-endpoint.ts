/**
 * Where `kubepki controllers` shows what it counts, and whether it is well: plain HTTP without authentication,
 * so nowhere unless asked for, and meant for the machine itself. Whoever reads it learns the names of nodes.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import type { ControllerMetrics } from '../controllers/index.ts';
import { KubepkiError, quoted } from '../errors.ts';
import { METRICS_CONTENT_TYPE, metricsPage } from '../metrics/index.ts';
import type { WatchedFiles } from './watched-files.ts';

export interface MetricsAddress {
  readonly host: string;
  readonly port: number;
}

export interface MetricsSources {
  readonly metrics: ControllerMetrics;
  readonly files: Pick<WatchedFiles, 'readings'>;
}

export interface MetricsEndpoint {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * `127.0.0.1:8085`, `[::1]:8085`, `:8085` for all addresses; `0` and nothing are none.
 *
 * @throws KubepkiError USAGE
 */
export function metricsAddressOf(text = ''): MetricsAddress | undefined {
  if (text === '' || text === '0') return undefined;
  const [, host = '', digits = ''] =
    /^(?:\[([\da-fA-F:.]+)\]|([\d.]*)):(\d{1,5})$/
      .exec(text)
      ?.filter((part) => part !== undefined) ?? [];
  const port = Number(digits);
  if (digits !== '' && port > 0 && port < 65_536 && (host === '' || isIP(host) !== 0)) {
    return { host: host === '' ? '::' : host, port };
  }
  throw new KubepkiError('USAGE', `--metrics-bind-address: ${quoted(text, 80)} is no address`, {
    hint: 'write 127.0.0.1:8085 or [::1]:8085; 0 for none',
  });
}

/** Nobody sends bodies here, and Prometheus keeps a connection or two. */
const MOST_CONNECTIONS = 64;
const SLOWEST_MS = 10_000;

/** @throws KubepkiError UNREACHABLE where the address cannot be listened on */
export async function serveMetrics(
  { host, port }: MetricsAddress,
  sources: MetricsSources,
): Promise<MetricsEndpoint> {
  const startedAt = new Date();
  const server = createServer(
    { requestTimeout: SLOWEST_MS, headersTimeout: SLOWEST_MS, maxHeaderSize: 16 * 1024 },
    (request, response) => answer(request, response, sources, startedAt),
  );
  server.maxConnections = MOST_CONNECTIONS;
  await listening(server, host, port);
  const shown = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${shown}:${port}/metrics`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listening(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new KubepkiError('UNREACHABLE', `cannot listen on ${host} port ${port}: ${cause.message}`, {
          hint: 'give another --metrics-bind-address',
          cause,
        }),
      ),
    );
    server.listen({ host, port }, resolve);
  });
}

function answer(
  { method, url = '' }: IncomingMessage,
  response: ServerResponse,
  { metrics, files }: MetricsSources,
  startedAt: Date,
): void {
  const say = (status: number, text: string, type = 'text/plain; charset=utf-8'): void => {
    response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' });
    response.end(method === 'HEAD' ? undefined : text);
  };
  if (method !== 'GET' && method !== 'HEAD') return say(405, 'method not allowed\n');
  const [path] = url.split('?');
  if (path === '/metrics') {
    const page = metricsPage([...metrics.all(), ...files.readings()], startedAt);
    return say(200, page, METRICS_CONTENT_TYPE);
  }
  if (path === '/healthz' || path === '/livez') return say(200, 'ok');
  if (path === '/readyz') {
    return metrics.isReady ? say(200, 'ok') : say(503, 'not yet: the API server was not read\n');
  }
  say(404, 'not found\n');
}
