/** The API in protobuf: what its clients get and send. */
import { describe, expect, it } from 'vitest';
import { decodeProtobuf, encodeProtobuf } from '../../../src/kubernetes/index.ts';
import { createMemoryStorage } from '../../../src/storage/index.ts';
import { field, metadata, unknown, wireFields } from '../../wire-fields.ts';
import { ADMIN, apiServer, type Tested } from './server.ts';

const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

interface Reply {
  readonly status: number;
  readonly type: unknown;
  readonly body: Buffer;
  /** What the body holds. */
  object(): Readonly<Record<string, unknown>>;
}

async function call(
  { api }: Tested,
  method: string,
  url: string,
  options: { accept?: string; body?: Uint8Array; type?: string } = {},
): Promise<Reply> {
  const { accept = PROTOBUF, body, type = PROTOBUF } = options;
  const answer = await api.loopback(ADMIN)({
    method,
    url,
    headers: { accept, ...(body === undefined ? {} : { 'content-type': type }) },
    ...(body === undefined ? {} : { body }),
  });
  const chunks: Uint8Array[] = [];
  if (answer.body instanceof Uint8Array) chunks.push(answer.body);
  else for await (const chunk of answer.body) chunks.push(chunk);
  const whole = Buffer.concat(chunks);
  return {
    status: answer.status,
    type: answer.headers['content-type'],
    body: whole,
    object: () => decodeProtobuf(whole),
  };
}

const configMap = (name: string, data: Record<string, string> = { a: 'b' }): Uint8Array =>
  encodeProtobuf({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name }, data });

/** Takes the frames of a watch apart: the type of each event and its object. */
function events(body: Buffer): { type: string; object: Readonly<Record<string, unknown>> }[] {
  const found = [];
  for (let at = 0; at < body.length; ) {
    const end = at + 4 + body.readUInt32BE(at);
    const [type, object] = wireFields(body.subarray(at + 4, end)).map(({ value }) => value);
    const [raw] = wireFields(object instanceof Uint8Array ? object : Buffer.of());
    found.push({
      type: Buffer.from(type instanceof Uint8Array ? type : []).toString(),
      object: decodeProtobuf(raw?.value instanceof Uint8Array ? raw.value : Buffer.of()),
    });
    at = end;
  }
  return found;
}

