/**
 * What belongs to which node, by the pods that are bound to it (kubernetes,
 * plugin/pkg/auth/authorizer/node/graph.go):
 *
 *   Secret, ConfigMap, PersistentVolumeClaim, ServiceAccount, ResourceClaim <- Pod <- Node
 *   Secret <- PersistentVolume <- PersistentVolumeClaim
 *   VolumeAttachment, ResourceSlice, PodCertificateRequest <- Node
 *
 * Upstream walks a graph; here each object has the nodes that it belongs to, with a count of the ways, so
 * that a question costs the same whatever a cluster holds.
 */
import type { KubernetesObject } from '../../kubernetes/index.ts';
import { at, isMirrorPod, nodeNameOf, podReferences, textAt } from './pod-references.ts';
import { volumeSecrets } from './volume-secrets.ts';

export type NodeOwned =
  | 'secret'
  | 'configmap'
  | 'serviceaccount'
  | 'pvc'
  | 'pv'
  | 'resourceclaim'
  | 'pod'
  | 'volumeattachment'
  | 'resourceslice'
  | 'podcertificaterequest';

/** What the Node authorizer asks. */
export interface NodeRelations {
  /** Whether the object belongs to the node. The namespace is empty for what has none. */
  isRelated(node: string, kind: NodeOwned, namespace: string, name: string): boolean;
}

/** A slash stands in no name. */
const keyOf = (kind: NodeOwned, namespace: string, name: string): string =>
  `${kind}/${namespace}/${name}`;

const locationOf = ({ metadata: { namespace = '', name = '' } }: KubernetesObject) => ({
  namespace,
  name,
});

/** What an object has put into the graph, so that it can be taken out again. */
interface Ties {
  readonly node: string;
  readonly keys: readonly string[];
}

export class NodeGraph implements NodeRelations {
  /** Nodes with the number of ways to them, by the key of an object. */
  readonly #nodes = new Map<string, Map<string, number>>();
  /** By the key of what ties objects to a node: a pod, an attachment. */
  readonly #ties = new Map<string, Ties>();
  /** Of a PersistentVolume, by its name: the key of its claim, and those of its Secrets. */
  readonly #volumes = new Map<
    string,
    { readonly claim: string; readonly secrets: readonly string[] }
  >();
  /** PersistentVolumes, by the key of a Secret. */
  readonly #volumesOf = new Map<string, Set<string>>();

  isRelated(node: string, kind: NodeOwned, namespace: string, name: string): boolean {
    const key = keyOf(kind, namespace, name);
    if (kind === 'pv') return this.#claimIsOn(node, name);
    if (this.#nodes.get(key)?.has(node) === true) return true;
    if (kind !== 'secret') return false;
    for (const volume of this.#volumesOf.get(key) ?? []) {
      if (this.#claimIsOn(node, volume)) return true;
    }
    return false;
  }

  /** A pod as it is now; one that is on no node ties nothing. */
  pod(pod: KubernetesObject): void {
    const { namespace, name } = locationOf(pod);
    const own = keyOf('pod', namespace, name);
    const node = nodeNameOf(pod);
    this.#tie(own, node === '' ? undefined : { node, keys: [own, ...keysOf(pod, namespace)] });
  }

  persistentVolume(volume: KubernetesObject): void {
    const { name } = locationOf(volume);
    this.#forgetVolume(name);
    const claimRef = at(volume, 'spec', 'claimRef');
    if (claimRef === undefined || claimRef === null) return;
    const claim = keyOf('pvc', textAt(claimRef, 'namespace'), textAt(claimRef, 'name'));
    const secrets = volumeSecrets(volume).map((secret) =>
      keyOf('secret', secret.namespace, secret.name),
    );
    this.#volumes.set(name, { claim, secrets });
    for (const secret of secrets) {
      const volumes = this.#volumesOf.get(secret);
      if (volumes === undefined) this.#volumesOf.set(secret, new Set([name]));
      else volumes.add(name);
    }
  }

  volumeAttachment(attachment: KubernetesObject): void {
    this.#tieToNode('volumeattachment', attachment);
  }

  resourceSlice(slice: KubernetesObject): void {
    this.#tieToNode('resourceslice', slice);
  }

  podCertificateRequest(request: KubernetesObject): void {
    this.#tieToNode('podcertificaterequest', request);
  }

  /** An object is gone. */
  deleted(kind: NodeOwned, object: KubernetesObject): void {
    const { namespace, name } = locationOf(object);
    if (kind === 'pv') this.#forgetVolume(name);
    else this.#tie(keyOf(kind, namespace, name), undefined);
  }

  /** Forgets everything of a kind that ties: before it is read anew. */
  clear(kind: NodeOwned): void {
    if (kind === 'pv') {
      this.#volumes.clear();
      this.#volumesOf.clear();
    }
    const prefix = `${kind}/`;
    for (const key of this.#ties.keys()) if (key.startsWith(prefix)) this.#tie(key, undefined);
  }

  #claimIsOn(node: string, volume: string): boolean {
    const claim = this.#volumes.get(volume)?.claim;
    return claim !== undefined && this.#nodes.get(claim)?.has(node) === true;
  }

  #tieToNode(kind: NodeOwned, object: KubernetesObject): void {
    const { namespace, name } = locationOf(object);
    const key = keyOf(kind, namespace, name);
    const node = nodeNameOf(object);
    this.#tie(key, node === '' ? undefined : { node, keys: [key] });
  }

  /** The new ties first: what stays must not be gone in between. */
  #tie(key: string, ties: Ties | undefined): void {
    const before = this.#ties.get(key);
    if (ties === undefined) this.#ties.delete(key);
    else {
      this.#ties.set(key, ties);
      for (const tied of ties.keys) this.#count(tied, ties.node, 1);
    }
    for (const tied of before?.keys ?? []) this.#count(tied, before?.node ?? '', -1);
  }

  #count(key: string, node: string, change: 1 | -1): void {
    const nodes = this.#nodes.get(key) ?? new Map<string, number>();
    const ways = (nodes.get(node) ?? 0) + change;
    if (ways > 0) nodes.set(node, ways);
    else nodes.delete(node);
    if (nodes.size > 0) this.#nodes.set(key, nodes);
    else this.#nodes.delete(key);
  }

  #forgetVolume(name: string): void {
    const known = this.#volumes.get(name);
    if (known === undefined) return;
    this.#volumes.delete(name);
    for (const secret of known.secrets) {
      const volumes = this.#volumesOf.get(secret);
      volumes?.delete(name);
      if (volumes?.size === 0) this.#volumesOf.delete(secret);
    }
  }
}

/**
 * What a pod's node needs for it. A mirror pod gives nothing: the node has made it, and would give itself
 * whatever it names.
 */
function keysOf(pod: KubernetesObject, namespace: string): readonly string[] {
  if (isMirrorPod(pod)) return [];
  const { secrets, configMaps, claims, resourceClaims, serviceAccount } = podReferences(pod);
  const keys = (kind: NodeOwned, names: Iterable<string>): string[] =>
    Array.from(names, (name) => keyOf(kind, namespace, name));
  return [
    ...keys('secret', secrets),
    ...keys('configmap', configMaps),
    ...keys('pvc', claims),
    ...keys('resourceclaim', resourceClaims),
    ...(serviceAccount === '' ? [] : keys('serviceaccount', [serviceAccount])),
  ];
}
