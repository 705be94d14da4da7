/**
 * Encryption at rest against the original: a real kube-apiserver and ours read what the other has encrypted, and
 * say the same of what nobody can read. And keys are rotated with the real kubectl.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ApiServer,
  createApiServer,
  Encryption,
  versionInfo,
} from '../../src/apiserver/index.ts';
import { connectTransport, systemClock } from '../../src/client/index.ts';
import { isProtobuf, parseJson } from '../../src/kubernetes/index.ts';
import { createMemoryStorage, type Storage } from '../../src/storage/index.ts';
import { type RealApiserver, startRealApiserver } from '../client/real-apiserver.ts';
import { peer } from '../peers/peers.ts';
import { eventually } from '../system/background.ts';
import { type LocalServer, localServer } from '../system/local-server.ts';

const secret = (bytes: number): string => randomBytes(bytes).toString('base64');

const configuration = (...rules: readonly (readonly [string, ...string[]])[]): string =>
  [
    'apiVersion: apiserver.config.k8s.io/v1',
    'kind: EncryptionConfiguration',
    'resources:',
    ...rules.flatMap(([resources, ...providers]) => [
      `- resources: [${resources}]`,
      '  providers:',
      ...providers.map((provider) => `  - ${provider}`),
    ]),
    '',
  ].join('\n');

const provider = (type: string, name: string, bytes: string): string =>
  `${type}: { keys: [{ name: ${name}, secret: ${bytes} }] }`;

describe('what is stored', () => {
  /** Every provider, with keys of every size, named and by wildcards. Lists of configmaps come from etcd itself. */
  const text = configuration(
    ['secrets', provider('aescbc', 'key1', secret(32)), 'identity: {}'],
    ['configmaps', provider('aesgcm', 'key2', secret(32)), 'identity: {}'],
    ['serviceaccounts', provider('secretbox', '"a:b c"', secret(32)), 'identity: {}'],
    ['leases.coordination.k8s.io', provider('aesgcm', 'k', secret(16))],
    ['events', 'identity: {}'],
    ["'*.rbac.authorization.k8s.io'", provider('aescbc', 'key1', secret(24))],
    ["'*.*'", provider('aesgcm', 'all', secret(24))],
  );
  /** How the value of each begins. */
  const PREFIXES = {
    'secrets/default/one': 'k8s:enc:aescbc:v1:key1:',
    'configmaps/default/one': 'k8s:enc:aesgcm:v1:key2:',
    'serviceaccounts/default/one': 'k8s:enc:secretbox:v1:a:b c:',
    'leases/default/one': 'k8s:enc:aesgcm:v1:k:',
    'clusterroles/one': 'k8s:enc:aescbc:v1:key1:',
    'events/default/one': '',
    'services/endpoints/default/one': 'k8s:enc:aesgcm:v1:all:',
  } as const;
  const OBJECTS: readonly (readonly [path: string, object: object])[] = [
    ['/api/v1/namespaces/default/secrets', { data: { text: 'cGxhaW4=' } }],
    ['/api/v1/namespaces/default/configmaps', { data: { text: 'plain' } }],
    ['/api/v1/namespaces/default/serviceaccounts', {}],
    [
      '/apis/coordination.k8s.io/v1/namespaces/default/leases',
      { spec: { holderIdentity: 'plain' } },
    ],
    ['/apis/rbac.authorization.k8s.io/v1/clusterroles', { rules: [] }],
    [
      '/api/v1/namespaces/default/events',
      { involvedObject: { namespace: 'default' }, reason: 'Plain' },
    ],
    ['/api/v1/namespaces/default/endpoints', { subsets: [] }],
  ];

  let original: RealApiserver;
  let ask: (method: string, path: string, body?: object) => Promise<Answer>;
  let end: () => Promise<void>;

  interface Answer {
    readonly status: number;
    readonly body: string;
  }

  beforeAll(async () => {
    original = await startRealApiserver(async (file) => [
      `--encryption-provider-config=${await file('encryption.yaml', text)}`,
    ]);
    const transport = connectTransport({
      server: original.url,
      ca: original.authority.ca,
      ...original.admin,
      userAgent: 'kubepki-test',
    });
    end = async () => transport.close();
    ask = async (method, url, body) => {
      const answer = await transport.send({
        method,
        url,
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }),
      });
      return { status: answer.status, body: await textOf(answer.body) };
    };
  });

  afterAll(async () => {
    await end();
    await original.stop();
  });

  /** Everything in etcd, by its key. */
  async function inEtcd(): Promise<Map<string, Buffer>> {
    const answer = JSON.parse(
      await original.etcdctl(['get', '/registry/', '--prefix', '--write-out=json']),
    );
    const found = new Map<string, Buffer>();
    for (const { key, value = '' } of answer.kvs) {
      found.set(Buffer.from(key, 'base64').toString(), Buffer.from(value, 'base64'));
    }
    return found;
  }

  async function open(inner: Storage): Promise<Storage> {
    const { storage } = await Encryption.open(text, {
      storage: inner,
      file: 'encryption.yaml',
      now: () => new Date(),
      log: () => undefined,
    });
    return storage;
  }

  const memory = (): Storage => createMemoryStorage({ now: () => new Date() });

  it('by kube-apiserver is read by ours', async () => {
    for (const [path, object] of OBJECTS) {
      const { status, body } = await ask('POST', path, { metadata: { name: 'one' }, ...object });
      expect([status, body]).toEqual([201, expect.any(String)]);
    }
    const stored = await inEtcd();
    for (const [key, prefix] of Object.entries(PREFIXES)) {
      const value = stored.get(`/registry/${key}`);
      expect([key, value?.toString('latin1', 0, prefix.length)]).toEqual([key, prefix]);
      expect(value?.includes('one')).toBe(prefix === '');
    }
    const inner = memory();
    for (const [key, value] of stored) {
      if (value.toString('latin1', 0, 8) === 'k8s:enc:') await inner.create(key, value);
    }
    const storage = await open(inner);
    const { items } = await storage.list('/registry/');
    for (const { key, value } of items) {
      const name = key.split('/').at(-1) ?? '';
      const isObject = isProtobuf(value) || parseJson(value) !== null;
      expect([key, isObject, Buffer.from(value).includes(name)]).toEqual([key, true, true]);
    }
    // kube-apiserver makes more than a hundred roles and bindings at its start.
    expect(items.length).toBeGreaterThan(100);
  });

  it('by ours is read by kube-apiserver', async () => {
    const inner = memory();
    const storage = await open(inner);
    for (const key of Object.keys(PREFIXES)) {
      const [path = '', object = {}] = OBJECTS[Object.keys(PREFIXES).indexOf(key)] ?? [];
      // As kube-apiserver says it, so that every field is there that it wants.
      const { body } = await ask('GET', `${path}/one`);
      const { metadata, ...one } = JSON.parse(body);
      const { resourceVersion: _, managedFields: __, ...kept } = metadata;
      const two = { ...one, ...object, metadata: { ...kept, name: 'two' } };
      const place = `/registry/${key.replace(/one$/, 'two')}`;
      await storage.create(place, Buffer.from(JSON.stringify(two)));
      const raw = await inner.get(place);
      await original.etcdctl(['put', place], raw?.value);
      await eventually(
        async () => ask('GET', `${path}/two`),
        (answer) => answer.status === 200 && answer.body.includes('"name":"two"'),
      );
    }
  });

  it('and cannot be read is answered in the same words', async () => {
    const stored = await inEtcd();
    const good = stored.get('/registry/configmaps/default/one') ?? Buffer.alloc(0);
    const flipped = Buffer.from(good);
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
    const bad = new Map([
      ['moved', good],
      ['flipped', flipped],
      ['truncated', good.subarray(0, 40)],
      ['empty', Buffer.from('k8s:enc:aesgcm:v1:key2:')],
      ['key', Buffer.from('k8s:enc:aesgcm:v1:key3:0123456789abcdef0123456789abcdef')],
      ['kms', Buffer.from('k8s:enc:kms:v2:name:0123456789abcdef0123456789abcdef')],
    ]);
    const inner = memory();
    const api = await startOurs(await open(inner));
    try {
      const both = async (method: string, path: string, body?: object) => {
        const theirs = await ask(method, path, body);
        const ours = await askOurs(api, method, path, body);
        expect([path, ours.status, JSON.parse(ours.body)]).toEqual([
          path,
          theirs.status,
          JSON.parse(theirs.body),
        ]);
        return theirs.status;
      };
      const path = '/api/v1/namespaces/default/configmaps';
      for (const [name, value] of bad) {
        const key = `/registry/configmaps/default/${name}`;
        await original.etcdctl(['put', key], value);
        await inner.create(key, value);
        const object = { metadata: { name }, data: {} };
        expect(await both('GET', `${path}/${name}`)).toBe(500);
        expect(await both('PUT', `${path}/${name}`, object)).toBe(500);
        expect(await both('POST', path, object)).toBe(409);
        expect(await both('DELETE', `${path}/${name}`)).toBe(500);
        expect(await both('DELETE', path)).toBe(500);
        expect(await both('GET', path)).toBe(500);
        await original.etcdctl(['del', key]);
        await inner.delete(key, (await inner.get(key))?.revision ?? 0);
      }
      expect(await both('GET', `${path}/moved`)).toBe(404);

      const watched = async (all: Answer): Promise<string> => {
        const { resourceVersion } = JSON.parse(all.body).metadata;
        return `${path}?watch=1&timeoutSeconds=2&resourceVersion=${resourceVersion}`;
      };
      const theirs = await watched(await ask('GET', path));
      const ours = await watched(await askOurs(api, 'GET', path));
      await original.etcdctl(['put', '/registry/configmaps/default/moved'], good);
      await inner.create('/registry/configmaps/default/moved', good);
      const { body } = await ask('GET', theirs);
      expect(JSON.parse(body)).toMatchObject({ type: 'ERROR', object: { code: 500 } });
      expect(JSON.parse((await askOurs(api, 'GET', ours)).body)).toEqual(JSON.parse(body));
    } finally {
      await api.close();
    }
  });
});

