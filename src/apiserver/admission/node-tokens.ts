/**
 * NodeRestriction of credentials for pods: a node asks for tokens and certificates of the pods that are
 * bound to it only, and for audiences that they name (kubernetes, plugin/pkg/admission/noderestriction:
 * admitServiceAccount, admitPodCertificateRequest).
 */
import { goQuote, type KubernetesObject, StatusError } from '../../kubernetes/index.ts';
import { at, claimOf, isMirrorPod, listAt, nodeNameOf, textAt } from '../authorization/index.ts';
import type { AdmissionRequest } from '../types.ts';
import { mustFind, type NodeRestrictionSources, type Restriction } from './node-sources.ts';
import { operationOf } from './request.ts';

/** Of accounts themselves, nothing: the authorizer lets no node write them. */
export const restrictServiceAccount: Restriction = async (node, request, sources) => {
  const { attributes, object } = request;
  if (operationOf(request) !== 'create' || attributes.subresource !== 'token') return undefined;
  const bound = (key: string): string => textAt(object, 'spec', 'boundObjectRef', key);
  if (bound('apiVersion') !== 'v1' || bound('kind') !== 'Pod' || bound('name') === '') {
    return 'node requested token not bound to a pod';
  }
  if (bound('uid') === '') return 'node requested token with a pod binding without a uid';
  const pod = await mustFind(sources, 'pods', attributes.namespace, bound('name'));
  if (bound('uid') !== pod.metadata.uid) {
    return `the UID in the bound object reference (${bound('uid')}) does not match the UID in record. The object might have been deleted and then recreated`;
  }
  if (nodeNameOf(pod) !== node) {
    return 'node requested token bound to a pod scheduled on a different node';
  }
  return audienceProblem(request, pod, sources);
};

/** A token is for whom the pod needs it, or for whom the node has a right of its own to ask. */
async function audienceProblem(
  { attributes, object }: AdmissionRequest,
  pod: KubernetesObject,
  sources: NodeRestrictionSources,
): Promise<string | undefined> {
  const audiences = listAt(object, 'spec', 'audiences');
  if (audiences.length > 1) return 'node may only request 0 or 1 audiences';
  const [audience = ''] = audiences;
  if (typeof audience !== 'string') return 'node may only request 0 or 1 audiences';
  if (await isForAudience(pod, audience, sources)) return undefined;
  const { user, namespace, name } = attributes;
  const { allowed } = await sources.authorizer.authorize({
    kind: 'resource',
    user,
    verb: 'request-serviceaccounts-token-audience',
    group: '',
    version: 'v1',
    resource: audience,
    subresource: '',
    namespace,
    name,
  });
  if (allowed) return undefined;
  return `audience ${goQuote(audience)} not found in pod spec volume, ${user.name} is not authorized to request tokens for this audience`;
}

async function isForAudience(
  pod: KubernetesObject,
  audience: string,
  sources: NodeRestrictionSources,
): Promise<boolean> {
  for (const volume of listAt(pod, 'spec', 'volumes')) {
    const projected = listAt(volume, 'projected', 'sources').some(
      (source) =>
        at(source, 'serviceAccountToken') !== undefined &&
        textAt(source, 'serviceAccountToken', 'audience') === audience,
    );
    if (projected) return true;
    const driver = await driverOf(pod, volume, sources);
    if (driver === '') continue;
    const found = await sources.find('csidrivers', '', driver);
    const asked = listAt(found, 'spec', 'tokenRequests').some(
      (token) => textAt(token, 'audience') === audience,
    );
    if (asked) return true;
  }
  return false;
}

/**
 * The CSI driver that a volume is made with: its own, or its claim's. Volumes of the old kinds, for which
 * upstream knows the driver that took over, have none here: a token for that audience needs the right to it.
 */
async function driverOf(
  pod: KubernetesObject,
  volume: unknown,
  { find }: NodeRestrictionSources,
): Promise<string> {
  const claim = claimOf(pod, volume);
  if (claim === '') return textAt(volume, 'csi', 'driver');
  const found = await find('persistentvolumeclaims', pod.metadata.namespace ?? '', claim);
  const name = textAt(found, 'spec', 'volumeName');
  if (name === '') return '';
  return textAt(await find('persistentvolumes', '', name), 'spec', 'csi', 'driver');
}

/** Whatever does not fit may be a matter of time, and is no 403: who asks again may be let in. */
const inconsistent = (message: string): StatusError =>
  StatusError.of('InternalError', `Internal error occurred: ${message}`);

export const restrictPodCertificateRequest: Restriction = async (node, request, sources) => {
  const { attributes, object } = request;
  if (operationOf(request) !== 'create') {
    return `unexpected operation ${operationOf(request).toUpperCase()}`;
  }
  if (attributes.subresource !== '') return `unexpected subresource ${attributes.subresource}`;
  const spec = (key: string): string => textAt(object, 'spec', key);
  if (spec('nodeName') !== node) {
    return `PodCertificateRequest.Spec.NodeName=${goQuote(spec('nodeName'))}, which is not the requesting node ${goQuote(node)}`;
  }
  const { uid: nodeUid = '' } = (await mustFind(sources, 'nodes', '', node)).metadata;
  if (spec('nodeUID') !== nodeUid) {
    throw inconsistent('the PodCertificateRequest names another UID than the Node has');
  }
  const { namespace } = attributes;
  const pod = await mustFind(sources, 'pods', namespace, spec('podName'));
  const shown = goQuote(`${namespace}/${spec('podName')}`);
  if (spec('podUID') !== pod.metadata.uid) {
    throw inconsistent(`the PodCertificateRequest names another UID than pod ${shown} has`);
  }
  if (nodeNameOf(pod) !== node) {
    return `pod ${shown} is not running on node ${goQuote(node)} named in the PodCertificateRequest`;
  }
  if (isMirrorPod(pod)) return `pod ${shown} is a mirror pod`;
  const account = textAt(pod, 'spec', 'serviceAccountName');
  if (spec('serviceAccountName') !== account) {
    return `PodCertificateRequest for pod ${shown} contains serviceAccountName (${goQuote(spec('serviceAccountName'))}) that differs from running pod (${goQuote(account)})`;
  }
  const { uid } = (await mustFind(sources, 'serviceaccounts', namespace, account)).metadata;
  if (spec('serviceAccountUID') !== uid) {
    throw inconsistent(
      `the PodCertificateRequest names another UID than service account ${account} has`,
    );
  }
  return undefined;
};
