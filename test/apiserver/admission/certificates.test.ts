/** The admissions of certificate signing requests. */
import { describe, expect, it } from 'vitest';
import {
  admissionChain,
  certificateApproval,
  certificateSigning,
  certificateSubjectRestriction,
} from '../../../src/apiserver/admission/index.ts';
import { createRbacAuthorizer } from '../../../src/apiserver/authorization/index.ts';
import {
  clusterBinding,
  clusterRole,
  Objects,
  rule,
  toUser,
} from '../authorization/rbac-objects.ts';
import { csr, refusal, user } from './requests.ts';

const GROUP = 'certificates.k8s.io';
const CLIENT = 'kubernetes.io/kube-apiserver-client';
const SERVING = 'kubernetes.io/kubelet-serving';
const CSRS = `certificatesigningrequests.${GROUP}`;

const signers = (verb: string, ...resourceNames: string[]) =>
  rule(verb, 'signers', { apiGroups: [GROUP], resourceNames });

const authorizer = createRbacAuthorizer(
  new Objects(
    clusterRole('one', [signers('approve', SERVING), signers('sign', SERVING)]),
    clusterRole('domain', [
      signers('approve', 'kubernetes.io/*'),
      signers('sign', 'kubernetes.io/*'),
    ]),
    clusterRole('any', [rule('approve,sign', 'signers', { apiGroups: [GROUP] })]),
    clusterRole('other', [
      rule('*', 'certificatesigningrequests,certificatesigningrequests/approval', {
        apiGroups: [GROUP],
      }),
    ]),
    ...['one', 'domain', 'any', 'other'].map((name) => clusterBinding(name, name, toUser(name))),
  ),
);

const APPROVED = { conditions: [{ type: 'Approved', status: 'True' }] };
const ISSUED = { ...APPROVED, certificate: 'LS0t' };

describe.each([
  ['CertificateApproval', certificateApproval(authorizer), 'approval', 'approve', {}, APPROVED],
  ['CertificateSigning', certificateSigning(authorizer), 'status', 'sign', APPROVED, ISSUED],
] as const)('%s', (_, admission, subresource, verb, before, after) => {
  const write = async (name: string, signer: string, more: object = {}) =>
    refusal(admission, {
      user: user(name),
      resource: `${CSRS}/${subresource}`,
      object: csr(signer, 'x', after),
      old: csr(signer, 'x', before),
      ...more,
    });

  it.each([
    ['one', SERVING, true],
    ['one', CLIENT, false],
    ['one', 'kubernetes.io/kubelet-serving-2', false],
    ['domain', SERVING, true],
    ['domain', CLIENT, true],
    ['domain', 'evil.kubernetes.io/x', false],
    ['domain', 'example.com/kubernetes.io', false],
    ['domain', 'kubernetes.io.example.com/x', false],
    ['any', 'example.com/x', true],
    // Rights on the requests themselves are none on signers.
    ['other', SERVING, false],
    ['nobody', SERVING, false],
    ['__proto__', SERVING, false],
  ])('lets %s act for %s: %s', async (name, signer, passes) => {
    const refused = await write(name, signer);
    if (passes) expect(refused).toBeUndefined();
    else {
      expect(refused?.status).toMatchObject({
        code: 403,
        message: `${CSRS} "csr-1" is forbidden: user not permitted to ${verb} requests with signerName "${signer}"`,
        details: { name: 'csr-1', group: GROUP, kind: 'certificatesigningrequests' },
      });
    }
  });

  it('asks for the signer of what is stored, not of what is sent', async () => {
    expect(await write('one', CLIENT, { object: csr(SERVING, 'x', after) })).toBeDefined();
    expect(await write('one', SERVING, { object: csr(CLIENT, 'x', after) })).toBeUndefined();
  });

  it('is about its subresource, and nothing else', async () => {
    for (const resource of [CSRS, `${CSRS}/other`, `certificatesigningrequests/${subresource}`]) {
      expect(await write('nobody', SERVING, { resource })).toBeUndefined();
    }
  });

  it('refuses one that is stored without a signer', async () => {
    const old = { metadata: { name: 'csr-1' } };
    expect(await write('one', SERVING, { old })).toBeDefined();
    expect(await write('any', SERVING, { old })).toBeUndefined();
  });
});

describe('CertificateSigning', () => {
  it('is about certificate and conditions only', async () => {
    const write = async (before: object, after: object) =>
      refusal(certificateSigning(authorizer), {
        user: user('nobody'),
        resource: `${CSRS}/status`,
        object: { ...csr(SERVING, 'x', after), metadata: { name: 'csr-1', labels: { a: 'b' } } },
        old: csr(SERVING, 'x', before),
      });
    expect(await write(ISSUED, ISSUED)).toBeUndefined();
    expect(await write({}, { conditions: [] })).toBeUndefined();
    expect(await write(APPROVED, ISSUED)).toBeDefined();
    expect(await write(ISSUED, APPROVED)).toBeDefined();
    const failed = { conditions: [...APPROVED.conditions, { type: 'Failed', status: 'True' }] };
    expect(await write(APPROVED, failed)).toBeDefined();
    expect(
      await write(APPROVED, { conditions: [{ type: 'Approved', status: 'True', reason: 'x' }] }),
    ).toBeDefined();
  });
});

describe('CertificateSubjectRestriction', () => {
  const admission = certificateSubjectRestriction();
  const create = async (object: ReturnType<typeof csr>, more: object = {}) =>
    (
      await refusal(admission, {
        user: user('x', 'system:masters'),
        resource: CSRS,
        object,
        ...more,
      })
    )?.message;

  it('refuses client certificates of system:masters, wherever among the groups', async () => {
    const refused = `${CSRS} "csr-1" is forbidden: use of ${CLIENT} signer with system:masters group is not allowed`;
    expect(await create(csr(CLIENT, { organizations: ['system:masters'] }))).toBe(refused);
    expect(
      await create(csr(CLIENT, { commonName: 'x', organizations: ['a', 'system:masters', 'b'] })),
    ).toBe(refused);
    expect(
      await create(csr(CLIENT, { commonName: 'system:masters', organizations: ['system:master'] })),
    ).toBeUndefined();
    expect(await create(csr(CLIENT, {}))).toBeUndefined();
  });

  it('is about that signer, and creates only', async () => {
    const masters = { organizations: ['system:masters'] };
    for (const signer of [
      SERVING,
      'kubernetes.io/kube-apiserver-client-kubelet',
      'example.com/x',
    ]) {
      expect(await create(csr(signer, masters))).toBeUndefined();
    }
    expect(await create(csr(CLIENT, masters), { old: csr(CLIENT, masters) })).toBeUndefined();
    expect(await create(csr(CLIENT, masters), { resource: `${CSRS}/approval` })).toBeUndefined();
  });

  it.each([
    'nothing',
    '',
    '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n',
    'x'.repeat(2_000_000),
  ])('refuses what it cannot read (%#)', async (text) => {
    expect(await create(csr(CLIENT, text))).toContain('failed to parse CSR');
  });
});

describe('admissionChain', () => {
  it('asks one after the other until one refuses', async () => {
    const asked: string[] = [];
    const step = (name: string, fails: boolean) => async () => {
      asked.push(name);
      if (fails) throw new Error(name);
    };
    const chain = admissionChain([step('a', false), step('b', true), step('c', false)]);
    await expect(refusal(chain, { user: user('x'), resource: 'nodes' })).rejects.toThrow('b');
    expect(asked).toEqual(['a', 'b']);
  });
});
