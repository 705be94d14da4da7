/** PodCertificateRequests (k8s.io/kubernetes, pkg/registry/certificates/podcertificaterequest). */
import { POD_CERTIFICATE_REQUESTS, type PodCertificateRequest } from '../../../kubernetes/index.ts';
import { IMMUTABLE } from '../checks.ts';
import { column, NAME } from '../columns.ts';
import { define } from '../define.ts';
import { invalid } from '../field-error.ts';
import { sameJson, statusMetadata } from '../metadata.ts';
import { dnsSubdomain } from '../names.ts';
import { validateRequest } from './request.ts';
import { validateStatusUpdate } from './status.ts';

const DAY_SECONDS = 86_400;

export const POD_CERTIFICATE_REQUEST_DEFINITION = define(POD_CERTIFICATE_REQUESTS, {
  strategy: {
    validateName: dnsSubdomain,
    default: (request) =>
      request.spec.maxExpirationSeconds === undefined
        ? { ...request, spec: { ...request.spec, maxExpirationSeconds: DAY_SECONDS } }
        : request,
    prepareCreate: (request) => ({ ...request, status: {} }),
    validate: validateRequest,
    prepareUpdate: (request, old) => ({ ...request, status: old.status ?? {} }),
    validateUpdate: (request, old) =>
      sameJson(request.spec, old.spec) ? [] : [invalid('spec', request.spec, IMMUTABLE)],
    allowUnconditionalUpdate: false,
  },
  subresources: {
    status: {
      verbs: ['get', 'patch', 'update'],
      prepareUpdate: (request, old) => ({
        ...request,
        metadata: statusMetadata(request.metadata, old.metadata),
        spec: old.spec,
      }),
      validateUpdate: (request, old, { now }) => validateStatusUpdate(request, old, now),
    },
  },
  hidesNamespace: true,
  selectableFields: {
    'spec.signerName': ({ spec }) => spec.signerName,
    'spec.podName': ({ spec }) => spec.podName,
    'spec.nodeName': ({ spec }) => spec.nodeName,
  },
  columns: [
    NAME,
    column('PodName', 'The pod that asks.'),
    column('ServiceAccountName', 'As whom the pod runs.'),
    column('NodeName', 'Where the pod runs.'),
    column('SignerName', 'The signer that is asked.'),
    column('State', 'Whether the request waits, or what has become of it.'),
    column('UnverifiedUserAnnotations', 'What the pod says to the signer.'),
  ],
  row: ({ metadata, spec, status }) => [
    metadata.name ?? '',
    spec.podName,
    spec.serviceAccountName,
    spec.nodeName,
    spec.signerName,
    stateOf(status),
    annotationsCell(spec.unverifiedUserAnnotations),
  ],
});

const stateOf = (status: PodCertificateRequest['status']): string =>
  (status?.conditions ?? [])
    .map(({ type }) => type)
    .findLast((type) => ['Issued', 'Denied', 'Failed'].includes(type)) ?? 'Pending';

const annotationsCell = (annotations: Readonly<Record<string, string>> = {}): string =>
  Object.entries(annotations)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',') || '<none>';
