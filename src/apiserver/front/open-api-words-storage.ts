/** Words for persistent volumes, claims and classes (k8s.io/api, core/v1 and storage/v1). */
import type { Described, Words } from './open-api-words.ts';
import { CLOUD_DESCRIPTIONS } from './open-api-words-clouds.ts';
import { VOLUME_DESCRIPTIONS } from './open-api-words-volumes.ts';

const CORE = 'io.k8s.api.core.v1';
const STORAGE = 'io.k8s.api.storage.v1';

type Fields = NonNullable<Described['fields']>;

/** The same places as a pod's volumes can have; their Secrets are of any namespace. */
const persistent = (kind: string, more: Fields = {}): Words => {
  const known = CLOUD_DESCRIPTIONS[`${CORE}.${kind}VolumeSource`];
  return known === undefined
    ? {}
    : {
        [`${CORE}.${kind}PersistentVolumeSource`]: {
          ...known,
          fields: { ...known.fields, ...more },
        },
      };
};

/** Places that a volume of a pod can be in, and a persistent one too. */
const PLACES: Fields = Object.fromEntries(
  [
    'awsElasticBlockStore',
    'azureDisk',
    'azureFile',
    'cephfs',
    'cinder',
    'fc',
    'flexVolume',
    'flocker',
    'gcePersistentDisk',
    'glusterfs',
    'hostPath',
    'iscsi',
    'nfs',
    'photonPersistentDisk',
    'portworxVolume',
    'quobyte',
    'rbd',
    'scaleIO',
    'storageos',
    'vsphereVolume',
  ].map((name) => [name, VOLUME_DESCRIPTIONS[`${CORE}.Volume`]?.fields?.[name] ?? '']),
);

const CONDITION: Fields = {
  type: 'Which thing.',
  status: 'Whether it is so: True, False or Unknown.',
  lastProbeTime: 'When it was last looked at.',
  lastTransitionTime: 'When the status last changed.',
  reason: 'Why it changed, in one word.',
  message: 'Why it changed, for people.',
};
const FS_TYPE: Fields = { fsType: 'The file system, such as ext4.' };

