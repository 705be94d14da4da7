/**
 * A node whose server is gone, ill, slow or somebody else: over real sockets and TLS, at a time that the test
 * turns. What it says is one line with what to do, and it never asks without a pause.
 */
import { writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { KubepkiError } from '../../src/errors.ts';
import { DISK } from '../../src/node/disk.ts';
import {
  connectToServer,
  lineTeller,
  type NodeAgentWorld,
  type NodeEvent,
  runNodeAgent,
} from '../../src/node/index.ts';
import { AUTHORITY, createAuthority, serve } from '../client/tls-server.ts';
import { freePort } from '../free-port.ts';
import { temporaryDirectory } from '../temporary.ts';
import { ManualClock, until } from './manual-clock.ts';

const HOUR = 3_600_000;

interface Server {
  readonly url: string;
  readonly ca?: string;
}

function startAgainst({ url, ca = AUTHORITY.ca }: Server, world: Partial<NodeAgentWorld> = {}) {
  const dir = temporaryDirectory();
  const clock = new ManualClock('2026-03-01T10:00:00Z');
  const bootstrap = join(dir, 'bootstrap.conf');
  writeFileSync(
    bootstrap,
    `apiVersion: v1
kind: Config
clusters: [{ name: c, cluster: { server: "${url}", certificate-authority-data: ${Buffer.from(ca).toString('base64')} } }]
users: [{ name: u, user: { token: abcdef.0123456789abcdef } }]
contexts: [{ name: x, context: { cluster: c, user: u } }]
current-context: x
`,
  );
  const lines: string[] = [];
  const events: NodeEvent[] = [];
  const stop = new AbortController();
  const lineOf = lineTeller(clock);
  const running = runNodeAgent(
    {
      nodeName: 'worker-1',
      kubeconfig: join(dir, 'kubelet.conf'),
      bootstrapKubeconfig: bootstrap,
      certDir: join(dir, 'pki'),
      nodeIps: ['127.0.0.7'],
      address: '127.0.0.1',
      port: 0,
      registerNode: true,
      rotateCertificates: true,
      rotateServerCertificates: true,
      version: '1.2.3',
    },
    {
      clock,
      random: Math.random,
      connect: connectToServer,
      signal: stop.signal,
      log: (line) => lines.push(line),
      onEvent: (event) => {
        events.push(event);
        const line = lineOf(event);
        if (line !== undefined) lines.push(line);
      },
      ...world,
    },
  );
  let failure: unknown;
  running.catch((error: unknown) => (failure = error));
  onTestFinished(async () => {
    stop.abort();
    await running.catch(() => undefined);
  });
  const attempts = (): number => events.filter(({ type }) => type === 'attempt-failed').length;
  /** Lets time pass from one attempt to the next, until so much is over. */
  const live = async (ms: number): Promise<void> => {
    for (const end = clock.now().getTime() + ms; clock.now().getTime() < end; ) {
      const before = attempts();
      await until(
        'it has tried',
        () => failure !== undefined || clock.waits.some((one) => one > 100),
      );
      const last = events.findLast((event) => event.type === 'attempt-failed');
      await clock.advance(last?.retryInMs ?? 2_000);
      await until('it has tried again', () => failure !== undefined || attempts() > before);
      if (failure !== undefined) return;
      await nextTurn();
    }
  };
  return { clock, lines, events, attempts, live, bootstrap, failed: () => failure };
}

const failedLines = (lines: readonly string[]): string[] =>
  lines.filter((line) => line.startsWith('no client certificate'));

describe('a server that is not there', () => {
  it('for an hour: 32 seconds apart, and one line about it', async () => {
    const port = await freePort();
    const url = `https://127.0.0.1:${port}`;
    const { lines, attempts, live } = startAgainst({ url });
    await until('it has tried', () => attempts() > 0);
    await live(HOUR - 60_000);
    expect(attempts()).toBeGreaterThan(90);
    expect(attempts()).toBeLessThan(120);
    expect(failedLines(lines)).toEqual([
      `no client certificate: ${url} does not answer: nothing listens there (check the address, and that the server runs); trying again in 2 s`,
    ]);
  });

  it('because nobody knows its name', async () => {
    const { lines, attempts, live } = startAgainst({ url: 'https://api.invalid:6443' });
    await until('it has tried', () => attempts() > 0);
    await live(60_000);
    expect(attempts()).toBeLessThan(8);
    expect(failedLines(lines)).toHaveLength(1);
    expect(failedLines(lines)[0]).toMatch(
      /api\.invalid:6443 does not answer: (no address is known for this name \(check the name\)|the name server does not answer \(check the network\)); trying/,
    );
  });

  it('because another one is in its place', async () => {
    const other = createAuthority('somebody-else');
    const { url } = await serve(() => undefined, { certificate: other.issue('server') });
    const { lines, attempts, live, bootstrap } = startAgainst({ url });
    await until('it has tried', () => attempts() > 0);
    await live(60_000);
    expect(attempts()).toBeLessThan(8);
    expect(failedLines(lines)).toHaveLength(1);
    expect(failedLines(lines)[0]).toContain('was not issued by an authority that is trusted here');
    expect(failedLines(lines)[0]).toContain(
      `kubepki token create --node worker-1 --kubeconfig-out ${bootstrap} --force`,
    );
  });
});

describe('a server that is ill', () => {
  const refuse =
    (status: number) =>
    (_: IncomingMessage, response: ServerResponse): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({
          kind: 'Status',
          apiVersion: 'v1',
          code: status,
          message: `it is ${status}`,
        }),
      );
    };

  it.each([500, 503, 429, 403])(
    'and answers %s: 32 seconds apart, and one line',
    async (status) => {
      let requests = 0;
      const { url } = await serve((request, response) => {
        requests++;
        refuse(status)(request, response);
      });
      const { lines, attempts, live } = startAgainst({ url });
      await until('it has tried', () => attempts() > 0);
      await live(240_000);
      expect(attempts()).toBeLessThan(14);
      // One is made, and where nobody knows whether that has come in, it is looked for.
      expect(requests).toBeLessThanOrEqual(2 * attempts());
      expect(failedLines(lines)).toHaveLength(1);
      expect(failedLines(lines)[0]).toContain(`it is ${status}`);
    },
  );

  it('and gives no answer at all: it is waited for, once', async () => {
    let requests = 0;
    const { url } = await serve(() => void requests++);
    const { clock, attempts } = startAgainst({ url });
    await until('it has asked', () => requests === 1);
    for (let i = 0; i < 50; i++) await clock.advance(60_000);
    expect(requests).toBe(1);
    expect(attempts()).toBe(0);
  });
});

describe('a disk that cannot be written to', () => {
  it.each([
    ['is full', 'no space left on the disk', 'free some space'],
    ['is read-only', 'read-only file system', 'give a place that can be written to'],
  ])('because it %s: nothing is asked for, and one line says so', async (_, words, hint) => {
    let requests = 0;
    const { url } = await serve(() => void requests++);
    const { lines, attempts, live } = startAgainst(
      { url },
      {
        disk: {
          ...DISK,
          note: (path) => {
            throw new KubepkiError('FILE_SYSTEM', `${path}: ${words}`, { hint });
          },
        },
      },
    );
    await until('it has tried', () => attempts() > 0);
    await live(240_000);
    expect(requests).toBe(0);
    expect(failedLines(lines)).toHaveLength(1);
    expect(failedLines(lines)[0]).toMatch(
      /^no client certificate: .*kubelet-client-pending\.pem: .* \(.*\); trying again in 2 s$/,
    );
    expect(failedLines(lines)[0]).toContain(`${words} (${hint})`);
  });
});
