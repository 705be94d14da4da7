/** Words for volumes and for what they are made of (k8s.io/api, core/v1). */
import type { Described, Words } from './open-api-words.ts';

const CORE = 'io.k8s.api.core.v1';

type Fields = NonNullable<Described['fields']>;

const READ_ONLY: Fields = { readOnly: 'Whether nothing can be written.' };
const FS_TYPE: Fields = { fsType: 'The file system, such as ext4.' };
const OPTIONAL: Fields = { optional: 'Whether it may be missing.' };
const MODE: Fields = {
  defaultMode: 'The permissions of the files, where one has none of its own. 0644 unless said.',
};
const ITEMS: Fields = { items: 'Which keys become files; all where nothing is said.' };
const NAME: Fields = { name: 'The name of the object.' };
const GONE = 'Served by a CSI driver where there is one, and otherwise no longer there.';
const ON_NODE: Fields = { ...FS_TYPE, ...READ_ONLY };

const selected = (what: string): Described => ({
  is: `A key of ${what}.`,
  fields: { ...NAME, key: 'The key.', ...OPTIONAL },
});
const whole = (what: string): Described => ({ is: `${what}.`, fields: { ...NAME, ...OPTIONAL } });

const SOURCES: Fields = {
  hostPath: 'A file or a folder of the node.',
  emptyDir: 'A folder that lives as long as the pod.',
  gcePersistentDisk: GONE,
  awsElasticBlockStore: GONE,
  gitRepo: 'A copy of a Git repository. No longer filled.',
  secret: 'The files of a Secret.',
  nfs: 'A folder of an NFS server.',
  iscsi: 'A disk that is reached by iSCSI.',
  glusterfs: GONE,
  persistentVolumeClaim: 'What a PersistentVolumeClaim has got.',
  rbd: GONE,
  flexVolume: 'What a program on the node mounts. CSI has taken its place.',
  cinder: GONE,
  cephfs: GONE,
  flocker: GONE,
  downwardAPI: 'Files with what is known of the pod.',
  fc: 'A disk that is reached by Fibre Channel.',
  azureFile: GONE,
  configMap: 'The files of a ConfigMap.',
  vsphereVolume: GONE,
  quobyte: GONE,
  azureDisk: GONE,
  photonPersistentDisk: GONE,
  projected: 'Files of several sources in one folder.',
  portworxVolume: GONE,
  scaleIO: GONE,
  storageos: GONE,
  csi: 'What a CSI driver makes for the pod.',
  ephemeral: 'What a claim has got that is made for the pod and goes with it.',
  image: 'The files of an image.',
};

