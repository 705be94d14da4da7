/** The volumes of a pod (k8s.io/kubernetes, ValidateVolumes, validateVolumeSource). */
import { addAll } from '../../../add-all.ts';
import type {
  DownwardApiFile,
  KeyToPath,
  Pod,
  Volume,
  VolumeProjection,
} from '../../../kubernetes/index.ts';
import { demanded, each, mode, noBacksteps, oneOf, plainPath, problems } from '../checks.ts';
import { duplicate, type FieldError, forbidden, invalid, required } from '../field-error.ts';
import { dnsLabel, dnsSubdomain } from '../names.ts';
import { quantityNanos } from '../quantity.ts';
import { validateFieldRef, validateResourceFieldRef } from './field-refs.ts';

const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];
const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];
const FIELDS = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];
const TEN_MINUTES = 600;

/** Those that are as they should be, by name, and what is wrong with the others. */
export function validateVolumes(pod: Pod): {
  readonly volumes: ReadonlyMap<string, Volume>;
  readonly errors: FieldError[];
} {
  const volumes = new Map<string, Volume>();
  const given = pod.spec.volumes ?? [];
  const { name: ofPod } = pod.metadata;
  // Each is going to be a claim with the name of the pod before its own; a template has none.
  const created = new Set(
    given
      .filter(({ ephemeral }) => ephemeral !== undefined && ofPod !== undefined)
      .map(({ name }) => `${ofPod}-${name}`),
  );
  const errors = each(given, 'spec.volumes', (volume, field) => {
    const { name, persistentVolumeClaim } = volume;
    const wrong = [
      ...validateSource(field, volume, ofPod === undefined),
      ...demanded(`${field}.name`, name, dnsLabel),
      ...(volumes.has(name) ? [duplicate(`${field}.name`, name)] : []),
    ];
    if (wrong.length === 0) volumes.set(name, volume);
    const claim = persistentVolumeClaim?.claimName ?? '';
    if (created.has(claim)) {
      wrong.push(
        invalid(
          `${field}.persistentVolumeClaim.claimName`,
          claim,
          'must not reference a PVC that gets created for an ephemeral volume',
        ),
      );
    }
    return wrong;
  });
  return { volumes, errors };
}

/** @param ofTemplate it is known later which image it is of */
function validateSource(field: string, volume: Volume, ofTemplate: boolean): FieldError[] {
  const [first, ...others] = Object.keys(volume).filter((name) => name !== 'name');
  if (first === undefined) return [required(field, 'must specify a volume type')];
  return [
    ...validateKnownSource(field, volume, ofTemplate),
    ...others.map((name) =>
      forbidden(`${field}.${name}`, 'may not specify more than 1 volume type'),
    ),
  ];
}

function validateKnownSource(field: string, volume: Volume, ofTemplate: boolean): FieldError[] {
  const { emptyDir, hostPath, secret, configMap, persistentVolumeClaim, nfs } = volume;
  const { downwardAPI, projected, csi, image, ephemeral } = volume;
  const errors: FieldError[] = [];
  if ((quantityNanos(emptyDir?.sizeLimit ?? '0') ?? 0n) < 0n) {
    errors.push(
      forbidden(`${field}.emptyDir.sizeLimit`, 'SizeLimit field must be a valid resource quantity'),
    );
  }
  if (hostPath !== undefined) addAll(errors, validateHostPath(`${field}.hostPath`, hostPath));
  if (secret !== undefined) {
    const path = `${field}.secret`;
    if ((secret.secretName ?? '') === '') errors.push(required(`${path}.secretName`));
    addAll(errors, validateFiles(path, secret));
  }
  if (configMap !== undefined) {
    const path = `${field}.configMap`;
    if ((configMap.name ?? '') === '') errors.push(required(`${path}.name`));
    addAll(errors, validateFiles(path, configMap));
  }
  if (persistentVolumeClaim?.claimName === '') {
    errors.push(required(`${field}.persistentVolumeClaim.claimName`));
  }
  if (nfs !== undefined) addAll(errors, validateNfs(`${field}.nfs`, nfs));
  if (downwardAPI !== undefined) {
    const path = `${field}.downwardAPI`;
    addAll(errors, mode(`${path}.defaultMode`, downwardAPI.defaultMode));
    for (const file of downwardAPI.items ?? []) addAll(errors, validateDownwardFile(path, file));
  }
  if (projected !== undefined) {
    const path = `${field}.projected`;
    addAll(errors, mode(`${path}.defaultMode`, projected.defaultMode));
    addAll(errors, validateProjections(path, projected.sources ?? []));
  }
  if (csi !== undefined) addAll(errors, validateCsi(`${field}.csi`, csi));
  if (image !== undefined) {
    if (!ofTemplate && (image.reference ?? '') === '')
      errors.push(required(`${field}.image.reference`));
    addAll(errors, oneOf(`${field}.image.pullPolicy`, image.pullPolicy, PULL_POLICIES));
  }
  if (ephemeral !== undefined && ephemeral.volumeClaimTemplate === undefined) {
    errors.push(required(`${field}.ephemeral.volumeClaimTemplate`));
  }
  return errors;
}

export function validateHostPath(
  field: string,
  { path, type }: NonNullable<Volume['hostPath']>,
): FieldError[] {
  if (path === '') return [required(`${field}.path`)];
  return [...noBacksteps(`${field}.path`, path), ...oneOf(`${field}.type`, type, HOST_PATH_TYPES)];
}