export const STORAGE_DESCRIPTIONS: Words = {
  ...persistent('AzureFile', { secretNamespace: 'The namespace of the Secret.' }),
  ...persistent('CephFS'),
  ...persistent('Cinder'),
  ...persistent('Flex'),
  ...persistent('Glusterfs', { endpointsNamespace: 'The namespace of the Endpoints.' }),
  ...persistent('ISCSI'),
  ...persistent('RBD'),
  ...persistent('ScaleIO'),
  ...persistent('StorageOS'),
  [`${CORE}.PersistentVolume`]: {
    is: 'A place for files that outlives pods. Exactly one field of its spec says where it is.',
    fields: { spec: 'What it is.', status: 'Whether somebody has it.' },
  },
  [`${CORE}.PersistentVolumeSpec`]: {
    is: 'What a volume is, and where.',
    fields: {
      ...PLACES,
      csi: 'What a CSI driver has made.',
      local: 'A disk, a partition or a folder of one node.',
      capacity: 'How large it is.',
      accessModes: 'How it can be mounted.',
      claimRef: 'The claim that has it.',
      persistentVolumeReclaimPolicy: 'What becomes of it when it is given back.',
      storageClassName: 'The StorageClass that it is of.',
      mountOptions: 'Options for mounting it.',
      volumeMode: 'Whether it is a file system or a device.',
      nodeAffinity: 'The nodes on which it can be used; all where nothing is said.',
      volumeAttributesClassName: 'The VolumeAttributesClass that it is of.',
    },
  },
  [`${CORE}.PersistentVolumeStatus`]: {
    is: 'Whether somebody has a volume.',
    fields: {
      phase: 'Pending, Available, Bound, Released or Failed.',
      message: 'Why it is so, for people.',
      reason: 'Why it is so, in one word.',
      lastPhaseTransitionTime: 'When the phase last changed.',
    },
  },
  [`${CORE}.SecretReference`]: {
    is: 'A Secret.',
    fields: { name: 'The name of the Secret.', namespace: 'The namespace of the Secret.' },
  },
  [`${CORE}.LocalVolumeSource`]: {
    is: 'A disk, a partition or a folder of one node.',
    fields: { path: 'Where it is on the node.', ...FS_TYPE },
  },
  [`${CORE}.CSIPersistentVolumeSource`]: {
    is: 'What a CSI driver has made.',
    fields: {
      driver: 'The name of the driver.',
      volumeHandle: 'What the driver calls it.',
      readOnly: 'Whether nothing can be written.',
      ...FS_TYPE,
      volumeAttributes: 'What the driver is told.',
      controllerPublishSecretRef: 'The Secret for attaching it to nodes.',
      nodeStageSecretRef: 'The Secret for preparing it on a node.',
      nodePublishSecretRef: 'The Secret for mounting it.',
      controllerExpandSecretRef: 'The Secret for making it larger.',
      nodeExpandSecretRef: 'The Secret for making it larger on a node.',
    },
  },
  [`${CORE}.VolumeNodeAffinity`]: {
    is: 'The nodes on which a volume can be used.',
    fields: { required: 'What a node must be.' },
  },
  [`${CORE}.PersistentVolumeClaim`]: {
    is: 'What asks for a volume, for the pods of a namespace.',
    fields: { spec: 'What volume is asked for.', status: 'What it has got.' },
  },
  [`${CORE}.PersistentVolumeClaimStatus`]: {
    is: 'What a claim has got.',
    fields: {
      phase: 'Pending, Bound or Lost.',
      accessModes: 'How the volume can be mounted.',
      capacity: 'How large the volume is.',
      conditions: 'What is known of it.',
      allocatedResources: 'How large the volume is going to be.',
      allocatedResourceStatuses: 'How far its change of size is.',
      currentVolumeAttributesClassName: 'The VolumeAttributesClass that the volume is of.',
      modifyVolumeStatus: 'How far its change to another VolumeAttributesClass is.',
    },
  },
  [`${CORE}.PersistentVolumeClaimCondition`]: {
    is: 'One thing that is known of a claim.',
    fields: CONDITION,
  },
  [`${CORE}.ModifyVolumeStatus`]: {
    is: 'How far the change to another VolumeAttributesClass is.',
    fields: {
      targetVolumeAttributesClassName: 'The class that it is going to be of.',
      status: 'Pending, InProgress or Infeasible.',
    },
  },
  [`${CORE}.TopologySelectorTerm`]: {
    is: 'Where volumes may be: all of the labels must fit.',
    fields: { matchLabelExpressions: 'The labels.' },
  },
  [`${CORE}.TopologySelectorLabelRequirement`]: {
    is: 'A label of the place.',
    fields: { key: 'The key of the label.', values: 'The values that would do.' },
  },
  [`${STORAGE}.StorageClass`]: {
    is: 'A kind of volumes, and who makes them.',
    fields: {
      provisioner: 'Who makes the volumes. It never changes.',
      parameters: 'What the provisioner is told. They never change.',
      reclaimPolicy: 'What becomes of volumes that are given back: Delete or Retain.',
      mountOptions: 'Options for mounting the volumes.',
      allowVolumeExpansion: 'Whether the volumes can become larger.',
      volumeBindingMode: 'Immediate: a claim gets its volume at once. Or when a pod needs it.',
      allowedTopologies: 'Where volumes may be; anywhere where nothing is said.',
    },
  },
  [`${STORAGE}.CSIStorageCapacity`]: {
    is: 'How much room a driver has for volumes of a class in some place.',
    fields: {
      nodeTopology: 'The nodes that reach the place; none where nothing is said.',
      storageClassName: 'The StorageClass. It never changes.',
      capacity: 'How much room there is.',
      maximumVolumeSize: 'How large one volume can be.',
    },
  },
  [`${STORAGE}.VolumeAttachment`]: {
    is: 'What asks for a volume to be attached to a node.',
    fields: { spec: 'Which volume, and to which node.', status: 'How far it is.' },
  },
  [`${STORAGE}.VolumeAttachmentSpec`]: {
    is: 'A volume that is to be attached to a node.',
    fields: {
      attacher: 'The driver that does it.',
      source: 'The volume.',
      nodeName: 'The node.',
    },
  },
  [`${STORAGE}.VolumeAttachmentSource`]: {
    is: 'A volume: one of the fields is set.',
    fields: {
      persistentVolumeName: 'The PersistentVolume.',
      inlineVolumeSpec: 'A volume that is none, as it would stand in one.',
    },
  },
  [`${STORAGE}.VolumeAttachmentStatus`]: {
    is: 'Whether a volume is attached.',
    fields: {
      attached: 'Whether it is attached.',
      attachmentMetadata: 'What the driver has told of it.',
      attachError: 'Why it could not be attached.',
      detachError: 'Why it could not be detached.',
    },
  },
  [`${STORAGE}.VolumeError`]: {
    is: 'What went wrong.',
    fields: {
      time: 'When it went wrong.',
      message: 'What went wrong. No secrets.',
      errorCode: 'The number that the driver gave, one of gRPC.',
    },
  },
};