export const VOLUME_DESCRIPTIONS: Words = {
  [`${CORE}.Volume`]: {
    is: 'A folder that containers of a pod may mount. Beside the name, one of the fields is set.',
    fields: { name: 'How containers refer to it.', ...SOURCES },
  },
  [`${CORE}.VolumeMount`]: {
    is: "Where a volume stands in a container's file system.",
    fields: {
      name: 'The volume.',
      ...READ_ONLY,
      recursiveReadOnly: 'Whether that is true of mounts below it, too.',
      mountPath: 'Where it stands.',
      subPath: 'The part of the volume that is mounted.',
      mountPropagation: 'Whether mounts of the one side are seen on the other.',
      subPathExpr: 'As `subPath`; $(NAME) is the value of a variable.',
    },
  },
  [`${CORE}.VolumeMountStatus`]: {
    is: 'How a volume is mounted.',
    fields: {
      name: 'The volume.',
      mountPath: 'Where it stands.',
      ...READ_ONLY,
      recursiveReadOnly: 'Whether that is true of mounts below it, too.',
      volumeStatus: 'What is known of the volume itself.',
    },
  },
  [`${CORE}.VolumeStatus`]: {
    is: 'What is known of a volume.',
    fields: { image: 'Of one that is an image.' },
  },
  [`${CORE}.ImageVolumeStatus`]: {
    is: 'What is known of a volume that is an image.',
    fields: { imageRef: 'The digest of the image.' },
  },
  [`${CORE}.VolumeDevice`]: {
    is: 'A volume that a container uses as a device.',
    fields: { name: 'The volume.', devicePath: 'Where the device stands.' },
  },
  [`${CORE}.VolumeProjection`]: {
    is: 'One source of a projected volume. One of the fields is set.',
    fields: {
      secret: 'Files of a Secret.',
      downwardAPI: 'Files with what is known of the pod.',
      configMap: 'Files of a ConfigMap.',
      serviceAccountToken: 'A token of the ServiceAccount.',
      clusterTrustBundle: 'Trust anchors of ClusterTrustBundles.',
      podCertificate: 'A certificate of the pod and its key.',
    },
  },
  [`${CORE}.ProjectedVolumeSource`]: {
    is: 'Files of several sources in one folder.',
    fields: { sources: 'The sources.', ...MODE },
  },
  [`${CORE}.KeyToPath`]: {
    is: 'A key that becomes a file.',
    fields: { key: 'The key.', path: 'The file, inside the volume.', mode: 'Its permissions.' },
  },
  [`${CORE}.ConfigMapKeySelector`]: selected('a ConfigMap'),
  [`${CORE}.SecretKeySelector`]: selected('a Secret'),
  [`${CORE}.ConfigMapEnvSource`]: whole('A ConfigMap whose keys are variables'),
  [`${CORE}.SecretEnvSource`]: whole('A Secret whose keys are variables'),
  [`${CORE}.FileKeySelector`]: {
    is: 'A key of a file with variables.',
    fields: {
      volumeName: 'The volume that the file is in.',
      path: 'The file, inside the volume.',
      key: 'The key.',
      ...OPTIONAL,
    },
  },
  [`${CORE}.ConfigMapProjection`]: {
    is: 'Files of a ConfigMap.',
    fields: { ...NAME, ...ITEMS, ...OPTIONAL },
  },
  [`${CORE}.SecretProjection`]: {
    is: 'Files of a Secret.',
    fields: { ...NAME, ...ITEMS, ...OPTIONAL },
  },
  [`${CORE}.ConfigMapVolumeSource`]: {
    is: 'The files of a ConfigMap.',
    fields: { ...NAME, ...ITEMS, ...MODE, ...OPTIONAL },
  },
  [`${CORE}.SecretVolumeSource`]: {
    is: 'The files of a Secret.',
    fields: { secretName: 'The name of the Secret.', ...ITEMS, ...MODE, ...OPTIONAL },
  },
  [`${CORE}.DownwardAPIProjection`]: {
    is: 'Files with what is known of the pod.',
    fields: { items: 'The files.' },
  },
  [`${CORE}.DownwardAPIVolumeSource`]: {
    is: 'Files with what is known of the pod.',
    fields: { items: 'The files.', ...MODE },
  },
  [`${CORE}.DownwardAPIVolumeFile`]: {
    is: 'A file with something that is known of the pod.',
    fields: {
      path: 'The file, inside the volume.',
      fieldRef: 'A field of the pod.',
      resourceFieldRef: 'A request or a limit of a container.',
      mode: 'Its permissions.',
    },
  },
  [`${CORE}.ObjectFieldSelector`]: {
    is: 'A field of a pod.',
    fields: { fieldPath: 'The path of the field.' },
  },
  [`${CORE}.ResourceFieldSelector`]: {
    is: 'A request or a limit of a container.',
    fields: {
      containerName: 'The container; needed in volumes.',
      resource: 'Which one, such as limits.memory.',
      divisor: 'What it is counted in; 1 where nothing is said.',
    },
  },
  [`${CORE}.ServiceAccountTokenProjection`]: {
    is: 'A token of the ServiceAccount, which is renewed in time.',
    fields: {
      audience: 'Whom it is for; the API server where nothing is said.',
      expirationSeconds: 'How long it is good for; an hour where nothing is said.',
      path: 'The file, inside the volume.',
    },
  },
  [`${CORE}.ClusterTrustBundleProjection`]: {
    is: 'Trust anchors, each once and in no order, in a file of PEM blocks.',
    fields: {
      name: 'One ClusterTrustBundle.',
      signerName: 'All of a signer, in place of one.',
      labelSelector:
        'With `signerName`: labels of those that are meant; none where nothing is said.',
      ...OPTIONAL,
      path: 'The file, inside the volume.',
    },
  },
  [`${CORE}.PodCertificateProjection`]: {
    is: 'A certificate of the pod and its key, which are renewed in time.',
    fields: {
      signerName: 'The signer that is asked.',
      keyType: 'The sort of key that is made.',
      maxExpirationSeconds: 'How long the certificate may be good for.',
      credentialBundlePath: 'The file with the key and the chain.',
      keyPath: 'The file with the key alone.',
      certificateChainPath: 'The file with the chain alone.',
      userAnnotations: 'What the signer is told. Nobody checks it.',
    },
  },
  [`${CORE}.HostPathVolumeSource`]: {
    is: 'A file or a folder of the node.',
    fields: { path: 'Where it is on the node.', type: 'What has to be there, or is made.' },
  },
  [`${CORE}.EmptyDirVolumeSource`]: {
    is: 'A folder that lives as long as the pod.',
    fields: {
      medium: 'Where it is kept: Memory, or the disk of the node.',
      sizeLimit: 'How large it may become.',
    },
  },
  [`${CORE}.EphemeralVolumeSource`]: {
    is: 'A volume that is made for the pod and goes with it.',
    fields: { volumeClaimTemplate: 'The claim that is made.' },
  },
  [`${CORE}.PersistentVolumeClaimTemplate`]: {
    is: 'What a claim is made from.',
    fields: { spec: 'The claim.' },
  },
  [`${CORE}.PersistentVolumeClaimVolumeSource`]: {
    is: 'What a PersistentVolumeClaim has got.',
    fields: { claimName: 'The claim, in the same namespace.', ...READ_ONLY },
  },
  [`${CORE}.PersistentVolumeClaimSpec`]: {
    is: 'What volume is asked for.',
    fields: {
      accessModes: 'How it is to be mounted.',
      selector: 'Labels of the volumes that would do.',
      resources: 'How large it has to be.',
      volumeName: 'The volume that the claim has got.',
      storageClassName: 'The StorageClass.',
      volumeMode: 'Whether it is a file system or a device.',
      dataSource: 'What it is filled with: a snapshot, or another claim.',
      dataSourceRef: 'The same, of any kind, and in another namespace where that is allowed.',
      volumeAttributesClassName: 'The VolumeAttributesClass.',
    },
  },
  [`${CORE}.TypedLocalObjectReference`]: {
    is: 'An object of any kind in the same namespace.',
    fields: {
      apiGroup: 'The group of the object; empty for the core group.',
      kind: 'The kind of the object.',
      ...NAME,
    },
  },
  [`${CORE}.TypedObjectReference`]: {
    is: 'An object of any kind.',
    fields: {
      apiGroup: 'The group of the object; empty for the core group.',
      kind: 'The kind of the object.',
      ...NAME,
      namespace: 'The namespace of the object.',
    },
  },
  [`${CORE}.ImageVolumeSource`]: {
    is: 'The files of an image.',
    fields: { reference: 'The image.', pullPolicy: 'When it is pulled.' },
  },
  [`${CORE}.CSIVolumeSource`]: {
    is: 'What a CSI driver makes for a pod.',
    fields: {
      driver: 'The name of the driver.',
      ...ON_NODE,
      volumeAttributes: 'What the driver is told.',
      nodePublishSecretRef: 'The Secret that the driver is given.',
    },
  },
};
