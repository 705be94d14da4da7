/**
 * NodeRestriction of pods: a node makes mirror pods of its own, which name no other object, and reports on,
 * evicts and removes the pods that are bound to it (kubernetes, plugin/pkg/admission/noderestriction:
 * admitPod…; pkg/api/pod/util.go: HasAPIObjectReference).
 */
import { goQuote, type KubernetesObject } from '../../kubernetes/index.ts';
import {
  at,
  isMirrorPod,
  listAt,
  MIRROR_POD,
  nodeNameOf,
  podReferences,
  sameJson,
  textAt,
} from '../authorization/index.ts';
import { mustFind, type NodeRestrictionSources, type Restriction } from './node-sources.ts';
import { operationOf } from './request.ts';

export const restrictPod: Restriction = (node, request, sources) => {
  const { subresource } = request.attributes;
  switch (subresource) {
    case '':
      return restrictPodItself(node, request, sources);
    case 'status':
      return restrictStatus(node, request, sources);
    case 'eviction':
      return restrictEviction(node, request, sources);
    default:
      return `unexpected pod subresource ${goQuote(subresource)}, only 'status' and 'eviction' are allowed`;
  }
};

const restrictPodItself: Restriction = (node, request, sources) => {
  const { object, old } = request;
  // Where finalizers or a grace period make an update of it, it is still a deletion.
  if (request.attributes.verb.startsWith('delete')) {
    return nodeNameOf(old ?? object) === node
      ? undefined
      : `node ${goQuote(node)} can only delete pods with spec.nodeName set to itself`;
  }
  if (object === undefined || old !== undefined) {
    const operation = operationOf(request).toUpperCase();
    return `unexpected operation ${goQuote(operation)}, node ${goQuote(node)} can only create and delete mirror pods`;
  }
  return restrictNewPod(node, object, sources);
};

async function restrictNewPod(
  node: string,
  pod: KubernetesObject,
  sources: NodeRestrictionSources,
): Promise<string | undefined> {
  if (!isMirrorPod(pod)) {
    return `pod does not have ${goQuote(MIRROR_POD)} annotation, node ${goQuote(node)} can only create mirror pods`;
  }
  if (nodeNameOf(pod) !== node) {
    return `node ${goQuote(node)} can only create pods with spec.nodeName set to itself`;
  }
  const owner = await ownerProblem(node, pod, sources);
  if (owner !== undefined) return owner;
  const referenced = referencedBy(pod);
  return referenced === undefined
    ? undefined
    : `node ${goQuote(node)} can not create pods that reference ${referenced}`;
}

/** Its Node is its only owner: with it the pod goes. */
async function ownerProblem(
  node: string,
  { metadata: { ownerReferences = [] } }: KubernetesObject,
  sources: NodeRestrictionSources,
): Promise<string | undefined> {
  const [owner] = ownerReferences;
  if (ownerReferences.length > 1) {
    return `node ${goQuote(node)} can only create pods with a single owner reference set to itself`;
  }
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node) {
    return `node ${goQuote(node)} can only create pods with an owner reference set to itself`;
  }
  if (owner.controller !== true) {
    return `node ${goQuote(node)} can only create pods with a controller owner reference set to itself`;
  }
  if (owner.blockOwnerDeletion === true) {
    return `node ${goQuote(node)} must not set blockOwnerDeletion on an owner reference`;
  }
  const { uid = '' } = (await mustFind(sources, 'nodes', '', node)).metadata;
  return owner.uid === uid
    ? undefined
    : `node ${node} UID mismatch: expected ${owner.uid} got ${uid}`;
}

/** Volumes that need no other object of the API. */
const PLAIN_VOLUMES: ReadonlySet<string> = new Set([
  'awsElasticBlockStore',
  'azureDisk',
  'cephfs',
  'cinder',
  'downwardAPI',
  'emptyDir',
  'fc',
  'flexVolume',
  'flocker',
  'gcePersistentDisk',
  'gitRepo',
  'hostPath',
  'image',
  'iscsi',
  'nfs',
  'photonPersistentDisk',
  'portworxVolume',
  'quobyte',
  'rbd',
  'scaleIO',
  'storageos',
  'vsphereVolume',
]);