async function startOurs(storage: Storage): Promise<ApiServer> {
  const api = await createApiServer({
    storage,
    clientCa: () => [],
    bootstrapTokens: false,
    anonymousAuth: false,
    version: versionInfo('0.1.0'),
    clock: systemClock,
    log: () => undefined,
  });
  await api.ready();
  return api;
}

async function askOurs(api: ApiServer, method: string, url: string, body?: object) {
  const send = api.loopback({ name: 'admin', groups: ['system:masters', 'system:authenticated'] });
  const answer = await send({
    method,
    url,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }),
  });
  return { status: answer.status, body: await textOf(answer.body) };
}

async function textOf(body: unknown): Promise<string> {
  if (body instanceof Uint8Array) return Buffer.from(body).toString();
  const parts: Uint8Array[] = [];
  for await (const part of body as AsyncIterable<Uint8Array>) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe('keys', () => {
  it('are rotated with kubectl, without a restart', async () => {
    const kubectl = await peer('kubectl');
    const ours = await localServer();
    const run = (args: readonly string[], input = ''): string => {
      const { status, stdout, stderr } = spawnSync(
        kubectl,
        [
          `--kubeconfig=${ours.superAdmin}`,
          `--cache-dir=${join(ours.directory, 'cache')}`,
          ...args,
        ],
        { input, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
      );
      if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
      return stdout;
    };
    const rewrite = (): void => {
      run(['replace', '-f', '-'], run(['get', 'secrets', '--all-namespaces', '-o', 'json']));
    };
    const versions = (): string[] =>
      run(['get', 'secrets', '-A', '-o', 'jsonpath={.items[*].metadata.resourceVersion}']).split(
        ' ',
      );
    const reloads = (): string[] =>
      run(['get', '--raw', '/metrics'])
        .split('\n')
        .filter((line) =>
          line.startsWith('apiserver_encryption_config_controller_automatic_reloads_total{'),
        );

    const file = join(ours.directory, 'encryption.yaml');
    const [first, second] = [secret(32), secret(32)];
    const write = (...providers: readonly [string, ...string[]]): void =>
      writeFileSync(file, configuration(['secrets', ...providers]), { mode: 0o600 });
    write(provider('aescbc', 'key1', first), 'identity: {}');
    const flags = [
      `--encryption-provider-config=${file}`,
      '--encryption-provider-config-automatic-reload',
    ];
    const server = await ours.start(...flags);
    for (const name of ['a', 'b', 'c']) {
      run(['create', 'secret', 'generic', name, `--from-literal=password=plain-text-of-${name}`]);
    }
    expect(leftOf(ours)).toEqual({ plain: [], keys: ['k8s:enc:aescbc:v1:key1:'] });

    // Nothing has changed, and nothing is written.
    const before = versions();
    rewrite();
    expect(versions()).toEqual(before);

    write(provider('secretbox', 'key2', second), provider('aescbc', 'key1', first));
    await server.says('encryption configuration: read again');
    write(provider('secretbox', 'key2', second));
    await server.says('what is stored needs a key that the changed configuration lacks');
    expect(run(['get', 'secret', 'a', '-o', 'jsonpath={.data.password}'])).toBe(
      Buffer.from('plain-text-of-a').toString('base64'),
    );

    rewrite();
    const after = versions();
    expect(after.filter((version) => before.includes(version))).toEqual([]);
    rewrite();
    expect(versions()).toEqual(after);

    // The one without the old key is taken by itself now: nothing needs that any more.
    await eventually(
      async () => reloads(),
      (lines) => lines.some((line) => line.includes('status="success"') && line.endsWith(' 2')),
    );
    expect(reloads().some((line) => line.includes('status="failure"'))).toBe(true);
    expect((await server.end('SIGTERM')).code).toBe(0);
    expect(server.said()).not.toContain(first);
    expect(server.said()).not.toContain(second);

    // The old value is still in the history, and no plain text anywhere.
    expect(leftOf(ours).plain).toEqual([]);
    await ours.start(...flags);
    expect(versions()).toEqual(after);
    expect(run(['get', 'secret', 'c', '-o', 'jsonpath={.data.password}'])).toBe(
      Buffer.from('plain-text-of-c').toString('base64'),
    );
  });

  it('that are others make a server that says which objects it cannot read', async () => {
    const ours = await localServer();
    const file = join(ours.directory, 'encryption.yaml');
    const write = (name: string): void =>
      writeFileSync(file, configuration(['secrets', provider('aesgcm', name, secret(32))]));
    write('key1');
    const flag = `--encryption-provider-config=${file}`;
    const server = await ours.start(flag);
    expect(server.said()).toContain('holds keys, and others than its owner may read or write it');
    const kubectl = await peer('kubectl');
    const run = (...args: readonly string[]) =>
      spawnSync(kubectl, [`--kubeconfig=${ours.superAdmin}`, ...args], { encoding: 'utf8' });
    expect(run('create', 'secret', 'generic', 'a').stderr).toBe('');
    await server.end();
    write('key2');
    const other = await ours.start(flag);
    expect(other.said()).toContain(
      '/registry/secrets/default/a: cannot be decrypted: no matching key was found for the provided AES transformer',
    );
    expect(run('get', 'secrets').stderr).toContain(
      'unable to transform key "/registry/secrets/default/a": no matching key was found',
    );
    expect(run('get', 'namespaces').status).toBe(0);
  });
});

/** Of the plain texts and the keys' prefixes: which of them stand anywhere in the files of the server. */
function leftOf({ directory }: LocalServer): { plain: string[]; keys: string[] } {
  const data = join(directory, 'data');
  const all = Buffer.concat(readdirSync(data).map((name) => readFileSync(join(data, name))));
  const texts = ['a', 'b', 'c'].map((name) => `plain-text-of-${name}`);
  const base64 = texts.map((text) => Buffer.from(text).toString('base64'));
  return {
    plain: [...texts, ...base64].filter((text) => all.includes(text)),
    keys: ['k8s:enc:aescbc:v1:key1:', 'k8s:enc:secretbox:v1:key2:'].filter((text) =>
      all.includes(text),
    ),
  };
}
