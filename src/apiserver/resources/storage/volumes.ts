/** Persistent volumes (k8s.io/kubernetes, pkg/registry/core/persistentvolume). Nothing here makes or mounts one. */
import {
  type NodeSelectorTerm,
  PERSISTENT_VOLUMES,
  type PersistentVolume,
  type PersistentVolumeSpec,
} from '../../../kubernetes/index.ts';
import { IMMUTABLE } from '../checks.ts';
import { AGE, column, NAME, wide } from '../columns.ts';
import { define } from '../define.ts';
import { replacedLabel } from '../deprecated-labels.ts';
import { type FieldError, forbidden, invalid } from '../field-error.ts';
import { sameJson } from '../metadata.ts';
import { dnsSubdomain } from '../names.ts';
import { rounded, withSourceDefaults } from '../pods/index.ts';
import { ageOf, formatTime } from '../times.ts';
import { accessModes, amountCell, CLASS_ANNOTATION, classOf, withFinalizer } from './common.ts';
import { sourceOf } from './volume-sources.ts';
import { STORAGE, validateVolumeSpec } from './volume-spec.ts';

/** Upstream's admission plug-in StorageObjectInUseProtection; who takes it away is a controller's. */
const PROTECTION = 'kubernetes.io/pv-protection';

export const PERSISTENT_VOLUME_DEFINITION = define(PERSISTENT_VOLUMES, {
  shortNames: ['pv'],
  strategy: {
    validateName: dnsSubdomain,
    default: withDefaults,
    prepareCreate: (volume, { now }) => ({
      ...withFinalizer(volume, PROTECTION),
      status: { phase: 'Pending', lastPhaseTransitionTime: formatTime(now) },
    }),
    prepareUpdate: (volume, old) => withStatus(volume, old.status),
    validate,
    validateUpdate: (volume, old) => [...validate(volume), ...validateChanges(volume, old)],
    warnings: (volume) => volumeWarnings(volume),
    returnDeletedObject: true,
  },
  subresources: {
    status: {
      verbs: ['get', 'patch', 'update'],
      prepareUpdate: (volume, old, { now }) => ({
        ...withStatus(volume, statusAt(volume, old, now)),
        spec: old.spec,
      }),
    },
  },
  columns: [
    NAME,
    column('Capacity', 'How large it is.'),
    column('Access Modes', 'How it can be mounted.'),
    column('Reclaim Policy', 'What becomes of it when it is given back.'),
    column('Status', 'Whether somebody has it.'),
    column('Claim', 'The claim that has it.'),
    column('StorageClass', 'The class that it is of.'),
    column('VolumeAttributesClass', 'The class that its attributes are of.'),
    column('Reason', 'Why it is in this state.'),
    AGE,
    wide('VolumeMode', 'Whether it is a file system or a device.'),
  ],
  row: (volume, now) => {
    const { metadata, spec, status } = volume;
    const { claimRef: claim } = spec;
    return [
      metadata.name ?? '',
      amountCell(spec.capacity?.[STORAGE]),
      accessModes(spec.accessModes),
      spec.persistentVolumeReclaimPolicy ?? '',
      metadata.deletionTimestamp === undefined ? (status?.phase ?? '') : 'Terminating',
      claim === undefined ? '' : `${claim.namespace ?? ''}/${claim.name ?? ''}`,
      classOf(volume),
      spec.volumeAttributesClassName ?? '<unset>',
      status?.reason ?? '',
      ageOf(metadata.creationTimestamp, now),
      spec.volumeMode ?? '<unset>',
    ];
  },
});

/** SetDefaults_PersistentVolume, and what its source lacks. */
function withDefaults(volume: PersistentVolume): PersistentVolume {
  const { spec, status } = volume;
  const { persistentVolumeReclaimPolicy = 'Retain', volumeMode = 'Filesystem' } = spec;
  const complete = volumeDefaults(spec);
  const isWhole =
    complete === spec &&
    spec.persistentVolumeReclaimPolicy !== undefined &&
    spec.volumeMode !== undefined;
  if (isWhole && status?.phase !== undefined) return volume;
  return {
    ...volume,
    spec: isWhole ? spec : { ...complete, persistentVolumeReclaimPolicy, volumeMode },
    status: { ...status, phase: status?.phase ?? 'Pending' },
  };
}

/** Of a volume wherever it stands. */
export function volumeDefaults(spec: PersistentVolumeSpec): PersistentVolumeSpec {
  const complete = withSourceDefaults(spec);
  const capacity = rounded(complete.capacity);
  return capacity === undefined || capacity === complete.capacity
    ? complete
    : { ...complete, capacity };
}

function withStatus(volume: PersistentVolume, status: PersistentVolume['status']) {
  const { status: _, ...rest } = volume;
  return status === undefined ? rest : { ...rest, status };
}

/** When a volume came into its state is known by the server, unless somebody says it. */
function statusAt(
  { status }: PersistentVolume,
  { status: old }: PersistentVolume,
  now: Date,
): PersistentVolume['status'] {
  const time = status?.lastPhaseTransitionTime;
  const before = old?.lastPhaseTransitionTime;
  if (status?.phase !== old?.phase) {
    const isTold = time !== undefined && time !== before;
    return isTold ? status : { ...status, lastPhaseTransitionTime: formatTime(now) };
  }
  return time !== undefined || before === undefined
    ? status
    : { ...status, lastPhaseTransitionTime: before };
}

