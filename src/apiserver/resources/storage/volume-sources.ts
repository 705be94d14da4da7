/** Where a persistent volume is: one of many kinds of places (k8s.io/kubernetes, ValidatePersistentVolumeSpec). */
import { addAll } from '../../../add-all.ts';
import {
  isLongerThan,
  type PersistentVolumeSource,
  type PersistentVolumeSpec,
  type SecretReference,
} from '../../../kubernetes/index.ts';
import { demanded, label, noBacksteps, oneOf, within } from '../checks.ts';
import { type FieldError, forbidden, invalid, notSupported, required } from '../field-error.ts';
import { dnsLabel, dnsSubdomain } from '../names.ts';
import { validateDriverName, validateHostPath, validateNfs } from '../pods/index.ts';
import { validateIscsi } from './iscsi.ts';

type Kind = keyof PersistentVolumeSource;
type Of<K extends Kind> = NonNullable<PersistentVolumeSource[K]>;

interface Source {
  readonly kind: Kind;
  /** Undefined where the volume is none of this kind. */
  validate(spec: PersistentVolumeSource, field: string, volume: string): FieldError[] | undefined;
  /** What the kind is called where it is one too many, and where something is wrong in it. */
  readonly unwanted: string;
  /** One more of it is not refused: upstream's own. */
  readonly isAlwaysOne: boolean;
}

const source = <K extends Kind>(
  kind: K,
  check: (field: string, source: Of<K>, volume: string) => FieldError[],
  { path = kind, unwanted = kind, isAlwaysOne = false }: SourceOptions = {},
): Source => ({
  kind,
  unwanted,
  isAlwaysOne,
  validate(spec, field, volume) {
    const given = spec[kind];
    return given === undefined ? undefined : check(`${field}.${path}`, given, volume);
  },
});

interface SourceOptions {
  readonly path?: string;
  readonly unwanted?: string;
  readonly isAlwaysOne?: boolean;
}

/** Each of these fields is to have a value. */
const all = <T extends object>(
  field: string,
  given: T,
  names: readonly (string & keyof T)[],
): FieldError[] =>
  names
    .filter((name) => {
      const value: unknown = given[name];
      return value === undefined || value === null || value === '' || isEmptyList(value);
    })
    .map((name) => required(`${field}.${name}`));

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

/** In upstream's order: the first that is there is the volume's, the others are too many. */
const SOURCES: readonly Source[] = [
  source('hostPath', validateHostPath),
  source(
    'gcePersistentDisk',
    (field, disk) => [...all(field, disk, ['pdName']), ...partition(field, disk)],
    { path: 'persistentDisk' },
  ),
  source('awsElasticBlockStore', (field, disk) => [
    ...all(field, disk, ['volumeID']),
    ...partition(field, disk),
  ]),
  source('glusterfs', validateGlusterfs),
  source('flocker', validateFlocker),
  source('nfs', validateNfs),
  source('rbd', (field, rbd) => all(field, rbd, ['monitors', 'image'])),
  source('quobyte', validateQuobyte),
  source('cephfs', (field, cephfs) => all(field, cephfs, ['monitors']), { unwanted: 'cephFS' }),
  source('iscsi', validateIscsi),
  source('cinder', (field, cinder) => [
    ...all(field, cinder, ['volumeID']),
    ...named(`${field}.secretRef`, cinder.secretRef),
  ]),
  source('fc', validateFibreChannel),
  source('flexVolume', validateFlexVolume, { isAlwaysOne: true }),
  source('azureFile', (field, file) => [
    ...all(field, file, ['secretName', 'shareName']),
    ...(file.secretNamespace === '' ? [required(`${field}.secretNamespace`)] : []),
  ]),
  source('vsphereVolume', (field, disk) => all(field, disk, ['volumePath'])),
  source('photonPersistentDisk', (field, disk) => all(field, disk, ['pdID'])),
  source('portworxVolume', (field, disk) => all(field, disk, ['volumeID'])),
  source('azureDisk', validateAzureDisk),
  source('scaleIO', (field, disk) => all(field, disk, ['gateway', 'system', 'volumeName'])),
  source('local', validateLocal),
  source('storageos', validateStorageOs),
  source('csi', validateCsi),
];

