/**
 * The admissions of certificate signing requests: who may approve and sign for which signer, and that
 * nobody asks for a client certificate of system:masters
 * (kubernetes, plugin/pkg/admission/certificates, pkg/certauthorization).
 */

import { KubepkiError } from '../../errors.ts';
import {
  goQuote,
  KUBE_APISERVER_CLIENT_SIGNER,
  readSpecRequest,
  type UserInfo,
} from '../../kubernetes/index.ts';
import { organizations } from '../../x509/index.ts';
import { SYSTEM_MASTERS, sameJson } from '../authorization/index.ts';
import type { Admission, AdmissionRequest, Authorizer } from '../types.ts';
import { fieldOf, isAbout, operationOf, refusal, textOf } from './request.ts';

const GROUP = 'certificates.k8s.io';
const CSRS = `certificatesigningrequests.${GROUP}`;

/** CertificateApproval: approving and denying takes the verb `approve` on the signer. */
export function certificateApproval(authorizer: Authorizer): Admission {
  return async (request) => {
    if (!isUpdateOf(request, 'approval')) return;
    await requireForSigner(authorizer, request, 'approve');
  };
}

/** CertificateSigning: a change of certificate or conditions takes the verb `sign` on the signer. */
export function certificateSigning(authorizer: Authorizer): Admission {
  return async (request) => {
    if (!isUpdateOf(request, 'status')) return;
    const { object, old } = request;
    const changed = ['status.certificate', 'status.conditions'].some(
      (path) => !sameJson(fieldOf(object, path), fieldOf(old, path)),
    );
    if (changed) await requireForSigner(authorizer, request, 'sign');
  };
}

/** CertificateSubjectRestriction: kubernetes.io/kube-apiserver-client does not sign for system:masters. */
export function certificateSubjectRestriction(): Admission {
  return async (request) => {
    if (!isAbout(request, CSRS) || request.attributes.subresource !== '') return;
    if (operationOf(request) !== 'create') return;
    const signer = KUBE_APISERVER_CLIENT_SIGNER;
    if (textOf(request.object, 'spec.signerName') !== signer) return;
    if (groupsAskedFor(request).includes(SYSTEM_MASTERS)) {
      throw refusal(request, `use of ${signer} signer with system:masters group is not allowed`);
    }
  };
}

const isUpdateOf = (request: AdmissionRequest, subresource: string): boolean =>
  isAbout(request, CSRS) &&
  request.attributes.subresource === subresource &&
  operationOf(request) === 'update';

/** By the signer of the stored object: the one that is sent could name a signer that the caller may use. */
async function requireForSigner(
  authorizer: Authorizer,
  request: AdmissionRequest,
  verb: 'approve' | 'sign',
): Promise<void> {
  const signer = textOf(request.old, 'spec.signerName');
  if (await maySigner(authorizer, request.attributes.user, verb, signer)) return;
  throw refusal(
    request,
    `user not permitted to ${verb} requests with signerName ${goQuote(signer)}`,
  );
}

/** The signer by its name, or all of its domain: `kubernetes.io/*`. */
export async function maySigner(
  authorizer: Authorizer,
  user: UserInfo,
  verb: string,
  signer: string,
): Promise<boolean> {
  const [domain = ''] = signer.split('/', 1);
  for (const name of [signer, `${domain}/*`]) {
    const decision = await authorizer.authorize({
      kind: 'resource',
      user,
      verb,
      group: GROUP,
      version: '*',
      resource: 'signers',
      subresource: '',
      namespace: '',
      name,
    });
    if (decision.allowed) return true;
  }
  return false;
}

function groupsAskedFor(request: AdmissionRequest): readonly string[] {
  try {
    return organizations(readSpecRequest(textOf(request.object, 'spec.request')).subject);
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    throw refusal(request, `failed to parse CSR: ${error.message}`);
  }
}
