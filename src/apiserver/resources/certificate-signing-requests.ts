/** CertificateSigningRequests (k8s.io/kubernetes, pkg/registry/certificates/certificates). */
import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
  type UserInfo,
} from '../../kubernetes/index.ts';
import { AGE, column, NAME } from './columns.ts';
import { preserveConditions, withTimes } from './csr-conditions.ts';
import { validateCreate, validateUpdate } from './csr-validation.ts';
import { define } from './define.ts';
import { pathSegment } from './names.ts';
import { ageOf, humanDuration } from './times.ts';

export const CERTIFICATE_SIGNING_REQUEST_DEFINITION = define(CERTIFICATE_SIGNING_REQUESTS, {
  shortNames: ['csr'],
  strategy: {
    validateName: pathSegment,
    prepareCreate: (csr, { user }) => ({
      ...csr,
      spec: requestedBy(csr.spec, user),
      status: {},
    }),
    validate: validateCreate,
    prepareUpdate: (csr, old) => ({ ...csr, spec: old.spec, status: old.status ?? {} }),
    validateUpdate: (csr, old) => validateUpdate(csr, old, 'main'),
  },
  subresources: {
    approval: {
      verbs: ['get', 'patch', 'update'],
      prepareUpdate(csr, old, { now }) {
        const conditions = withTimes(csr, old, now);
        const { conditions: _, ...kept } = old.status ?? {};
        return {
          ...csr,
          spec: old.spec,
          status: { ...(conditions === undefined ? {} : { conditions }), ...kept },
        };
      },
      validateUpdate: (csr, old) => validateUpdate(csr, old, 'approval'),
    },
    status: {
      verbs: ['get', 'patch', 'update'],
      prepareUpdate(csr, old, { now }) {
        const kept = preserveConditions(csr, old);
        const conditions = withTimes(kept, old, now);
        const { conditions: _, ...status } = csr.status ?? {};
        return {
          ...csr,
          spec: old.spec,
          status: { ...(conditions === undefined ? {} : { conditions }), ...status },
        };
      },
      validateUpdate: (csr, old) => validateUpdate(csr, old, 'status'),
    },
  },
  selectableFields: { 'spec.signerName': ({ spec }) => spec.signerName },
  columns: [
    NAME,
    AGE,
    column('SignerName', 'The signer that is asked.'),
    column('Requestor', 'Who asks.'),
    column('RequestedDuration', 'How long the certificate should be valid.'),
    column('Condition', 'How far the request has come.'),
  ],
  row: ({ metadata, spec, status }, now) => [
    metadata.name ?? '',
    ageOf(metadata.creationTimestamp, now),
    spec.signerName === '' ? '<none>' : spec.signerName,
    spec.username ?? '',
    spec.expirationSeconds === undefined ? '<none>' : humanDuration(spec.expirationSeconds),
    conditionCell(status),
  ],
});

/** Who asks is what the server knows, whatever the request says. */
function requestedBy(
  spec: CertificateSigningRequest['spec'],
  { name, uid = '', groups, extra = {} }: UserInfo,
): CertificateSigningRequest['spec'] {
  const { request, signerName, expirationSeconds, usages } = spec;
  return {
    request,
    signerName,
    ...(expirationSeconds === undefined ? {} : { expirationSeconds }),
    ...(usages === undefined ? {} : { usages }),
    ...(name === '' ? {} : { username: name }),
    ...(uid === '' ? {} : { uid }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

function conditionCell(status: CertificateSigningRequest['status']): string {
  const has = (type: string): boolean =>
    status?.conditions?.some((condition) => condition.type === type) === true;
  const state = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending';
  const failed = has('Failed') ? ',Failed' : '';
  return `${state}${failed}${(status?.certificate ?? '') === '' ? '' : ',Issued'}`;
}
