/** When a node's client certificate is approved. */
import { describe, expect, it } from 'vitest';
import { createClientApprover, type NodeExists } from '../../src/controllers/client-approver.ts';
import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
  KUBE_APISERVER_CLIENT_SIGNER,
  KUBELET_SERVING_SIGNER,
  refusedFor,
  SECRETS,
  type Secret,
  StatusError,
  type SubjectAccessReview,
} from '../../src/kubernetes/index.ts';
import { nodeBindingOf, type TokenBinding, withClaim } from '../../src/tokens/index.ts';
import { encodeTokenBinding } from '../../src/tokens/node-binding.ts';
import { secretData } from '../../src/tokens/secret-text.ts';
import type { KeyAlgorithm } from '../../src/x509/index.ts';
import { csrObject, nodeName } from '../kubernetes/certificates/requests.ts';
import { FakeApi } from './fake-client.ts';
import { apiWithToken, approved, benchOf, bootstrapTokenSecret, csrIn, NOW } from './support.ts';

interface Outcome {
  readonly api: FakeApi;
  readonly result: string;
  /** What was asked for, in order. */
  readonly asked: readonly (string | undefined)[];
  readonly message: string | undefined;
}

const withToken =
  (expiration?: Date) =>
  async (api: FakeApi): Promise<unknown> =>
    api.create(SECRETS, bootstrapTokenSecret(expiration));

async function approving(
  csr: CertificateSigningRequest,
  allowed: string[] = [],
  nodeExists?: NodeExists,
  prepare: (api: FakeApi) => unknown = withToken(),
): Promise<Outcome> {
  const api = new FakeApi();
  const asked: (string | undefined)[] = [];
  api.allow = ({ resourceAttributes }) => {
    asked.push(resourceAttributes?.subresource);
    return allowed.includes(resourceAttributes?.subresource ?? '');
  };
  await prepare(api);
  const stored = await api.create(CERTIFICATE_SIGNING_REQUESTS, csr);
  const { context } = benchOf(api);
  const result = await createClientApprover(context, nodeExists)(stored);
  const conditions = csrIn(api, 'a').status?.conditions ?? [];
  const message = conditions.find(({ type }) => type === 'Approved')?.message;
  return { api, result, asked, message };
}

const NODE = 'Auto approving kubelet client certificate after SubjectAccessReview.';
const SELF = 'Auto approving self kubelet client certificate after SubjectAccessReview.';
const renewal = csrObject('a', {
  username: 'system:node:worker-1',
  groups: ['system:nodes', 'system:authenticated'],
});

describe('a client certificate of a node', () => {
  it.each<[string, CertificateSigningRequest, string[], string[], string | undefined]>([
    ['from a token that may', csrObject('a'), ['nodeclient'], ['nodeclient'], NODE],
    [
      'from a token that may renew only',
      csrObject('a'),
      ['selfnodeclient'],
      ['nodeclient'],
      undefined,
    ],
    ['from the node itself', renewal, ['selfnodeclient'], ['selfnodeclient'], SELF],
    [
      'from a node that may as well for others',
      renewal,
      ['selfnodeclient', 'nodeclient'],
      ['selfnodeclient'],
      SELF,
    ],
    [
      'from a node that may for others only',
      renewal,
      ['nodeclient'],
      ['selfnodeclient', 'nodeclient'],
      NODE,
    ],
    ['from a node that may not', renewal, [], ['selfnodeclient', 'nodeclient'], undefined],
    [
      'from another node',
      csrObject('a', { username: 'system:node:other' }),
      ['selfnodeclient'],
      ['nodeclient'],
      undefined,
    ],
  ])('%s', async (_what, csr, allowed, asked, message) => {
    const outcome = await approving(csr, allowed);
    expect(outcome.asked).toEqual(asked);
    expect(outcome.message).toBe(message);
    expect(outcome.result).toBe(message === undefined ? 'retry' : 'done');
    expect(outcome.api.count('update', 'approval')).toBe(message === undefined ? 0 : 1);
  });

  it('is approved with a reason', async () => {
    const { api } = await approving(csrObject('a'), ['nodeclient']);
    expect(csrIn(api, 'a').status?.conditions).toEqual([
      {
        type: 'Approved',
        status: 'True',
        reason: 'AutoApproved',
        message: NODE,
        lastUpdateTime: '2026-06-01T12:00:00Z',
      },
    ]);
  });

  it('is asked about with all that is known of the requester', async () => {
    const api = new FakeApi();
    const specs: SubjectAccessReview['spec'][] = [];
    api.allow = (spec) => specs.push(spec) > 0;
    const extra = { 'example.com/pod': ['a', 'b'] };
    const csr = csrObject('a', { uid: 'u-1', extra });
    const stored = await api.create(CERTIFICATE_SIGNING_REQUESTS, csr);
    await createClientApprover(benchOf(api).context)(stored);
    expect(specs).toEqual([
      {
        user: 'system:bootstrap:abcdef',
        uid: 'u-1',
        groups: ['system:bootstrappers', 'system:authenticated'],
        extra,
        resourceAttributes: {
          group: 'certificates.k8s.io',
          resource: 'certificatesigningrequests',
          subresource: 'nodeclient',
          verb: 'create',
          version: '*',
        },
      },
    ]);
  });
});

