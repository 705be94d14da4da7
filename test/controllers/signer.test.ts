/** What the signer does with one request. */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSigner, type SigningOptions } from '../../src/controllers/signer.ts';
import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
  type Condition,
  conditionsOf,
  KUBE_APISERVER_CLIENT_SIGNER,
  KUBELET_CLIENT_SIGNER,
  KUBELET_SERVING_SIGNER,
  LEGACY_UNKNOWN_SIGNER,
  REQUEST_USAGES,
  refusedFor,
} from '../../src/kubernetes/index.ts';
import {
  createRequest,
  decodePrivateKey,
  formatName,
  makeName,
  signatureAlgorithmName,
  signatureVerifies,
} from '../../src/x509/index.ts';
import {
  csrObject,
  requestDer,
  SERVING_USAGES,
  specRequest,
} from '../kubernetes/certificates/requests.ts';
import { FakeApi } from './fake-client.ts';
import { approved, benchOf, csrIn, issuedIn, issuerTo, NOW } from './support.ts';

const CA = issuerTo();

interface Outcome {
  readonly api: FakeApi;
  readonly result: string;
  readonly failed: Condition | undefined;
}

/** Puts a request into an API and has the signer look at it. */
async function signing(
  csr: CertificateSigningRequest,
  options: SigningOptions = { authorities: async () => CA },
): Promise<Outcome> {
  const api = new FakeApi();
  const stored = await api.create(CERTIFICATE_SIGNING_REQUESTS, csr);
  const { context } = benchOf(api);
  const result = await createSigner(context, options)(stored);
  const failed = conditionsOf(csrIn(api, 'a')).find(({ type }) => type === 'Failed');
  return { api, result, failed };
}

const ANY = {
  signerName: KUBE_APISERVER_CLIENT_SIGNER,
  usages: ['client auth'],
  asked: { subject: makeName({ commonName: 'jane' }) },
} as const;

describe('the signer leaves alone', () => {
  const done = { status: { conditions: [], certificate: 'AAAA' } };
  it.each<[string, CertificateSigningRequest]>([
    ['what is pending', csrObject('a')],
    [
      'what is denied',
      { ...csrObject('a'), status: { conditions: [{ type: 'Denied', status: 'True' }] } },
    ],
    ['what is approved and denied', approved(csrObject('a'), { type: 'Denied', status: 'True' })],
    ['what has failed', approved(csrObject('a'), { type: 'Failed', status: 'True' })],
    ['what has failed, in the old form', approved(csrObject('a'), { type: 'Failed', status: '' })],
    ['what has a certificate', { ...csrObject('a'), ...done }],
    ['what is another signer’s', approved(csrObject('a', { signerName: 'example.com/mine' }))],
    [
      'what is an unknown signer’s of kubernetes.io',
      approved(csrObject('a', { signerName: 'kubernetes.io/kube-apiserver-serving' })),
    ],
    [
      'what has conditions that are none',
      { ...csrObject('a'), status: { conditions: 'Approved' as unknown as [] } },
    ],
    ['what has no status', { ...csrObject('a'), status: null as unknown as object }],
  ])('%s', async (_what, csr) => {
    const { api, result } = await signing(csr);
    expect(result).toBe('done');
    expect(api.count('update')).toBe(0);
  });

  it('what is for a signer without a CA', async () => {
    const authorities = { [KUBELET_SERVING_SIGNER]: async () => CA };
    const { api } = await signing(approved(csrObject('a')), { authorities });
    expect(api.count('update')).toBe(0);
  });
});

