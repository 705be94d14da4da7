/** Certificates of pods, from the request to its end. */
import { constants, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type RunControllersOptions, runControllers } from '../../src/controllers/index.ts';
import {
  KUBE_APISERVER_CLIENT_POD_SIGNER,
  POD_CERTIFICATE_REQUESTS,
  PODS,
  type Pod,
  type PodCertificateRequest,
  SERVICE_ACCOUNTS,
  StatusError,
} from '../../src/kubernetes/index.ts';
import {
  commonName,
  createRequest,
  makeName,
  type PrivateKey,
  readCertificates,
  verifyChain,
} from '../../src/x509/index.ts';
import { settle } from '../manual-clock.ts';
import { keyOf } from '../x509/support.ts';
import { FakeApi } from './fake-client.ts';
import { type Bench, benchOf, issuerTo } from './support.ts';

const MINUTE = 60_000;
const CA = issuerTo();

const POD: Pod = {
  metadata: { namespace: 'team', name: 'web-0', uid: 'uid-of-pod' },
  spec: { containers: [], serviceAccountName: 'web', nodeName: 'worker-1' },
};
const ACCOUNT = { metadata: { namespace: 'team', name: 'web', uid: 'uid-of-account' } };

type Spec = PodCertificateRequest['spec'];

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const stub = (key: PrivateKey, subject = makeName({})): string =>
  base64(createRequest({ subject }, key));

const requestOf = (name: string, changes: Partial<Spec> = {}): PodCertificateRequest => ({
  metadata: { namespace: 'team', name, creationTimestamp: '2026-06-01T12:00:00Z' },
  spec: {
    signerName: KUBE_APISERVER_CLIENT_POD_SIGNER,
    podName: 'web-0',
    podUID: 'uid-of-pod',
    serviceAccountName: 'web',
    serviceAccountUID: 'uid-of-account',
    nodeName: 'worker-1',
    nodeUID: 'uid-of-node',
    maxExpirationSeconds: 86_400,
    stubPKCS10Request: stub(keyOf('ECDSA-P256')),
    pkixPublicKey: null,
    proofOfPossession: null,
    ...changes,
  },
});

function apiWithPod(pod: Pod = POD): FakeApi {
  const api = new FakeApi([PODS, pod], [SERVICE_ACCOUNTS, ACCOUNT]);
  api.served = { 'certificates.k8s.io/v1beta1': ['podcertificaterequests'] };
  return api;
}

async function running(
  api: FakeApi,
  look: (bench: Bench) => Promise<void>,
  options: Partial<RunControllersOptions> = {},
): Promise<void> {
  const bench = benchOf(api);
  const ended = runControllers({
    ...bench.context,
    controllers: ['podcertificatesigning', 'podcertificatecleaner'],
    signing: { authorities: async () => CA },
    ...options,
  });
  await settle();
  try {
    await look(bench);
  } finally {
    bench.stop();
  }
  await ended;
}

const found = (api: FakeApi, name: string): PodCertificateRequest | undefined =>
  api.peek(POD_CERTIFICATE_REQUESTS, name, 'team');
const conditionOf = (api: FakeApi, name: string) => found(api, name)?.status?.conditions?.[0];

/** What becomes of one request. */
async function outcome(
  request: PodCertificateRequest,
  api = apiWithPod(),
): Promise<NonNullable<PodCertificateRequest['status']>> {
  await running(api, async () => {
    await api.create(POD_CERTIFICATE_REQUESTS, request);
    await settle();
  });
  return found(api, request.metadata.name ?? '')?.status ?? {};
}

/** As the kubelet of before 1.36 does. */
function proofOf({ object }: PrivateKey, data: string): string {
  const type = object.asymmetricKeyType;
  const bytes = Buffer.from(data);
  if (type === 'ed25519') return base64(sign(null, bytes, object));
  if (type === 'ec') return base64(sign('sha256', bytes, object));
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return base64(sign('sha256', bytes, { key: object, padding, saltLength: 32 }));
}

const oldStyle = (key: PrivateKey, data = 'uid-of-pod'): Partial<Spec> => ({
  stubPKCS10Request: null,
  pkixPublicKey: base64(key.spki),
  proofOfPossession: proofOf(key, data),
});

