/** The client against the real kube-apiserver: what a fake one could be wrong about. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  connectTransport,
  createClient,
  type Informer,
  type KubernetesClient,
  runWithLease,
  startInformer,
  systemClock,
  type Transport,
  transportFromKubeconfig,
} from '../../src/client/index.ts';
import { KubepkiError } from '../../src/errors.ts';
import {
  CONFIG_MAPS,
  type ConfigMap,
  LEASES,
  makeKubeconfig,
  NAMESPACES,
  NODES,
  StatusError,
  type WatchEvent,
} from '../../src/kubernetes/index.ts';
import { type RealApiserver, startRealApiserver } from '../client/real-apiserver.ts';
import { createAuthority } from '../client/tls-server.ts';

let server: RealApiserver;
let client: KubernetesClient;
const userAgent = 'kubepki-test/0';

const transportOf = (options: Partial<Parameters<typeof connectTransport>[0]> = {}) => {
  const { url, authority } = server;
  const transport = connectTransport({ server: url, ca: authority.ca, userAgent, ...options });
  onTestFinished(async () => transport.close());
  return transport;
};

beforeAll(async () => {
  server = await startRealApiserver();
  const { url, authority, admin } = server;
  client = createClient(connectTransport({ server: url, ca: authority.ca, ...admin, userAgent }));
});
afterAll(async () => {
  await client?.close();
  await server?.stop();
});

/** A namespace of its own for each test. */
async function namespaceFor(name: string): Promise<string> {
  await client.create(NAMESPACES, { metadata: { name } });
  return name;
}

async function refusal(promise: Promise<unknown>): Promise<StatusError> {
  const error: unknown = await promise.then(
    () => expect.fail('expected a refusal'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StatusError);
  return error as StatusError;
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const end = performance.now() + 60_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Who the server takes a transport's user for. */
async function whoami(transport: Transport): Promise<{ username: string; groups: string[] }> {
  const { status, body } = await createClient(transport).raw({
    method: 'POST',
    url: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: Buffer.from(
      JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }),
    ),
  });
  expect(status).toBe(201);
  return JSON.parse(Buffer.from(body).toString()).status.userInfo;
}

describe('objects', () => {
  it('are created, read, changed and deleted', async () => {
    const namespace = await namespaceFor('objects');
    const location = { namespace, name: 'a' };
    const created = await client.create(CONFIG_MAPS, { metadata: location, data: { x: '1' } });
    expect(created).toMatchObject({ kind: 'ConfigMap', metadata: location, data: { x: '1' } });
    expect(await client.get(CONFIG_MAPS, location)).toEqual(created);

    const updated = await client.update(CONFIG_MAPS, { ...created, data: { x: '2' } });
    const patched = await client.patch(
      CONFIG_MAPS,
      location,
      { data: { y: '3' } },
      { type: 'merge-patch' },
    );
    expect(patched.data).toEqual({ x: '2', y: '3' });
    const operations = [{ op: 'remove', path: '/data/x' }];
    await client.patch(CONFIG_MAPS, location, operations, { type: 'json-patch' });
    const strategic = { metadata: { labels: { l: 'v' } } };
    const last = await client.patch(CONFIG_MAPS, location, strategic, {
      type: 'strategic-merge-patch',
    });
    expect([last.data, last.metadata.labels]).toEqual([{ y: '3' }, { l: 'v' }]);

    const uid = 'another';
    expect(
      await refusal(client.delete(CONFIG_MAPS, location, { preconditions: { uid } })),
    ).toMatchObject({ reason: 'Conflict', httpStatus: 409 });
    expect(await refusal(client.update(CONFIG_MAPS, updated))).toMatchObject({
      reason: 'Conflict',
    });
    await client.delete(CONFIG_MAPS, location);
    expect(await refusal(client.get(CONFIG_MAPS, location))).toMatchObject({
      reason: 'NotFound',
      httpStatus: 404,
      message: 'configmaps "a" not found',
      status: { details: { name: 'a', kind: 'configmaps' } },
    });
  });

  it('are refused with the reasons of the server', async () => {
    const namespace = await namespaceFor('refusals');
    const metadata = { namespace, name: 'a' };
    await client.create(CONFIG_MAPS, { metadata });
    expect(await refusal(client.create(CONFIG_MAPS, { metadata }))).toMatchObject({
      reason: 'AlreadyExists',
      httpStatus: 409,
    });
    const invalid = await refusal(
      client.create(CONFIG_MAPS, { metadata: { namespace, name: 'b' }, data: { 'x y': '' } }),
    );
    expect(invalid).toMatchObject({ reason: 'Invalid', httpStatus: 422 });
    expect(invalid.status.details?.causes).toEqual([
      expect.objectContaining({ reason: 'FieldValueInvalid', field: 'data[x y]' }),
    ]);
    const elsewhere = { metadata: { namespace: 'nowhere', name: 'a' } };
    expect(await refusal(client.create(CONFIG_MAPS, elsewhere))).toMatchObject({
      reason: 'NotFound',
    });
    const unknown = { ...NODES, resource: 'unknown' };
    expect(await refusal(client.list(unknown))).toMatchObject({ reason: 'NotFound' });
  });

  it('are not created by a dry run', async () => {
    const namespace = await namespaceFor('dry');
    const metadata = { namespace, name: 'a' };
    await client.create(CONFIG_MAPS, { metadata }, { dryRun: true });
    expect(await refusal(client.get(CONFIG_MAPS, metadata))).toMatchObject({ reason: 'NotFound' });
  });

  it('are listed in pages, by selectors too', async () => {
    const namespace = await namespaceFor('pages');
    for (let index = 0; index < 5; index++) {
      const labels = { even: String(index % 2 === 0) };
      await client.create(CONFIG_MAPS, { metadata: { namespace, name: `m${index}`, labels } });
    }
    const first = await client.list(CONFIG_MAPS, { namespace, limit: 2 });
    expect(first.items).toHaveLength(2);
    const next = await client.list(CONFIG_MAPS, {
      namespace,
      limit: 10,
      continue: first.metadata.continue ?? '',
    });
    expect(next.items).toHaveLength(3);
    const even = await client.list(CONFIG_MAPS, { namespace, labelSelector: 'even in (true)' });
    expect(even.items.map(({ metadata }) => metadata.name)).toEqual(['m0', 'm2', 'm4']);
    const one = await client.list(CONFIG_MAPS, { namespace, fieldSelector: 'metadata.name=m3' });
    expect(one.items).toHaveLength(1);
  });
});