export function validateNfs(
  field: string,
  { server, path }: NonNullable<Volume['nfs']>,
): FieldError[] {
  const errors: FieldError[] = [];
  if (server === '') errors.push(required(`${field}.server`));
  if (path === '') errors.push(required(`${field}.path`));
  if (!path.startsWith('/')) {
    errors.push(invalid(`${field}.path`, path, 'must be an absolute path'));
  }
  return errors;
}

function validateCsi(field: string, csi: NonNullable<Volume['csi']>): FieldError[] {
  const { driver, nodePublishSecretRef: secret } = csi;
  return [
    ...validateDriverName(`${field}.driver`, driver),
    ...(secret === undefined
      ? []
      : (secret.name ?? '') === ''
        ? [required(`${field}.nodePublishSecretRef.name`)]
        : demanded(`${field}.name`, secret.name, dnsSubdomain)),
  ];
}

/** Of a CSI driver: a domain of 63 characters at most, in any case (ValidateCSIDriverName). */
export function validateDriverName(field: string, name: string): FieldError[] {
  if (name === '') return [required(field)];
  const errors: FieldError[] = [];
  if (name.length > 63) {
    errors.push({
      reason: 'FieldValueTooLong',
      field,
      message: 'Too long: may not be more than 63 bytes',
    });
  }
  return [...errors, ...problems(field, name, dnsSubdomain(name.toLowerCase(), false))];
}

interface Files {
  readonly defaultMode?: number;
  readonly items?: readonly KeyToPath[];
}

const validateFiles = (field: string, { defaultMode, items }: Files): FieldError[] => [
  ...mode(`${field}.defaultMode`, defaultMode),
  ...each(items, `${field}.items`, (item, path) => validateKeyToPath(path, item)),
];

function validateKeyToPath(field: string, { key, path, mode: bits }: KeyToPath): FieldError[] {
  return [
    ...(key === '' ? [required(`${field}.key`)] : []),
    ...(path === '' ? [required(`${field}.path`)] : []),
    ...plainPath(`${field}.path`, path),
    ...mode(`${field}.mode`, bits),
  ];
}

function validateDownwardFile(field: string, file: DownwardApiFile): FieldError[] {
  const { path, fieldRef, resourceFieldRef, mode: bits } = file;
  const errors: FieldError[] = [];
  if (path === '') errors.push(required(`${field}.path`));
  addAll(errors, plainPath(`${field}.path`, path));
  if (fieldRef !== undefined) {
    addAll(errors, validateFieldRef(`${field}.fieldRef`, fieldRef, FIELDS));
    if (resourceFieldRef !== undefined) {
      errors.push(
        invalid(
          field,
          'resource',
          'fieldRef and resourceFieldRef can not be specified simultaneously',
        ),
      );
    }
  } else if (resourceFieldRef === undefined) {
    errors.push(required(field, 'one of fieldRef and resourceFieldRef is required'));
  } else {
    addAll(errors, validateResourceFieldRef(`${field}.resourceFieldRef`, resourceFieldRef, true));
  }
  return [...errors, ...mode(`${field}.mode`, bits)];
}

function validateProjections(field: string, sources: readonly VolumeProjection[]): FieldError[] {
  const taken = new Set<string>();
  const take = (path: string, shown = path): FieldError[] => {
    if (path === '') return [];
    if (taken.has(path)) return [invalid(field, shown, 'conflicting duplicate paths')];
    taken.add(path);
    return [];
  };
  return each(sources, `${field}.sources`, (source, path) => [
    ...validateProjectedKeys(path, source, take),
    ...validateToken(field, path, source),
    ...(Object.keys(source).length > 1
      ? [forbidden(path, 'may not specify more than 1 volume type per source')]
      : []),
  ]);
}

/** Takes a path of the volume; an error where it is taken. */
type TakePath = (path: string, shown?: string) => FieldError[];

function validateProjectedKeys(
  field: string,
  source: VolumeProjection,
  take: TakePath,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const kind of ['secret', 'configMap'] as const) {
    const keys = source[kind];
    if (keys === undefined) continue;
    const { name = '', items } = keys;
    if (name === '') errors.push(required(`${field}.${kind}.name`));
    addAll(
      errors,
      each(items, `${field}.${kind}.items`, (item, path) => [
        ...validateKeyToPath(path, item),
        ...take(item.path, name),
      ]),
    );
  }
  for (const file of source.downwardAPI?.items ?? []) {
    addAll(errors, validateDownwardFile(`${field}.downwardAPI`, file), take(file.path));
  }
  return errors;
}

function validateToken(
  volume: string,
  field: string,
  { serviceAccountToken: token }: VolumeProjection,
): FieldError[] {
  const errors: FieldError[] = [];
  if (token !== undefined) {
    const { expirationSeconds: seconds = 0, path } = token;
    const where = `${field}.serviceAccountToken.expirationSeconds`;
    if (seconds < TEN_MINUTES) {
      errors.push(invalid(where, seconds, 'may not specify a duration less than 10 minutes'));
    }
    if (seconds > 2 ** 32) {
      errors.push(invalid(where, seconds, 'may not specify a duration larger than 2^32 seconds'));
    }
    // Upstream's path is that of the volume.
    const at = `${volume}.path`;
    addAll(errors, path === '' ? [required(at)] : plainPath(at, path));
  }
  return errors;
}
