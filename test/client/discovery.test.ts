/** What resources a server has, asked in one way and the other. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createClient,
  discover,
  discoverVersion,
  type KubernetesClient,
} from '../../src/client/index.ts';
import { KubepkiError } from '../../src/errors.ts';
import type { ApiRequest } from '../../src/kubernetes/index.ts';
import { ADMIN, apiServer } from '../apiserver/front/server.ts';

/** A server that answers documents by their paths, all others with 404. */
function serving(documents: Readonly<Record<string, unknown>>): {
  readonly client: KubernetesClient;
  readonly asked: string[];
} {
  const asked: string[] = [];
  const send = async ({ url }: ApiRequest) => {
    asked.push(url);
    const document = documents[url];
    return {
      status: document === undefined ? 404 : 200,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(document ?? {})),
    };
  };
  return { asked, client: createClient({ send, close: async () => undefined }) };
}

const VERBS = ['delete', 'list', 'watch'];
const listed = (...names: string[]) => ({
  kind: 'APIResourceList',
  resources: names.map((name) => ({ name, kind: 'Foo', namespaced: true, verbs: VERBS })),
});

describe('discovery', () => {
  it('of our own server says the same in the aggregated form and in the old one', async () => {
    const { api } = await apiServer();
    const handle = api.loopback(ADMIN);
    const requests: string[] = [];
    const send = async (request: ApiRequest) => {
      requests.push(request.url);
      return await handle(request);
    };
    const whole = await discover(createClient({ send, close: async () => undefined }));
    expect(requests).toEqual(['/api', '/apis']);
    expect(whole.failures.size).toBe(0);
    expect(whole.resources).toContainEqual({
      group: '',
      version: 'v1',
      resource: 'configmaps',
      kind: 'ConfigMap',
      namespaced: true,
      verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      preferred: true,
    });
    expect(whole.resources.some(({ resource }) => resource.includes('/'))).toBe(false);
    const old = await discover(
      createClient({
        send: async (request) =>
          await handle({ ...request, headers: { accept: 'application/json' } }),
        close: async () => undefined,
      }),
    );
    expect(old).toEqual(whole);
  });

  it('prefers the first version that has a resource', async () => {
    const { client } = serving({
      '/api': { kind: 'APIVersions', versions: ['v1'] },
      '/api/v1': listed('foos', 'foos/status'),
      '/apis': {
        kind: 'APIGroupList',
        groups: [
          {
            name: 'a.b',
            versions: [{ version: 'v1' }, { version: 'v2' }],
            preferredVersion: { version: 'v2' },
          },
        ],
      },
      '/apis/a.b/v1': listed('foos', 'bars'),
      '/apis/a.b/v2': listed('foos'),
    });
    const { resources } = await discover(client);
    expect(
      resources.map((one) => `${one.group}/${one.version} ${one.resource} ${one.preferred}`),
    ).toEqual(['/v1 foos true', 'a.b/v2 foos true', 'a.b/v1 foos false', 'a.b/v1 bars true']);
  });

  it('goes on where a group does not answer, and says so', async () => {
    const { client } = serving({
      '/api': { kind: 'APIVersions', versions: ['v1'] },
      '/api/v1': listed('foos'),
      '/apis': {
        kind: 'APIGroupList',
        groups: [
          { name: 'down', versions: [{ version: 'v1' }], preferredVersion: { version: 'v1' } },
          { name: 'up', versions: [{ version: 'v1' }], preferredVersion: { version: 'v1' } },
        ],
      },
      '/apis/up/v1': listed('bars'),
    });
    const { resources, failures } = await discover(client);
    expect(resources.map(({ resource }) => resource)).toEqual(['foos', 'bars']);
    expect([...failures.keys()]).toEqual(['down/v1']);
    const stale = await discover(
      serving({
        '/api': { kind: 'APIGroupDiscoveryList', items: [] },
        '/apis': {
          kind: 'APIGroupDiscoveryList',
          items: [{ metadata: { name: 'x' }, versions: [{ version: 'v1', freshness: 'Stale' }] }],
        },
      }).client,
    );
    expect([...stale.failures]).toEqual([['x/v1', 'stale GroupVersion discovery: x/v1']]);
  });

  it.each([
    ['null', null],
    ['text', 'x'],
    ['fields of other types', { groups: [1, null, { name: 7, versions: 'x' }], versions: {} }],
    [
      'a document with odd items',
      {
        kind: 'APIGroupDiscoveryList',
        items: [null, 3, { versions: [{ resources: [null, {}] }] }],
      },
    ],
  ])('takes %s for a server that is none, or has little', async (_, document) => {
    const found = discover(serving({ '/api': { versions: [] }, '/apis': document }).client);
    const outcome = await found.then(
      ({ resources }) => resources.filter(({ resource }) => resource !== ''),
      (error: unknown) => error,
    );
    if (outcome instanceof Error) expect(outcome.message).toContain('GET /apis: expected');
    else expect(outcome).toEqual([]);
  });

  it('takes any JSON for as much as there is in it, or for no answer', async () => {
    const odd = fc.oneof(
      fc.jsonValue(),
      fc.record({ kind: fc.constant('APIGroupDiscoveryList'), items: fc.jsonValue() }),
      fc.record({
        kind: fc.constant('APIGroupDiscoveryList'),
        items: fc.array(
          fc.record({ metadata: fc.jsonValue(), versions: fc.array(fc.jsonValue()) }),
        ),
      }),
      fc.record({ versions: fc.jsonValue(), groups: fc.array(fc.jsonValue()) }),
    );
    await fc.assert(
      fc.asyncProperty(odd, odd, async (core, groups) => {
        const { client } = serving({ '/api': core, '/apis': groups });
        const found = await discover(client).catch((error: unknown) => error);
        if (found instanceof Error) expect(found).toBeInstanceOf(KubepkiError);
      }),
      { seed: Number(process.env['KUBEPKI_SEED'] ?? 7) },
    );
  });

  it('throws what the server refuses', async () => {
    await expect(discover(serving({}).client)).rejects.toMatchObject({ reason: 'NotFound' });
  });
});

describe('one version of a group', () => {
  const version = { group: 'certificates.k8s.io', version: 'v1beta1' };
  const path = '/apis/certificates.k8s.io/v1beta1';

  it('is asked for alone', async () => {
    const { client, asked } = serving({ [path]: listed('foos', 'foos/status', 'bars') });
    const found = await discoverVersion(client, version);
    expect(found.map(({ resource, group }) => [resource, group])).toEqual([
      ['foos', 'certificates.k8s.io'],
      ['bars', 'certificates.k8s.io'],
    ]);
    expect(asked).toEqual([path]);
  });

  it('has nothing where the server does not have it', async () => {
    expect(await discoverVersion(serving({}).client, version)).toEqual([]);
  });

  it('is not known where the server answers something else', async () => {
    const { client } = serving({ [path]: 'hello' });
    await expect(discoverVersion(client, version)).rejects.toThrow('expected what the server has');
  });
});
