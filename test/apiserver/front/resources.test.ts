/** Every verb and every form of an answer, through `handle`. */
import { describe, expect, it } from 'vitest';
import { ADMIN, apiServer, BOB, type Tested } from './server.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
const METADATA = { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' };
const map = (name: string, data: Record<string, string> = { a: 'b' }) => ({
  metadata: { name },
  data,
});
const merge = { 'content-type': 'application/merge-patch+json' };
const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

async function withMap(...names: string[]): Promise<Tested> {
  const server = await apiServer();
  for (const name of names) await server.ask('POST', MAPS, { body: map(name) });
  return server;
}

describe('the verbs', () => {
  it('create: 201 with what is stored', async () => {
    const { ask } = await apiServer();
    const { status, json, headers } = await ask('POST', MAPS, { body: map('a') });
    expect(status).toBe(201);
    expect(json).toMatchObject({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { name: 'a', namespace: 'default' },
      data: { a: 'b' },
    });
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-cache, private',
    });
    expect(headers['audit-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(await ask('POST', MAPS, { body: map('a') })).toMatchObject({
      status: 409,
      json: { reason: 'AlreadyExists' },
    });
  });

  it('get, and 404', async () => {
    const { ask } = await withMap('a');
    expect(await ask('GET', `${MAPS}/a`)).toMatchObject({
      status: 200,
      json: { data: { a: 'b' } },
    });
    expect((await ask('GET', `${MAPS}/b`)).json).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'configmaps "b" not found',
      reason: 'NotFound',
      details: { name: 'b', kind: 'configmaps' },
      code: 404,
    });
  });

  it('list: of a namespace, of all, in pages, by selectors', async () => {
    const { ask } = await withMap('a', 'b', 'c');
    const { json } = await ask('GET', MAPS);
    expect(json).toMatchObject({ kind: 'ConfigMapList', apiVersion: 'v1' });
    expect(json.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual([
      'a',
      'b',
      'c',
    ]);
    expect(json.items[0]).not.toHaveProperty('kind');
    // And the one that every server writes.
    expect((await ask('GET', '/api/v1/configmaps')).json.items).toHaveLength(4);
    const page = (await ask('GET', `${MAPS}?limit=2`)).json;
    expect([page.items.length, page.metadata.remainingItemCount]).toEqual([2, 1]);
    expect(
      (await ask('GET', `${MAPS}?limit=2&continue=${page.metadata.continue}`)).json.items,
    ).toHaveLength(1);
    expect((await ask('GET', `${MAPS}?fieldSelector=metadata.name%3Db`)).json.items).toHaveLength(
      1,
    );
    expect((await ask('GET', `${MAPS}?labelSelector=x%3Dy`)).json.items).toEqual([]);
  });

  it('update: replaced, in conflict, with another name', async () => {
    const { ask } = await withMap('a');
    const { json } = await ask('GET', `${MAPS}/a`);
    expect(await ask('PUT', `${MAPS}/a`, { body: { ...json, data: { c: 'd' } } })).toMatchObject({
      status: 200,
      json: { data: { c: 'd' } },
    });
    expect(await ask('PUT', `${MAPS}/a`, { body: json })).toMatchObject({
      status: 409,
      json: { reason: 'Conflict' },
    });
    expect((await ask('PUT', `${MAPS}/a`, { body: map('z') })).json.message).toBe(
      'the name of the object (z) does not match the name on the URL (a)',
    );
    expect((await ask('PUT', `${MAPS}/a`, { body: { metadata: {} } })).json.message).toContain(
      'undeterminable: name must be provided',
    );
  });

  it('patch: three kinds, and 415 for others', async () => {
    const { ask } = await withMap('a');
    const patch = (type: string, body: unknown) =>
      ask('PATCH', `${MAPS}/a`, { body, headers: { 'content-type': type } });
    expect(
      (await patch('application/merge-patch+json; charset=utf-8', { data: { m: '1' } })).json.data,
    ).toEqual({ a: 'b', m: '1' });
    expect(
      (await patch('application/strategic-merge-patch+json', { data: { m: null, s: '2' } })).json
        .data,
    ).toEqual({ a: 'b', s: '2' });
    expect(
      (await patch('application/json-patch+json', [{ op: 'remove', path: '/data/s' }])).json.data,
    ).toEqual({ a: 'b' });
    for (const type of ['application/apply-patch+cbor', 'application/json', '']) {
      expect(await patch(type, {})).toMatchObject({
        status: 415,
        json: { message: '415: Unsupported Media Type', details: {} },
      });
    }
  });

  it('delete: a Status, with options from body or query, and dry', async () => {
    const { ask } = await withMap('a', 'b');
    const { uid } = (await ask('GET', `${MAPS}/a`)).json.metadata;
    for (const asked of [
      ask('DELETE', `${MAPS}/a?dryRun=All`),
      ask('DELETE', `${MAPS}/a`, {
        body: { kind: 'DeleteOptions', apiVersion: 'v1', dryRun: ['All'] },
      }),
    ]) {
      expect((await asked).json).toEqual({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Success',
        details: { name: 'a', kind: 'configmaps', uid },
      });
    }
    expect(
      (await ask('DELETE', `${MAPS}/a`, { body: { preconditions: { uid: 'x' } } })).status,
    ).toBe(409);
    expect((await ask('GET', `${MAPS}/a`)).status).toBe(200);
    expect(
      (await ask('DELETE', `${MAPS}/a`, { body: { propagationPolicy: 'Background' } })).status,
    ).toBe(200);
    expect((await ask('GET', `${MAPS}/a`)).status).toBe(404);
    expect(await ask('DELETE', MAPS)).toMatchObject({
      status: 200,
      json: { kind: 'ConfigMapList', items: [{ metadata: { name: 'b' } }] },
    });
    expect((await ask('GET', MAPS)).json.items).toEqual([]);
  });

  it('delete of what waits for its finalizers: the object', async () => {
    const { ask } = await apiServer();
    await ask('POST', MAPS, { body: { metadata: { name: 'f', finalizers: ['example.com/x'] } } });
    const { status, json } = await ask('DELETE', `${MAPS}/f`);
    expect([status, typeof json.metadata.deletionTimestamp]).toEqual([200, 'string']);
  });

  it('dry run: nothing is stored', async () => {
    const { ask } = await withMap('a');
    expect((await ask('POST', `${MAPS}?dryRun=All`, { body: map('dry') })).status).toBe(201);
    expect(
      (await ask('PATCH', `${MAPS}/a?dryRun=All`, { body: { data: { a: 'dry' } }, headers: merge }))
        .json.data,
    ).toEqual({ a: 'dry' });
    expect((await ask('GET', `${MAPS}/dry`)).status).toBe(404);
    expect((await ask('GET', `${MAPS}/a`)).json.data).toEqual({ a: 'b' });
  });

  it('watch: what is there, what comes, and its end', async () => {
    const { ask } = await withMap('a');
    const watching = ask('GET', `${MAPS}?watch=1&timeoutSeconds=1`);
    await ask('PATCH', `${MAPS}/a`, { body: { data: { x: 'y' } }, headers: merge });
    await ask('DELETE', `${MAPS}/a`);
    const { status, headers, text } = await watching;
    expect([status, headers['content-type']]).toEqual([200, 'application/json']);
    const events = lines(text);
    expect(events.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
    expect(events[1].object).toMatchObject({ kind: 'ConfigMap', data: { x: 'y' } });
    const single = await ask('GET', '/api/v1/watch/namespaces/default?timeoutSeconds=1');
    expect(lines(single.text).map(({ object }) => object.metadata.name)).toEqual(['default']);
  });

  it('watch: ends when its caller goes', async () => {
    const { api } = await withMap('a');
    const gone = new AbortController();
    const { body } = await api.loopback(ADMIN)({
      method: 'GET',
      url: `${MAPS}?watch=1`,
      headers: {},
      signal: gone.signal,
    });
    if (body instanceof Uint8Array) throw new Error('expected a stream');
    let events = 0;
    for await (const chunk of body) {
      events += chunk.length > 0 ? 1 : 0;
      gone.abort();
    }
    expect(events).toBe(1);
  });

  it('subresources', async () => {
    const { ask } = await apiServer();
    await ask('POST', '/api/v1/nodes', { body: { metadata: { name: 'n' } } });
    const status = {
      metadata: { name: 'n' },
      status: { addresses: [{ type: 'Hostname', address: 'n' }] },
    };
    expect(
      (await ask('PUT', '/api/v1/nodes/n/status', { body: status })).json.status.addresses,
    ).toHaveLength(1);
    expect((await ask('GET', '/api/v1/nodes/n/status')).status).toBe(200);
    expect((await ask('POST', '/api/v1/nodes/n/status', { body: status })).status).toBe(405);
    expect((await ask('GET', '/api/v1/nodes/n/nope')).status).toBe(404);
  });
});

