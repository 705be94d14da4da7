/** Certificate signing requests of who is revoked: made before, and approved or signed after. */
import { describe, expect, it } from 'vitest';
import {
  CREDENTIAL_ID,
  certificateCredentialId,
  KUBE_APISERVER_CLIENT_SIGNER,
  type UserInfo,
} from '../../../src/kubernetes/index.ts';
import { encodePem, makeName } from '../../../src/x509/index.ts';
import { pair } from '../../http/material.ts';
import { requestDer, specRequest } from '../../kubernetes/certificates/requests.ts';
import { apiServer, CA, type Tested } from '../front/server.ts';
import { REVOCATIONS, revocation, twinOf } from './served.ts';

const CSRS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const ID = `X509SHA256=${'a'.repeat(64)}`;

const EVE = pair(CA, { commonName: 'eve' });
const WHOLE = { certificate: encodePem('CERTIFICATE', EVE.der) };

const requester = (name: string, ids: readonly string[] = []): UserInfo => ({
  name,
  groups: ['system:masters', 'system:authenticated'],
  ...(ids.length === 0 ? {} : { extra: { [CREDENTIAL_ID]: ids } }),
});

async function asked(tested: Tested, user: UserInfo): Promise<void> {
  const { status, text } = await tested.ask('POST', CSRS, {
    user,
    body: {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: 'c' },
      spec: {
        request: specRequest(requestDer({ subject: makeName({ commonName: 'jane' }) })),
        signerName: KUBE_APISERVER_CLIENT_SIGNER,
        usages: ['client auth'],
      },
    },
  });
  if (status !== 201) throw new Error(text);
}

async function decide(tested: Tested, type: 'Approved' | 'Denied') {
  const { json } = await tested.ask('GET', `${CSRS}/c`);
  const conditions = [{ type, status: 'True', reason: 'x', message: 'y' }];
  return await tested.ask('PUT', `${CSRS}/c/approval`, {
    body: { ...json, status: { conditions } },
  });
}

const revoke = (tested: Tested, spec: object) =>
  tested.ask('POST', REVOCATIONS, { body: revocation({ reason: 'stolen', ...spec }) });

describe('a request of who is revoked after asking', () => {
  it.each<[string, UserInfo, object]>([
    ['the user', requester('eve'), { user: 'eve' }],
    ['the credential', requester('eve', [ID]), { credentialId: ID }],
    ['the bootstrap token', requester('system:bootstrap:abcdef'), { tokenId: 'abcdef' }],
    ['the certificate', requester('eve', [certificateCredentialId(EVE.der)]), WHOLE],
    ['its twin', requester('eve', [certificateCredentialId(twinOf(EVE.der))]), WHOLE],
  ])('is not approved, only denied: %s', async (_, user, spec) => {
    const tested = await apiServer();
    await asked(tested, user);
    expect((await revoke(tested, spec)).status).toBe(201);
    const { status, json } = await decide(tested, 'Approved');
    expect(status).toBe(403);
    expect(json.message).toContain('is revoked (Revocation "r"): deny it, or delete it');
    expect((await decide(tested, 'Denied')).status).toBe(200);
  });

  it('is not signed where it was approved before', async () => {
    const tested = await apiServer();
    await asked(tested, requester('eve'));
    const { json } = await decide(tested, 'Approved');
    await revoke(tested, { user: 'eve' });
    const certificate = Buffer.from(CA.pem).toString('base64');
    const signed = await tested.ask('PUT', `${CSRS}/c/status`, {
      body: { ...json, status: { ...json.status, certificate } },
    });
    expect(signed.status).toBe(403);
    const failed = await tested.ask('PUT', `${CSRS}/c/status`, {
      body: {
        ...json,
        status: {
          conditions: [
            ...json.status.conditions,
            { type: 'Failed', status: 'True', reason: 'x', message: 'y' },
          ],
        },
      },
    });
    expect(failed.status).toBe(200);
  });

  it('is approved when the revocation is gone, and where it is of somebody else', async () => {
    const tested = await apiServer();
    await asked(tested, requester('eve', [ID]));
    await revoke(tested, { user: 'bob' });
    await tested.ask('DELETE', `${REVOCATIONS}/r`);
    await revoke(tested, { user: 'eve' });
    expect((await decide(tested, 'Approved')).status).toBe(403);
    await tested.ask('DELETE', `${REVOCATIONS}/r`);
    expect((await decide(tested, 'Approved')).status).toBe(200);
  });
});
