/**
 * What bad actors ask a signer for, at our own server with all its admission: with a bootstrap token and as a
 * node, and what becomes of it even where an administrator approves everything that is there.
 */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { runControllers } from '../../src/controllers/index.ts';
import {
  BOOTSTRAP_BINDINGS,
  BOOTSTRAP_GROUP,
  type CertificateSigningRequest,
  CLUSTER_ROLE_BINDINGS,
  conditionsOf,
  KUBE_APISERVER_CLIENT_SIGNER,
  KUBELET_CLIENT_SIGNER,
  KUBELET_SERVING_SIGNER,
  type UserInfo,
} from '../../src/kubernetes/index.ts';
import { encodeBootstrapTokenSecret } from '../../src/tokens/index.ts';
import {
  commonName,
  createRequest,
  decodePrivateKey,
  makeName,
  organizations,
  readCertificates,
} from '../../src/x509/index.ts';
import {
  CLIENT_USAGES,
  csrObject,
  nodeName,
  requestDer,
  SERVING_USAGES,
  specRequest,
} from '../kubernetes/certificates/requests.ts';
import { eventually, type OwnApi, ownApi } from './own-api.ts';
import { issuerTo } from './support.ts';

const CSRS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const CA = issuerTo();

const TOKEN: UserInfo = {
  name: 'system:bootstrap:abcdef',
  groups: ['system:bootstrappers', BOOTSTRAP_GROUP, 'system:authenticated'],
};
const NODE: UserInfo = {
  name: 'system:node:worker-1',
  groups: ['system:nodes', 'system:authenticated'],
};

/** A server that nodes can join, with its controllers. */
async function joinable(): Promise<OwnApi> {
  const own = await ownApi();
  await own.must(
    'POST',
    '/api/v1/namespaces/kube-system/secrets',
    encodeBootstrapTokenSecret({
      id: 'abcdef',
      secret: '0123456789abcdef',
      usages: ['authentication'],
      groups: [BOOTSTRAP_GROUP],
    }),
  );
  for (const binding of BOOTSTRAP_BINDINGS) {
    await own.client.create(CLUSTER_ROLE_BINDINGS, binding);
  }
  own.run((context) =>
    runControllers({
      ...context,
      controllers: ['csrsigning', 'csrapproving'],
      signing: { authorities: async () => CA },
    }),
  );
  return own;
}

type Spec = Parameters<typeof csrObject>[1];

const create = async ({ ask }: OwnApi, user: UserInfo, name: string, spec: Spec) => {
  const { metadata, status: _, ...csr } = csrObject(name, spec);
  return ask('POST', CSRS, { user, body: { ...csr, metadata: { name: metadata.name } } });
};

const get = async ({ must }: OwnApi, name: string): Promise<CertificateSigningRequest> =>
  (await must('GET', `${CSRS}/${name}`)) as CertificateSigningRequest;

const approve = async (own: OwnApi, name: string): Promise<unknown> => {
  const condition = { type: 'Approved', status: 'True', reason: 'Careless', message: 'x' };
  const csr = await get(own, name);
  return own.must('PUT', `${CSRS}/${name}/approval`, {
    ...csr,
    status: { conditions: [condition] },
  });
};

/** That the controllers have looked at all there is: what they approve comes after it. */
async function looked(own: OwnApi): Promise<void> {
  const name = `good-${Math.random()}`.replace('.', '');
  const good = await create(own, TOKEN, name, { asked: { subject: nodeName(name) } });
  expect(good.status).toBe(201);
  await eventually(
    async () => get(own, name),
    (csr) => csr.status?.certificate !== undefined,
  );
}

const weak = (): string => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const key = decodePrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  return specRequest(createRequest({ subject: nodeName() }, key));
};

const tampered = (): string => {
  const der = Buffer.from(requestDer());
  der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1);
  return specRequest(der);
};

/** What a renewing node asks for. */
const CLIENT = { signerName: KUBELET_CLIENT_SIGNER, usages: CLIENT_USAGES };

