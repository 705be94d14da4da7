/** Server-side apply as clients meet it. */
import { beforeEach, describe, expect, it } from 'vitest';
import { type Answer, apiServer, type Tested } from '../front/server.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const APPLY = 'application/apply-patch+yaml';

let tested: Tested;
beforeEach(async () => {
  tested = await apiServer();
});

const send = (body: unknown, query = 'fieldManager=one', type = APPLY): Promise<Answer> =>
  tested.ask('PATCH', `${MAPS}/a?${query}`, { body, headers: { 'content-type': type } });
const map = (data: object, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', ...metadata },
  data,
});

describe('an apply', () => {
  it('makes what is not there: 201', async () => {
    const { status, json } = await send(map({ x: '1' }));
    expect(status).toBe(201);
    expect(json).toMatchObject({ data: { x: '1' }, metadata: { uid: expect.any(String) } });
    expect((await send(map({ x: '2' }))).status).toBe(200);
  });

  it('that changes nothing writes nothing, however late', async () => {
    const made = (await send(map({ x: '1' }))).json;
    const again = (await send(map({ x: '1' }))).json;
    expect(again).toEqual(made);
    // To become the manager of a field, too, is a change.
    const shared = (await send(map({ x: '1' }), 'fieldManager=two')).json;
    expect(shared.metadata.resourceVersion).not.toBe(made.metadata.resourceVersion);
    expect((await send(map({ x: '1' }), 'fieldManager=two')).json).toEqual(shared);
  });

  it('is only judged in a dry run', async () => {
    expect((await send(map({ x: '1' }), 'fieldManager=one&dryRun=All')).status).toBe(201);
    expect((await tested.ask('GET', `${MAPS}/a`)).status).toBe(404);
  });

  it('is YAML, also in braces', async () => {
    const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: "1"\n';
    expect((await send(yaml)).json.data).toEqual({ x: '1' });
    const braces = '{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: "2"}}';
    expect((await send(braces)).json.data).toEqual({ x: '2' });
    expect((await send(braces, 'fieldManager=one', `${APPLY}; charset=utf-8`)).status).toBe(200);
  });

  it('warns of keys that stand twice, and refuses them if it is told to', async () => {
    const text = JSON.stringify(map({ x: '1' })).replace('"x"', '"x":"0","x"');
    const warned = await send(text);
    expect(warned.status).toBe(201);
    expect(String(warned.headers['warning'])).toContain('duplicate field \\"data.x\\"');
    const strict = await send(text, 'fieldManager=one&fieldValidation=Strict');
    expect(strict.status).toBe(400);
  });

  it('is refused to whoever may not create, and makes nothing then', async () => {
    const user = { name: 'patcher', groups: ['system:authenticated'] };
    await tested.ask('POST', '/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles', {
      body: {
        metadata: { name: 'patcher' },
        rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['patch'] }],
      },
    });
    await tested.ask('POST', '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings', {
      body: {
        metadata: { name: 'patcher' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'patcher' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'patcher' }],
      },
    });
    const asPatcher = (): Promise<Answer> =>
      tested.ask('PATCH', `${MAPS}/a?fieldManager=one`, {
        body: map({ x: '1' }),
        user,
        headers: { 'content-type': APPLY },
      });
    expect((await asPatcher()).status).toBe(403);
    expect((await send(map({}))).status).toBe(201);
    expect((await asPatcher()).status).toBe(200);
  });

  it('finds no subresource of what is not there', async () => {
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } };
    const { status } = await tested.ask('PATCH', '/api/v1/nodes/n/status?fieldManager=one', {
      body: node,
      headers: { 'content-type': APPLY },
    });
    expect(status).toBe(404);
  });

  it('is in conflict with a version that is not current, and not with the one that is', async () => {
    const { resourceVersion } = (await send(map({ x: '1' }))).json.metadata;
    expect((await send(map({ x: '2' }, { resourceVersion }))).status).toBe(200);
    expect((await send(map({ x: '3' }, { resourceVersion }))).status).toBe(409);
  });

  it('happens once for each of many at the same time', async () => {
    await send(map({ x: '0' }));
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) => send(map({ [`k${at}`]: 'v' }), `fieldManager=m${at}`)),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const { data, metadata } = (await tested.ask('GET', `${MAPS}/a`)).json;
    expect(Object.keys(data)).toHaveLength(21);
    expect(metadata.managedFields).toHaveLength(21);
  });

  it('with a body as deep as the parser takes is refused, and the server goes on', async () => {
    const deep = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":${'{"a":'.repeat(450)}1${'}'.repeat(450)}}`;
    expect((await send(deep)).status).toBe(500);
    expect(tested.faults).toEqual([]);
  });
});

describe('a manager without a name', () => {
  it('is called by what its user agent begins with', async () => {
    const made = await tested.ask('POST', MAPS, {
      body: map({ x: '1' }),
      headers: { 'user-agent': `cli\u0007ent ${'é'.repeat(100)}/1.0 (linux)` },
    });
    const [{ manager }] = made.json.metadata.managedFields;
    expect(manager).toBe(`client ${'é'.repeat(60)}`);
    expect(Buffer.byteLength(manager)).toBeLessThanOrEqual(128);
  });
});