describe('a pod gets a certificate', () => {
  it('in the name of its service account, and the API is told of its dates', async () => {
    const status = await outcome(requestOf('a'));
    const [leaf, ...others] = readCertificates(status.certificateChain ?? '');
    expect(others).toEqual([]);
    expect(commonName(leaf.subject)).toBe('system:serviceaccount:team:web');
    expect(leaf.extendedKeyUsage).toEqual(['clientAuth']);
    expect(leaf.subjectAltNames).toBe(undefined);
    expect(Buffer.from(leaf.spki)).toEqual(Buffer.from(keyOf('ECDSA-P256').spki));
    const request = { leaf, intermediates: [], roots: [CA.certificate], at: leaf.notBefore };
    expect(verifyChain({ ...request, purpose: 'clientAuth' })).toMatchObject({ ok: true });
    expect(status).toMatchObject({
      conditions: [
        {
          type: 'Issued',
          status: 'True',
          reason: 'Issued',
          lastTransitionTime: '2026-06-01T12:00:00Z',
        },
      ],
      notBefore: '2026-06-01T11:58:00Z',
      beginRefreshAt: '2026-06-01T23:58:00Z',
      notAfter: '2026-06-02T11:58:00Z',
    });
    expect([leaf.notBefore, leaf.notAfter].map((time) => time.getTime())).toEqual(
      [status.notBefore, status.notAfter].map((time) => Date.parse(time ?? '')),
    );
  });

  it.each(['ECDSA-P256', 'ECDSA-P384', 'ECDSA-P521', 'Ed25519', 'RSA-3072'])(
    'for a key of the kind %s, whichever way it proves that it has it',
    async (type) => {
      const key = keyOf(type);
      for (const proof of [{ stubPKCS10Request: stub(key) }, oldStyle(key)]) {
        const status = await outcome(requestOf('a', proof));
        expect(status.conditions).toMatchObject([{ type: 'Issued' }]);
        const [leaf] = readCertificates(status.certificateChain ?? '');
        expect(Buffer.from(leaf.spki)).toEqual(Buffer.from(key.spki));
      }
    },
  );

  it('for as long as it asks for', async () => {
    const { notBefore, notAfter } = await outcome(requestOf('a', { maxExpirationSeconds: 3600 }));
    expect(Date.parse(notAfter ?? '') - Date.parse(notBefore ?? '')).toBe(60 * MINUTE);
  });

  it('of the CA of its own signer', async () => {
    const other = issuerTo(undefined, 1);
    const api = apiWithPod();
    await running(
      api,
      async () => {
        await api.create(POD_CERTIFICATE_REQUESTS, requestOf('a'));
        await settle();
        const [leaf] = readCertificates(found(api, 'a')?.status?.certificateChain ?? '');
        expect(leaf.authorityKeyId).toEqual(other.certificate.subjectKeyId);
      },
      {
        signing: {
          authorities: {
            'kubernetes.io/kube-apiserver-client': async () => CA,
            'kubernetes.io/kube-apiserver-client-pod': async () => other,
          },
        },
      },
    );
  });
});

