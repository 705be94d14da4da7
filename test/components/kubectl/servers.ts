/** The server of kubepki and a real kube-apiserver beside it, with one admin for both, and kubectl for either. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiServer, serve, versionInfo } from '../../../src/apiserver/index.ts';
import { systemClock } from '../../../src/client/index.ts';
import { createMemoryStorage } from '../../../src/storage/index.ts';
import { reasonOf } from '../../apiserver/front/server.ts';
import { startRealApiserver } from '../../client/real-apiserver.ts';
import type { Authority } from '../../client/tls-server.ts';
import { peer } from '../../peers/peers.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

export interface RunOptions {
  readonly input?: string;
  /** Of the shell that kubectl starts for `edit` and `diff`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends kubectl as Ctrl-C does once it has printed this many lines. */
  readonly lines?: number;
}

export interface Served {
  readonly url: string;
  /** Its kubeconfig is that of an admin. */
  kubectl(args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** What goes on; resolves when it has printed its first line. */
  start(args: readonly string[]): Promise<{ child: ChildProcess; line: string }>;
  /** As the admin. */
  ask(method: string, path: string, headers?: Readonly<Record<string, string>>): Promise<Answered>;
}

export interface Servers {
  readonly real: Served;
  readonly ours: Served;
  /** The CA of both, and of their clients. */
  readonly authority: Authority;
  /** For files that kubectl reads; gone when the servers are. */
  readonly directory: string;
  stop(): Promise<void>;
}

/** A kube-apiserver whose admission adds nothing to objects, as ours. */
const PLAIN = [
  '--disable-admission-plugins=ServiceAccount,Priority,DefaultTolerationSeconds,TaintNodesByCondition',
  '--endpoint-reconciler-type=none',
  '--service-cluster-ip-range=10.0.0.0/24',
  // Ours has limits of its own, and nobody writes the status of a FlowSchema.
  '--enable-priority-and-fairness=false',
  // Ours serves what upstream has not switched on yet.
  '--runtime-config=certificates.k8s.io/v1beta1=true',
  '--feature-gates=ClusterTrustBundle=true,PodCertificateRequest=true',
];

const DEADLINE = 120_000;

export async function startServers(): Promise<Servers> {
  const directory = mkdtempSync(join(tmpdir(), 'kubepki-kubectl-'));
  const real = await startRealApiserver(async () => PLAIN);
  const { authority, admin } = real;
  const faults: string[] = [];
  const api = await createApiServer({
    storage: createMemoryStorage({ now: () => new Date() }),
    clientCa: authority.ca,
    bootstrapTokens: false,
    tokenFile: new Map([[real.token, { name: 'token-user', uid: '7', groups: ['token-group'] }]]),
    anonymousAuth: true,
    version: versionInfo('0.1.0'),
    clock: systemClock,
    log: (message, error) => {
      if (error !== undefined) faults.push(`${message}: ${reasonOf(error)}`);
    },
  });
  await api.ready();
  const { certificate, key } = authority.issue('kube-apiserver');
  const serving = await serve({ server: api, address: '127.0.0.1', port: 0, certificate, key });
  const program = await peer('kubectl');
  const served = (name: string, url: string): Served => {
    const file = join(directory, `${name}.conf`);
    writeFileSync(file, kubeconfig(url, authority.ca, admin));
    const flags = [`--kubeconfig=${file}`, `--cache-dir=${join(directory, `${name}-cache`)}`];
    return {
      url,
      kubectl: async (args, options = {}) => run(program, [...flags, ...args], directory, options),
      async start(args) {
        const child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...flags, ...args], {
          env: { PATH: process.env['PATH'], HOME: directory },
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        const [line] = await once(child.stdout, 'data');
        return { child, line: String(line) };
      },
      ask: async (method, path, headers = {}) =>
        new Promise((resolve, reject) => {
          const sent = httpsRequest(
            `${url}${path}`,
            {
              method,
              headers,
              agent: false,
              ca: authority.ca,
              cert: admin.certificate,
              key: admin.key,
            },
            (response) => {
              const chunks: Buffer[] = [];
              response.on('data', (chunk: Buffer) => chunks.push(chunk));
              response.on('end', () =>
                resolve({
                  status: response.statusCode ?? 0,
                  headers: response.headers,
                  body: Buffer.concat(chunks),
                }),
              );
            },
          );
          sent.on('error', reject);
          sent.end();
        }),
    };
  };
  return {
    real: served('real', real.url),
    ours: served('ours', `https://127.0.0.1:${serving.address.port}`),
    authority,
    directory,
    async stop() {
      await serving.close(0);
      await api.close();
      await real.stop();
      rmSync(directory, { recursive: true, force: true });
      const once = new Set(faults);
      if (once.size > 0) throw new Error(`the server had faults: ${[...once].join('; ')}`);
    },
  };
}

function kubeconfig(
  server: string,
  ca: string,
  { certificate, key }: { readonly certificate: string; readonly key: string },
): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [
      {
        name: 'u',
        user: {
          'client-certificate-data': base64(certificate),
          'client-key-data': base64(key),
        },
      },
    ],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
}

async function run(
  program: string,
  args: readonly string[],
  home: string,
  { input = '', env = {}, lines }: RunOptions,
): Promise<Ran> {
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'], HOME: home, ...env },
    cwd: home,
    stdio: 'pipe',
    timeout: DEADLINE,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
    if (lines !== undefined && stdout.split('\n').length > lines) child.kill('SIGINT');
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  child.stdin.on('error', () => {}).end(input);
  const [code] = await once(child, 'close');
  return { code: typeof code === 'number' ? code : -1, stdout, stderr };
}

/** What two servers choose by themselves, or the moment does. */
const CHOSEN: readonly (readonly [RegExp, string])[] = [
  [/https:\/\/127\.0\.0\.1:\d+/g, '<server>'],
  [/\b127\.0\.0\.1:\d+/g, '<server>'],
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '<uid>'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, '<time>'],
  [/\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+\d{4}/g, '<time>'],
  [/("?resourceVersion"?): "\d+"/g, '$1: <version>'],
  [/(Resource ?Version:)\s+\d+/g, '$1 <version>'],
  [/\b(LIVE|MERGED)-\d+/g, '$1'],
  [/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \+0000/g, '<time>'],
  [/^([WIE])\d{4} \d\d:\d\d:\d\d\.\d+\s+\d+ /gm, '$1 '],
  [/kubectl-edit-\d+/g, 'kubectl-edit-<file>'],
  [/\bresourceVersion: \d+/g, 'resourceVersion: <version>'],
  [/\b10\.0\.0\.\d+\b/g, '<address>'],
  [/\b3[0-2]\d{3}\b/g, '<port>'],
  [/\b(?:\d+[smhd]){1,2}\b/g, '<age>'],
  // kubectl describes what belongs to a namespace, where the server has such things at all.
  [/^No (?:resource quota|LimitRange resource)\.\n\n?/gm, ''],
  [/[ \t]+/g, ' '],
  [/ +$/gm, ''],
];

/** A text without them, and with columns one space apart. */
export const comparableText = (text: string): string =>
  CHOSEN.reduce((rest, [pattern, by]) => rest.replace(pattern, by), text);

export const comparableRun = ({ code, stdout, stderr }: Ran): Ran => ({
  code,
  stdout: comparableText(stdout),
  stderr: comparableText(stderr),
});
