/**
 * What each of Kubernetes' signers asks of a request. The order of the checks is upstream's, as it
 * decides which message an administrator sees in the Failed condition (kubernetes,
 * pkg/apis/certificates/helpers.go and pkg/controller/certificates/signer/signer.go).
 */
import { type CertificationRequest, commonName, organizations } from '../../x509/index.ts';
import {
  KUBE_APISERVER_CLIENT_SIGNER,
  KUBELET_CLIENT_SIGNER,
  KUBELET_SERVING_SIGNER,
  LEGACY_UNKNOWN_SIGNER,
  type SignerName,
} from './signer-names.ts';

/** Answers why a request is not one for the signer; undefined where it is. */
export type SignerPolicy = (
  request: CertificationRequest,
  usages: readonly string[],
) => string | undefined;

export const NODE_USER_PREFIX = 'system:node:';
export const NODES_GROUP = 'system:nodes';

const NOT_OF_NODES = 'subject organization is not system:nodes';
const NO_NODE_NAME = 'subject common name does not begin with system:node:';

/** `kubernetes.io/kube-apiserver-client-kubelet`: a node's client certificate. */
export const recogniseKubeletClient: SignerPolicy = (request, usages) => {
  const names = request.subjectAltNames;
  if (!isOfNodes(request)) return NOT_OF_NODES;
  if (some(names?.dns)) return 'DNS subjectAltNames are not allowed';
  if (some(names?.email)) return 'Email subjectAltNames are not allowed';
  if (some(names?.ip)) return 'IP subjectAltNames are not allowed';
  if (some(names?.uri)) return 'URI subjectAltNames are not allowed';
  if (!namesNode(request)) return NO_NODE_NAME;
  return usagesWith('client auth', usages);
};

/** `kubernetes.io/kubelet-serving`: what a kubelet serves its API with. */
export const recogniseKubeletServing: SignerPolicy = (request, usages) => {
  const names = request.subjectAltNames;
  if (!isOfNodes(request)) return NOT_OF_NODES;
  if (!some(names?.dns) && !some(names?.ip)) return 'DNS or IP subjectAltName is required';
  if (some(names?.email)) return 'Email subjectAltNames are not allowed';
  if (some(names?.uri)) return 'URI subjectAltNames are not allowed';
  const usage = usagesWith('server auth', usages);
  if (usage !== undefined) return usage;
  return namesNode(request) ? undefined : NO_NODE_NAME;
};

const CLIENT_USAGES: ReadonlySet<string> = new Set([
  'digital signature',
  'key encipherment',
  'client auth',
]);

/** `kubernetes.io/kube-apiserver-client`: any client. That it is not of system:masters is for admission. */
export const recogniseApiserverClient: SignerPolicy = (_request, usages) => {
  const other = usages.find((usage) => !CLIENT_USAGES.has(usage));
  if (other !== undefined) return `invalid usage for client certificate: ${other}`;
  if (usages.includes('client auth')) return undefined;
  return 'missing required usage for client certificate: client auth';
};

/** `kubernetes.io/legacy-unknown`: anything. */
export const recogniseLegacyUnknown: SignerPolicy = () => undefined;

export const SIGNER_POLICIES: Readonly<Record<SignerName, SignerPolicy>> = {
  [KUBELET_CLIENT_SIGNER]: recogniseKubeletClient,
  [KUBELET_SERVING_SIGNER]: recogniseKubeletServing,
  [KUBE_APISERVER_CLIENT_SIGNER]: recogniseApiserverClient,
  [LEGACY_UNKNOWN_SIGNER]: recogniseLegacyUnknown,
};

const some = (names: readonly string[] | undefined): boolean => (names?.length ?? 0) > 0;

function isOfNodes(request: CertificationRequest): boolean {
  const [first, ...others] = organizations(request.subject);
  return first === NODES_GROUP && others.length === 0;
}

const namesNode = (request: CertificationRequest): boolean =>
  commonName(request.subject)?.startsWith(NODE_USER_PREFIX) === true;

/** Compared as sets: the one usage and digital signature, with key encipherment (for RSA keys) or without. */
function usagesWith(
  one: 'client auth' | 'server auth',
  usages: readonly string[],
): string | undefined {
  const given = new Set(usages);
  const fits =
    given.delete('digital signature') &&
    given.delete(one) &&
    (given.size === 0 || (given.size === 1 && given.has('key encipherment')));
  if (fits) return undefined;
  const wanted = ['digital signature', 'key encipherment', one].sort();
  return `usages did not match [${wanted.join(' ')}]`;
}