describe('the signer signs', () => {
  it('a node’s client certificate, as upstream does', async () => {
    const { api, failed } = await signing(approved(csrObject('a')));
    expect(failed).toBe(undefined);
    expect(api.count('update', 'status')).toBe(1);
    const certificate = issuedIn(api, 'a');
    expect(certificate).toMatchObject({
      version: 3,
      notBefore: new Date('2026-06-01T11:55:00Z'),
      notAfter: new Date('2027-06-01T11:55:00Z'),
      basicConstraints: { ca: false },
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: ['clientAuth'],
      authorityKeyId: CA.certificate.subjectKeyId,
    });
    expect(formatName(certificate.subject)).toBe('CN=system:node:worker-1,O=system:nodes');
    expect(certificate.subjectAltNames).toBe(undefined);
    expect(certificate.subjectKeyId).toBe(undefined);
    expect(certificate.issuerDer).toEqual(CA.certificate.subjectDer);
    expect(signatureAlgorithmName(certificate.signatureAlgorithm)).toBe('ecdsa-with-SHA256');
    expect(signatureVerifies(certificate, CA.certificate)).toBe(true);
  });

  it('with a serial number of 128 random bits', async () => {
    const serials = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const { api } = await signing(approved(csrObject('a')));
      const { serialNumber } = issuedIn(api, 'a');
      expect(serialNumber.length).toBeLessThanOrEqual(17);
      serials.add(Buffer.from(serialNumber).toString('hex'));
    }
    expect(serials.size).toBe(20);
    expect(Math.max(...[...serials].map(({ length }) => length))).toBeGreaterThanOrEqual(30);
  });

  it('a serving certificate with its names, of an RSA key', async () => {
    const names = { dns: ['worker-1', 'w.example.com'], ip: ['172.16.10.141', 'fd00::1'] };
    const usages = ['key encipherment', ...SERVING_USAGES];
    const csr = csrObject('a', {
      signerName: KUBELET_SERVING_SIGNER,
      usages,
      asked: { names, key: 'RSA-2048' },
    });
    const { api } = await signing(approved(csr));
    const certificate = issuedIn(api, 'a');
    expect(certificate.subjectAltNames).toEqual({ ...names, uri: [], email: [] });
    expect(certificate.keyUsage).toEqual(['digitalSignature', 'keyEncipherment']);
    expect(certificate.keyType).toBe('RSA-2048');
  });

  it('any usage for legacy-unknown', async () => {
    const csr = csrObject('a', { signerName: LEGACY_UNKNOWN_SIGNER, usages: REQUEST_USAGES });
    const { api } = await signing(approved(csr));
    const { keyUsage, extendedKeyUsage, basicConstraints } = issuedIn(api, 'a');
    expect(keyUsage).toHaveLength(9);
    expect(extendedKeyUsage).toHaveLength(12);
    expect(basicConstraints).toEqual({ ca: false });
  });

  it.each([
    [undefined, 3 * 3600, -300, 3 * 3600],
    [601, 3 * 3600, -300, 601],
    [599, 3 * 3600, -300, 600],
    [8 * 3600, 9 * 3600, -300, 8 * 3600 - 300],
    [30 * 3600, 9 * 3600, -300, 9 * 3600 - 300],
  ])(
    'for %s seconds where it signs for %s at most: from %s to %s',
    async (expirationSeconds, longest, from, to) => {
      const csr = csrObject('a', expirationSeconds === undefined ? {} : { expirationSeconds });
      const { api } = await signing(approved(csr), {
        authorities: async () => CA,
        duration: longest * 1000,
      });
      const { notBefore, notAfter } = issuedIn(api, 'a');
      const now = Math.floor(NOW.getTime() / 1000);
      expect(notBefore.getTime() / 1000 - now).toBe(from);
      expect(notAfter.getTime() / 1000 - now).toBe(to);
    },
  );

  it('nothing that outlives the CA', async () => {
    const end = new Date('2026-06-01T12:30:00Z');
    const { api } = await signing(approved(csrObject('a')), {
      authorities: async () => issuerTo(end),
    });
    expect(issuedIn(api, 'a').notAfter).toEqual(end);
  });

  it('with the CA that each signer has, asked for each time', async () => {
    const others = [issuerTo(undefined, 1), issuerTo(undefined, 2)];
    let turn = 0;
    const authorities = { [KUBELET_CLIENT_SIGNER]: async () => others[turn++ % 2] ?? CA };
    for (const issuer of others) {
      const { api } = await signing(approved(csrObject('a')), { authorities });
      expect(signatureVerifies(issuedIn(api, 'a'), issuer.certificate)).toBe(true);
    }
  });

  it('beside conditions of odd shapes', async () => {
    const odd = [null, 7, { type: 3 }, {}] as unknown as Condition[];
    const { api } = await signing(approved(csrObject('a'), ...odd));
    expect(issuedIn(api, 'a').keyType).toBe('ECDSA-P256');
  });
});

