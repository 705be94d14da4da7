import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WriteContext } from '../../../src/apiserver/registry/index.ts';
import type { AdmissionRequest } from '../../../src/apiserver/types.ts';
import { StatusError } from '../../../src/kubernetes/index.ts';
import { causesOf, contextOf, type Fixture, fixture, refusal, watching } from './fixture.ts';

let api: Fixture;
beforeEach(async () => {
  api = await fixture();
});
afterEach(() => api.close());

const get = (resource: string, name: string) =>
  api.registry.get(api.definition(resource), {
    ...(api.definition(resource).type.namespaced ? { namespace: 'default' } : {}),
    name,
  });

describe('a new object', () => {
  it('gets what only the server knows, whatever it says itself', async () => {
    const { object } = await api.create('configmaps', {
      metadata: {
        name: 'a',
        uid: 'mine',
        creationTimestamp: '2000-01-01T00:00:00Z',
        deletionTimestamp: '2000-01-01T00:00:00Z',
        deletionGracePeriodSeconds: 5,
        selfLink: '/x',
      },
    });
    expect(object.metadata).toEqual({
      name: 'a',
      namespace: 'default',
      uid: expect.stringMatching(
        /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      ),
      creationTimestamp: '2026-11-24T10:00:00Z',
      resourceVersion: String(api.storage.revision),
    });
  });

  it('gets a name of its own with generateName, without vowels and no longer than a label', async () => {
    const short = await api.create('configmaps', { metadata: { generateName: 'a-' } });
    expect(short.object.metadata.name).toMatch(/^a-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    const long = await api.create('configmaps', { metadata: { generateName: 'x'.repeat(80) } });
    expect(long.object.metadata.name).toMatch(/^x{58}[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    const named = await api.create('configmaps', { metadata: { generateName: 'a-', name: 'b' } });
    expect(named.object.metadata.name).toBe('b');
  });

  it('tries other generated names, and gives up in the end', async () => {
    const registry = api.registry;
    const definition = api.definition('configmaps');
    let admitted = 0;
    // Whoever is admitted finds its name taken: another was faster.
    const admit = async ({ object }: AdmissionRequest): Promise<void> => {
      admitted += 1;
      const name = object?.metadata.name ?? '';
      await registry.create(
        definition,
        'default',
        api.decode('configmaps', { metadata: { name } }),
        contextOf(),
      );
    };
    const error = await refusal(
      api.create('configmaps', { metadata: { generateName: 'a-' } }, { admit }),
    );
    expect(admitted).toBe(8);
    expect(error.status).toMatchObject({
      reason: 'AlreadyExists',
      code: 409,
      details: { retryAfterSeconds: 1 },
    });
    expect(error.message).toContain('was not able to generate a unique name');
  });

  it('is refused where one of the name is there', async () => {
    await api.create('leases', { metadata: { name: 'a' } });
    const error = await refusal(api.create('leases', { metadata: { name: 'a' } }));
    expect(error.status).toMatchObject({
      reason: 'AlreadyExists',
      message: 'leases.coordination.k8s.io "a" already exists',
      details: { name: 'a', group: 'coordination.k8s.io', kind: 'leases' },
    });
  });

  it('exists once, however many make it at the same time', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, () => api.create('configmaps', { metadata: { name: 'a' } })),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('is not made in a namespace that is not there, or another than it says', async () => {
    const definition = api.definition('configmaps');
    const make = (namespace: string, object: object) =>
      api.registry.create(definition, namespace, api.decode('configmaps', object), contextOf());
    expect((await refusal(make('nope', { metadata: { name: 'a' } }))).message).toBe(
      'namespaces "nope" not found',
    );
    const other = await refusal(make('default', { metadata: { name: 'a', namespace: 'x' } }));
    expect(other.reason).toBe('BadRequest');
    // A cluster-scoped object has none, whatever it says.
    const role = await api.create('clusterroles', { metadata: { name: 'a', namespace: 'x' } });
    expect(role.object.metadata.namespace).toBeUndefined();
  });

  it('has no resource version yet', async () => {
    const error = await refusal(
      api.create('configmaps', { metadata: { name: 'a', resourceVersion: '5' } }),
    );
    expect(error.message).toBe('resourceVersion should not be set on objects to be created');
  });

  it('is admitted as it would be stored, or not at all', async () => {
    const seen: AdmissionRequest[] = [];
    const refuse: WriteContext['admit'] = async (request) => {
      seen.push(request);
      throw StatusError.of('Forbidden', 'no');
    };
    const error = await refusal(
      api.create('secrets', { metadata: { name: 'a' }, stringData: { k: 'v' } }, { admit: refuse }),
    );
    expect(error.message).toBe('no');
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      dryRun: false,
      object: {
        metadata: { name: 'a', namespace: 'default' },
        data: { k: 'dg==' },
        type: 'Opaque',
      },
    });
    expect(seen[0]?.old).toBeUndefined();
    expect(await api.names('secrets')).toEqual([]);
  });

  it('is only judged in a dry run', async () => {
    const { revision } = api.storage;
    const made = await api.create('configmaps', { metadata: { name: 'a' } }, { dryRun: true });
    expect(made.object.metadata).toMatchObject({
      name: 'a',
      creationTimestamp: '2026-11-24T10:00:00Z',
    });
    expect(made.object.metadata.resourceVersion).toBeUndefined();
    expect(api.storage.revision).toBe(revision);
    await api.create('configmaps', { metadata: { name: 'a' } });
    const again = api.create('configmaps', { metadata: { name: 'a' } }, { dryRun: true });
    expect((await refusal(again)).reason).toBe('AlreadyExists');
  });
});

describe('an update', () => {
  it('replaces everything but what the server knows', async () => {
    const made = await api.create('configmaps', {
      metadata: { name: 'a', labels: { x: '1' } },
      data: { k: 'v' },
    });
    const { object } = await api.update('configmaps', 'a', {
      metadata: { creationTimestamp: '2000-01-01T00:00:00Z', generation: 7 },
      data: { k: 'w' },
    });
    expect(object).toMatchObject({ data: { k: 'w' } });
    expect(object.metadata).toEqual({
      ...made.object.metadata,
      labels: undefined,
      managedFields: [expect.objectContaining({ fieldsV1: { 'f:data': { '.': {}, 'f:k': {} } } })],
      resourceVersion: String(api.storage.revision),
    });
  });

  it('with a version that is not current is in conflict', async () => {
    const made = await api.create('configmaps', { metadata: { name: 'a' } });
    const resourceVersion = String(made.revision);
    await api.update('configmaps', 'a', { metadata: { resourceVersion }, data: { k: '1' } });
    const stale = api.update('configmaps', 'a', {
      metadata: { resourceVersion },
      data: { k: '2' },
    });
    expect((await refusal(stale)).status).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message:
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
      details: { name: 'a', kind: 'configmaps' },
    });
  });

  it('needs a version where the resource says so', async () => {
    await api.create('leases', { metadata: { name: 'a' } });
    expect(await causesOf(api.update('leases', 'a', {}))).toEqual([
      'FieldValueInvalid metadata.resourceVersion',
    ]);
  });

  it('of another object of the same name is in conflict', async () => {
    await api.create('configmaps', { metadata: { name: 'a' } });
    const error = await refusal(api.update('configmaps', 'a', { metadata: { uid: 'other' } }));
    expect(error.reason).toBe('Conflict');
    expect(error.message).toContain('UID in precondition: other');
  });

  it('is for the object of its path', async () => {
    await api.create('configmaps', { metadata: { name: 'a' } });
    const update = api.update('configmaps', 'a', { metadata: { name: 'b' } });
    expect((await refusal(update)).message).toBe(
      'the name of the object (b) does not match the name on the URL (a)',
    );
    const elsewhere = api.update('configmaps', 'a', { metadata: { namespace: 'kube-system' } });
    expect((await refusal(elsewhere)).reason).toBe('BadRequest');
  });

  it('creates where the resource says so, if the user may', async () => {
    const update = (resource: string, object: object, changes: Partial<WriteContext> = {}) =>
      api.registry.update(
        api.definition(resource),
        { namespace: 'default', name: 'a' },
        undefined,
        api.decode(resource, { metadata: { name: 'a' }, ...object }),
        contextOf(changes),
      );
    expect((await refusal(update('configmaps', {}))).reason).toBe('NotFound');
    const authorizeCreate = async (): Promise<void> => {
      throw StatusError.of('Forbidden', 'may not create');
    };
    expect((await refusal(update('leases', {}, { authorizeCreate }))).message).toBe(
      'may not create',
    );
    expect((await refusal(update('leases', { metadata: { name: 'a', uid: 'x' } }))).reason).toBe(
      'Conflict',
    );
    const verbs: string[] = [];
    const admit: WriteContext['admit'] = async ({ attributes, old }) => {
      verbs.push(`${attributes.verb} ${old === undefined ? 'new' : 'old'}`);
    };
    expect((await update('leases', {}, { admit })).created).toBe(true);
    const { resourceVersion } = (await get('leases', 'a')).object.metadata;
    const again = await update(
      'leases',
      { metadata: { name: 'a', resourceVersion }, spec: { holderIdentity: 'x' } },
      { admit },
    );
    expect(again.created).toBe(false);
    expect(verbs).toEqual(['create new', 'update old']);
  });

  it('that changes nothing writes nothing', async () => {
    const made = await api.create('secrets', { metadata: { name: 'a' }, stringData: { k: 'v' } });
    const watch = watching(api, 'secrets', { resourceVersion: String(api.storage.revision) });
    const same = await api.update('secrets', 'a', { data: { k: 'dg==' }, type: 'Opaque' });
    expect(same.revision).toBe(made.revision);
    expect(same).toBe(await get('secrets', 'a'));
    await watch.stop();
    expect(watch.seen).toEqual([]);
  });

  it('is admitted with the old object, in each try anew', async () => {
    await api.create('configmaps', { metadata: { name: 'a' }, data: { n: '0' } });
    const olds: unknown[] = [];
    let interfere = true;
    const admit: WriteContext['admit'] = async ({ old }) => {
      olds.push(old?.metadata.labels);
      if (!interfere) return;
      interfere = false;
      await api.patch('configmaps', 'a', 'merge', { metadata: { labels: { other: '1' } } });
    };
    const done = await api.patch('configmaps', 'a', 'merge', { data: { n: '1' } }, undefined, {
      admit,
    });
    expect(olds).toEqual([undefined, { other: '1' }]);
    expect(done.object).toMatchObject({ data: { n: '1' }, metadata: { labels: { other: '1' } } });
  });

  it('is only judged in a dry run', async () => {
    await api.create('configmaps', { metadata: { name: 'a' }, data: { k: '1' } });
    const { revision } = api.storage;
    const tried = await api.update('configmaps', 'a', { data: { k: '2' } }, undefined, {
      dryRun: true,
    });
    expect(tried.object).toMatchObject({ data: { k: '2' } });
    expect(api.storage.revision).toBe(revision);
  });

  it('keeps owners once, and the managers of fields that it does not name', async () => {
    const owner = { apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u' };
    const { object: made } = await api.create('configmaps', {
      metadata: { name: 'a', ownerReferences: [owner, owner] },
      data: { k: 'v' },
    });
    const { object } = await api.update('configmaps', 'a', {
      metadata: { ownerReferences: [owner, { ...owner, name: 'other' }, owner] },
      data: { k: 'v' },
    });
    expect(object.metadata.ownerReferences).toEqual([owner, { ...owner, name: 'other' }]);
    const [{ manager, operation } = {}] = made.metadata.managedFields ?? [];
    expect(object.metadata.managedFields).toMatchObject([
      { manager, operation, fieldsV1: { 'f:data': { 'f:k': {} } } },
    ]);
  });

  it.each([
    [{ deletionTimestamp: '2026-01-01T00:00:00Z' }, 'metadata.deletionTimestamp'],
    [{ deletionGracePeriodSeconds: 3 }, 'metadata.deletionGracePeriodSeconds'],
    [{ labels: { '-': 'x' } }, 'metadata.labels'],
    [{ annotations: { 'a/b/c': '' } }, 'metadata.annotations'],
    [{ annotations: { a: 'x'.repeat(256 * 1024) } }, 'metadata.annotations'],
    [{ finalizers: ['a b'] }, 'metadata.finalizers'],
  ])('is refused for its metadata: %j', async (metadata, field) => {
    await api.create('configmaps', { metadata: { name: 'a' } });
    const causes = await causesOf(api.update('configmaps', 'a', { metadata }));
    expect(causes[0]).toMatch(new RegExp(`^FieldValue(Invalid|TooLong) ${field}$`));
  });
});

