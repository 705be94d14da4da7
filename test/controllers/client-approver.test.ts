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
  StatusError,
  type SubjectAccessReview,
} from '../../src/kubernetes/index.ts';
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
    const api = new FakeApi();
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
