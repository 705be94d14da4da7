/** Words for volumes of clouds and storage systems, most of which CSI drivers have taken over (k8s.io/api, core/v1). */
import type { Described, Words } from './open-api-words.ts';

const CORE = 'io.k8s.api.core.v1';

type Fields = NonNullable<Described['fields']>;

const READ_ONLY: Fields = { readOnly: 'Whether nothing can be written.' };
const FS_TYPE: Fields = { fsType: 'The file system, such as ext4.' };
const ON_NODE: Fields = { ...FS_TYPE, ...READ_ONLY };
const SECRET: Fields = { secretRef: 'The Secret with the credentials.' };
const PARTITION: Fields = { partition: 'The number of the partition; 0 for the whole disk.' };

export const CLOUD_DESCRIPTIONS: Words = {
  [`${CORE}.AWSElasticBlockStoreVolumeSource`]: {
    is: 'A disk of AWS.',
    fields: { volumeID: 'The disk.', ...ON_NODE, ...PARTITION },
  },
  [`${CORE}.GCEPersistentDiskVolumeSource`]: {
    is: 'A disk of Google Cloud.',
    fields: { pdName: 'The disk.', ...ON_NODE, ...PARTITION },
  },
  [`${CORE}.AzureDiskVolumeSource`]: {
    is: 'A disk of Azure.',
    fields: {
      diskName: 'The name of the disk.',
      diskURI: 'Where the disk is.',
      cachingMode: 'What the machine caches.',
      ...ON_NODE,
      kind: 'Of what sort the disk is.',
    },
  },
  [`${CORE}.AzureFileVolumeSource`]: {
    is: 'A file share of Azure.',
    fields: {
      secretName: 'The Secret with the credentials.',
      shareName: 'The share.',
      ...READ_ONLY,
    },
  },
  [`${CORE}.CephFSVolumeSource`]: {
    is: 'A folder of Ceph.',
    fields: {
      monitors: 'Addresses of the monitors.',
      path: 'The folder.',
      user: 'The user of Ceph.',
      secretFile: "The file with the user's key, on the node.",
      ...SECRET,
      ...READ_ONLY,
    },
  },
  [`${CORE}.RBDVolumeSource`]: {
    is: 'A disk of Ceph.',
    fields: {
      monitors: 'Addresses of the monitors.',
      image: 'The disk.',
      pool: 'The pool that it is in.',
      user: 'The user of Ceph.',
      keyring: "The file with the user's key, on the node.",
      ...SECRET,
      ...ON_NODE,
    },
  },
  [`${CORE}.CinderVolumeSource`]: {
    is: 'A disk of OpenStack.',
    fields: { volumeID: 'The disk.', ...ON_NODE, ...SECRET },
  },
  [`${CORE}.FlockerVolumeSource`]: {
    is: 'A data set of Flocker.',
    fields: { datasetName: 'Its name.', datasetUUID: 'Its UUID, in place of the name.' },
  },
  [`${CORE}.GitRepoVolumeSource`]: {
    is: 'A copy of a Git repository.',
    fields: {
      repository: 'Where the repository is.',
      revision: 'The commit.',
      directory: 'The folder for the files.',
    },
  },
  [`${CORE}.GlusterfsVolumeSource`]: {
    is: 'A volume of Gluster.',
    fields: { endpoints: 'The Endpoints of the servers.', path: 'The volume.', ...READ_ONLY },
  },
  [`${CORE}.PhotonPersistentDiskVolumeSource`]: {
    is: 'A disk of Photon.',
    fields: { pdID: 'The disk.', ...FS_TYPE },
  },
  [`${CORE}.PortworxVolumeSource`]: {
    is: 'A volume of Portworx.',
    fields: { volumeID: 'The volume.', ...ON_NODE },
  },
  [`${CORE}.QuobyteVolumeSource`]: {
    is: 'A volume of Quobyte.',
    fields: {
      registry: 'Addresses of the registry.',
      volume: 'The volume.',
      ...READ_ONLY,
      user: 'The user as whom it is mounted.',
      group: 'The group as which it is mounted.',
      tenant: 'The tenant that owns it.',
    },
  },
  [`${CORE}.ScaleIOVolumeSource`]: {
    is: 'A volume of ScaleIO.',
    fields: {
      gateway: 'Where the gateway is.',
      system: 'The storage system.',
      ...SECRET,
      sslEnabled: 'Whether the gateway is asked over TLS.',
      protectionDomain: 'The protection domain.',
      storagePool: 'The pool that it is in.',
      storageMode: 'ThickProvisioned or ThinProvisioned.',
      volumeName: 'The volume.',
      ...ON_NODE,
    },
  },
  [`${CORE}.StorageOSVolumeSource`]: {
    is: 'A volume of StorageOS.',
    fields: {
      volumeName: 'The volume.',
      volumeNamespace: 'The namespace that it is in there.',
      ...ON_NODE,
      ...SECRET,
    },
  },
  [`${CORE}.VsphereVirtualDiskVolumeSource`]: {
    is: 'A disk of vSphere.',
    fields: {
      volumePath: 'The disk.',
      ...FS_TYPE,
      storagePolicyName: 'The storage policy, by name.',
      storagePolicyID: 'The storage policy, by its identifier.',
    },
  },
  [`${CORE}.NFSVolumeSource`]: {
    is: 'A folder of an NFS server.',
    fields: { server: 'The server.', path: 'The folder.', ...READ_ONLY },
  },
  [`${CORE}.ISCSIVolumeSource`]: {
    is: 'A disk that is reached by iSCSI.',
    fields: {
      targetPortal: 'Address and port of the target.',
      iqn: 'The name of the target.',
      lun: 'The number of the disk.',
      iscsiInterface: 'The interface with which it is reached.',
      ...ON_NODE,
      portals: 'Further addresses of the target.',
      chapAuthDiscovery: 'Whether CHAP is used to find it.',
      chapAuthSession: 'Whether CHAP is used to reach it.',
      ...SECRET,
      initiatorName: 'What the node calls itself.',
    },
  },
  [`${CORE}.FCVolumeSource`]: {
    is: 'A disk that is reached by Fibre Channel.',
    fields: {
      targetWWNs: 'Names of the targets.',
      lun: 'The number of the disk.',
      ...ON_NODE,
      wwids: 'Names of the disk, in place of targets and number.',
    },
  },
  [`${CORE}.FlexVolumeSource`]: {
    is: 'What a program on the node mounts.',
    fields: { driver: 'The program.', ...ON_NODE, ...SECRET, options: 'What it is told.' },
  },
};
