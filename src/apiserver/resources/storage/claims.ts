/** Claims for persistent volumes (k8s.io/kubernetes, pkg/registry/core/persistentvolumeclaim). Nothing here binds one. */
import {
  type KubernetesObject,
  PERSISTENT_VOLUME_CLAIMS,
  type PersistentVolumeClaim,
  type ResourceList,
  STORAGE_CLASSES,
  type StorageClass,
} from '../../../kubernetes/index.ts';
import { AGE, column, NAME, wide } from '../columns.ts';
import { define } from '../define.ts';
import type { Elsewhere } from '../definition.ts';
import { dnsSubdomain } from '../names.ts';
import { claimWarnings, rounded } from '../pods/index.ts';
import { ageOf } from '../times.ts';
import { validateClaimSpec, withSources } from './claim-spec.ts';
import { validateClaimStatus, validateClaimUpdate } from './claim-update.ts';
import { accessModes, amountCell, CLASS_ANNOTATION, classOf, withFinalizer } from './common.ts';
import { STORAGE } from './volume-spec.ts';

/** Upstream's admission plug-in StorageObjectInUseProtection; who takes it away is a controller's. */
const PROTECTION = 'kubernetes.io/pvc-protection';

export const PERSISTENT_VOLUME_CLAIM_DEFINITION = define(PERSISTENT_VOLUME_CLAIMS, {
  shortNames: ['pvc'],
  strategy: {
    validateName: dnsSubdomain,
    default: withDefaults,
    fillIn: withDefaultClass,
    prepareCreate: (claim) => ({
      ...withFinalizer(claim, PROTECTION),
      spec: withSources(claim.spec),
      status: { phase: 'Pending' },
    }),
    prepareUpdate: (claim, old) => ({
      ...claim,
      spec: withSources(claim.spec, old.spec),
      status: { ...old.status },
    }),
    validate: ({ spec }) => validateClaimSpec(spec, 'spec'),
    validateUpdate: validateClaimUpdate,
    warnings: ({ metadata, spec }) => [
      ...(Object.hasOwn(metadata.annotations ?? {}, CLASS_ANNOTATION)
        ? [
            `metadata.annotations[${CLASS_ANNOTATION}]: deprecated since v1.8; use "storageClassName" attribute instead`,
          ]
        : []),
      ...claimWarnings(spec, 'spec'),
    ],
    returnDeletedObject: true,
  },
  subresources: {
    status: {
      verbs: ['get', 'patch', 'update'],
      prepareUpdate: (claim, old) => ({ ...claim, spec: old.spec }),
      validateUpdate: validateClaimStatus,
    },
  },
  columns: [
    NAME,
    column('Status', 'Whether it has a volume.'),
    column('Volume', 'The volume that it has.'),
    column('Capacity', 'How large the volume is.'),
    column('Access Modes', 'How the volume can be mounted.'),
    column('StorageClass', 'The class that the volume is of.'),
    column('VolumeAttributesClass', 'The class that its attributes are of.'),
    AGE,
    wide('VolumeMode', 'Whether the volume is a file system or a device.'),
  ],
  row: (claim, now) => {
    const { metadata, spec, status } = claim;
    const { volumeName = '' } = spec;
    const isBound = volumeName !== '';
    return [
      metadata.name ?? '',
      metadata.deletionTimestamp === undefined ? (status?.phase ?? '') : 'Terminating',
      volumeName,
      isBound ? amountCell(status?.capacity?.[STORAGE]) : '',
      isBound ? accessModes(status?.accessModes) : '',
      classOf(claim),
      spec.volumeAttributesClassName ?? '<unset>',
      ageOf(metadata.creationTimestamp, now),
      spec.volumeMode ?? '<unset>',
    ];
  },
});

/** SetDefaults_PersistentVolumeClaim and …ClaimSpec; amounts in whole thousandths. */
function withDefaults(claim: PersistentVolumeClaim): PersistentVolumeClaim {
  const { spec, status } = claim;
  const { resources, volumeMode } = spec;
  const whole = withAmounts(resources, ['limits', 'requests']);
  const told = withAmounts(status, ['capacity', 'allocatedResources']);
  const isWhole = volumeMode !== undefined && whole === resources;
  if (isWhole && told === status && status?.phase !== undefined) return claim;
  return {
    ...claim,
    spec: isWhole
      ? spec
      : {
          ...spec,
          ...(whole === undefined ? {} : { resources: whole }),
          volumeMode: volumeMode ?? 'Filesystem',
        },
    status: { ...told, phase: told?.phase ?? 'Pending' },
  };
}

/** Itself where nothing is to be rounded. */
function withAmounts<K extends string, T extends { readonly [P in K]?: ResourceList }>(
  lists: T | undefined,
  names: readonly K[],
): T | undefined {
  let result = lists;
  for (const name of names) {
    const amounts = rounded(lists?.[name]);
    if (result !== undefined && amounts !== lists?.[name]) result = { ...result, [name]: amounts };
  }
  return result;
}

/** Upstream's admission plug-in DefaultStorageClass: a claim that says nothing of a class gets the default one. */
async function withDefaultClass(
  claim: PersistentVolumeClaim,
  elsewhere: Elsewhere,
): Promise<PersistentVolumeClaim> {
  const { metadata, spec } = claim;
  if (Object.hasOwn(metadata.annotations ?? {}, CLASS_ANNOTATION)) return claim;
  if (spec.storageClassName !== undefined) return claim;
  const classes = await elsewhere.list<StorageClass>(STORAGE_CLASSES);
  const name = defaultClass(classes)?.metadata.name;
  return name === undefined ? claim : { ...claim, spec: { ...spec, storageClassName: name } };
}

const DEFAULT_ANNOTATIONS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

export const isDefaultClass = ({ metadata }: KubernetesObject): boolean =>
  DEFAULT_ANNOTATIONS.some((key) => metadata.annotations?.[key] === 'true');

/** The newest of those that say that they are; of two of the same second, the first by name. */
function defaultClass(classes: readonly StorageClass[]): StorageClass | undefined {
  const age = ({ metadata }: StorageClass): string => metadata.creationTimestamp ?? '';
  const [first] = classes.filter(isDefaultClass).toSorted((a, b) => {
    if (age(a) !== age(b)) return age(a) > age(b) ? -1 : 1;
    return (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1;
  });
  return first;
}
