/** Who holds a bootstrap token for one node, and what they get with it at a running server. */
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/client/index.ts';
import { BOOTSTRAP_GROUP, CLUSTER_ROLE_BINDINGS } from '../../../src/kubernetes/index.ts';
import { createMemoryStorage } from '../../../src/storage/index.ts';
import { apiServer } from '../front/server.ts';
import { CSRS, type Joining, joining, machine, ONE_SHOT } from './joining.ts';

const MINUTE = 60_000;
const APPROVING = ['csrapproving', 'csrsigning'];
const FOR_WORKER_1 = { node: 'worker-1', addresses: [], oneShot: true };

/** What stands in the token's Secret of the claim. */
async function claimOf(server: Joining, id: string): Promise<Record<string, string>> {
  const { json } = await server.secret(id);
  const data = json.data as Record<string, string>;
  return Object.fromEntries(
    ['claimed-node', 'granted-key'].flatMap((key) =>
      data[key] === undefined ? [] : [[key, Buffer.from(data[key], 'base64').toString()]],
    ),
  );
}

/** The server with a clock that can be put forward. */
function withClock() {
  const state = { ahead: 0 };
  const now = (): Date => new Date(Date.now() + state.ahead);
  return {
    state,
    options: {
      storage: createMemoryStorage({ now }),
      clock: { now, sleep: systemClock.sleep.bind(systemClock) },
    },
  };
}