describe('a pod gets none, and is told so,', () => {
  const rsa2048 = stub(keyOf('RSA-2048'));
  const tampered = Buffer.from(stub(keyOf('ECDSA-P256')), 'base64');
  tampered[tampered.length - 1] = (tampered.at(-1) ?? 0) ^ 1;
  it.each<[string, Partial<Spec>, string, string, string]>([
    [
      'where it says what the signer does not know',
      { unverifiedUserAnnotations: { 'example.com/a': 'b' } },
      'Denied',
      'InvalidUnverifiedUserAnnotations',
      'knows no annotations',
    ],
    [
      'for a key of a kind that pods cannot have',
      { stubPKCS10Request: rsa2048 },
      'Denied',
      'UnsupportedKeyType',
      'RSA-2048: use ECDSA-P256',
    ],
    [
      'for such a key, the old way',
      oldStyle(keyOf('RSA-2048')),
      'Denied',
      'UnsupportedKeyType',
      'RSA-2048',
    ],
    [
      'where its request asks for a name',
      {
        stubPKCS10Request: stub(
          keyOf('ECDSA-P256'),
          makeName({ commonName: 'admin', organizations: ['system:masters'] }),
        ),
      },
      'Denied',
      'InvalidStubPKCS10Request',
      'asks for names',
    ],
    [
      'where its request is not signed with its key',
      { stubPKCS10Request: base64(tampered) },
      'Failed',
      'SignerValidationFailure',
      'not signed with its key',
    ],
    [
      'where its proof is of another pod',
      oldStyle(keyOf('ECDSA-P256'), 'uid-of-another'),
      'Failed',
      'SignerValidationFailure',
      'not a signature of the key',
    ],
    [
      'where its proof is of another key',
      { ...oldStyle(keyOf('ECDSA-P256', 1)), pkixPublicKey: base64(keyOf('ECDSA-P256').spki) },
      'Failed',
      'SignerValidationFailure',
      'not a signature of the key',
    ],
    [
      'where its request cannot be read',
      { stubPKCS10Request: base64(Buffer.from('hello')) },
      'Failed',
      'SignerValidationFailure',
      'cannot be read',
    ],
    [
      'where there is no key',
      { stubPKCS10Request: null },
      'Failed',
      'SignerValidationFailure',
      'no public key that can be read',
    ],
    [
      'where the request is a megabyte',
      { stubPKCS10Request: 'A'.repeat(2 ** 20) },
      'Failed',
      'SignerValidationFailure',
      'larger than 10240 bytes',
    ],
    ['where there is no such pod', { podName: 'x' }, 'Denied', 'InvalidPod', 'no such pod'],
    [
      'where that pod was another one of this name',
      { podUID: 'uid-of-old' },
      'Denied',
      'InvalidPod',
      'no such pod',
    ],
    [
      'in the name of a service account that it does not run as',
      { serviceAccountName: 'admin' },
      'Denied',
      'InvalidPod',
      'runs as another service account',
    ],
    [
      'where that was another service account of this name',
      { serviceAccountUID: 'uid-of-old' },
      'Denied',
      'InvalidPod',
      'no such service account',
    ],
    [
      'where it runs on another node',
      { nodeName: 'worker-2' },
      'Denied',
      'InvalidPod',
      'on another node',
    ],
  ])('%s', async (_what, changes, type, reason, message) => {
    const status = await outcome(requestOf('a', changes));
    expect(status.conditions).toMatchObject([{ type, status: 'True', reason }]);
    expect(status.conditions?.[0]?.message).toContain(message);
    expect(Object.keys(status)).toEqual(['conditions']);
  });

  it.each(['Succeeded', 'Failed'])('when it has ended: %s', async (phase) => {
    const status = await outcome(requestOf('a'), apiWithPod({ ...POD, status: { phase } }));
    expect(status.conditions).toMatchObject([{ type: 'Denied', reason: 'InvalidPod' }]);
  });
});

describe('a request is left alone', () => {
  const done = (type: string): PodCertificateRequest => ({
    ...requestOf('a'),
    status: { conditions: [{ type, status: 'True', reason: 'x' }] },
  });
  it.each<[string, PodCertificateRequest]>([
    ['of another signer', requestOf('a', { signerName: 'example.com/own' })],
    ['that is issued', done('Issued')],
    ['that is denied', done('Denied')],
    ['that has failed', done('Failed')],
    ['that has a certificate', { ...requestOf('a'), status: { certificateChain: 'x' } }],
  ])('%s', async (_what, request) => {
    const api = apiWithPod();
    expect(await outcome(request, api)).toEqual(request.status ?? {});
    expect(api.count('update')).toBe(0);
  });
});