describe('a patch', () => {
  beforeEach(async () => {
    await api.create('secrets', {
      metadata: { name: 's', labels: { a: '1' } },
      stringData: { k: 'v' },
    });
  });

  it('of each kind changes the object', async () => {
    await api.patch('secrets', 's', 'merge', { metadata: { labels: { b: '2' } } });
    await api.patch('secrets', 's', 'strategic-merge', { metadata: { labels: { a: null } } });
    await api.patch('secrets', 's', 'json', [
      { op: 'add', path: '/metadata/labels/c', value: '3' },
    ]);
    const { object } = await get('secrets', 's');
    expect(object.metadata.labels).toEqual({ b: '2', c: '3' });
  });

  it('by many at once takes effect of all', async () => {
    await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        api.patch('secrets', 's', 'merge', { metadata: { labels: { [`l${index}`]: 'x' } } }),
      ),
    );
    const { object } = await get('secrets', 's');
    expect(Object.keys(object.metadata.labels ?? {})).toHaveLength(31);
  });

  it('writes stringData into data', async () => {
    const { object } = await api.patch('secrets', 's', 'merge', { stringData: { n: 'x' } });
    expect(object).toMatchObject({ data: { k: 'dg==', n: 'eA==' } });
    expect(object).not.toHaveProperty('stringData');
  });

  it.each([
    ['json', '{', 400, 'error decoding patch'],
    ['json', {}, 400, 'is a list'],
    ['json', [1], 400, 'not an object'],
    ['json', [{ op: 'remove', path: '/nope' }], 422, 'nothing at'],
    ['json', [{ op: 'test', path: '/metadata/name', value: 'x' }], 422, 'failed'],
    [
      'json',
      Array.from({ length: 10_001 }, () => ({ op: 'test', path: '', value: 1 })),
      413,
      '10001',
    ],
    ['merge', '[]', 400, 'a merge patch is an object'],
    ['merge', { metadata: 1 }, 422, 'expected an object'],
    ['merge', { data: { k: '%' } }, 422, 'base64'],
    ['merge', { metadata: { name: 'x' } }, 400, 'does not match the name on the URL'],
    ['merge', { metadata: { namespace: 'x' } }, 400, 'namespace'],
    ['merge', { metadata: { resourceVersion: '1' } }, 409, 'has been modified'],
    ['merge', { metadata: { uid: 'x' } }, 422, 'field is immutable'],
    ['strategic-merge', '"x"', 400, 'invalid JSON document'],
    ['strategic-merge', { metadata: { labels: { $patch: 'x' } } }, 500, 'unknown patch type'],
    ['strategic-merge', { metadata: { ownerReferences: [{}] } }, 422, 'must not be empty'],
  ] as const)('%s %j is refused with %i: %s', async (type, patch, status, message) => {
    const { revision } = api.storage;
    const error = await refusal(api.patch('secrets', 's', type, patch));
    expect(error.httpStatus).toBe(status);
    expect(error.message).toContain(message);
    // Nothing of the secret is in an answer, as it is upstream's way.
    expect(JSON.stringify(error.status)).not.toContain('dg==');
    expect(api.storage.revision).toBe(revision);
  });

  it('of another media type is not understood', async () => {
    for (const mediaType of ['application/apply-patch+cbor', 'application/json', '']) {
      const error = await refusal(
        api.registry.patch(
          api.definition('secrets'),
          { namespace: 'default', name: 's' },
          undefined,
          { mediaType, body: Buffer.from('{}') },
          contextOf(),
        ),
      );
      expect(error.httpStatus).toBe(415);
    }
  });

  it('of what is not there finds nothing, even where an update would create', async () => {
    expect((await refusal(api.patch('leases', 'nope', 'merge', {}))).reason).toBe('NotFound');
  });

  it('has unknown fields told, refused or passed over', async () => {
    const warnings: string[] = [];
    const warn = (text: string): number => warnings.push(text);
    const patch = { foo: 1, metadata: { labels: { z: '1' } } };
    const strict = api.patch('secrets', 's', 'merge', patch, undefined, {
      fieldValidation: 'Strict',
    });
    expect((await refusal(strict)).message).toContain('unknown field "foo"');
    await api.patch('secrets', 's', 'merge', patch, undefined, { fieldValidation: 'Warn', warn });
    await api.patch(
      'secrets',
      's',
      'merge',
      '{"metadata":{"labels":{"y":"1","y":"2"}}}',
      undefined,
      {
        fieldValidation: 'Warn',
        warn,
      },
    );
    expect(warnings).toEqual(['unknown field "foo"', 'duplicate field "metadata.labels.y"']);
    await api.patch('secrets', 's', 'merge', { bar: 1 }, undefined, {
      fieldValidation: 'Ignore',
      warn,
    });
    expect(warnings).toHaveLength(2);
    expect(JSON.stringify((await get('secrets', 's')).object)).not.toContain('foo');
  });

  it('leaves __proto__ without effect', async () => {
    await api.patch(
      'secrets',
      's',
      'merge',
      '{"__proto__":{"x":1},"metadata":{"__proto__":{"y":1}}}',
    );
    const { object } = await get('secrets', 's');
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
    expect(Object.getPrototypeOf(object.metadata)).toBe(Object.prototype);
    expect('x' in {} || 'y' in {}).toBe(false);
  });
});
