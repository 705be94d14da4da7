/** The Secrets that a node needs for a PersistentVolume (kubernetes, pkg/api/v1/persistentvolume/util.go). */
import type { KubernetesObject } from '../../kubernetes/index.ts';
import { at, textAt } from './pod-references.ts';

export interface SecretReference {
  readonly namespace: string;
  readonly name: string;
}

/** Without a namespace, these mean the one of the claim; the others mean none. */
const OF_CLAIM: readonly string[] = ['cephfs', 'flexVolume', 'rbd', 'scaleIO', 'iscsi'];
const OF_THEIR_OWN: readonly string[] = ['cinder', 'storageos'];
/** What the controllers of CSI drivers use, a node does not see. */
const CSI_SECRETS: readonly string[] = [
  'nodePublishSecretRef',
  'nodeStageSecretRef',
  'nodeExpandSecretRef',
];

export function volumeSecrets(volume: KubernetesObject): readonly SecretReference[] {
  const spec = at(volume, 'spec');
  const claimNamespace = textAt(spec, 'claimRef', 'namespace');
  const orOfClaim = (namespace: string): string => (namespace === '' ? claimNamespace : namespace);
  const references: SecretReference[] = [
    {
      namespace: orOfClaim(textAt(spec, 'azureFile', 'secretNamespace')),
      name: textAt(spec, 'azureFile', 'secretName'),
    },
  ];
  const add = (reference: unknown, namespaceOf: (namespace: string) => string): void => {
    references.push({
      namespace: namespaceOf(textAt(reference, 'namespace')),
      name: textAt(reference, 'name'),
    });
  };
  for (const kind of OF_CLAIM) add(at(spec, kind, 'secretRef'), orOfClaim);
  for (const kind of OF_THEIR_OWN) add(at(spec, kind, 'secretRef'), (namespace) => namespace);
  for (const field of CSI_SECRETS) add(at(spec, 'csi', field), (namespace) => namespace);
  return references.filter(({ name }) => name !== '');
}