/** Only what says where the volume is. */
export const sourceOf = (spec: PersistentVolumeSpec): PersistentVolumeSource =>
  Object.fromEntries(
    SOURCES.flatMap(({ kind }) => (spec[kind] === undefined ? [] : [[kind, spec[kind]]])),
  );

/**
 * @param volume its name
 * @param hasNodes the volume says which nodes it can be used on
 */
export function validateSources(
  spec: PersistentVolumeSpec,
  field: string,
  volume: string,
  hasNodes: boolean,
): FieldError[] {
  const errors: FieldError[] = [];
  let found = 0;
  for (const one of SOURCES) {
    const wrong = one.validate(spec, field, volume);
    if (wrong === undefined) continue;
    const { kind, unwanted, isAlwaysOne } = one;
    if (found > 0 && !isAlwaysOne) {
      errors.push(forbidden(`${field}.${unwanted}`, 'may not specify more than 1 volume type'));
      continue;
    }
    found += 1;
    addAll(errors, wrong);
    if (kind === 'local' && !hasNodes) {
      errors.push(required(`${field}.nodeAffinity`, 'Local volume requires node affinity'));
    }
  }
  return found > 0 ? errors : [...errors, required(field, 'must specify a volume type')];
}

const partition = (
  field: string,
  { partition: given = 0 }: { readonly partition?: number },
): FieldError[] =>
  given < 0 || given > 255
    ? [invalid(`${field}.partition`, given, 'must be between 1 and 255, inclusive')]
    : [];

/** A Secret of a namespace; absent is good. */
function named(field: string, reference: SecretReference | undefined): FieldError[] {
  return reference === undefined
    ? []
    : (['name', 'namespace'] as const)
        .filter((part) => (reference[part] ?? '') === '')
        .map((part) => required(`${field}.${part}`));
}

function validateGlusterfs(field: string, glusterfs: Of<'glusterfs'>): FieldError[] {
  const { endpointsNamespace: namespace } = glusterfs;
  const at = `${field}.endpointsNamespace`;
  const errors = all(field, glusterfs, ['endpoints', 'path']);
  if (namespace === undefined) return errors;
  const detail = 'if the endpointnamespace is set, it must be a valid namespace name';
  return [...errors, ...(namespace === '' ? [invalid(at, '', detail)] : label(at, namespace))];
}

function validateFlocker(field: string, flocker: Of<'flocker'>): FieldError[] {
  const { datasetName = '', datasetUUID = '' } = flocker;
  const errors: FieldError[] = [];
  if (datasetName === '' && datasetUUID === '') {
    errors.push(required(field, 'one of datasetName and datasetUUID is required'));
  }
  if (datasetName !== '' && datasetUUID !== '') {
    const detail = 'datasetName and datasetUUID can not be specified simultaneously';
    errors.push(invalid(field, 'resource', detail));
  }
  if (datasetName.includes('/')) {
    errors.push(invalid(`${field}.datasetName`, datasetName, "must not contain '/'"));
  }
  return errors;
}

const HOST_AND_PORT = /^(\[[^[\]]*\]|[^:[\]]*):[^:[\]]*$/;
const PAIRS = 'must be a host:port pair or multiple pairs separated by commas';

function validateQuobyte(field: string, quobyte: Of<'quobyte'>): FieldError[] {
  const { registry, tenant = '' } = quobyte;
  const errors: FieldError[] = [];
  if (registry === '') errors.push(required(`${field}.registry`, PAIRS));
  else if (isLongerThan(tenant, 64)) {
    const detail = 'must be a UUID and may not exceed a length of 64 characters';
    errors.push(required(`${field}.tenant`, detail));
  } else if (!registry.split(',').every((pair) => HOST_AND_PORT.test(pair))) {
    errors.push(invalid(`${field}.registry`, registry, PAIRS));
  }
  return [...errors, ...all(field, quobyte, ['volume'])];
}

