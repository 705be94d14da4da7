/** Volumes and what they are made of and asked for: core/v1 and storage.k8s.io/v1, as far as the server looks at them. */
import type { Condition, KubernetesObject, ObjectReference } from './objects.ts';
import type { ApiLabelSelector, NodeSelectorTerm, ResourceList } from './pods.ts';

export interface SecretReference {
  readonly name?: string;
  readonly namespace?: string;
}

/** Where a volume is; exactly one is set. */
export interface PersistentVolumeSource {
  readonly hostPath?: { readonly path: string; readonly type?: string };
  readonly gcePersistentDisk?: { readonly pdName: string; readonly partition?: number };
  readonly awsElasticBlockStore?: { readonly volumeID: string; readonly partition?: number };
  readonly glusterfs?: {
    readonly endpoints: string;
    readonly path: string;
    readonly endpointsNamespace?: string;
  };
  readonly flocker?: { readonly datasetName?: string; readonly datasetUUID?: string };
  readonly nfs?: { readonly server: string; readonly path: string };
  readonly rbd?: { readonly monitors: readonly string[] | null; readonly image: string };
  readonly quobyte?: {
    readonly registry: string;
    readonly volume: string;
    readonly tenant?: string;
  };
  readonly cephfs?: { readonly monitors: readonly string[] | null };
  readonly iscsi?: {
    readonly targetPortal: string;
    readonly iqn: string;
    readonly lun: number;
    readonly chapAuthDiscovery?: boolean;
    readonly chapAuthSession?: boolean;
    readonly secretRef?: SecretReference;
    readonly initiatorName?: string;
  };
  readonly cinder?: { readonly volumeID: string; readonly secretRef?: SecretReference };
  readonly fc?: {
    readonly targetWWNs?: readonly string[];
    readonly wwids?: readonly string[];
    readonly lun?: number;
  };
  readonly flexVolume?: {
    readonly driver: string;
    readonly options?: Readonly<Record<string, string>>;
  };
  readonly azureFile?: {
    readonly secretName: string;
    readonly shareName: string;
    readonly secretNamespace: string | null;
  };
  readonly vsphereVolume?: { readonly volumePath: string };
  readonly photonPersistentDisk?: { readonly pdID: string };
  readonly portworxVolume?: { readonly volumeID: string };
  readonly azureDisk?: {
    readonly diskName: string;
    readonly diskURI: string;
    readonly cachingMode?: string;
    readonly kind?: string;
  };
  readonly scaleIO?: {
    readonly gateway: string;
    readonly system: string;
    readonly volumeName?: string;
  };
  readonly local?: { readonly path: string };
  readonly storageos?: {
    readonly volumeName?: string;
    readonly volumeNamespace?: string;
    readonly secretRef?: ObjectReference;
  };
  readonly csi?: {
    readonly driver: string;
    readonly volumeHandle: string;
    readonly controllerPublishSecretRef?: SecretReference;
    readonly controllerExpandSecretRef?: SecretReference;
    readonly nodeStageSecretRef?: SecretReference;
    readonly nodePublishSecretRef?: SecretReference;
    readonly nodeExpandSecretRef?: SecretReference;
  };
}

export interface VolumeNodeAffinity {
  readonly required?: { readonly nodeSelectorTerms: readonly NodeSelectorTerm[] | null };
}

export interface PersistentVolumeSpec extends PersistentVolumeSource {
  readonly capacity?: ResourceList;
  readonly accessModes?: readonly string[];
  readonly claimRef?: ObjectReference;
  readonly persistentVolumeReclaimPolicy?: string;
  readonly storageClassName?: string;
  readonly mountOptions?: readonly string[];
  readonly volumeMode?: string;
  readonly nodeAffinity?: VolumeNodeAffinity;
  readonly volumeAttributesClassName?: string;
}

export interface PersistentVolume extends KubernetesObject {
  readonly spec: PersistentVolumeSpec;
  readonly status?: {
    readonly phase?: string;
    readonly message?: string;
    readonly reason?: string;
    readonly lastPhaseTransitionTime?: string;
  };
}

/** What a claim is filled with, in its own namespace. */
export interface DataSource {
  readonly apiGroup: string | null;
  readonly kind: string;
  readonly name: string;
}

export interface DataSourceRef extends DataSource {
  readonly namespace?: string;
}

export interface PersistentVolumeClaimSpec {
  readonly accessModes?: readonly string[];
  readonly selector?: ApiLabelSelector;
  readonly resources?: { readonly requests?: ResourceList; readonly limits?: ResourceList };
  readonly volumeName?: string;
  readonly storageClassName?: string;
  readonly volumeMode?: string;
  readonly dataSource?: DataSource;
  readonly dataSourceRef?: DataSourceRef;
  readonly volumeAttributesClassName?: string;
}

export interface PersistentVolumeClaim extends KubernetesObject {
  readonly spec: PersistentVolumeClaimSpec;
  readonly status?: {
    readonly phase?: string;
    readonly accessModes?: readonly string[];
    readonly capacity?: ResourceList;
    readonly conditions?: readonly Condition[];
    readonly allocatedResources?: ResourceList;
    readonly allocatedResourceStatuses?: Readonly<Record<string, string>>;
    readonly currentVolumeAttributesClassName?: string;
  };
}

export interface TopologySelectorTerm {
  readonly matchLabelExpressions?: readonly {
    readonly key: string;
    readonly values: readonly string[] | null;
  }[];
}

export interface StorageClass extends KubernetesObject {
  readonly provisioner: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly reclaimPolicy?: string;
  readonly mountOptions?: readonly string[];
  readonly allowVolumeExpansion?: boolean;
  readonly volumeBindingMode?: string;
  readonly allowedTopologies?: readonly TopologySelectorTerm[];
}

export interface CsiStorageCapacity extends KubernetesObject {
  readonly nodeTopology?: ApiLabelSelector;
  readonly storageClassName: string;
  readonly capacity?: string;
  readonly maximumVolumeSize?: string;
}

export interface VolumeError {
  readonly time?: string | null;
  readonly message?: string;
  readonly errorCode?: number;
}

export interface VolumeAttachment extends KubernetesObject {
  readonly spec: {
    readonly attacher: string;
    readonly nodeName: string;
    readonly source: {
      readonly persistentVolumeName?: string;
      readonly inlineVolumeSpec?: PersistentVolumeSpec;
    };
  };
  readonly status: {
    readonly attached: boolean;
    readonly attachmentMetadata?: Readonly<Record<string, string>>;
    readonly attachError?: VolumeError;
    readonly detachError?: VolumeError;
  };
}
