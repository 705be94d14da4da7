/** PodCertificateRequests that are issued: what depends on the time, and so is in no recorded conversation. */
import { constants, createPrivateKey, sign } from 'node:crypto';
import { expect, it } from 'vitest';
import {
  createRequest,
  encodePem,
  exportPrivateKeyDer,
  generatePrivateKey,
  makeName,
  type PrivateKey,
} from '../../../src/x509/index.ts';
import { authority } from '../../http/material.ts';
import { type Answer, apiServer, CA, type Tested } from '../front/server.ts';

const PATH = '/apis/certificates.k8s.io/v1beta1/namespaces/default/podcertificaterequests';
const ISSUER = authority('pods');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

const SPEC = {
  signerName: 'example.com/s',
  podName: 'p',
  podUID: 'pod-uid',
  serviceAccountName: 'sa',
  serviceAccountUID: 'sa-uid',
  nodeName: 'n',
  nodeUID: 'node-uid',
  maxExpirationSeconds: 7200,
};

const stubOf = (key: PrivateKey): object => ({
  stubPKCS10Request: base64(createRequest({ subject: makeName({}) }, key)),
});

interface Issued {
  readonly key: PrivateKey;
  /** From now on, in milliseconds. */
  readonly begins?: number;
  readonly lasts?: number;
  readonly refreshed?: number;
  readonly also?: string;
}

/** The status with a certificate for a key, as a signer writes it. */
function statusWith({
  key,
  begins = 0,
  lasts = 2 * HOUR,
  refreshed = HOUR,
  also = '',
}: Issued): object {
  const start = Math.floor((Date.now() + begins) / 1000) * 1000;
  const [notBefore, notAfter, beginRefreshAt] = [0, lasts, refreshed].map(
    (milliseconds) => new Date(start + milliseconds),
  );
  const der = ISSUER.issuer.issue(
    {
      subject: makeName({ commonName: 'p' }),
      notBefore: notBefore ?? new Date(),
      notAfter: notAfter ?? new Date(),
      basicConstraints: { ca: false },
      keyUsage: [],
      extendedKeyUsage: ['clientAuth'],
    },
    key.spki,
  );
  return {
    status: {
      conditions: [
        {
          type: 'Issued',
          status: 'True',
          reason: 'Signed',
          message: '',
          lastTransitionTime: new Date(start).toISOString(),
        },
      ],
      certificateChain: encodePem('CERTIFICATE', der) + also,
      notBefore,
      notAfter,
      beginRefreshAt,
    },
  };
}

const create = ({ ask }: Tested, name: string, more: object): Promise<Answer> =>
  ask('POST', PATH, { body: { metadata: { name }, spec: { ...SPEC, ...more } } });

const issue = ({ ask }: Tested, name: string, issued: Issued): Promise<Answer> =>
  ask('PATCH', `${PATH}/${name}/status`, {
    body: statusWith(issued),
    headers: { 'content-type': 'application/merge-patch+json' },
  });

const causes = ({ json }: Answer): readonly string[] =>
  json.details.causes.map(
    ({ field, message }: { field: string; message: string }) =>
      `${field} ${message.slice(message.lastIndexOf(': ') + 2)}`,
  );

it('is issued once, for the key that was asked for', async () => {
  const tested = await apiServer();
  const key = generatePrivateKey('ECDSA-P256');
  expect((await create(tested, 'one', stubOf(key))).status).toBe(201);
  const other = await issue(tested, 'one', { key: generatePrivateKey('ECDSA-P256') });
  expect(causes(other)).toEqual([
    'status.certificateChain leaf certificate was not issued to the requested public key',
  ]);
  const done = await issue(tested, 'one', { key, also: CA.pem });
  expect(done.status).toBe(200);
  expect(done.json.status.conditions).toMatchObject([{ type: 'Issued', status: 'True' }]);
  expect(causes(await issue(tested, 'one', { key, lasts: HOUR }))).toEqual([
    'status immutable after PodCertificateRequest is issued, denied, or failed',
  ]);
});

const SHORT = 'leaf certificate lifetime must be >= 1 hour';
it.each([
  [
    'not fresh',
    { begins: -6 * MINUTE },
    "status.notBefore must be set to within 5 minutes of kube-apiserver's current time",
  ],
  ['short', { lasts: HOUR - 1000 }, `status.certificateChain ${SHORT}`],
  [
    'longer than asked for',
    { lasts: 3 * HOUR },
    'status.certificateChain leaf certificate lifetime must be <= spec.maxExpirationSeconds (7200)',
  ],
  [
    'refreshed early',
    { refreshed: 9 * MINUTE },
    'status.beginRefreshAt must be at least 10 minutes after status.notBefore',
  ],
  [
    'refreshed late',
    { refreshed: 2 * HOUR },
    'status.beginRefreshAt must be at least 10 minutes before status.notAfter',
  ],
  [
    'followed by another block',
    { also: CA.pem.replaceAll('CERTIFICATE', 'OTHER') },
    'status.certificateChain issued certificate chain must consist entirely of CERTIFICATE PEM blocks',
  ],
])('a certificate that is %s is refused', async (_, more, cause) => {
  const tested = await apiServer();
  const key = generatePrivateKey('ECDSA-P256');
  await create(tested, 'one', stubOf(key));
  expect(causes(await issue(tested, 'one', { key, ...more }))).toEqual([cause]);
});

it.each(['ECDSA-P256', 'ECDSA-P384', 'RSA-3072'] as const)(
  'a key of type %s with a proof is as good as a request',
  async (type) => {
    const tested = await apiServer();
    const key = generatePrivateKey(type);
    const object = createPrivateKey({
      key: Buffer.from(exportPrivateKeyDer(key)),
      format: 'der',
      type: 'pkcs8',
    });
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    const proofOf = (uid: string): string =>
      base64(
        sign('sha256', Buffer.from(uid), type === 'RSA-3072' ? { key: object, padding } : object),
      );
    const good = { pkixPublicKey: base64(key.spki), proofOfPossession: proofOf('pod-uid') };
    expect((await create(tested, 'one', good)).status).toBe(201);
    expect((await issue(tested, 'one', { key })).status).toBe(200);
    const bad = { ...good, proofOfPossession: proofOf('another') };
    expect(causes(await create(tested, 'two', bad))).toEqual([
      'spec.proofOfPossession could not verify proof-of-possession signature',
    ]);
  },
);
