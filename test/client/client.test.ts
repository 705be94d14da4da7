/** The typed calls: which requests they become, and what becomes of the answers. */
import { describe, expect, it } from 'vitest';
import { createClient } from '../../src/client/index.ts';
import { KubepkiError } from '../../src/errors.ts';
import {
  CONFIG_MAPS,
  NODES,
  SERVICE_ACCOUNTS,
  StatusError,
  type WatchEvent,
} from '../../src/kubernetes/index.ts';
import { ManualClock, settle } from '../manual-clock.ts';
import { answer, type FakeTransport, fakeTransport, pieces } from './fake-transport.ts';

const NODE = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'a', resourceVersion: '7' } };
const LIST = {
  kind: 'NodeList',
  apiVersion: 'v1',
  metadata: { resourceVersion: '9' },
  items: [NODE],
};

const clientOf = (transport: FakeTransport) =>
  createClient(transport, { clock: new ManualClock() });
const sent = ({ requests }: FakeTransport) =>
  requests.map(({ method, url, body }) => [
    `${method} ${url}`,
    ...(body === undefined ? [] : [JSON.parse(Buffer.from(body).toString())]),
  ]);

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('expected a rejection'),
    (error: unknown) => error,
  );
}

async function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const event of events) found.push(event);
  return found;
}

describe('requests', () => {
  it('ask for objects by their path', async () => {
    const transport = fakeTransport(answer(200, NODE), answer(200, NODE));
    const client = clientOf(transport);
    expect(await client.get(NODES, { name: 'a' })).toEqual(NODE);
    await client.get(SERVICE_ACCOUNTS, { namespace: 'n', name: 'a/b', subresource: 'token' });
    expect(sent(transport)).toEqual([
      ['GET /api/v1/nodes/a'],
      ['GET /api/v1/namespaces/n/serviceaccounts/a%2Fb/token'],
    ]);
    expect(transport.requests[0]?.headers).toEqual({ accept: 'application/json' });
  });

  it('carry the options of a list, encoded', async () => {
    const transport = fakeTransport(answer(200, LIST));
    await clientOf(transport).list(CONFIG_MAPS, {
      namespace: 'n',
      labelSelector: 'a=b,c in (d)',
      fieldSelector: 'metadata.name=x&y',
      resourceVersion: '0',
      limit: 5,
      continue: 'a+b/=',
      resourceVersionMatch: 'NotOlderThan',
    });
    expect(sent(transport)).toEqual([
      [
        'GET /api/v1/namespaces/n/configmaps?labelSelector=a%3Db%2Cc%20in%20(d)' +
          '&fieldSelector=metadata.name%3Dx%26y&resourceVersion=0&limit=5' +
          '&continue=a%2Bb%2F%3D&resourceVersionMatch=NotOlderThan',
      ],
    ]);
  });

  it('create in the namespace that the object names, with its kind', async () => {
    const transport = fakeTransport(answer(201, NODE), answer(201, NODE), answer(201, NODE));
    const client = clientOf(transport);
    await client.create(CONFIG_MAPS, { metadata: { namespace: 'n', name: 'a' } }, { dryRun: true });
    await client.create(NODES, NODE);
    const token = { apiVersion: 'x', kind: 'Y', metadata: { namespace: 'n', name: 'a' } };
    await client.create(SERVICE_ACCOUNTS, token, { subresource: 'token' });
    expect(sent(transport)).toEqual([
      [
        'POST /api/v1/namespaces/n/configmaps?dryRun=All',
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'n', name: 'a' } },
      ],
      ['POST /api/v1/nodes', NODE],
      ['POST /api/v1/namespaces/n/serviceaccounts/a/token', token],
    ]);
    expect(transport.requests[1]?.headers['content-type']).toBe('application/json');
  });

  it('update, patch and delete', async () => {
    const transport = fakeTransport(...Array.from({ length: 5 }, () => answer(200, NODE)));
    const client = clientOf(transport);
    await client.update(NODES, NODE, { subresource: 'status' });
    await client.patch(NODES, { name: 'a' }, [{ op: 'test' }], { type: 'json-patch' });
    await client.patch(NODES, { name: 'a' }, {}, { type: 'strategic-merge-patch' });
    await client.delete(NODES, { name: 'a' });
    await client.delete(
      NODES,
      { name: 'a' },
      { preconditions: { uid: 'u' }, gracePeriodSeconds: 0 },
    );
    expect(sent(transport)).toEqual([
      ['PUT /api/v1/nodes/a/status', NODE],
      ['PATCH /api/v1/nodes/a', [{ op: 'test' }]],
      ['PATCH /api/v1/nodes/a', {}],
      ['DELETE /api/v1/nodes/a'],
      [
        'DELETE /api/v1/nodes/a',
        {
          kind: 'DeleteOptions',
          apiVersion: 'v1',
          preconditions: { uid: 'u' },
          gracePeriodSeconds: 0,
        },
      ],
    ]);
    expect(transport.requests.map(({ headers }) => headers['content-type'])).toEqual([
      'application/json',
      'application/json-patch+json',
      'application/strategic-merge-patch+json',
      'application/json',
      'application/json',
    ]);
  });

  it('are not made for objects that do not say where they belong', async () => {
    const client = clientOf(fakeTransport());
    const error = await rejection(client.create(CONFIG_MAPS, { metadata: { name: 'a' } }));
    expect(error).toEqual(
      new TypeError('expected the namespace of a ConfigMap in its metadata, got none'),
    );
    expect(await rejection(client.update(NODES, { metadata: {} }))).toBeInstanceOf(TypeError);
  });

  it('of other paths answer as they are, refusals too', async () => {
    const client = clientOf(fakeTransport(answer(500, 'not ready', {})));
    const { status, body } = await client.raw({ method: 'GET', url: '/readyz', headers: {} });
    expect([status, Buffer.from(body).toString()]).toEqual([500, 'not ready']);
  });
});