describe('nobody approves by itself, and the signer does not sign it if somebody does,', () => {
  it.each<[string, UserInfo, Spec, string]>([
    [
      'the group system:masters',
      TOKEN,
      { ...CLIENT, asked: { subject: nodeName('worker-1', 'system:masters') } },
      'subject organization is not system:nodes',
    ],
    [
      'the group system:masters beside that of nodes',
      NODE,
      { ...CLIENT, asked: { subject: nodeName('worker-1', 'system:nodes', 'system:masters') } },
      'subject organization is not system:nodes',
    ],
    [
      'a name that is no node’s',
      TOKEN,
      {
        ...CLIENT,
        asked: { subject: makeName({ commonName: 'admin', organizations: ['system:nodes'] }) },
      },
      'subject common name does not begin with system:node:',
    ],
    [
      'the API server’s names in a client certificate',
      TOKEN,
      { ...CLIENT, asked: { names: { dns: ['kubernetes.default.svc'], ip: ['10.96.0.1'] } } },
      'DNS subjectAltNames are not allowed',
    ],
    [
      'the usages of a CA',
      TOKEN,
      { ...CLIENT, usages: [...CLIENT_USAGES, 'cert sign'] },
      'usages did not match',
    ],
    [
      'the usages of a server for a client',
      NODE,
      { ...CLIENT, usages: SERVING_USAGES },
      'usages did not match',
    ],
    [
      'the API server’s names for another user than a node',
      TOKEN,
      {
        signerName: KUBELET_SERVING_SIGNER,
        usages: SERVING_USAGES,
        asked: {
          subject: makeName({ commonName: 'kube-apiserver' }),
          names: { dns: ['kubernetes.default.svc'] },
        },
      },
      'subject organization is not system:nodes',
    ],
    [
      'what a server serves with, as a client of the API server',
      TOKEN,
      { signerName: KUBE_APISERVER_CLIENT_SIGNER, usages: SERVING_USAGES },
      'invalid usage for client certificate: server auth',
    ],
  ])('%s', async (_what, user, spec, reason) => {
    const own = await joinable();
    expect((await create(own, user, 'bad', spec)).status).toBe(201);
    await looked(own);
    expect(conditionsOf(await get(own, 'bad'))).toEqual([]);
    await approve(own, 'bad');
    const { status } = await eventually(
      async () => get(own, 'bad'),
      (csr) => conditionsOf(csr).length > 1,
    );
    expect(status?.certificate).toBe(undefined);
    expect(status?.conditions?.at(-1)).toMatchObject({
      type: 'Failed',
      reason: 'SignerValidationFailure',
      message: expect.stringContaining(reason),
    });
  });

  it('a key of 1024 bits, which the approver takes for a key', async () => {
    const own = await joinable();
    await create(own, TOKEN, 'bad', { ...CLIENT, request: weak() });
    const { status } = await eventually(
      async () => get(own, 'bad'),
      (csr) => conditionsOf(csr).length > 1,
    );
    expect(status?.certificate).toBe(undefined);
    expect(status?.conditions?.at(-1)?.message).toBe(
      'the key is too weak: RSA of 1024 bits, where 2048 are the least',
    );
  });
});

describe('nobody approves by itself', () => {
  it.each<[string, UserInfo, Spec]>([
    [
      'a client certificate that is no kubelet’s, with a bootstrap token',
      TOKEN,
      {
        signerName: KUBE_APISERVER_CLIENT_SIGNER,
        usages: ['client auth'],
        asked: { subject: makeName({ commonName: 'admin' }) },
      },
    ],
    [
      'what a server serves with: nothing says here what nodes may serve as',
      NODE,
      {
        signerName: KUBELET_SERVING_SIGNER,
        usages: SERVING_USAGES,
        asked: { names: { dns: ['kubernetes.default.svc'], ip: ['10.96.0.1'] } },
      },
    ],
  ])('%s', async (_what, user, spec) => {
    const own = await joinable();
    expect((await create(own, user, 'bad', spec)).status).toBe(201);
    await looked(own);
    expect((await get(own, 'bad')).status).toEqual({});
  });
});

describe('the server does not even take', () => {
  it.each<[string, Spec, number, string, UserInfo?]>([
    [
      'a node that asks in the name of another',
      { ...CLIENT, asked: { subject: nodeName('worker-2') } },
      403,
      'can only create a node CSR with CN=system:node:worker-1',
      NODE,
    ],
    ['a wrong signature', { ...CLIENT, request: tampered() }, 422, 'spec.request'],
    ['what is no request', { ...CLIENT, request: 'aGVsbG8=' }, 422, 'spec.request'],
    [
      'a megabyte',
      { ...CLIENT, request: Buffer.alloc(2 ** 20, 'A').toString('base64') },
      422,
      'Too long: may not be more than 262144 bytes',
    ],
    [
      'the group system:masters for a client of the API server',
      {
        signerName: KUBE_APISERVER_CLIENT_SIGNER,
        usages: ['client auth'],
        asked: { subject: makeName({ commonName: 'x', organizations: ['system:masters'] }) },
      },
      403,
      'system:masters',
    ],
    [
      'the signer of old requests, which signs anything',
      { ...CLIENT, signerName: 'kubernetes.io/legacy-unknown' },
      422,
      'spec.signerName',
    ],
    ['a life of less than ten minutes', { ...CLIENT, expirationSeconds: 599 }, 422, '600'],
  ])('%s', async (_what, spec, status, words, user = TOKEN) => {
    const own = await joinable();
    const answer = await create(own, user, 'bad', spec);
    expect(answer.status, answer.text).toBe(status);
    expect(answer.text).toContain(words);
  });
});

it('who asks to become a CA gets what any node gets', async () => {
  const own = await joinable();
  const caConstraints = Buffer.from('30060101ff020100', 'hex');
  const caUsages = Buffer.from('03020106', 'hex');
  await create(own, TOKEN, 'ca', {
    ...CLIENT,
    asked: {
      subject: nodeName('worker-9'),
      extensions: [
        { oid: '2.5.29.19', critical: true, value: caConstraints },
        { oid: '2.5.29.15', critical: true, value: caUsages },
        { oid: '1.2.3.4.5', critical: true, value: Buffer.from('0500', 'hex') },
      ],
    },
  });
  const { status } = await eventually(
    async () => get(own, 'ca'),
    (csr) => csr.status?.certificate !== undefined,
  );
  const [leaf] = readCertificates(Buffer.from(status?.certificate ?? '', 'base64'));
  expect(leaf.basicConstraints).toEqual({ ca: false });
  expect(leaf.keyUsage).toEqual(['digitalSignature']);
  expect(leaf.extendedKeyUsage).toEqual(['clientAuth']);
  expect(leaf.extensions.map(({ oid }) => oid)).not.toContain('1.2.3.4.5');
  expect([commonName(leaf.subject), organizations(leaf.subject)]).toEqual([
    'system:node:worker-9',
    ['system:nodes'],
  ]);
});
