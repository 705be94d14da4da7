/**
 * Whose fields they are: random managers on kube-apiserver and on our server at once, and the real kubectl with
 * server-side apply on ours.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type ApiServer,
  createApiServer,
  type Serving,
  serve,
  versionInfo,
} from '../../src/apiserver/index.ts';
import { systemClock } from '../../src/client/index.ts';
import { createMemoryStorage } from '../../src/storage/index.ts';
import { NAME, type Operation, RandomOperations } from '../apiserver/fields/random-operations.ts';
import { comparable } from '../apiserver/fields/upstream/comparable.ts';
import { type RealApiserver, startRealApiserver } from '../client/real-apiserver.ts';
import { peer } from '../peers/peers.ts';
import { seeded } from '../seeded.ts';

const directory = mkdtempSync(join(tmpdir(), 'kubepki-apply-'));
const SERVICES = '/api/v1/namespaces/default/services';
const OPERATIONS = 600;

let real: RealApiserver;
let ours: ApiServer;
let serving: Serving;
let agent: https.Agent;

beforeAll(async () => {
  real = await startRealApiserver();
  const { authority, admin } = real;
  ours = await createApiServer({
    storage: createMemoryStorage({ now: () => new Date() }),
    clientCa: authority.ca,
    bootstrapTokens: false,
    anonymousAuth: false,
    version: versionInfo('0.1.0'),
    clock: systemClock,
    log: () => {},
  });
  await ours.ready();
  const { certificate, key } = authority.issue('kube-apiserver');
  serving = await serve({ server: ours, address: '127.0.0.1', port: 0, certificate, key });
  agent = new https.Agent({
    ca: authority.ca,
    cert: admin.certificate,
    key: admin.key,
    keepAlive: true,
  });
});
afterAll(async () => {
  agent?.destroy();
  await serving?.close(0);
  await ours?.close();
  await real?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const ourUrl = (): string => `https://127.0.0.1:${serving.address.port}`;

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly type?: string;
  readonly body?: unknown;
}

function ask(
  base: string,
  { method, path, type, body }: Asked,
): Promise<{ status: number; body: unknown }> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const request = https.request(
      `${base}${path}`,
      { method, agent, headers: type === undefined ? {} : { 'content-type': type } },
      (response) => {
        let answer = '';
        response.on('data', (chunk: Buffer) => (answer += chunk.toString()));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(answer) }),
        );
      },
    );
    request.on('error', reject);
    request.end(text);
  });
}

function requestOf({ kind, manager, body }: Operation): Asked {
  const path = `${SERVICES}/${NAME}?fieldManager=${manager}`;
  switch (kind) {
    case 'apply':
      return { method: 'PATCH', path, type: 'application/apply-patch+yaml', body };
    case 'force':
      return {
        method: 'PATCH',
        path: `${path}&force=true`,
        type: 'application/apply-patch+yaml',
        body,
      };
    case 'merge':
      return { method: 'PATCH', path, type: 'application/merge-patch+json', body };
    case 'update':
      return { method: 'PUT', path, type: 'application/json', body };
    case 'status':
      return {
        method: 'PUT',
        path: `${SERVICES}/${NAME}/status?fieldManager=${manager}`,
        type: 'application/json',
        body,
      };
  }
}

describe('random managers', () => {
  it('leave the same object and the same managers on both servers', async () => {
    const random = new RandomOperations(seeded('managers on two servers'));
    const statuses = new Map<number, number>();
    for (let left = OPERATIONS; left > 0; left -= 1) {
      const request = requestOf(random.next());
      const theirs = await ask(real.url, request);
      const mine = await ask(ourUrl(), request);
      expect(comparable(mine), JSON.stringify(request)).toEqual(comparable(theirs));
      statuses.set(theirs.status, (statuses.get(theirs.status) ?? 0) + 1);
    }
    expect(statuses.get(200)).toBeGreaterThan(100);
    expect(statuses.get(409)).toBeGreaterThan(10);
  });
});

describe('kubectl', () => {
  const kubeconfig = (): string => {
    const file = join(directory, 'kubeconfig.json');
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    writeFileSync(
      file,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [
          {
            name: 'c',
            cluster: {
              server: ourUrl(),
              'certificate-authority-data': base64(real.authority.ca),
            },
          },
        ],
        users: [
          {
            name: 'u',
            user: {
              'client-certificate-data': base64(real.admin.certificate),
              'client-key-data': base64(real.admin.key),
            },
          },
        ],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
        'current-context': 'x',
      }),
      { mode: 0o600 },
    );
    return file;
  };

  async function kubectl(args: string, input?: object) {
    const child = spawn(
      await peer('kubectl'),
      [
        `--kubeconfig=${kubeconfig()}`,
        `--cache-dir=${join(directory, 'cache')}`,
        ...args.split(' '),
      ],
      { env: { PATH: process.env['PATH'], HOME: directory } },
    );
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
    child.stdin.end(input === undefined ? '' : JSON.stringify(input));
    const [code] = await once(child, 'close');
    return { code, ...output };
  }

  const map = (data: object): object => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'k', namespace: 'default' },
    data,
  });
  const managers = async (): Promise<readonly string[]> => {
    const { stdout } = await kubectl('get configmap k -o json --show-managed-fields');
    const entries: readonly { manager: string; operation: string; fieldsV1: unknown }[] =
      JSON.parse(stdout).metadata.managedFields;
    // The server sorts by the second first.
    return entries
      .map(
        ({ manager, operation, fieldsV1 }) => `${manager} ${operation} ${JSON.stringify(fieldsV1)}`,
      )
      .sort();
  };

  beforeEach(async () => {
    await kubectl('delete configmap k --ignore-not-found');
  });

  it('applies by the server, and again', async () => {
    const first = await kubectl('apply --server-side -f -', map({ a: '1' }));
    expect(first).toEqual({ code: 0, stdout: 'configmap/k serverside-applied\n', stderr: '' });
    const again = await kubectl('apply --server-side -f -', map({ a: '1' }));
    expect(again.stdout).toBe('configmap/k serverside-applied\n');
    expect(await managers()).toEqual(['kubectl Apply {"f:data":{"f:a":{}}}']);
  });

  it('tells conflicts, and takes over with --force-conflicts', async () => {
    await kubectl('apply --server-side --field-manager=other -f -', map({ a: '1', b: '1' }));
    const refused = await kubectl('apply --server-side -f -', map({ a: '2' }));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      'error: Apply failed with 1 conflict: conflict with "other": .data.a\nPlease review the fields above',
    );
    const forced = await kubectl('apply --server-side --force-conflicts -f -', map({ a: '2' }));
    expect(forced.stdout).toBe('configmap/k serverside-applied\n');
    expect(await managers()).toEqual(
      ['kubectl Apply {"f:data":{"f:a":{}}}', 'other Apply {"f:data":{"f:b":{}}}'].sort(),
    );
  });

  it('applies to nothing in a dry run', async () => {
    await kubectl('apply --server-side -f -', map({ a: '1' }));
    const dry = await kubectl('apply --server-side --dry-run=server -f - -o json', map({ a: '2' }));
    expect(JSON.parse(dry.stdout)).toMatchObject({ data: { a: '2' } });
    expect((await kubectl('get configmap k -o jsonpath={.data.a}')).stdout).toBe('1');
  });

  it('shows what an apply would change', async () => {
    await kubectl('apply --server-side -f -', map({ a: '1', b: '1' }));
    const { code, stdout } = await kubectl('diff --server-side -f -', map({ a: '2' }));
    expect(code).toBe(1);
    expect(stdout).toContain('-  a: "1"');
    expect(stdout).toContain('+  a: "2"');
    expect(stdout).toContain('-  b: "1"');
    expect((await kubectl('diff --server-side -f -', map({ a: '1', b: '1' }))).code).toBe(0);
  });

  it('goes over from applying by itself: no conflict, and what it gives up goes', async () => {
    await kubectl('apply -f -', map({ a: '1', b: '1' }));
    expect(await managers()).toEqual([expect.stringMatching(/^kubectl-client-side-apply Update /)]);
    const view = await kubectl('apply view-last-applied configmap k -o json');
    expect(JSON.parse(view.stdout)).toMatchObject({ data: { a: '1', b: '1' } });
    const over = await kubectl('apply --server-side -f -', map({ a: '2' }));
    expect(over).toEqual({ code: 0, stdout: 'configmap/k serverside-applied\n', stderr: '' });
    expect((await kubectl('get configmap k -o jsonpath={.data}')).stdout).toBe('{"a":"2"}');
    // The server keeps the annotation up to date for who goes back.
    const last = await kubectl('apply view-last-applied configmap k -o json');
    expect(JSON.parse(last.stdout)).toMatchObject({ data: { a: '2' } });
    expect((await kubectl('apply -f -', map({ a: '3' }))).code).toBe(0);
  });

  it('label, edit and the like are managers of their own', async () => {
    await kubectl('create configmap k --from-literal=a=1');
    await kubectl('label configmap k x=y');
    await kubectl('annotate configmap k --field-manager=me n=v');
    expect((await managers()).map((one) => one.split(' ').slice(0, 2).join(' ')).sort()).toEqual([
      'kubectl-create Update',
      'kubectl-label Update',
      'me Update',
    ]);
  });
});