const MOUNT_ANNOTATION = 'volume.beta.kubernetes.io/mount-options';
/** What may have options in the old annotation (pkg/volume/validation, checkMountOption). */
const WITH_OPTIONS = [
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'nfs',
  'rbd',
  'quobyte',
  'iscsi',
  'cinder',
  'cephfs',
  'azureFile',
  'vsphereVolume',
  'azureDisk',
  'photonPersistentDisk',
] as const;

function validate({ metadata, spec }: PersistentVolume): FieldError[] {
  const errors = validateVolumeSpec(spec, 'spec', metadata.name ?? '');
  const hasOptions = Object.hasOwn(metadata.annotations ?? {}, MOUNT_ANNOTATION);
  if (!hasOptions || WITH_OPTIONS.some((kind) => spec[kind] !== undefined)) return errors;
  const detail = 'may not specify mount options for this volume type';
  return [...errors, forbidden(`metadata.annotations.${MOUNT_ANNOTATION}`, detail)];
}

/** ValidatePersistentVolumeUpdate; its paths are upstream's. */
function validateChanges({ spec }: PersistentVolume, { spec: old }: PersistentVolume) {
  const errors: FieldError[] = [];
  if (!sameJson(sourceOf(withoutNewSecret(spec, old)), sourceOf(old))) {
    const detail = 'spec.persistentvolumesource is immutable after creation';
    errors.push(forbidden('spec.persistentvolumesource', detail));
  }
  if (spec.volumeMode !== old.volumeMode) {
    errors.push(invalid('volumeMode', spec.volumeMode ?? null, IMMUTABLE));
  }
  if (!isSameAffinity(spec.nodeAffinity, old.nodeAffinity)) {
    const detail = `${IMMUTABLE}, except for updating from beta label to GA`;
    errors.push(invalid('nodeAffinity', spec.nodeAffinity ?? null, detail));
  }
  if (old.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined) {
    const detail = 'update from non-nil value to nil is forbidden';
    errors.push(forbidden('spec.volumeAttributesClassName', detail));
  }
  return errors;
}

/** The Secret to enlarge a volume with may come later. */
function withoutNewSecret(
  spec: PersistentVolumeSpec,
  old: PersistentVolumeSpec,
): PersistentVolumeSpec {
  if (spec.csi === undefined || old.csi === undefined) return spec;
  if (old.csi.controllerExpandSecretRef !== undefined) return spec;
  const { controllerExpandSecretRef: _, ...csi } = spec.csi;
  return { ...spec, csi };
}

const STABLE: ReadonlyMap<string, string> = new Map([
  ['failure-domain.beta.kubernetes.io/zone', 'topology.kubernetes.io/zone'],
  ['failure-domain.beta.kubernetes.io/region', 'topology.kubernetes.io/region'],
  ['beta.kubernetes.io/os', 'kubernetes.io/os'],
  ['beta.kubernetes.io/arch', 'kubernetes.io/arch'],
  ['beta.kubernetes.io/instance-type', 'node.kubernetes.io/instance-type'],
]);

type Affinity = PersistentVolumeSpec['nodeAffinity'];

/** Where there was none, there may be any; a label may get the name that has taken the place of its own. */
function isSameAffinity(affinity: Affinity, old: Affinity): boolean {
  if (old === undefined || sameJson(affinity, old)) return true;
  const terms = affinity?.required?.nodeSelectorTerms ?? [];
  const renamed = (old.required?.nodeSelectorTerms ?? []).map((term, index) =>
    withNewKeys(term, terms[index]),
  );
  return affinity?.required !== undefined && sameJson(terms, renamed);
}

/** The term before with the keys that the new one has where they mean the same. */
function withNewKeys(
  old: NodeSelectorTerm,
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm = {},
): NodeSelectorTerm {
  const renamed = (list: 'matchExpressions' | 'matchFields', given: typeof matchFields) => {
    const requirements = old[list]?.map((one, index) => {
      const key = given[index]?.key;
      return key !== undefined && STABLE.get(one.key) === key ? { ...one, key } : one;
    });
    return requirements === undefined ? {} : { [list]: requirements };
  };
  return {
    ...renamed('matchExpressions', matchExpressions),
    ...renamed('matchFields', matchFields),
  };
}

/** pkg/api/persistentvolume/util.go. */
const REMOVED = [
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
] as const;
const REPLACED = [
  [CLASS_ANNOTATION, 'deprecated since v1.8; use "storageClassName" attribute instead'],
  [MOUNT_ANNOTATION, 'deprecated since v1.31; use "mountOptions" attribute instead'],
] as const;

function volumeWarnings({ metadata, spec }: PersistentVolume): string[] {
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  return [
    ...REPLACED.filter(([key]) => Object.hasOwn(metadata.annotations ?? {}, key)).map(
      ([key, why]) => `metadata.annotations[${key}]: ${why}`,
    ),
    ...(spec.persistentVolumeReclaimPolicy === 'Recycle'
      ? [
          'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
        ]
      : []),
    ...terms.flatMap(({ matchExpressions = [] }, index) =>
      matchExpressions.flatMap(({ key }, place) => {
        const why = replacedLabel(key);
        const at = `spec.nodeAffinity.required.nodeSelectorTerms[${index}]`;
        return why === undefined ? [] : [`${at}.matchExpressions[${place}].key: ${key} is ${why}`];
      }),
    ),
    ...REMOVED.filter(([kind]) => spec[kind] !== undefined).map(
      ([, name, why]) => `spec.${name}: ${why}`,
    ),
  ];
}
