/**
 * Who may speak for a signer: give out its trust anchors, decide on the requests of pods.
 */
import { goQuote, POD_CERTIFICATE_REQUESTS } from '../../kubernetes/index.ts';
import { changesOnlyOwners, sameJson } from '../authorization/index.ts';
import { forbidden, invalidObject } from '../resources/index.ts';
import type { Admission, Authorizer } from '../types.ts';
import { maySigner } from './certificates.ts';
import { fieldOf, isAbout, nameOf, operationOf, refusal, textOf } from './request.ts';

const BUNDLES = 'clustertrustbundles.certificates.k8s.io';
const REQUESTS = 'podcertificaterequests.certificates.k8s.io';

/**
 * ClusterTrustBundleAttest: a bundle of a signer takes the verb `attest` on the signer
 * (kubernetes, plugin/pkg/admission/certificates/ctbattest).
 */
export function trustBundleAttest(authorizer: Authorizer): Admission {
  return async (request) => {
    const { object, old, attributes } = request;
    if (object === undefined || !isAbout(request, BUNDLES)) return;
    const signer = textOf(object, 'spec.signerName');
    if (signer === '' || changesOnlyOwners(object, old)) return;
    if (await maySigner(authorizer, attributes.user, 'attest', signer)) return;
    throw refusal(request, `user not permitted to attest for signerName ${goQuote(signer)}`);
  };
}

/**
 * A change of a request's status takes the verb `sign` on the signer. No plug-in of upstream: its strategy asks, and
 * refuses as for a field (kubernetes, pkg/registry/certificates/podcertificaterequest, StatusStrategy).
 */
export function podCertificateSigning(authorizer: Authorizer): Admission {
  return async (request) => {
    const { object, old, attributes } = request;
    const { subresource, user } = attributes;
    if (!isAbout(request, REQUESTS) || subresource !== 'status') return;
    if (operationOf(request) !== 'update') return;
    if (sameJson(fieldOf(object, 'status'), fieldOf(old, 'status'))) return;
    const signer = textOf(old, 'spec.signerName');
    if (await maySigner(authorizer, user, 'sign', signer)) return;
    throw invalidObject(POD_CERTIFICATE_REQUESTS, nameOf(request), [
      forbidden(
        'spec.signerName',
        `User ${goQuote(user.name)} is not permitted to "sign" for signer ${goQuote(signer)}`,
      ),
    ]);
  };
}