describe('asked for with a bootstrap token', () => {
  const withoutToken = (): void => {};
  const about = async (prepare: (api: FakeApi) => unknown): Promise<Outcome> =>
    approving(csrObject('a'), ['nodeclient'], undefined, prepare);

  it('that is there, it is approved', async () => {
    expect((await about(withToken(new Date(NOW.getTime() + 60_000)))).message).toBe(NODE);
  });

  it('that is deleted by then, or has expired, it is not', async () => {
    for (const prepare of [withoutToken, withToken(new Date(NOW.getTime() - 60_000))]) {
      const { result, message } = await about(prepare);
      expect([result, message]).toEqual(['done', undefined]);
    }
  });

  it('that was deleted while the request waited for a Node to go, it is not', async () => {
    const api = new FakeApi();
    await withToken()(api);
    let isThere = true;
    const stored = await api.create(CERTIFICATE_SIGNING_REQUESTS, csrObject('a'));
    const approve = createClientApprover(benchOf(api).context, () => isThere);
    expect(await approve(stored)).toBe('retry');
    const { namespace = '', name = '' } = bootstrapTokenSecret().metadata;
    await api.delete(SECRETS, { namespace, name });
    isThere = false;
    expect(await approve(stored)).toBe('done');
    expect(csrIn(api, 'a').status?.conditions ?? []).toEqual([]);
  });

  it('is approved as upstream does where Secrets may not be read', async () => {
    const forbidden = (api: FakeApi): void => {
      api.before = ({ resource }) => {
        if (resource === 'secrets') throw StatusError.of('Forbidden', 'no');
      };
    };
    expect((await about(forbidden)).message).toBe(NODE);
  });
});