describe('answers', () => {
  it('may be lists of nothing, written as null', async () => {
    const client = clientOf(fakeTransport(answer(200, { ...LIST, items: null })));
    expect((await client.list(NODES)).items).toEqual([]);
  });

  it('are joined from their pieces', async () => {
    const text = Buffer.from(JSON.stringify({ ...NODE, spec: { podCIDR: 'ü€😀' } }));
    const bytes = Array.from(text, (byte) => Uint8Array.of(byte));
    const client = clientOf(fakeTransport(answer(200, pieces(...bytes))));
    expect((await client.get(NODES, { name: 'a' })).spec?.podCIDR).toBe('ü€😀');
  });

  it('cannot reach a prototype, however the key is written', async () => {
    const spellings = ['__proto__', '\\u005f_proto__', '__pr\\u006Fto__', '__proto_\\u005F'];
    for (const key of spellings) {
      const text = `{"metadata":{"name":"a","${key}":{"polluted":1}},"${key}":{"polluted":1}}`;
      const client = clientOf(fakeTransport(answer(200, text)));
      const node = await client.get(NODES, { name: 'a' });
      expect(Object.getOwnPropertyNames(node)).toEqual(['metadata']);
      expect(Object.getOwnPropertyNames(node.metadata)).toEqual(['name']);
      expect('polluted' in Object.assign({}, node)).toBe(false);
    }
    expect('polluted' in {}).toBe(false);
  });

  it('that are something else are told from objects', async () => {
    for (const body of [
      '<html>',
      '',
      '[]',
      'null',
      '"x"',
      '{}',
      '{"metadata":[]}',
      '{"metadata":',
    ]) {
      const error = await rejection(
        clientOf(fakeTransport(answer(200, body))).get(NODES, { name: 'a' }),
      );
      expect(error).toMatchObject({ code: 'UNREACHABLE' });
      expect((error as Error).message).toMatch(/^GET \/api\/v1\/nodes\/a: expected /);
    }
    for (const items of [{}, 'x', [1], [{}]]) {
      const client = clientOf(fakeTransport(answer(200, { ...LIST, items })));
      expect(await rejection(client.list(NODES))).toMatchObject({ code: 'UNREACHABLE' });
    }
  });

  it('nested without end are read or refused, and nothing else', async () => {
    const depth = 1_000_000;
    const text = `{"metadata":{},"spec":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    const outcome = await clientOf(fakeTransport(answer(200, text)))
      .get(NODES, { name: 'a' })
      .catch((error: unknown) => error);
    if (outcome instanceof Error) expect(outcome).toMatchObject({ code: 'UNREACHABLE' });
    else expect(outcome).toHaveProperty('spec');
  });

  it('without end are given up', async () => {
    let ended = false;
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      try {
        const chunk = new Uint8Array(16 * 1024 * 1024);
        for (;;) yield chunk;
      } finally {
        ended = true;
      }
    };
    const client = clientOf(fakeTransport(answer(200, endless())));
    const error = await rejection(client.get(NODES, { name: 'a' }));
    expect((error as Error).message).toMatch(/larger than \d+ bytes/);
    expect(ended).toBe(true);
  });
});

describe('refusals', () => {
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'nodes "a" not found',
    reason: 'NotFound',
    details: { name: 'a', kind: 'nodes', causes: [{ reason: 'x', message: 'm', field: 'f' }] },
    code: 404,
  };

  it('are the Status that the server sent', async () => {
    const error = await rejection(
      clientOf(fakeTransport(answer(404, status))).get(NODES, { name: 'a' }),
    );
    expect(error).toBeInstanceOf(StatusError);
    expect((error as StatusError).status).toEqual(status);
    expect((error as StatusError).message).toBe('nodes "a" not found');
  });

  it('are made from the HTTP status where it sent none', async () => {
    const cases = [
      [400, 'BadRequest'],
      [401, 'Unauthorized'],
      [403, 'Forbidden'],
      [404, 'NotFound'],
      [405, 'MethodNotAllowed'],
      [406, 'NotAcceptable'],
      [409, 'Conflict'],
      [415, 'UnsupportedMediaType'],
      [422, 'Invalid'],
      [429, 'TooManyRequests'],
      [500, 'InternalError'],
      [502, 'InternalError'],
      [503, 'ServiceUnavailable'],
      [504, 'Timeout'],
      [302, ''],
      [418, ''],
    ] as const;
    for (const [code, reason] of cases) {
      const html = answer(code, '<h1>gate\u001b[31m</h1>', { 'content-type': 'text/html' });
      const error = await rejection(clientOf(fakeTransport(html)).get(NODES, { name: 'a' }));
      expect(error).toBeInstanceOf(StatusError);
      expect(error).toMatchObject({ reason, httpStatus: code });
      expect((error as Error).message).toContain(
        `(HTTP status ${code}): <h1>gate\u{fffd}[31m</h1>`,
      );
    }
    const error = await rejection(clientOf(fakeTransport(answer(409, ''))).create(NODES, NODE));
    expect(error).toMatchObject({ reason: 'AlreadyExists' });
  });

  it('are taken from a malformed Status as far as they go', async () => {
    const body = {
      kind: 'Status',
      status: 'Failure',
      message: 5,
      details: 'x',
      code: 'y',
      reason: {},
    };
    const error = await rejection(
      clientOf(fakeTransport(answer(400, body))).get(NODES, { name: 'a' }),
    );
    expect(error).toMatchObject({ reason: '', httpStatus: 400 });
    const success = { kind: 'Status', status: 'Success' };
    expect(
      await rejection(clientOf(fakeTransport(answer(404, success))).get(NODES, { name: 'a' })),
    ).toMatchObject({ reason: 'NotFound' });
  });
});

describe('asking again', () => {
  const busy = (seconds: string, code = 429) =>
    answer(code, 'later', { 'retry-after': seconds, 'content-type': 'text/plain' });

  it('is done when the server says so, after as long as it says, whatever the method', async () => {
    const clock = new ManualClock();
    const transport = fakeTransport(busy('2'), busy('3', 503), answer(201, NODE));
    const created = createClient(transport, { clock }).create(NODES, NODE);
    await clock.advance(1_999);
    expect(transport.requests).toHaveLength(1);
    await clock.advance(1);
    expect(transport.requests).toHaveLength(2);
    await clock.advance(3_000);
    expect(await created).toEqual(NODE);
    expect(transport.requests[2]?.body).toEqual(transport.requests[0]?.body);
  });

  it('ends after ten times, with the refusal', async () => {
    const clock = new ManualClock();
    const transport = fakeTransport(...Array.from({ length: 11 }, () => busy('1')));
    const error = rejection(createClient(transport, { clock }).get(NODES, { name: 'a' }));
    await clock.advance(20_000);
    expect(await error).toMatchObject({
      reason: 'TooManyRequests',
      status: { details: { retryAfterSeconds: 1 } },
    });
    expect(transport.requests).toHaveLength(11);
  });

  it('is not done without Retry-After, nor with one that is absurd', async () => {
    for (const seconds of [undefined, '', 'soon', '-1', '301', '99999999999']) {
      const headers = seconds === undefined ? {} : { 'retry-after': seconds };
      const transport = fakeTransport(answer(429, '', headers));
      const error = await rejection(clientOf(transport).get(NODES, { name: 'a' }));
      expect(error).toMatchObject({ reason: 'TooManyRequests' });
    }
  });

  const broken = (code: string): KubepkiError =>
    new KubepkiError('UNREACHABLE', 'gone', { cause: Object.assign(new Error('x'), { code }) });

  it('is done for a GET whose connection broke, and for nothing else', async () => {
    const clock = new ManualClock();
    const transport = fakeTransport(broken('ECONNRESET'), answer(200, NODE));
    const got = createClient(transport, { clock }).get(NODES, { name: 'a' });
    await clock.advance(1_000);
    expect(await got).toEqual(NODE);
    expect(
      await rejection(clientOf(fakeTransport(broken('ECONNRESET'))).create(NODES, NODE)),
    ).toMatchObject({ code: 'UNREACHABLE' });
    expect(
      await rejection(clientOf(fakeTransport(broken('ECONNREFUSED'))).get(NODES, { name: 'a' })),
    ).toMatchObject({ code: 'UNREACHABLE' });
  });

  it('ends with the signal, whose reason is thrown', async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const { signal } = controller;
    const client = createClient(fakeTransport(busy('9')), { clock });
    const error = rejection(client.get(NODES, { name: 'a' }, { signal }));
    await settle();
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await error).toBe(reason);
    expect(await rejection(client.get(NODES, { name: 'a' }, { signal }))).toBe(reason);
    expect(clock.sleepers).toBe(0);
  });
});

describe('a watch', () => {
  const event = (type: string, name: string) =>
    `${JSON.stringify({ type, object: { kind: 'Node', metadata: { name: `${name}ü` } } })}\n`;
  const three = event('ADDED', 'a') + event('MODIFIED', 'b') + event('DELETED', 'c');
  const names = (events: readonly WatchEvent<{ metadata: { name?: string } }>[]) =>
    events.map(({ type, object }) => `${type} ${object.metadata.name}`);

  it('asks for what it is told', async () => {
    const transport = fakeTransport(answer(200, pieces()));
    const options = {
      namespace: 'n',
      resourceVersion: '7',
      allowWatchBookmarks: true,
      timeoutSeconds: 300,
    };
    await all(clientOf(transport).watch(CONFIG_MAPS, options));
    expect(sent(transport)).toEqual([
      [
        'GET /api/v1/namespaces/n/configmaps?watch=true&resourceVersion=7' +
          '&allowWatchBookmarks=true&timeoutSeconds=300',
      ],
    ]);
  });

  it('yields each event, wherever the stream is cut', async () => {
    const bytes = Buffer.from(`\n${three}\r\n\n`);
    for (const size of [1, 2, 3, 7, 64, bytes.length]) {
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
      const client = clientOf(fakeTransport(answer(200, pieces(...chunks))));
      expect(names(await all(client.watch(NODES, {})))).toEqual([
        'ADDED aü',
        'MODIFIED bü',
        'DELETED cü',
      ]);
    }
  });

  it('throws an ERROR event as the refusal that it is', async () => {
    const object = {
      kind: 'Status',
      status: 'Failure',
      reason: 'Expired',
      code: 410,
      message: 'old',
    };
    const stream = pieces(event('ADDED', 'a'), `${JSON.stringify({ type: 'ERROR', object })}\n`);
    const client = clientOf(fakeTransport(answer(200, stream)));
    const error = await rejection(all(client.watch(NODES, {})));
    expect(error).toBeInstanceOf(StatusError);
    expect(error).toMatchObject({ reason: 'Expired', httpStatus: 410, message: 'old' });
  });

  it('throws the refusal of the request', async () => {
    const client = clientOf(fakeTransport(answer(403, 'no', { 'content-type': 'text/plain' })));
    expect(await rejection(all(client.watch(NODES, {})))).toMatchObject({ reason: 'Forbidden' });
  });

  it('breaks at what is no event, and at an end inside of one', async () => {
    const streams = [
      'garbage\n',
      '{"type":"ADDED"}\n',
      '{"type":"ADDED","object":{}}\n',
      '{"type":"SURPRISE","object":{"metadata":{}}}\n',
      '{"type":"ERROR","object":{}}\n',
      '[]\n',
      'null\n',
      event('ADDED', 'a').slice(0, -5),
      event('ADDED', 'a').trimEnd(),
    ];
    for (const stream of streams) {
      const client = clientOf(fakeTransport(answer(200, pieces(stream))));
      const error = await rejection(all(client.watch(NODES, {})));
      expect(error).toMatchObject({ code: 'UNREACHABLE' });
    }
  });

  it('does not gather an event without end', async () => {
    let chunks = 0;
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      const chunk = Buffer.alloc(1024 * 1024, 'x');
      for (; ; chunks++) yield chunk;
    };
    const client = clientOf(fakeTransport(answer(200, endless())));
    const error = await rejection(all(client.watch(NODES, {})));
    expect((error as Error).message).toMatch(/an event exceeds 16777216 bytes/);
    expect(chunks).toBe(16);
  });

  it('ends the stream when nobody listens any more', async () => {
    let ended = false;
    const stream = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield Buffer.from(three);
        await new Promise(() => {});
      } finally {
        ended = true;
      }
    };
    const client = clientOf(fakeTransport(answer(200, stream())));
    for await (const { type } of client.watch(NODES, {})) if (type === 'DELETED') break;
    expect(ended).toBe(true);
  });
});