describe('the API in protobuf', () => {
  it('takes and answers objects', async () => {
    const tested = await apiServer();
    const created = await call(tested, 'POST', CONFIG_MAPS, { body: configMap('c') });
    expect(created).toMatchObject({ status: 201, type: PROTOBUF });
    expect(created.object()).toMatchObject({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { name: 'c', namespace: 'default' },
      data: { a: 'b' },
    });
    const got = await call(tested, 'GET', `${CONFIG_MAPS}/c`);
    expect(got.body.equals(created.body)).toBe(true);
    const json = await tested.ask('GET', `${CONFIG_MAPS}/c`);
    expect(got.object()).toEqual(json.json);

    const update = await call(tested, 'PUT', `${CONFIG_MAPS}/c`, { body: configMap('c', {}) });
    expect(update.status).toBe(200);
    expect(update.object()).not.toHaveProperty('data');
    const patch = await call(tested, 'PATCH', `${CONFIG_MAPS}/c`, {
      body: Buffer.from('{"data":{"x":"y"}}'),
      type: 'application/merge-patch+json',
    });
    expect(patch.object()).toMatchObject({ data: { x: 'y' } });
  });

  it('takes an object that does not say its kind for what the path says', async () => {
    const tested = await apiServer();
    const body = unknown('', '', metadata('plain'));
    expect((await call(tested, 'POST', '/api/v1/namespaces', { body })).status).toBe(201);
  });

  it('answers lists, of whose items each has been written once', async () => {
    const tested = await apiServer();
    for (const name of ['a', 'b'])
      await call(tested, 'POST', CONFIG_MAPS, { body: configMap(name) });
    const list = await call(tested, 'GET', `${CONFIG_MAPS}?limit=1`);
    expect(list.type).toBe(PROTOBUF);
    expect(list.object()).toMatchObject({
      kind: 'ConfigMapList',
      metadata: { remainingItemCount: 1 },
      items: [{ metadata: { name: 'a' } }],
    });
    const deleted = await call(tested, 'DELETE', CONFIG_MAPS);
    expect(deleted.object()).toMatchObject({
      items: [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }],
    });
    expect((await call(tested, 'GET', CONFIG_MAPS)).object()).not.toHaveProperty('items');
  });

  it('answers the events of a watch in frames', async () => {
    const tested = await apiServer();
    await call(tested, 'POST', CONFIG_MAPS, { body: configMap('c') });
    const watch = await call(
      tested,
      'GET',
      `${CONFIG_MAPS}?watch=1&timeoutSeconds=1&allowWatchBookmarks=1&sendInitialEvents=1&resourceVersionMatch=NotOlderThan`,
      { accept: `${PROTOBUF};stream=watch` },
    );
    expect(watch).toMatchObject({ status: 200, type: `${PROTOBUF};stream=watch` });
    expect(events(watch.body)).toMatchObject([
      { type: 'ADDED', object: { kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: 'b' } } },
      {
        type: 'BOOKMARK',
        object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
      },
    ]);
    const late = await call(
      tested,
      'GET',
      `${CONFIG_MAPS}?watch=1&timeoutSeconds=1&resourceVersion=0`,
      {
        accept: `${PROTOBUF};stream=watch;as=PartialObjectMetadata;v=v1;g=meta.k8s.io`,
      },
    );
    const [first] = events(late.body);
    expect(first?.object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'c' } });
    expect(first?.object).not.toHaveProperty('data');
  });

  it('answers a refusal, and the success of a deletion', async () => {
    const tested = await apiServer();
    const missing = await call(tested, 'GET', `${CONFIG_MAPS}/nobody`);
    expect(missing).toMatchObject({ status: 404, type: PROTOBUF });
    expect(missing.object()).toMatchObject({
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      reason: 'NotFound',
      details: { name: 'nobody', kind: 'configmaps' },
      code: 404,
    });
    await call(tested, 'POST', CONFIG_MAPS, { body: configMap('c') });
    const wrong = encodeProtobuf({
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      preconditions: { uid: 'another' },
    });
    expect((await call(tested, 'DELETE', `${CONFIG_MAPS}/c`, { body: wrong })).status).toBe(409);
    const gone = await call(tested, 'DELETE', `${CONFIG_MAPS}/c`, {
      body: encodeProtobuf({
        kind: 'DeleteOptions',
        apiVersion: 'v1',
        gracePeriodSeconds: 0,
      }),
    });
    expect(gone.object()).toMatchObject({ kind: 'Status', status: 'Success' });
  });

  it('answers only metadata where that is wanted, and a table in JSON', async () => {
    const tested = await apiServer();
    await call(tested, 'POST', CONFIG_MAPS, { body: configMap('c') });
    for (const version of ['v1', 'v1beta1']) {
      const accept = `${PROTOBUF};as=PartialObjectMetadataList;v=${version};g=meta.k8s.io`;
      const list = await call(tested, 'GET', CONFIG_MAPS, { accept });
      expect(list.object()).toMatchObject({
        kind: 'PartialObjectMetadataList',
        apiVersion: `meta.k8s.io/${version}`,
        items: [{ metadata: { name: 'c' } }],
      });
    }
    const table = 'as=Table;v=v1;g=meta.k8s.io';
    const both = `${PROTOBUF};${table},application/json;${table}`;
    expect((await call(tested, 'GET', CONFIG_MAPS, { accept: both })).type).toBe(
      'application/json',
    );
    expect(
      (await call(tested, 'GET', CONFIG_MAPS, { accept: `${PROTOBUF};${table}` })).status,
    ).toBe(406);
  });

  it('answers reviews and discovery', async () => {
    const tested = await apiServer();
    const review = await call(tested, 'POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
      body: encodeProtobuf({ kind: 'SelfSubjectReview', apiVersion: 'authentication.k8s.io/v1' }),
    });
    expect(review.object()).toMatchObject({ status: { userInfo: { username: ADMIN.name } } });
    for (const path of ['/api', '/apis', '/api/v1', '/apis/certificates.k8s.io/v1']) {
      const { json } = await tested.ask('GET', path);
      const { kind } = (await call(tested, 'GET', path)).object();
      expect({ path, kind }).toEqual({ path, kind: Object(json).kind });
    }
    const aggregated = `${PROTOBUF};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList`;
    const all = await call(tested, 'GET', '/apis', { accept: aggregated });
    expect(all.type).toBe(aggregated);
    expect(all.object()).toMatchObject({ kind: 'APIGroupDiscoveryList' });
  });

  it('refuses what is no protobuf, or another kind', async () => {
    const tested = await apiServer();
    for (const [body, message] of [
      [Buffer.from('k8s'), 'is unrecognized (must be of type Namespace): provided data'],
      [Buffer.from('k8s\0'), 'empty body'],
      [
        unknown('v1', 'Namespace', Buffer.of(0x0a, 5)),
        'Namespace in version "v1" cannot be handled as a Namespace: unexpected EOF',
      ],
      [unknown('v1', 'Nothing', metadata('x')), 'no kind "Nothing" is registered for version "v1"'],
      [unknown('v1', 'Secret', metadata('x')), 'cannot be handled as a Namespace'],
      [unknown('v1', 'Namespace', Buffer.alloc(1_400_000, field(1))), 'more than 10000 fields'],
    ] as const) {
      const answer = await call(tested, 'POST', '/api/v1/namespaces', {
        body,
        accept: 'application/json',
      });
      expect({ status: answer.status, text: answer.body.toString() }).toEqual({
        status: 400,
        text: expect.stringContaining(JSON.stringify(message).slice(1, -1)),
      });
    }
  });
});

describe('the storage', () => {
  it('may hold protobuf, as kube-apiserver writes it', async () => {
    const storage = createMemoryStorage({ now: () => new Date() });
    await storage.create('/registry/configmaps/default/theirs', configMap('theirs'));
    const tested = await apiServer({ storage });
    const { json } = await tested.ask('GET', `${CONFIG_MAPS}/theirs`);
    expect(json).toMatchObject({
      kind: 'ConfigMap',
      metadata: { name: 'theirs' },
      data: { a: 'b' },
    });
  });
});