/** What those that are not plain name. */
const VOLUME_OBJECTS: ReadonlyMap<string, string> = new Map([
  ['configMap', 'configmaps (via configmap volumes)'],
  ['secret', 'secrets (via secret volumes)'],
  ['csi', 'csidrivers (via CSI volumes)'],
  ['glusterfs', 'endpoints (via glusterFS volumes)'],
  ['persistentVolumeClaim', 'persistentvolumeclaims'],
  ['ephemeral', 'persistentvolumeclaims (via ephemeral volumes)'],
  ['azureFile', 'secrets (via azureFile volumes)'],
]);

const PROJECTED_OBJECTS: ReadonlyMap<string, string> = new Map([
  ['configMap', 'configmaps (via projected volumes)'],
  ['secret', 'secrets (via projected volumes)'],
  ['serviceAccountToken', 'serviceaccounts (via projected volumes)'],
  ['clusterTrustBundle', 'clustertrustbundles'],
  ['podCertificate', 'podcertificates'],
]);

/** What a pod names of the API, in words; undefined where it names nothing. */
function referencedBy(pod: KubernetesObject): string | undefined {
  const { serviceAccount, secrets, configMaps } = podReferences(pod);
  if (serviceAccount !== '') return 'serviceaccounts';
  if (secrets.size > 0) return 'secrets';
  if (configMaps.size > 0) return 'configmaps';
  if (listAt(pod, 'spec', 'resourceClaims').length > 0) return 'resourceclaims';
  for (const volume of listAt(pod, 'spec', 'volumes')) {
    const referenced = referencedByVolume(volume);
    if (referenced !== undefined) return referenced;
  }
  return undefined;
}

function referencedByVolume(volume: unknown): string | undefined {
  for (const kind of keysOf(volume)) {
    if (kind === 'name' || PLAIN_VOLUMES.has(kind)) continue;
    if (kind !== 'projected') return VOLUME_OBJECTS.get(kind) ?? 'an unknown volume type';
    for (const source of listAt(volume, 'projected', 'sources')) {
      const other = keysOf(source).find((one) => one !== 'downwardAPI');
      if (other !== undefined) {
        return PROJECTED_OBJECTS.get(other) ?? 'an unknown source for projected volume';
      }
    }
  }
  return undefined;
}

const keysOf = (value: unknown): string[] =>
  typeof value === 'object' && value !== null
    ? Object.keys(value).filter((key) => at(value, key) !== null)
    : [];

const restrictStatus: Restriction = (node, request) => {
  const { object, old } = request;
  if (operationOf(request) !== 'update') {
    return `unexpected operation ${goQuote(operationOf(request).toUpperCase())}`;
  }
  if (nodeNameOf(old) !== node) {
    return `node ${goQuote(node)} can only update pod status for pods with spec.nodeName set to itself`;
  }
  if (!sameJson(object?.metadata.labels, old?.metadata.labels)) {
    return `node ${goQuote(node)} cannot update labels through pod status`;
  }
  const changes = (field: string): boolean =>
    !sameJson(at(object, 'status', field), at(old, 'status', field));
  if (changes('resourceClaimStatuses')) {
    return `node ${goQuote(node)} cannot update resource claim statues`;
  }
  if (changes('extendedResourceClaimStatus')) {
    return `node ${goQuote(node)} cannot update extended resource claim status`;
  }
  return undefined;
};

const restrictEviction: Restriction = async (node, request, sources) => {
  if (operationOf(request) !== 'create') {
    return `unexpected operation ${operationOf(request).toUpperCase()}`;
  }
  const { attributes, object } = request;
  const name = attributes.name === '' ? textAt(object, 'metadata', 'name') : attributes.name;
  if (name === '') return 'could not determine pod from request data';
  const pod = await mustFind(sources, 'pods', attributes.namespace, name);
  return nodeNameOf(pod) === node
    ? undefined
    : `node ${node} can only evict pods with spec.nodeName set to itself`;
};