describe('a token that is good for one certificate', () => {
  it('brings in one node, and is gone when that has come with its certificate', async () => {
    const server = await joining({}, APPROVING);
    await server.token('aaaaaa', ONE_SHOT);
    const [bearer, worker] = [server.bearer('aaaaaa'), machine('worker-1')];
    const { status, name } = await bearer.request(worker);
    expect(status).toBe(201);
    const certificate = (await server.certificate(name)) ?? '';
    expect((await bearer.ask('GET', `${CSRS}/${name}`)).status).toBe(200);
    expect(await claimOf(server, 'aaaaaa')).toEqual({
      'claimed-node': 'worker-1',
      'granted-key': expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
    expect((await server.http1(worker.pair(certificate)).ask('/version')).status).toBe(200);
    await expect.poll(async () => (await server.secret('aaaaaa')).status).toBe(404);
    expect((await bearer.ask('GET', `${CSRS}/${name}`)).status).toBe(401);
    expect((await bearer.request(worker)).status).toBe(401);
    expect(server.faults).toEqual([]);
  });

  it('is not used up by a renewal, an old certificate or another node', async () => {
    const server = await joining({}, APPROVING);
    await server.token('aaaaaa', ONE_SHOT);
    await server.token('bbbbbb', ONE_SHOT);
    const [one, other] = [machine('worker-1'), machine('worker-1')];
    const first = await server.bearer('aaaaaa').request(one);
    const second = await server.bearer('bbbbbb').request(other);
    const [a = '', b = ''] = [
      await server.certificate(first.name),
      await server.certificate(second.name),
    ];
    await server.http1(one.pair(a)).ask('/version');
    await expect.poll(async () => (await server.secret('aaaaaa')).status).toBe(404);
    expect(server.log).toContain(
      'bootstrap token used up: aaaaaa by system:node:worker-1, deleted',
    );
    expect((await server.secret('bbbbbb')).status).toBe(200);
    await server.http1(other.pair(b)).ask('/version');
    await expect.poll(async () => (await server.secret('bbbbbb')).status).toBe(404);
  });

  it('lets a node that was killed come again with another key, until it is granted', async () => {
    const server = await joining();
    await server.token('aaaaaa', ONE_SHOT);
    const bearer = server.bearer('aaaaaa');
    const before = await bearer.request(machine('worker-1'));
    const after = await bearer.request(machine('worker-1'));
    expect([before.status, after.status]).toEqual([201, 201]);
    const approve = async (name: string) => {
      const { json } = await server.ask('GET', `${CSRS}/${name}`);
      json.status = {
        conditions: [{ type: 'Approved', status: 'True', reason: 'r', message: 'm' }],
      };
      return await server.ask('PUT', `${CSRS}/${name}/approval`, { body: json });
    };
    expect((await approve(after.name)).status).toBe(200);
    // Not even an administrator gives a second one by mistake.
    const refused = await approve(before.name);
    expect(refused.status).toBe(403);
    expect(refused.json.message).toContain('used up');
    // Whoever reads the log may have a thief to look for.
    expect(server.log.join('\n')).toMatch(
      /bootstrap token refused: aaaaaa, a request for node "worker-1": its bootstrap token is used up/,
    );
    expect((await bearer.request(machine('worker-1'))).status).toBe(403);
  });

  it('is good for a quarter of an hour after its claim, and deleted then', async () => {
    const { state, options } = withClock();
    const server = await joining(options, ['tokencleaner']);
    await server.token('aaaaaa', ONE_SHOT);
    const bearer = server.bearer('aaaaaa');
    state.ahead = 60 * MINUTE;
    const { name, status } = await bearer.request(machine('worker-1'));
    expect(status).toBe(201);
    state.ahead += 14 * MINUTE;
    expect((await bearer.ask('GET', `${CSRS}/${name}`)).status).toBe(200);
    state.ahead += MINUTE;
    expect((await bearer.ask('GET', `${CSRS}/${name}`)).status).toBe(401);
    expect((await bearer.request(machine('worker-1'))).status).toBe(401);
    expect(server.log.join()).toContain('was claimed too long ago');
  });

  it('that expires while its body is on the way claims nothing', async () => {
    const server = await joining();
    const expiration = Buffer.from('2026-01-01T00:00:00Z').toString('base64');
    await server.token('aaaaaa', ONE_SHOT, { data: { expiration } });
    // Past authentication, as whoever sends a body slowly.
    const user = { name: 'system:bootstrap:aaaaaa', groups: [BOOTSTRAP_GROUP] };
    const late = await server.ask('POST', CSRS, { user, body: machine('worker-1').request });
    expect([late.status, late.json.message]).toEqual([403, expect.stringContaining('has expired')]);
  });

  it('is worth nothing as soon as it is deleted', async () => {
    const server = await joining();
    await server.token('aaaaaa', ONE_SHOT);
    const bearer = server.bearer('aaaaaa');
    const { name } = await bearer.request(machine('worker-1'));
    expect((await bearer.ask('GET', `${CSRS}/${name}`)).status).toBe(200);
    await server.ask('DELETE', '/api/v1/namespaces/kube-system/secrets/bootstrap-token-aaaaaa');
    expect((await bearer.ask('GET', `${CSRS}/${name}`)).status).toBe(401);
    expect((await bearer.request(machine('worker-1'))).status).toBe(401);
  });

  it('that is deleted while a body is on the way makes no request any more', async () => {
    const server = await joining();
    await server.token('aaaaaa', ONE_SHOT);
    await server.token('bbbbbb');
    const session = server.http2().session;
    for (const id of ['aaaaaa', 'bbbbbb']) {
      const late = session.request({
        ':method': 'POST',
        ':path': CSRS,
        authorization: `Bearer ${id}.0123456789abcdef`,
        'content-type': 'application/json',
        expect: '100-continue',
      });
      // Asked for its body it is past authentication.
      await once(late, 'continue');
      await server.ask('DELETE', `/api/v1/namespaces/kube-system/secrets/bootstrap-token-${id}`);
      late.end(JSON.stringify(machine('worker-2').request));
      const [head] = await once(late, 'response');
      expect(head[':status'], id).toBe(401);
    }
    expect((await server.ask('GET', CSRS)).json.items).toEqual([]);
  });
});

describe('of two claimants with one token', () => {
  it('for two nodes, at two servers at once, one wins', async () => {
    const storage = createMemoryStorage({ now: () => new Date() });
    const server = await joining({ storage });
    const beside = await apiServer({ storage });
    const user = { name: 'system:bootstrap:aaaaaa', groups: [BOOTSTRAP_GROUP] };
    for (let round = 0; round < 20; round++) {
      await server.token('aaaaaa', ONE_SHOT);
      const asking = [server, beside].flatMap(({ ask }, which) =>
        ['a', 'b'].map(async (letter) => {
          const body = machine(`worker-${which}${letter}`).request;
          return (await ask('POST', CSRS, { user, body })).status;
        }),
      );
      const answers = await Promise.all(asking);
      expect(answers.toSorted((a, b) => a - b)).toEqual([201, 403, 403, 403]);
      await server.ask('DELETE', '/api/v1/namespaces/kube-system/secrets/bootstrap-token-aaaaaa');
    }
    expect([...server.faults, ...beside.faults]).toEqual([]);
  });

  it('for one node, one certificate is made', async () => {
    const server = await joining({}, APPROVING);
    await server.token('aaaaaa', FOR_WORKER_1);
    const claimants = Array.from({ length: 8 }, () => machine('worker-1'));
    const replies = await Promise.all(
      claimants.map(async (one) => await server.bearer('aaaaaa').request(one)),
    );
    const names = replies.flatMap(({ name }) => (name === '' ? [] : [name]));
    expect(names.length).toBeGreaterThan(0);
    await expect
      .poll(
        async () =>
          (await Promise.all(names.map((name) => server.certificate(name, 1)))).filter(Boolean)
            .length,
      )
      .toBe(1);
    const approved = async (): Promise<number> => {
      const { json } = await server.ask('GET', CSRS);
      const items = json.items as readonly { readonly status: { readonly conditions?: unknown } }[];
      return items.filter(({ status }) => status.conditions !== undefined).length;
    };
    // Whoever is looked at later is refused by the token, not by having been overlooked.
    await server.token('bbbbbb');
    const last = await server.bearer('bbbbbb').request(machine('worker-9'));
    expect(await server.certificate(last.name)).toBeDefined();
    expect(await approved()).toBe(2);
    expect((await server.bearer('aaaaaa').request(machine('worker-1'))).status).toBe(403);
  });
});

describe('a token for a node', () => {
  it('gets no other name, and is not burnt by trying', async () => {
    const server = await joining({}, APPROVING);
    await server.token('aaaaaa', FOR_WORKER_1);
    const bearer = server.bearer('aaaaaa');
    const worker = machine('worker-1');
    const garbage: readonly object[] = [
      machine('worker-2').request,
      machine('worker-10').request,
      machine('worker-1', 'system:masters').request,
      machine('').request,
      { ...worker.request, spec: { ...worker.request.spec, request: 'AAAA' } },
      {
        ...worker.request,
        spec: { ...worker.request.spec, signerName: 'kubernetes.io/kube-apiserver-client' },
      },
      {
        ...worker.request,
        spec: { ...worker.request.spec, signerName: 'kubernetes.io/kubelet-serving' },
      },
      { ...worker.request, spec: { ...worker.request.spec, usages: ['client auth', 'any'] } },
    ];
    for (const body of garbage) {
      const { status } = await bearer.ask('POST', CSRS, body);
      expect([403, 422]).toContain(status);
    }
    // Nor by asking what would come of it.
    expect((await bearer.ask('POST', `${CSRS}?dryRun=All`, worker.request)).status).toBe(201);
    expect(await claimOf(server, 'aaaaaa')).toEqual({});
    const { name } = await bearer.request(worker);
    expect(await server.certificate(name)).toBeDefined();
  });

  it('takes the place of a Node that is there; one that names itself by its request does not', async () => {
    const server = await joining({}, APPROVING);
    await server.node('worker-1');
    await server.token('aaaaaa', ONE_SHOT);
    await server.token('bbbbbb', FOR_WORKER_1);
    await server.token('cccccc');
    const thief = await server.bearer('aaaaaa').request(machine('worker-1'));
    const plain = await server.bearer('cccccc').request(machine('worker-1'));
    const meant = await server.bearer('bbbbbb').request(machine('worker-1'));
    expect(await server.certificate(meant.name)).toBeDefined();
    expect(await server.certificate(thief.name, 200)).toBeUndefined();
    expect(await server.certificate(plain.name, 200)).toBeUndefined();
    expect(await claimOf(server, 'aaaaaa')).not.toHaveProperty('granted-key');
  });

  it('is accepted from its addresses only', async () => {
    const server = await joining();
    await server.token('aaaaaa', { node: 'worker-1', addresses: ['127.0.0.2'], oneShot: true });
    await server.token('bbbbbb', { addresses: ['127.0.3.0/24', '::1'], oneShot: true });
    const from = async (id: string, address: string): Promise<number> =>
      (await server.bearer(id, address).ask('GET', '/api')).status;
    expect(await from('aaaaaa', '127.0.0.1')).toBe(401);
    expect(await from('aaaaaa', '127.0.0.3')).toBe(401);
    expect(await from('aaaaaa', '127.0.0.2')).toBe(200);
    expect(await from('bbbbbb', '127.0.0.2')).toBe(401);
    expect(await from('bbbbbb', '127.0.3.9')).toBe(200);
    expect(server.log.join('\n')).toContain('is for other addresses than "127.0.0.3"');
    const forwarded = await server.http1().ask('/api', {
      headers: {
        authorization: 'Bearer aaaaaa.0123456789abcdef',
        'x-forwarded-for': '127.0.0.2',
        'x-real-ip': '127.0.0.2',
      },
    });
    expect(forwarded.status).toBe(401);
  });

  it('with addresses stands for nobody where nobody knows from where it comes', async () => {
    const server = await joining();
    await server.token('aaaaaa', { addresses: ['127.0.0.0/8'], oneShot: true });
    await server.token('bbbbbb', ONE_SHOT);
    const review = async (id: string) =>
      (
        await server.ask('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
          body: { spec: { token: `${id}.0123456789abcdef` } },
        })
      ).json.status.authenticated;
    expect(await review('aaaaaa')).toBeUndefined();
    expect(await review('bbbbbb')).toBe(true);
  });
});

describe('with a token for one node', () => {
  it('nothing is allowed but to create requests and to read its own', async () => {
    const server = await joining();
    await server.token('aaaaaa', ONE_SHOT);
    await server.token('bbbbbb');
    // An administrator who has made a mistake.
    await server.client.create(CLUSTER_ROLE_BINDINGS, {
      metadata: { name: 'oops' },
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'ClusterRole',
        name: 'cluster-admin',
      },
      subjects: [{ kind: 'Group', name: BOOTSTRAP_GROUP, apiGroup: 'rbac.authorization.k8s.io' }],
    });
    const others = await server.bearer('bbbbbb').request(machine('worker-2'));
    const bearer = server.bearer('aaaaaa');
    const { name } = await bearer.request(machine('worker-1'));
    const named = (one: string): string => `${CSRS}?fieldSelector=metadata.name%3D${one}`;
    for (const path of [
      `${CSRS}/${name}`,
      named(name),
      `${named(name)}&watch=1&timeoutSeconds=1`,
    ]) {
      expect([path, (await bearer.ask('GET', path)).status]).toEqual([path, 200]);
    }
    expect((await bearer.ask('GET', `${CSRS}/no-such`)).status).toBe(404);
    expect(JSON.parse((await bearer.ask('GET', named('no-such'))).body)).toMatchObject({
      items: [],
    });
    const core = '/api/v1/namespaces/kube-system';
    const refused: readonly (readonly [string, string, object?])[] = [
      ['GET', CSRS],
      ['GET', `${CSRS}?watch=1`],
      ['GET', `${CSRS}?fieldSelector=spec.signerName%3Da`],
      ['GET', `${CSRS}?fieldSelector=metadata.name!%3D${name}`],
      ['GET', `${CSRS}/${others.name}`],
      ['GET', named(others.name)],
      ['GET', `${named('no-such')}&watch=1`],
      ['DELETE', `${CSRS}/${name}`],
      ['DELETE', CSRS],
      ['PUT', `${CSRS}/${name}/approval`, {}],
      ['PUT', `${CSRS}/${name}/status`, {}],
      ['GET', `${CSRS}/${name}/approval`],
      ['PATCH', `${CSRS}/${name}`, {}],
      ['GET', `${core}/secrets`],
      ['GET', `${core}/secrets/bootstrap-token-aaaaaa`],
      ['GET', `${core}/configmaps/kubeadm-config`],
      ['GET', '/api/v1/nodes/worker-1'],
      ['POST', '/api/v1/nodes', { metadata: { name: 'worker-1' } }],
      ['GET', '/api/v1/pods'],
      ['POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { spec: {} }],
      ['POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec: {} }],
      ['GET', '/apis/rbac.authorization.k8s.io/v1/clusterroles'],
      ['GET', '/apis/kubepki.dev/v1/revocations'],
    ];
    for (const [method, path, body] of refused) {
      const { status } = await bearer.ask(method, path, body);
      expect([method, path, status]).toEqual([method, path, 403]);
    }
  });

  it('what kubeadm join reads can be read before there is a request, and no requests of others', async () => {
    const server = await joining();
    await server.token('aaaaaa', ONE_SHOT);
    await server.client.create(CLUSTER_ROLE_BINDINGS, {
      metadata: { name: 'view' },
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'ClusterRole',
        name: 'cluster-admin',
      },
      subjects: [{ kind: 'Group', name: BOOTSTRAP_GROUP, apiGroup: 'rbac.authorization.k8s.io' }],
    });
    const bearer = server.bearer('aaaaaa');
    expect((await bearer.ask('GET', '/api/v1/nodes')).status).toBe(200);
    expect((await bearer.ask('GET', CSRS)).status).toBe(403);
    await bearer.request(machine('worker-1'));
    expect((await bearer.ask('GET', '/api/v1/nodes')).status).toBe(403);
  });
});