describe('asked for with a token that is good for one certificate', () => {
  const tokenFor = (binding: TokenBinding): Secret => {
    const secret = bootstrapTokenSecret();
    return { ...secret, data: { ...secret.data, ...secretData(encodeTokenBinding(binding)) } };
  };
  const ONE_SHOT = { addresses: [], oneShot: true };
  const FOR_WORKER_1 = { ...ONE_SHOT, node: 'worker-1' };
  const secretIn = (api: FakeApi): Secret | undefined =>
    api.peek(SECRETS, 'bootstrap-token-abcdef', 'kube-system');
  const asking = (name: string, node: string, key: KeyAlgorithm = 'ECDSA-P256') =>
    csrObject(name, { asked: { subject: nodeName(node), key } });
  const isApprovedIn = (api: FakeApi, name: string): boolean =>
    csrIn(api, name).status?.conditions?.some(({ type }) => type === 'Approved') === true;

  async function apiWith(binding: TokenBinding, ...csrs: readonly CertificateSigningRequest[]) {
    const api = new FakeApi();
    await api.create(SECRETS, tokenFor(binding));
    const stored: CertificateSigningRequest[] = [];
    for (const csr of csrs) stored.push(await api.create(CERTIFICATE_SIGNING_REQUESTS, csr));
    const { context, lines } = benchOf(api);
    return { api, stored, context, lines };
  }

  it('the first is approved, and the token remembers for whom', async () => {
    const csrs = [
      asking('a', 'worker-1'),
      asking('b', 'worker-2'),
      asking('c', 'worker-1', 'RSA-2048'),
    ];
    const { api, stored, context, lines } = await apiWith(ONE_SHOT, ...csrs);
    const approve = createClientApprover(context);
    for (const csr of stored) expect(await approve(csr)).toBe('done');
    expect(['a', 'b', 'c'].map((name) => isApprovedIn(api, name))).toEqual([true, false, false]);
    expect(lines.filter(({ level }) => level === 'warn').map(({ reason }) => reason)).toEqual([
      'its bootstrap token was first used for another node (node "worker-1")',
      'its bootstrap token is used up: another request was granted (node "worker-1")',
    ]);
    const secret = secretIn(api);
    expect(secret === undefined ? undefined : nodeBindingOf(secret).claim).toEqual({
      node: 'worker-1',
      at: new Date('2026-06-01T12:00:00Z'),
      key: expect.stringMatching(/^sha256:/),
    });
  });

  it('the same one is approved again where the first time came to nothing', async () => {
    const { api, stored, context } = await apiWith(ONE_SHOT, asking('a', 'worker-1'));
    let refusals = 1;
    api.before = ({ subresource }) => {
      if (subresource === 'approval' && refusals-- > 0) {
        throw StatusError.of('InternalError', 'etcd is away');
      }
    };
    const approve = createClientApprover(context);
    const [csr = asking('a', '')] = stored;
    await expect(approve(csr)).rejects.toThrow('etcd is away');
    expect(await approve(csr)).toBe('done');
    expect(isApprovedIn(api, 'a')).toBe(true);
  });

  it('of two approvers at once one grants it', async () => {
    const csrs = [asking('a', 'worker-1'), asking('b', 'worker-2')];
    const { api, stored, context } = await apiWith(ONE_SHOT, ...csrs);
    const approvers = stored.map(() => createClientApprover(context));
    const results = await Promise.all(stored.map(async (csr, i) => approvers[i]?.(csr)));
    expect(new Set(results)).toEqual(new Set(['done', 'retry']));
    expect(['a', 'b'].filter((name) => isApprovedIn(api, name))).toHaveLength(1);
  });

  it('that was made for the node, it is approved though the Node is there', async () => {
    for (const [binding, approved] of [
      [FOR_WORKER_1, true],
      [ONE_SHOT, false],
    ] as const) {
      const { api, stored, context } = await apiWith(binding, asking('a', 'worker-1'));
      const approve = createClientApprover(context, () => true);
      for (const csr of stored) expect(await approve(csr)).toBe(approved ? 'done' : 'retry');
      expect(isApprovedIn(api, 'a')).toBe(approved);
      const secret = secretIn(api);
      // Whoever is held back has not used it up.
      expect(secret !== undefined && nodeBindingOf(secret).claim !== undefined).toBe(approved);
    }
  });

  it('that was made for another node, it is not approved', async () => {
    const { api, stored, context } = await apiWith(FOR_WORKER_1, asking('a', 'worker-2'));
    const approve = createClientApprover(context, () => false);
    for (const csr of stored) expect(await approve(csr)).toBe('done');
    expect(isApprovedIn(api, 'a')).toBe(false);
  });

  it('it is not approved where the token cannot be marked as used', async () => {
    const { api, stored, context } = await apiWith(ONE_SHOT, asking('a', 'worker-1'));
    api.before = ({ verb, resource }) => {
      if (verb === 'update' && resource === 'secrets') throw StatusError.of('Forbidden', 'no');
    };
    for (const csr of stored) expect(await createClientApprover(context)(csr)).toBe('retry');
    expect(isApprovedIn(api, 'a')).toBe(false);
  });

  it('it is not approved a quarter of an hour after the claim, nor with a token that is newer', async () => {
    const late = tokenFor(ONE_SHOT);
    const past = new Date(NOW.getTime() - 15 * 60_000);
    const claimed = withClaim(late, { node: 'worker-1' }, past);
    const newer = {
      ...late,
      metadata: { ...late.metadata, creationTimestamp: '2026-06-01T12:00:01Z' },
    };
    for (const secret of [claimed, newer]) {
      const { result, message } = await approving(
        csrObject('a'),
        ['nodeclient'],
        undefined,
        (api) => api.create(SECRETS, secret),
      );
      expect([result, message]).toEqual(['done', undefined]);
    }
  });
});

