/**
 * Signs PodCertificateRequests for `kubernetes.io/kube-apiserver-client-pod`: client certificates in the name of
 * the pod's service account. Upstream reserves the name and has no such signer; what its certificates look like
 * is in `kubernetes/certificates/pod-certificate.ts`.
 *
 * There is no approval: kube-apiserver lets a node ask for its own pods only. Of whoever else may create requests
 * it asks for no proof that there is such a pod, so that is looked up here. A request that must not be signed gets
 * the condition Denied, one that cannot be Failed; trouble that can pass is thrown, and the queue tries again.
 */
import { randomBytes } from 'node:crypto';
import { KubepkiError } from '../errors.ts';
import {
  KUBE_APISERVER_CLIENT_POD_SIGNER,
  type KubernetesObject,
  POD_CERTIFICATE_REQUESTS,
  PODS,
  type PodCertificateRequest,
  podCertificateTemplate,
  podCertificateTimes,
  type ResourceType,
  refusedFor,
  SERVICE_ACCOUNTS,
} from '../kubernetes/index.ts';
import { formatRfc3339 } from '../tokens/index.ts';
import { encodePem, type Issuer } from '../x509/index.ts';
import type { ControllerContext } from './context.ts';
import { provenKey, type Refusal } from './pod-certificate-request.ts';
import type { CertificateAuthority } from './signer.ts';

export interface PodSigningOptions {
  readonly authority: CertificateAuthority;
  /** The longest that is issued, in milliseconds; the API itself knows an hour to a day. */
  readonly duration: number;
}

/** Does what there is to do about a request; what it throws is trouble that can pass. */
export type PodCertificateHandler = (request: PodCertificateRequest) => Promise<void>;

export const createPodCertificateSigner =
  (context: ControllerContext, { authority, duration }: PodSigningOptions): PodCertificateHandler =>
  async (request) => {
    if (request.spec.signerName !== KUBE_APISERVER_CLIENT_POD_SIGNER || isFinished(request)) return;
    const key = provenKey(request);
    if (key.refusal !== undefined) return refuse(context, request, key.refusal);
    const mismatch = await podProblem(context, request);
    if (mismatch !== undefined) {
      return refuse(context, request, { type: 'Denied', reason: 'InvalidPod', message: mismatch });
    }
    const issued = issue(context, request, { spki: key.spki, duration, issuer: await authority() });
    if (issued.refusal !== undefined) return refuse(context, request, issued.refusal);
    await setStatus(context, request, issued.status);
    const { metadata, spec } = request;
    context.log({
      level: 'info',
      message: 'signed',
      namespace: metadata.namespace,
      request: metadata.name,
      pod: spec.podName,
      serviceAccount: spec.serviceAccountName,
      serialNumber: issued.serialNumber,
      notAfter: issued.status.notAfter,
    });
  };

/** Whatever has become of it: that never changes. */
const isFinished = ({ status }: PodCertificateRequest): boolean =>
  (status?.conditions ?? []).length > 0 || (status?.certificateChain ?? '') !== '';

/** Why the pod is not what the request says; undefined where it is. */
async function podProblem(
  context: ControllerContext,
  { metadata: { namespace = '' }, spec }: PodCertificateRequest,
): Promise<string | undefined> {
  const [pod, account] = await Promise.all([
    find(context, PODS, namespace, spec.podName),
    find(context, SERVICE_ACCOUNTS, namespace, spec.serviceAccountName),
  ]);
  if (pod === undefined || pod.metadata.uid !== spec.podUID) return 'there is no such pod';
  if (pod.spec.serviceAccountName !== spec.serviceAccountName) {
    return 'the pod runs as another service account';
  }
  if (pod.spec.nodeName !== spec.nodeName) return 'the pod runs on another node';
  const { phase } = pod.status ?? {};
  if (phase === 'Succeeded' || phase === 'Failed') return 'the pod has ended';
  if (account === undefined || account.metadata.uid !== spec.serviceAccountUID) {
    return 'there is no such service account';
  }
  return undefined;
}

async function find<T extends KubernetesObject>(
  { client, signal }: ControllerContext,
  type: ResourceType<T>,
  namespace: string,
  name: string,
): Promise<T | undefined> {
  try {
    return await client.get(type, { namespace, name }, { signal });
  } catch (error) {
    if (refusedFor(error, 'NotFound')) return undefined;
    throw error;
  }
}

type Status = NonNullable<PodCertificateRequest['status']>;

type Issued =
  | { readonly status: Status; readonly serialNumber: string; readonly refusal?: never }
  | { readonly refusal: Refusal };

/** @throws KubepkiError where the CA does not last: trouble that can pass */
function issue(
  { clock }: ControllerContext,
  request: PodCertificateRequest,
  { spki, issuer, duration }: { spki: Uint8Array; issuer: Issuer; duration: number },
): Issued {
  const now = clock.now();
  // kube-apiserver sets it where it is not given.
  const { maxExpirationSeconds = 0 } = request.spec;
  const { notAfter: end } = issuer.certificate;
  const { notBefore, notAfter, beginRefreshAt } = podCertificateTimes(
    now,
    maxExpirationSeconds,
    duration,
    end,
  );
  const serialNumber = randomBytes(16);
  const template = { ...podCertificateTemplate(request), notBefore, notAfter, serialNumber };
  try {
    const der = issuer.issue(template, spki);
    return {
      serialNumber: serialNumber.toString('hex'),
      status: {
        conditions: [
          {
            type: 'Issued',
            status: 'True',
            reason: 'Issued',
            message: '',
            lastTransitionTime: formatRfc3339(now),
          },
        ],
        certificateChain: encodePem('CERTIFICATE', der),
        notBefore: formatRfc3339(notBefore),
        beginRefreshAt: formatRfc3339(beginRefreshAt),
        notAfter: formatRfc3339(notAfter),
      },
    };
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    const { message } = error;
    return { refusal: { type: 'Failed', reason: 'SignerValidationFailure', message } };
  }
}

async function refuse(
  context: ControllerContext,
  request: PodCertificateRequest,
  { type, reason, message }: Refusal,
): Promise<void> {
  const lastTransitionTime = formatRfc3339(context.clock.now());
  await setStatus(context, request, {
    conditions: [{ type, status: 'True', reason, message, lastTransitionTime }],
  });
  const { namespace, name } = request.metadata;
  context.log({ level: 'warn', message: 'not signed', namespace, request: name, reason: message });
}

async function setStatus(
  { client, signal }: ControllerContext,
  request: PodCertificateRequest,
  status: Status,
): Promise<void> {
  const after = { ...request, status };
  await client.update(POD_CERTIFICATE_REQUESTS, after, { subresource: 'status', signal });
}
