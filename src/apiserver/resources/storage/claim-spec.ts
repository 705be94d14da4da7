/** What a claim for a volume may ask for, and how it is filled with data (k8s.io/kubernetes, ValidatePersistentVolumeClaimSpec). */
import type {
  DataSource,
  DataSourceRef,
  PersistentVolumeClaimSpec,
} from '../../../kubernetes/index.ts';
import { label, named, oneOf, subdomain } from '../checks.ts';
import { type FieldError, invalid, required } from '../field-error.ts';
import { validateLabelSelector } from '../label-selector.ts';
import { dnsSubdomain } from '../names.ts';
import { positiveAmount, STORAGE, VOLUME_MODES, validateAccessModes } from './volume-spec.ts';

/** @param old of the same claim: whatever group its source has been of, it may keep */
export function validateClaimSpec(
  spec: PersistentVolumeClaimSpec,
  field: string,
  old?: PersistentVolumeClaimSpec,
): FieldError[] {
  const { selector, dataSource, dataSourceRef } = spec;
  const requested = spec.resources?.requests?.[STORAGE];
  const size = `${field}.resources[${STORAGE}]`;
  const anyGroup = hasGroup(old?.dataSource) || hasGroup(old?.dataSourceRef);
  return [
    ...validateAccessModes(
      `${field}.accessModes`,
      spec.accessModes,
      'at least 1 access mode is required',
    ),
    ...(selector === undefined ? [] : validateLabelSelector(selector, `${field}.selector`)),
    ...(requested === undefined ? [required(size)] : positiveAmount(size, requested)),
    ...className(`${field}.storageClassName`, spec.storageClassName),
    ...oneOf(`${field}.volumeMode`, spec.volumeMode, VOLUME_MODES),
    ...validateSource(`${field}.dataSource`, dataSource, anyGroup),
    ...validateSource(`${field}.dataSourceRef`, dataSourceRef, anyGroup),
    ...(isElsewhere(dataSourceRef)
      ? label(`${field}.dataSourceRef.namespace`, dataSourceRef.namespace)
      : []),
    ...validateBoth(field, spec),
    ...className(`${field}.volumeAttributesClassName`, spec.volumeAttributesClassName),
  ];
}

const hasGroup = (source: DataSource | undefined): boolean =>
  source !== undefined && source.apiGroup !== null;

/** The empty name means no class, and is none. */
const className = (field: string, name = ''): FieldError[] =>
  name === '' ? [] : named(field, name, dnsSubdomain);

const isElsewhere = (
  ref: DataSourceRef | undefined,
): ref is DataSourceRef & { readonly namespace: string } => (ref?.namespace ?? '') !== '';

const CLAIM = 'PersistentVolumeClaim';

function validateSource(
  field: string,
  source: DataSource | undefined,
  anyGroup: boolean,
): FieldError[] {
  if (source === undefined) return [];
  const { name, kind, apiGroup } = source;
  const errors: FieldError[] = [];
  if (name === '') errors.push(required(`${field}.name`));
  if (kind === '') errors.push(required(`${field}.kind`));
  if ((apiGroup ?? '') === '') {
    const detail = `must be '${CLAIM}' when referencing the default apiGroup`;
    return kind === CLAIM ? errors : [...errors, invalid(field, kind, detail)];
  }
  return anyGroup ? errors : [...errors, ...subdomain(`${field}.apiGroup`, apiGroup ?? '')];
}

/** The older field and the newer one are the same, but where the newer says more. */
function validateBoth(
  field: string,
  { dataSource, dataSourceRef }: PersistentVolumeClaimSpec,
): FieldError[] {
  if (dataSource === undefined || dataSourceRef === undefined) return [];
  const refuse = (detail: string): FieldError[] => [invalid(field, dataSource, detail)];
  if (isElsewhere(dataSourceRef)) {
    return refuse('may not be specified when dataSourceRef.namespace is specified');
  }
  const { apiGroup, kind, name } = dataSourceRef;
  return dataSource.apiGroup === apiGroup && dataSource.kind === kind && dataSource.name === name
    ? []
    : refuse('must match dataSourceRef');
}

/**
 * The older field of what the claim is filled with holds claims and snapshots only: others are passed over where they
 * are new. What one of the two fields says, the other says, too (pkg/api/persistentvolumeclaim/util.go).
 */
export function withSources(
  spec: PersistentVolumeClaimSpec,
  old?: PersistentVolumeClaimSpec,
): PersistentVolumeClaimSpec {
  const { dataSource, dataSourceRef, ...rest } = spec;
  // Its gate CrossNamespaceVolumeDataSource is off.
  const isDropped = isElsewhere(dataSourceRef) && old?.dataSourceRef === undefined;
  const ref = isDropped ? undefined : dataSourceRef;
  const isKnown = old?.dataSource !== undefined || old?.dataSourceRef !== undefined;
  const isKept = isKnown || ref !== undefined || isClaimOrSnapshot(dataSource);
  return withBoth({
    ...rest,
    ...(isKept && dataSource !== undefined ? { dataSource } : {}),
    ...(ref === undefined ? {} : { dataSourceRef: ref }),
  });
}

const isClaimOrSnapshot = (source: DataSource | undefined): boolean => {
  const group = source?.apiGroup ?? '';
  if (group === '') return source?.kind === CLAIM;
  return group === 'snapshot.storage.k8s.io' && source?.kind === 'VolumeSnapshot';
};

/** NormalizeDataSources. */
export function withBoth(spec: PersistentVolumeClaimSpec): PersistentVolumeClaimSpec {
  const { dataSource, dataSourceRef } = spec;
  if (dataSourceRef === undefined) {
    return dataSource === undefined ? spec : { ...spec, dataSourceRef: { ...dataSource } };
  }
  if (dataSource !== undefined || isElsewhere(dataSourceRef)) return spec;
  const { namespace: _, ...source } = dataSourceRef;
  return { ...spec, dataSource: source };
}