describe('in the name of a node', () => {
  const exists: NodeExists = (name) => name === 'worker-1';
  const asking = (node: string): CertificateSigningRequest =>
    csrObject('a', { asked: { subject: nodeName(node) } });

  it('that exists, a bootstrap token gets no certificate until the Node is gone', async () => {
    const { result, message } = await approving(csrObject('a'), ['nodeclient'], exists);
    expect([result, message]).toEqual(['retry', undefined]);
    expect((await approving(csrObject('a'), ['nodeclient'], () => false)).message).toBe(NODE);
    expect((await approving(asking('worker-2'), ['nodeclient'], exists)).message).toBe(NODE);
  });

  it('that exists, the node itself gets one', async () => {
    expect((await approving(renewal, ['selfnodeclient'], exists)).message).toBe(SELF);
    expect((await approving(renewal, ['nodeclient'], exists)).message).toBe(NODE);
  });

  it('that exists, the complaint is made once', async () => {
    const api = apiWithToken();
    const { context, lines } = benchOf(api);
    const stored = await api.create(CERTIFICATE_SIGNING_REQUESTS, csrObject('a'));
    const approve = createClientApprover(context, exists);
    for (let i = 0; i < 3; i++) expect(await approve(stored)).toBe('retry');
    expect(lines.filter(({ level }) => level === 'warn')).toMatchObject([
      { message: 'not approved', csr: 'a', reason: 'there is a Node worker-1 already' },
    ]);
  });

  it.each(['', 'a/b', 'A', '..', '-a', 'a_b', 'a.', 'a'.repeat(64), 'a\nb'])(
    'that cannot be called %j, there is none',
    async (node) => {
      const { result, message } = await approving(asking(node), ['nodeclient']);
      expect([result, message]).toEqual(['done', undefined]);
    },
  );

  it('that is called by its address, there is one', async () => {
    expect((await approving(asking('10.0.0.7'), ['nodeclient'])).message).toBe(NODE);
  });
});

describe('nothing is asked and nothing approved', () => {
  it.each<[string, CertificateSigningRequest]>([
    ['of another signer', csrObject('a', { signerName: KUBE_APISERVER_CLIENT_SIGNER })],
    ['of the serving signer', csrObject('a', { signerName: KUBELET_SERVING_SIGNER })],
    ['that is approved', approved(csrObject('a'))],
    [
      'that is denied',
      { ...csrObject('a'), status: { conditions: [{ type: 'Denied', status: 'True' }] } },
    ],
    ['that is issued', { ...csrObject('a'), status: { certificate: 'AAAA' } }],
    [
      'that is not of system:nodes',
      csrObject('a', { asked: { subject: nodeName('a', 'system:masters') } }),
    ],
    ['that has names', csrObject('a', { asked: { names: { dns: ['a'] } } })],
    ['for other usages', csrObject('a', { usages: ['client auth'] })],
    ['that is garbage', csrObject('a', { request: '====' })],
    ['that is a megabyte', csrObject('a', { request: 'A'.repeat(2 ** 20) })],
  ])('%s', async (_what, csr) => {
    const { api, result, asked } = await approving(csr, ['nodeclient', 'selfnodeclient']);
    expect(result).toBe('done');
    expect(asked).toEqual([]);
    expect(api.count('update')).toBe(0);
  });
});

describe('trouble', () => {
  it('with the review is thrown, and nothing is approved', async () => {
    const api = apiWithToken();
    const stored = await api.create(CERTIFICATE_SIGNING_REQUESTS, csrObject('a'));
    api.before = ({ resource }) => {
      if (resource === 'subjectaccessreviews')
        throw StatusError.of('InternalError', 'etcd is away');
    };
    const approve = createClientApprover(benchOf(api).context);
    await expect(approve(stored)).rejects.toThrow('etcd is away');
    expect(api.count('update')).toBe(0);
  });

  it('a review without an answer is no yes', async () => {
    const api = apiWithToken();
    api.allow = () => 'yes' as unknown as boolean;
    const stored = await api.create(CERTIFICATE_SIGNING_REQUESTS, csrObject('a'));
    const approve = createClientApprover(benchOf(api).context);
    expect(await approve(stored)).toBe('retry');
  });

  it('a request that was changed meanwhile is not approved', async () => {
    const api = apiWithToken();
    const stored = await api.create(CERTIFICATE_SIGNING_REQUESTS, csrObject('a'));
    await api.update(CERTIFICATE_SIGNING_REQUESTS, stored);
    const approve = createClientApprover(benchOf(api).context);
    const error: unknown = await approve(stored).catch((thrown: unknown) => thrown);
    expect(refusedFor(error, 'Conflict')).toBe(true);
    expect(csrIn(api, 'a').status).toEqual({});
  });
});