describe('the forms of an answer', () => {
  it('a Table of one, of many, and of a watch with its columns once', async () => {
    const { ask } = await withMap('a', 'b');
    const one = (await ask('GET', `${MAPS}/a`, { headers: TABLE })).json;
    expect(one).toMatchObject({
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      rows: [
        {
          cells: ['a', 1, expect.any(String)],
          object: { kind: 'PartialObjectMetadata', metadata: { name: 'a' } },
        },
      ],
    });
    expect(one.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual([
      'Name',
      'Data',
      'Age',
    ]);
    expect((await ask('GET', MAPS, { headers: TABLE })).json.rows).toHaveLength(2);
    const events = lines(
      (await ask('GET', `${MAPS}?watch=1&timeoutSeconds=1`, { headers: TABLE })).text,
    );
    expect(events.map(({ object }) => object.columnDefinitions === null)).toEqual([false, true]);
    expect(events[1].object.rows[0].cells[0]).toBe('b');
  });

  it('a Table with the whole object, or none', async () => {
    const { ask } = await withMap('a');
    const rowOf = async (include: string) =>
      (await ask('GET', `${MAPS}/a?includeObject=${include}`, { headers: TABLE })).json;
    expect((await rowOf('Object')).rows[0].object).toMatchObject({
      kind: 'ConfigMap',
      data: { a: 'b' },
    });
    expect((await rowOf('None')).rows[0].object).toBeNull();
    expect((await rowOf('Foo')).message).toBe(
      `Unable to convert to Table as requested: includeObject: Invalid value: "Foo": must be 'Metadata', 'Object', 'None', or empty`,
    );
  });

  it('only the metadata', async () => {
    const { ask } = await withMap('a');
    expect((await ask('GET', `${MAPS}/a`, { headers: METADATA })).json).toEqual({
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: expect.objectContaining({ name: 'a' }),
    });
    expect((await ask('GET', MAPS, { headers: METADATA })).status).toBe(406);
    const list = { accept: METADATA.accept.replace('Metadata;', 'MetadataList;') };
    expect((await ask('GET', MAPS, { headers: list })).json).toMatchObject({
      kind: 'PartialObjectMetadataList',
      items: [{ kind: 'PartialObjectMetadata' }],
    });
    expect((await ask('GET', `${MAPS}/a`, { headers: list })).status).toBe(406);
    const [event] = lines(
      (await ask('GET', `${MAPS}?watch=1&timeoutSeconds=1`, { headers: METADATA })).text,
    );
    expect(event.object).not.toHaveProperty('data');
  });

  it('YAML in and out', async () => {
    const { ask } = await apiServer();
    const created = await ask('POST', MAPS, {
      body: 'metadata:\n  name: y\ndata: {when: "2020-01-01", no: "off"}\n',
      headers: { 'content-type': 'application/yaml', accept: 'application/yaml' },
    });
    expect([created.status, created.headers['content-type']]).toEqual([201, 'application/yaml']);
    expect(created.text).toMatch(
      /^apiVersion: v1\ndata:\n {2}"no": "off"\n {2}when: "2020-01-01"\nkind: ConfigMap\nmetadata:\n {2}creationTimestamp: "/,
    );
    expect(
      (await ask('GET', `${MAPS}/z`, { headers: { accept: 'application/yaml' } })).text,
    ).toContain('reason: NotFound');
    expect(
      (await ask('POST', MAPS, { body: 'a: [', headers: { 'content-type': 'application/yaml' } }))
        .status,
    ).toBe(400);
    const bomb = `a: &a [x]\n${Array.from(
      { length: 12 },
      (_, i) =>
        `b${i}: &b${i} [${Array(10)
          .fill(i === 0 ? '*a' : `*b${i - 1}`)
          .join(',')}]`,
    ).join('\n')}\n`;
    expect(
      (await ask('POST', MAPS, { body: bomb, headers: { 'content-type': 'application/yaml' } }))
        .status,
    ).toBe(400);
  });

  it('indented for people', async () => {
    const { ask } = await withMap('a');
    const text = async (query: string, agent: string) =>
      (await ask('GET', `${MAPS}/a${query}`, { headers: { 'user-agent': agent } })).text;
    expect(await text('', 'curl/8')).toContain('\n  "kind": "ConfigMap"');
    expect(await text('?pretty=true', 'x')).toContain('\n  "kind"');
    expect(await text('?pretty=false', 'curl/8')).not.toContain('\n  ');
    expect(await text('', 'kubectl/1')).not.toContain('\n  ');
  });
});

describe('what is not served', () => {
  it('is not there: 404 as upstream, in text or as a Status', async () => {
    const { ask } = await apiServer();
    for (const path of [
      '/nope',
      '/apis/nope',
      '/apis/nope/v1',
      '/apis/nope/v1/things',
      '/healthz/',
      '/openapi',
      '/readyz/nope',
    ]) {
      expect(await ask('GET', path)).toMatchObject({ status: 404, text: '404 page not found\n' });
    }
    for (const path of [
      '/api/v2',
      '/api/v1/nopes',
      '/api/v1/podtemplates',
      '/api/v1/secrets/a',
      '/api/v1/namespaces/default/nodes',
      '/api/v1/namespaces/default/secrets/a/b/c',
      '/api/v1//namespaces',
      '/apis/certificates.k8s.io/v7',
      '/apis/certificates.k8s.io/v7/a',
      '/api/v1/namespaces/default/secrets/a/__proto__',
      '/api/v1/__proto__',
    ]) {
      expect((await ask('GET', path)).json).toMatchObject({
        message: 'the server could not find the requested resource',
        reason: 'NotFound',
        details: {},
        code: 404,
      });
    }
  });

  it('is not allowed: 405', async () => {
    const { ask } = await apiServer();
    for (const [method, path] of [
      ['PUT', MAPS],
      ['PATCH', MAPS],
      ['POST', `${MAPS}/a`],
      ['DELETE', '/api/v1/configmaps'],
      ['POST', '/api/v1/configmaps'],
      ['HEAD', `${MAPS}/a`],
      ['OPTIONS', MAPS],
      ['FOO', MAPS],
      ['POST', '/api/v1/watch/configmaps'],
      ['POST', '/version'],
      ['DELETE', '/api'],
      ['GET', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'],
      ['POST', '/api/v1/namespaces/default/finalize'],
    ] as const) {
      expect(await ask(method, path)).toMatchObject({
        status: 405,
        json: { reason: 'MethodNotAllowed', details: {} },
      });
    }
  });
});

describe('what is wrong with a request', () => {
  const options: readonly (readonly [string, string, number, string])[] = [
    [
      'POST',
      '?dryRun=Foo',
      422,
      'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Foo"]: supported values: "All"',
    ],
    [
      'POST',
      '?fieldValidation=Foo',
      422,
      'CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Foo": supported values: "", "Ignore", "Strict", "Warn"',
    ],
    [
      'POST',
      `?fieldManager=${'a'.repeat(200)}`,
      422,
      'CreateOptions.meta.k8s.io "" is invalid: fieldManager: Too long: may not be more than 128 bytes',
    ],
    [
      'POST',
      '?fieldManager=%00',
      422,
      'CreateOptions.meta.k8s.io "" is invalid: fieldManager: Invalid value: "\\u0000": invalid character U+0000 (at position 0)',
    ],
    ['GET', '?limit=foo', 400, 'strconv.ParseInt: parsing "foo": invalid syntax'],
    ['GET', '?watch=1&timeoutSeconds=foo', 400, 'strconv.ParseInt: parsing "foo": invalid syntax'],
    [
      'GET',
      '?sendInitialEvents=true',
      422,
      'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list',
    ],
    ['DELETE', '/a?gracePeriodSeconds=x', 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
    [
      'DELETE',
      '/a?propagationPolicy=Foo',
      422,
      'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Foo": supported values: "Foreground", "Background", "Orphan", "nil"',
    ],
  ];
  for (const [method, query, status, message] of options) {
    it(`${method} ${query.slice(0, 40)}: ${status}`, async () => {
      const { ask } = await withMap('a');
      const body = method === 'POST' ? { body: map('b') } : {};
      expect(await ask(method, `${MAPS}${query}`, body)).toMatchObject({
        status,
        json: { message },
      });
    });
  }

  it('bodies: not JSON, another kind, another type, unknown fields', async () => {
    const { ask, faults } = await apiServer();
    for (const body of [
      '',
      '{bad',
      '[]',
      'null',
      '"x"',
      '7',
      '\u0000',
      '{"metadata":{"name":3}}',
      '{"kind":"Secret","apiVersion":"v1","metadata":{"name":"x"}}',
      '['.repeat(200_000),
    ]) {
      expect({ body: body.slice(0, 20), ...(await ask('POST', MAPS, { body })) }).toMatchObject({
        status: 400,
        json: { reason: 'BadRequest' },
      });
    }
    expect(
      (await ask('POST', MAPS, { body: map('a'), headers: { 'content-type': 'text/plain' } })).json,
    ).toMatchObject({
      code: 415,
      message:
        'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    });
    expect(
      await ask('POST', `${MAPS}?fieldValidation=Strict`, { body: { ...map('a'), foo: 1 } }),
    ).toMatchObject({
      status: 400,
      json: { message: expect.stringContaining('strict decoding error: unknown field "foo"') },
    });
    expect((await ask('POST', MAPS, { body: { ...map('a'), foo: 1 } })).headers['warning']).toEqual(
      [String.raw`299 - "unknown field \"foo\""`],
    );
    expect(
      (await ask('POST', `${MAPS}?fieldValidation=Ignore`, { body: { ...map('b'), foo: 1 } }))
        .headers['warning'],
    ).toBeUndefined();
    expect(
      (
        await ask('POST', MAPS, {
          body: '{"metadata":{"name":"p","labels":{"__proto__":"x"}},"__proto__":{"polluted":1}}',
        })
      ).status,
    ).toBeLessThan(500);
    expect({}).not.toHaveProperty('polluted');
    expect((await ask('POST', MAPS, { body: 'x'.repeat(3 * 1024 * 1024 + 1) })).json).toMatchObject(
      { code: 413, message: 'Request entity too large: limit is 3145728' },
    );
    for (const body of [
      '{bad',
      '{"kind":"Foo"}',
      '{"gracePeriodSeconds":"x"}',
      '{"dryRun":"All"}',
      '{"preconditions":1}',
    ]) {
      expect((await ask('DELETE', `${MAPS}/a`, { body })).status).toBe(400);
    }
    expect(faults).toEqual([]);
  });

  it('names that walk paths reach nothing', async () => {
    const { ask } = await apiServer();
    await ask('POST', '/api/v1/namespaces/default/secrets', { body: { metadata: { name: 's' } } });
    const statuses = await Promise.all(
      [
        '/api/v1/namespaces/default/configmaps/..%2fsecrets%2fs',
        '/api/v1/namespaces/default/configmaps/..%2f..%2f..',
        '/api/v1/namespaces/..%2fdefault/secrets',
        '/api/v1/namespaces/../secrets',
        '/api/v1/namespaces/default/secrets/%252e%252e',
        '/api/v1/namespaces/default/secrets/..',
        '/api/v1/namespaces/default/secrets/%00',
      ].map(async (path) => (await ask('GET', path)).status),
    );
    for (const status of statuses) expect([400, 404]).toContain(status);
    expect((await ask('POST', MAPS, { body: { metadata: { name: '../x' } } })).status).toBe(422);
  });
});

describe('who may', () => {
  it('is judged before the body is looked at, and by the path that is dispatched', async () => {
    const { ask } = await apiServer();
    const { status, json, headers } = await ask('POST', MAPS, { user: BOB, body: '{bad' });
    expect([status, json.message]).toEqual([
      403,
      'configmaps is forbidden: User "bob" cannot create resource "configmaps" in API group "" in the namespace "default"',
    ]);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect((await ask('GET', '/metrics', { user: BOB })).json.message).toBe(
      'forbidden: User "bob" cannot get path "/metrics"',
    );
    expect((await ask('GET', '/nope', { user: BOB })).status).toBe(403);
  });

  it('asks for create where a patch or update would create', async () => {
    const { ask } = await apiServer();
    const rule = {
      verbs: ['update', 'get'],
      apiGroups: ['coordination.k8s.io'],
      resources: ['leases'],
    };
    await ask('POST', '/apis/rbac.authorization.k8s.io/v1/clusterroles', {
      body: { metadata: { name: 'u' }, rules: [rule] },
    });
    await ask('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      body: {
        metadata: { name: 'u' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'u' },
        subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'bob' }],
      },
    });
    const put = (user = BOB, version = {}) =>
      ask('PUT', '/apis/coordination.k8s.io/v1/namespaces/default/leases/l', {
        user,
        body: {
          metadata: { name: 'l', ...version },
          spec: { holderIdentity: 'x', leaseDurationSeconds: 5 },
        },
      });
    expect((await put()).json.message).toContain('User "bob" cannot create resource "leases"');
    const { status, json } = await put(ADMIN);
    expect(status).toBe(201);
    expect((await put(BOB, { resourceVersion: json.metadata.resourceVersion })).status).toBe(200);
  });

  it('reviews say', async () => {
    const { ask } = await apiServer();
    const root = '/apis/authorization.k8s.io/v1';
    const spec = { resourceAttributes: { verb: 'get', resource: 'secrets' } };
    expect(await ask('POST', `${root}/selfsubjectaccessreviews`, { body: { spec } })).toMatchObject(
      {
        status: 201,
        json: {
          kind: 'SelfSubjectAccessReview',
          apiVersion: 'authorization.k8s.io/v1',
          status: { allowed: true },
        },
      },
    );
    expect(
      (await ask('POST', `${root}/selfsubjectaccessreviews`, { body: { spec }, user: BOB })).json
        .status,
    ).toEqual({ allowed: false });
    expect(
      (
        await ask('POST', `${root}/subjectaccessreviews`, {
          body: { spec: { ...spec, user: 'bob' } },
        })
      ).json.status,
    ).toEqual({ allowed: false });
    expect(
      (
        await ask('POST', `${root}/subjectaccessreviews`, {
          body: { spec: { ...spec, user: 'admin' } },
          user: BOB,
        })
      ).status,
    ).toBe(403);
    const local = {
      metadata: { namespace: 'default' },
      spec: {
        user: 'bob',
        resourceAttributes: { ...spec.resourceAttributes, namespace: 'default' },
      },
    };
    expect(
      (await ask('POST', `${root}/namespaces/default/localsubjectaccessreviews`, { body: local }))
        .json.status,
    ).toEqual({ allowed: false });
    expect(
      (
        await ask('POST', `${root}/selfsubjectrulesreviews`, {
          body: { spec: { namespace: 'default' } },
        })
      ).json.status.resourceRules.length,
    ).toBeGreaterThan(0);
    expect(
      (
        await ask('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
          body: {},
          user: BOB,
        })
      ).json.status.userInfo,
    ).toEqual({ username: 'bob', groups: ['system:authenticated'] });
    expect(
      (await ask('POST', `${root}/selfsubjectaccessreviews`, { body: { spec: {} } })).status,
    ).toBe(422);
  });
});