describe('a watch', () => {
  it('goes on from a version, and ends after the time asked for', async () => {
    const namespace = await namespaceFor('watches');
    const { metadata } = await client.list(CONFIG_MAPS, { namespace });
    const map = await client.create(CONFIG_MAPS, { metadata: { namespace, name: 'a' } });
    await client.update(CONFIG_MAPS, { ...map, data: { x: '1' } });
    await client.delete(CONFIG_MAPS, { namespace, name: 'a' });
    const seen = async (from: string): Promise<string[]> => {
      const events: string[] = [];
      const options = { namespace, resourceVersion: from, timeoutSeconds: 1 };
      for await (const { type, object } of client.watch(CONFIG_MAPS, options)) {
        events.push(`${type} ${object.metadata.name}`);
      }
      return events;
    };
    expect(await seen(metadata.resourceVersion ?? '')).toEqual(
      expect.arrayContaining(['ADDED a', 'MODIFIED a', 'DELETED a']),
    );
    expect(await seen(map.metadata.resourceVersion ?? '')).not.toContain('ADDED a');
  });

  it('from a version that is forgotten is refused as Expired', async () => {
    const namespace = await namespaceFor('forgotten');
    const { metadata } = await client.list(CONFIG_MAPS, { namespace });
    for (const name of ['a', 'b']) {
      await client.create(CONFIG_MAPS, { metadata: { namespace, name } });
    }
    await server.compact();
    const watch = async (): Promise<void> => {
      const options = {
        namespace,
        resourceVersion: metadata.resourceVersion ?? '',
        timeoutSeconds: 20,
      };
      for await (const _ of client.watch(CONFIG_MAPS, options));
    };
    expect(await refusal(watch())).toMatchObject({ reason: 'Expired', httpStatus: 410 });
  });

  it('brings bookmarks', async () => {
    const marks: WatchEvent[] = [];
    const { metadata } = await client.list(NAMESPACES);
    await namespaceFor('marked');
    const options = {
      resourceVersion: metadata.resourceVersion ?? '',
      allowWatchBookmarks: true,
      timeoutSeconds: 5,
    };
    for await (const event of client.watch(NAMESPACES, options)) {
      if (event.type === 'BOOKMARK') marks.push(event);
      // It sends none of a version that has not advanced since the watch began.
      if (event.object.metadata.name === 'marked') await namespaceFor('marked-too');
    }
    expect(marks.length).toBeGreaterThan(0);
  });
});

describe('an informer', () => {
  it('keeps up, also when it was cut off and the server has forgotten meanwhile', async () => {
    const namespace = await namespaceFor('informed');
    const controller = new AbortController();
    onTestFinished(() => controller.abort());
    const cable = cuttable(transportOf(server.admin));
    const told: string[] = [];
    const errors: unknown[] = [];
    const informer: Informer<ConfigMap> = startInformer({
      client: createClient(cable.transport),
      type: CONFIG_MAPS,
      namespace,
      clock: systemClock,
      random: () => 0,
      signal: controller.signal,
      onChange: ({ type, object }) => {
        told.push(`${type} ${object.metadata.name}`);
      },
      onError: (error) => errors.push(error),
    });
    await informer.synced;
    const put = async (name: string) =>
      client.create(CONFIG_MAPS, { metadata: { namespace, name } });
    const a = await put('a');
    await put('b');
    await until('two are told', () => told.includes('added b'));

    cable.cut();
    await client.update(CONFIG_MAPS, { ...a, data: { x: '1' } });
    await client.delete(CONFIG_MAPS, { namespace, name: 'b' });
    await put('c');
    await server.compact();
    await put('d');
    cable.mend();
    await until('it has caught up', () => told.includes('added d'));
    expect([...told].sort()).toEqual([
      'added a',
      'added b',
      'added c',
      'added d',
      'deleted b',
      'updated a',
    ]);
    expect(informer.get(namespace, 'a')?.data).toEqual({ x: '1' });
    expect(errors).toContainEqual(expect.objectContaining({ reason: 'Expired' }));
    await put('e');
    await until('it goes on', () => told.includes('added e'));
    controller.abort();
    await informer.stopped;
  });
});