describe('a request is tried again', () => {
  it('while the CA has less than an hour left, until there is a new one', async () => {
    let issuer = issuerTo(new Date('2026-06-01T12:30:00Z'), 1);
    const api = apiWithPod();
    await running(
      api,
      async ({ clock, lines }) => {
        await api.create(POD_CERTIFICATE_REQUESTS, requestOf('a'));
        await clock.advance(MINUTE);
        expect(found(api, 'a')?.status).toBe(undefined);
        expect(lines.find(({ level }) => level === 'error')).toMatchObject({
          controller: 'podcertificatesigning',
          request: 'team/a',
          error: expect.stringContaining('the certificate of the CA ends'),
        });
        issuer = CA;
        await clock.advance(MINUTE);
        expect(conditionOf(api, 'a')?.type).toBe('Issued');
      },
      { signing: { authorities: async () => issuer } },
    );
  });

  it('where the pod may not be looked up: nothing is signed unseen', async () => {
    const api = apiWithPod();
    api.before = ({ verb, resource }) => {
      if (verb === 'get' && resource === 'pods') throw StatusError.of('Forbidden', 'no');
    };
    await running(api, async ({ clock }) => {
      await api.create(POD_CERTIFICATE_REQUESTS, requestOf('a'));
      await clock.advance(MINUTE);
      expect(found(api, 'a')?.status).toBe(undefined);
      api.before = () => {};
      await clock.advance(MINUTE);
      expect(conditionOf(api, 'a')?.type).toBe('Issued');
    });
  });
});

it('two signers at once issue one certificate', async () => {
  const api = apiWithPod();
  const both = [benchOf(api), benchOf(api)].map(({ context, stop }) => ({
    stop,
    ended: runControllers({
      ...context,
      controllers: ['podcertificatesigning'],
      signing: { authorities: async () => CA },
    }),
  }));
  await settle();
  const seen = new Set<string>();
  const update = api.update.bind(api);
  api.update = async (...args) => {
    const stored = await update(...args);
    seen.add(found(api, 'a')?.status?.certificateChain ?? '');
    return stored;
  };
  await api.create(POD_CERTIFICATE_REQUESTS, requestOf('a'));
  await settle();
  expect(seen.size).toBe(1);
  for (const { stop } of both) stop();
  await Promise.all(both.map(async ({ ended }) => ended));
});

describe('requests of pods', () => {
  it('are deleted after a quarter of an hour, whatever has become of them', async () => {
    const api = apiWithPod();
    await running(api, async ({ clock }) => {
      await api.create(POD_CERTIFICATE_REQUESTS, requestOf('a'));
      await api.create(
        POD_CERTIFICATE_REQUESTS,
        requestOf('of-another', { signerName: 'example.com/own' }),
      );
      await clock.advance(14 * MINUTE);
      expect([found(api, 'a'), found(api, 'of-another')]).not.toContain(undefined);
      await clock.advance(5 * MINUTE);
      expect([found(api, 'a'), found(api, 'of-another')]).toEqual([undefined, undefined]);
      // Both controllers know them from one list.
      expect(api.count('list', 'podcertificaterequests')).toBe(1);
    });
  });

  it('are gone on with past one that cannot be deleted or is another one by now', async () => {
    const old = (name: string): PodCertificateRequest => {
      const request = requestOf(name);
      const metadata = { ...request.metadata, creationTimestamp: '2026-06-01T11:00:00Z' };
      return { ...request, metadata };
    };
    const api = apiWithPod();
    for (const name of ['a', 'b', 'c']) await api.create(POD_CERTIFICATE_REQUESTS, old(name));
    api.before = ({ verb, name }) => {
      if (verb !== 'delete') return;
      if (name === 'a') throw StatusError.of('InternalError', 'etcd is away');
      if (name === 'b') throw StatusError.of('Conflict', 'another UID');
    };
    await running(
      api,
      async ({ lines }) => {
        expect(found(api, 'c')).toBe(undefined);
        expect(lines.filter(({ level }) => level === 'error')).toMatchObject([{ request: 'a' }]);
      },
      { controllers: ['podcertificatecleaner'] },
    );
  });
});

it('a server without such requests is asked once, and that is said', async () => {
  const api = apiWithPod();
  api.served = {};
  await running(api, async ({ lines }) => {
    expect(lines).toMatchObject([
      { level: 'info', message: 'not started: the server has no podcertificaterequests' },
    ]);
  });
  expect(api.calls.map(({ verb }) => verb)).toEqual(['raw']);
});
