/** Requests of who was revoked after asking: neither approved nor signed, and the log says why. */
import { describe, expect, it } from 'vitest';
import { createClientApprover } from '../../src/controllers/client-approver.ts';
import { createSigner } from '../../src/controllers/signer.ts';
import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
  conditionsOf,
  StatusError,
} from '../../src/kubernetes/index.ts';
import { csrObject } from '../kubernetes/certificates/requests.ts';
import { type Call, FakeApi } from './fake-client.ts';
import { approved, benchOf, csrIn, issuerTo } from './support.ts';

const WHY = 'the user is revoked (Revocation "laptop")';
const renewal = csrObject('a', {
  username: 'system:node:worker-1',
  groups: ['system:nodes', 'system:authenticated'],
});
const CA = issuerTo();

const isGrant = ({ subresource, object }: Call): boolean =>
  subresource === 'approval' ||
  (subresource === 'status' &&
    (object as CertificateSigningRequest | undefined)?.status?.certificate !== undefined);

async function apiWith(csr: CertificateSigningRequest, denial: string | undefined) {
  const api = new FakeApi();
  api.before = (call) => {
    if (isGrant(call)) throw StatusError.of('Forbidden', 'the server refuses it');
  };
  const stored = await api.create(CERTIFICATE_SIGNING_REQUESTS, csr);
  return { api, stored, revoke: () => void (api.deny = () => denial) };
}

describe('the approver', () => {
  it('leaves alone who is denied, says it once and looks again', async () => {
    const { api, stored, revoke } = await apiWith(renewal, WHY);
    revoke();
    const { context, lines } = benchOf(api);
    const approver = createClientApprover(context);
    expect(await approver(stored)).toBe('retry');
    expect(await approver(stored)).toBe('retry');
    expect(lines.map(({ level, reason }) => [level, reason])).toEqual([
      ['warn', WHY],
      ['debug', WHY],
    ]);
    expect(conditionsOf(csrIn(api, 'a'))).toEqual([]);
  });

  it('says why the server has refused what it had judged before', async () => {
    const { api, stored, revoke } = await apiWith(renewal, WHY);
    const { before } = api;
    api.before = async (call) => {
      if (isGrant(call)) revoke();
      await before(call);
    };
    const { context, lines } = benchOf(api);
    expect(await createClientApprover(context)(stored)).toBe('done');
    expect(lines).toMatchObject([{ level: 'warn', message: 'not approved', reason: WHY }]);
  });

  it('tells of a right that it lacks itself as trouble', async () => {
    const { api, stored } = await apiWith(renewal, undefined);
    const { context } = benchOf(api);
    await expect(createClientApprover(context)(stored)).rejects.toThrow('the server refuses it');
  });
});

describe('the signer', () => {
  it('fails the request, with nothing issued', async () => {
    const { api, stored, revoke } = await apiWith(approved(renewal), WHY);
    revoke();
    const { context, lines } = benchOf(api);
    expect(await createSigner(context, { authorities: async () => CA })(stored)).toBe('done');
    const { status } = csrIn(api, 'a');
    expect(status?.certificate).toBeUndefined();
    expect(conditionsOf(csrIn(api, 'a')).find(({ type }) => type === 'Failed')?.message).toBe(WHY);
    expect(lines).toMatchObject([{ level: 'warn', message: 'not signed', reason: WHY }]);
  });

  it('tells of a right that it lacks itself as trouble', async () => {
    const { api, stored } = await apiWith(approved(renewal), undefined);
    const { context } = benchOf(api);
    await expect(createSigner(context, { authorities: async () => CA })(stored)).rejects.toThrow(
      'the server refuses it',
    );
  });
});