describe('the signer fails', () => {
  const tampered = (): string => {
    const der = Buffer.from(requestDer());
    der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1);
    return specRequest(der);
  };
  const subject = makeName({ commonName: 'jane' });
  it.each<[string, Parameters<typeof csrObject>[1], string]>([
    [
      'what its signer does not sign',
      { usages: ['client auth'] },
      'usages did not match [client auth digital signature key encipherment]',
    ],
    [
      'what is for nobody',
      { ...ANY, usages: ['any'] },
      'invalid usage for client certificate: any',
    ],
    ['garbage', { request: 'no base64!' }, 'unable to parse csr: spec.request is not base64'],
    [
      'a megabyte',
      { request: 'A'.repeat(2 ** 20) },
      'unable to parse csr: spec.request is larger than',
    ],
    [
      'a null',
      { request: null as unknown as string },
      'unable to parse csr: spec.request is not a text',
    ],
    [
      'a wrong signature',
      { request: tampered() },
      'unable to verify certificate request signature',
    ],
    [
      'a usage nobody knows',
      { ...ANY, signerName: LEGACY_UNKNOWN_SIGNER, usages: ['tea'] },
      'unrecognized usage values: ["tea"]',
    ],
    [
      'a usage that is none',
      { ...ANY, usages: 'client auth' as unknown as string[] },
      'missing required usage',
    ],
  ])('%s', async (_what, spec, message) => {
    const { api, failed, result } = await signing(approved(csrObject('a', spec)));
    expect(result).toBe('done');
    expect(failed).toMatchObject({
      status: 'True',
      reason: 'SignerValidationFailure',
      message: expect.stringContaining(message),
      lastUpdateTime: '2026-06-01T12:00:00Z',
    });
    expect(csrIn(api, 'a').status?.certificate).toBe(undefined);
    expect(csrIn(api, 'a').status?.conditions?.map(({ type }) => type)).toEqual([
      'Approved',
      'Failed',
    ]);
  });

  it.each([
    ['RSA-1024', 1024],
    ['RSA-2047', 2047],
  ])('a weak key: %s', async (_type, modulusLength) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength });
    const key = decodePrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const request = specRequest(createRequest({ subject }, key));
    const { failed } = await signing(approved(csrObject('a', { ...ANY, request })));
    expect(failed?.message).toBe(
      `the key is too weak: RSA of ${modulusLength} bits, where 2048 are the least`,
    );
  });

  it('a name that no certificate can carry', async () => {
    // A DNS name with a space: Go reads it, and so does our parser.
    const san = Buffer.from('30058203612062', 'hex');
    const extensions = [{ oid: '2.5.29.17', critical: false, value: san }];
    const { failed } = await signing(
      approved(csrObject('a', { ...ANY, asked: { subject, extensions } })),
    );
    expect(failed?.message).toContain('"a b" is not a valid DNS name');
  });
});

describe('the signer tries again', () => {
  it('when the CA has expired', async () => {
    const authorities = async () => issuerTo(new Date('2026-06-01T11:59:59Z'));
    await expect(signing(approved(csrObject('a')), { authorities })).rejects.toThrow('expired');
  });

  it('when there is no CA at the moment', async () => {
    const authorities = async () => Promise.reject(new Error('no such file'));
    await expect(signing(approved(csrObject('a')), { authorities })).rejects.toThrow(
      'no such file',
    );
  });

  it('when somebody else was quicker: nothing is overwritten', async () => {
    const api = new FakeApi();
    const { context } = benchOf(api);
    const stored = await api.create(CERTIFICATE_SIGNING_REQUESTS, approved(csrObject('a')));
    const sign = createSigner(context, { authorities: async () => CA });
    const results = await Promise.allSettled([sign(stored), sign(stored), sign(stored)]);
    expect(results.map(({ status }) => status).sort()).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
    ]);
    for (const result of results) {
      if (result.status === 'rejected') expect(refusedFor(result.reason, 'Conflict')).toBe(true);
    }
    expect(csrIn(api, 'a').metadata.resourceVersion).toBe('2');
  });
});

it('says what it has signed, with the serial number', async () => {
  const api = new FakeApi();
  const { context, lines } = benchOf(api);
  const stored = await api.create(CERTIFICATE_SIGNING_REQUESTS, approved(csrObject('a')));
  await createSigner(context, { authorities: async () => CA })(stored);
  const serial = Buffer.from(issuedIn(api, 'a').serialNumber).toString('hex').replace(/^00/, '');
  expect(lines).toEqual([
    {
      level: 'info',
      message: 'signed',
      csr: 'a',
      signerName: KUBELET_CLIENT_SIGNER,
      subject: 'CN=system:node:worker-1,O=system:nodes',
      serialNumber: expect.stringContaining(serial),
      notAfter: '2027-06-01T11:55:00Z',
    },
  ]);
});