/** A transport that can be cut: what is under way ends, what comes fails. */
function cuttable(inner: Transport) {
  let cutting = new AbortController();
  const gone = (): KubepkiError => new KubepkiError('UNREACHABLE', 'cut');
  const transport: Transport = {
    async send(request) {
      if (cutting.signal.aborted) throw gone();
      const signals = request.signal === undefined ? [] : [request.signal];
      return inner.send({ ...request, signal: AbortSignal.any([cutting.signal, ...signals]) });
    },
    close: async () => inner.close(),
  };
  return {
    transport,
    cut: () => cutting.abort(gone()),
    mend: () => {
      cutting = new AbortController();
    },
  };
}

describe('a lease', () => {
  it('has one holder, and the next when that gives it back', async () => {
    const namespace = await namespaceFor('leases');
    const terms: string[] = [];
    const stand = (identity: string) => {
      const controller = new AbortController();
      onTestFinished(() => controller.abort());
      const done = runWithLease(
        {
          client,
          clock: systemClock,
          random: Math.random,
          signal: controller.signal,
          namespace,
          name: 'leader',
          identity,
          leaseDurationMs: 3_000,
          renewDeadlineMs: 2_000,
          retryPeriodMs: 200,
        },
        async (signal) => {
          terms.push(`${identity} begins`);
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          terms.push(`${identity} ends`);
        },
      );
      return { done, withdraw: () => controller.abort() };
    };
    const one = stand('one');
    await until('one leads', () => terms.length === 1);
    const two = stand('two');
    // Longer than the lease lasts without being renewed.
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    expect(terms).toEqual(['one begins']);
    const { spec } = await client.get(LEASES, { namespace, name: 'leader' });
    expect(spec).toMatchObject({ holderIdentity: 'one', leaseTransitions: 0 });
    one.withdraw();
    expect(await one.done).toBe('ended');
    await until('two leads', () => terms.length === 3);
    expect(terms).toEqual(['one begins', 'one ends', 'two begins']);
    two.withdraw();
    expect(await two.done).toBe('ended');
    expect((await client.get(LEASES, { namespace, name: 'leader' })).spec).toMatchObject({
      holderIdentity: '',
      leaseTransitions: 1,
    });
  });
});

describe('who one is', () => {
  it('is shown by a token, a certificate, or nothing', async () => {
    const { token, authority } = server;
    expect(await whoami(transportOf({ token }))).toMatchObject({
      username: 'token-user',
      groups: expect.arrayContaining(['token-group', 'system:authenticated']),
    });
    const transport = transportOf(authority.issue('first'));
    expect(await whoami(transport)).toMatchObject({ username: 'first' });
    transport.useClientCertificate(authority.issue('second'));
    expect(await whoami(transport)).toMatchObject({ username: 'second' });
    const anonymous = createClient(transportOf());
    expect(await refusal(anonymous.list(NODES))).toMatchObject({ reason: 'Forbidden' });
    expect((await refusal(anonymous.list(NODES))).message).toContain('system:anonymous');
  });

  it('is not believed with a wrong token or a stranger as authority', async () => {
    const wrong = createClient(transportOf({ token: 'wrong-token' }));
    const error = await refusal(wrong.list(NODES));
    expect(error).toMatchObject({ reason: 'Unauthorized', httpStatus: 401 });
    expect(error.message).not.toContain('wrong-token');
    const stranger = createClient(transportOf(createAuthority('kubernetes').issue('stranger')));
    expect(await refusal(stranger.list(NODES))).toMatchObject({ reason: 'Unauthorized' });
  });

  it('comes from a kubeconfig, and may be another by impersonation', async () => {
    const { url, authority, admin } = server;
    const config = makeKubeconfig({
      cluster: 'c',
      server: url,
      certificateAuthority: authority.ca,
      user: 'u',
      clientCertificate: admin.certificate,
      clientKey: admin.key,
    });
    const open = async () => {
      const transport = await transportFromKubeconfig({ config, userAgent, clock: systemClock });
      onTestFinished(async () => transport.close());
      return transport;
    };
    expect(await whoami(await open())).toMatchObject({ username: 'admin' });
    const user = config.users.get('u');
    if (user === undefined) throw new Error('no user');
    config.users.set('u', { ...user, as: 'jane', asGroups: ['g', 'h'] });
    expect(await whoami(await open())).toMatchObject({
      username: 'jane',
      groups: ['g', 'h', 'system:authenticated'],
    });
  });

  it('is not told to a server that another authority vouches for', async () => {
    const { token } = server;
    const transport = transportOf({ token, ca: createAuthority('other').ca });
    await expect(createClient(transport).list(NODES)).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('was not issued by an authority that is trusted here'),
    });
  });
});
