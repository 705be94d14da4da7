/**
 * The objects that a pod makes its node need, by their names (kubernetes, pkg/api/v1/pod/util.go:
 * VisitPodSecretNames, VisitPodConfigmapNames; component-helpers/storage/ephemeral;
 * dynamic-resource-allocation/resourceclaim). A stored pod is looked at with care: what is not of the
 * form that it should be gives nothing.
 */
import type { KubernetesObject } from '../../kubernetes/index.ts';

/** Names of objects in the pod's namespace. */
export interface PodReferences {
  readonly secrets: ReadonlySet<string>;
  readonly configMaps: ReadonlySet<string>;
  readonly claims: ReadonlySet<string>;
  readonly resourceClaims: ReadonlySet<string>;
  /** Empty where there is none. */
  readonly serviceAccount: string;
}

export const MIRROR_POD = 'kubernetes.io/config.mirror';

/** Made by a node of what it runs anyway. */
export const isMirrorPod = (pod: KubernetesObject): boolean =>
  Object.hasOwn(pod.metadata.annotations ?? {}, MIRROR_POD);

export const nodeNameOf = (pod: unknown): string => textAt(pod, 'spec', 'nodeName');

/** The field at a path; undefined where it is not there. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = Reflect.get(found, key);
  }
  return found;
}

export function textAt(value: unknown, ...path: readonly string[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
}

export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

export function podReferences(pod: KubernetesObject): PodReferences {
  const secrets = new Set<string>();
  const configMaps = new Set<string>();
  const claims = new Set<string>();
  for (const reference of listAt(pod, 'spec', 'imagePullSecrets')) {
    secrets.add(textAt(reference, 'name'));
  }
  for (const container of containersOf(pod)) collectEnvironment(container, secrets, configMaps);
  for (const volume of listAt(pod, 'spec', 'volumes')) {
    collectVolume(volume, secrets, configMaps);
    claims.add(claimOf(pod, volume));
  }
  for (const names of [secrets, configMaps, claims]) names.delete('');
  return {
    secrets,
    configMaps,
    claims,
    resourceClaims: resourceClaimsOf(pod),
    serviceAccount: textAt(pod, 'spec', 'serviceAccountName'),
  };
}

const containersOf = (pod: KubernetesObject): readonly unknown[] =>
  ['initContainers', 'containers', 'ephemeralContainers'].flatMap((key) =>
    listAt(pod, 'spec', key),
  );

function collectEnvironment(
  container: unknown,
  secrets: Set<string>,
  configMaps: Set<string>,
): void {
  for (const source of listAt(container, 'envFrom')) {
    secrets.add(textAt(source, 'secretRef', 'name'));
    configMaps.add(textAt(source, 'configMapRef', 'name'));
  }
  for (const variable of listAt(container, 'env')) {
    secrets.add(textAt(variable, 'valueFrom', 'secretKeyRef', 'name'));
    configMaps.add(textAt(variable, 'valueFrom', 'configMapKeyRef', 'name'));
  }
}

/** Where each kind of volume names its Secret. */
const VOLUME_SECRETS: readonly (readonly string[])[] = [
  ['azureFile', 'secretName'],
  ['cephfs', 'secretRef', 'name'],
  ['cinder', 'secretRef', 'name'],
  ['flexVolume', 'secretRef', 'name'],
  ['rbd', 'secretRef', 'name'],
  ['secret', 'secretName'],
  ['scaleIO', 'secretRef', 'name'],
  ['iscsi', 'secretRef', 'name'],
  ['storageos', 'secretRef', 'name'],
  ['csi', 'nodePublishSecretRef', 'name'],
];

function collectVolume(volume: unknown, secrets: Set<string>, configMaps: Set<string>): void {
  for (const path of VOLUME_SECRETS) secrets.add(textAt(volume, ...path));
  configMaps.add(textAt(volume, 'configMap', 'name'));
  for (const source of listAt(volume, 'projected', 'sources')) {
    secrets.add(textAt(source, 'secret', 'name'));
    configMaps.add(textAt(source, 'configMap', 'name'));
  }
}

/** The PersistentVolumeClaim of a volume: one that is named, or one that is made for the pod. */
export function claimOf(pod: KubernetesObject, volume: unknown): string {
  const claim = textAt(volume, 'persistentVolumeClaim', 'claimName');
  if (claim !== '' || at(volume, 'ephemeral') === undefined) return claim;
  const name = textAt(volume, 'name');
  return name === '' ? '' : `${pod.metadata.name ?? ''}-${name}`;
}

/** Claims that are named, and those that were made from templates: their names stand in the status. */
function resourceClaimsOf(pod: KubernetesObject): ReadonlySet<string> {
  const names = new Set([
    textAt(pod, 'status', 'extendedResourceClaimStatus', 'resourceClaimName'),
  ]);
  const made = new Map(
    listAt(pod, 'status', 'resourceClaimStatuses').map((status) => [
      textAt(status, 'name'),
      textAt(status, 'resourceClaimName'),
    ]),
  );
  for (const claim of listAt(pod, 'spec', 'resourceClaims')) {
    const named = textAt(claim, 'resourceClaimName');
    if (named !== '') names.add(named);
    else if (textAt(claim, 'resourceClaimTemplateName') !== '') {
      names.add(made.get(textAt(claim, 'name')) ?? '');
    }
  }
  names.delete('');
  return names;
}