function validateFibreChannel(field: string, { targetWWNs = [], wwids = [], lun }: Of<'fc'>) {
  const errors: FieldError[] = [];
  const at = `${field}.targetWWNs`;
  if (targetWWNs.length === 0 && wwids.length === 0) {
    errors.push(required(at, 'must specify either targetWWNs or wwids, but not both'));
  }
  if (targetWWNs.length > 0 && wwids.length > 0) {
    const detail = 'targetWWNs and wwids can not be specified simultaneously';
    errors.push(invalid(at, targetWWNs, detail));
  }
  if (targetWWNs.length === 0) return errors;
  return lun === undefined
    ? [...errors, required(`${field}.lun`, 'lun is required if targetWWNs is specified')]
    : [...errors, ...within(`${field}.lun`, lun, 0, 255)];
}

const RESERVED = /\.(kubernetes|k8s)\.io$/;

/** Options of Kubernetes' own are not the user's. */
function validateFlexVolume(field: string, flex: Of<'flexVolume'>): FieldError[] {
  return [
    ...all(field, flex, ['driver']),
    ...Object.keys(flex.options ?? {})
      .filter((key) => RESERVED.test(`.${key.split('/', 1).join('').toLowerCase()}`))
      .map((key) =>
        invalid(
          `${field}.options[${key}]`,
          key,
          'kubernetes.io and k8s.io namespaces are reserved',
        ),
      ),
  ];
}

const CACHING = ['None', 'ReadOnly', 'ReadWrite'];
const DISKS = ['Dedicated', 'Managed', 'Shared'];
const MANAGED =
  '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
const BLOB = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';

function validateAzureDisk(field: string, disk: Of<'azureDisk'>): FieldError[] {
  const { diskURI, cachingMode, kind } = disk;
  const errors = [
    ...all(field, disk, ['diskName', 'diskURI']),
    ...oneOf(`${field}.cachingMode`, cachingMode, CACHING),
    ...oneOf(`${field}.kind`, kind, DISKS),
  ];
  const at = `${field}.diskURI`;
  if (kind === 'Managed' && !diskURI.startsWith('/subscriptions/')) {
    errors.push(notSupported(at, diskURI, [MANAGED]));
  }
  if (kind !== undefined && kind !== 'Managed' && !diskURI.startsWith('https://')) {
    errors.push(notSupported(at, diskURI, [BLOB]));
  }
  return errors;
}

function validateLocal(field: string, { path }: Of<'local'>): FieldError[] {
  return path === '' ? [required(`${field}.path`)] : noBacksteps(`${field}.path`, path);
}

function validateStorageOs(field: string, storage: Of<'storageos'>): FieldError[] {
  const { volumeName, volumeNamespace = '', secretRef } = storage;
  return [
    ...demanded(`${field}.volumeName`, volumeName, dnsLabel),
    ...(volumeNamespace === '' ? [] : label(`${field}.volumeNamespace`, volumeNamespace)),
    ...named(`${field}.secretRef`, secretRef),
  ];
}

/** Upstream does not look at `nodeStageSecretRef`. */
const CSI_SECRETS = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
] as const;

function validateCsi(field: string, csi: Of<'csi'>): FieldError[] {
  return [
    ...validateDriverName(`${field}.driver`, csi.driver),
    ...all(field, csi, ['volumeHandle']),
    ...CSI_SECRETS.flatMap((name) => {
      const reference = csi[name];
      if (reference === undefined) return [];
      return [
        ...demanded(`${field}.${name}.name`, reference.name, dnsSubdomain),
        ...demanded(`${field}.${name}.namespace`, reference.namespace, dnsLabel),
      ];
    }),
  ];
}
