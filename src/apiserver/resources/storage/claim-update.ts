/** What may change of a claim (k8s.io/kubernetes, ValidatePersistentVolumeClaimUpdate, …StatusUpdate). */
import { addAll } from '../../../add-all.ts';
import {
  labelKeyProblems,
  type PersistentVolumeClaim,
  type PersistentVolumeClaimSpec,
  type ResourceList,
} from '../../../kubernetes/index.ts';
import { IMMUTABLE, problems } from '../checks.ts';
import { type FieldError, forbidden, invalid, notSupported } from '../field-error.ts';
import { sameJson } from '../metadata.ts';
import { quantityNanos } from '../quantity.ts';
import { validateClaimSpec, withBoth } from './claim-spec.ts';
import { CLASS_ANNOTATION } from './common.ts';
import { STORAGE, validateAmount } from './volume-spec.ts';

const IMMUTABLE_SPEC =
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

export function validateClaimUpdate(
  claim: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
): FieldError[] {
  const { spec } = claim;
  const before = withBoth(old.spec);
  const errors = validateClaimSpec(spec, 'spec', before);
  const isUpgraded = isAnnotationUpgraded(claim, old);
  if (!isUpgraded && annotationOf(claim) !== annotationOf(old)) {
    const field = `metadata.annotations.${CLASS_ANNOTATION}`;
    errors.push(invalid(field, annotationOf(claim) ?? '', IMMUTABLE));
  }
  const isClassNew = isUpgraded || isClassGiven(claim, old);
  if (!sameJson(fixed(spec, before, claim, isClassNew), fixed(before, before, claim, isClassNew))) {
    errors.push(forbidden('spec', IMMUTABLE_SPEC));
  }
  addAll(errors, validateSize(claim, old));
  if (spec.volumeMode !== before.volumeMode) {
    errors.push(invalid('volumeMode', spec.volumeMode ?? null, IMMUTABLE));
  }
  return [...errors, ...validateAttributesClass(spec, old)];
}

const annotationOf = ({ metadata }: PersistentVolumeClaim): string | undefined =>
  metadata.annotations?.[CLASS_ANNOTATION];

/** What the old annotation says may go into the field. */
function isAnnotationUpgraded(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): boolean {
  const [given, before] = [annotationOf(claim), annotationOf(old)];
  return (
    before !== undefined &&
    old.spec.storageClassName === undefined &&
    claim.spec.storageClassName === before &&
    (given === undefined || given === before)
  );
}

/** A claim that has no class may get one. */
function isClassGiven({ spec }: PersistentVolumeClaim, old: PersistentVolumeClaim): boolean {
  const before = annotationOf(old);
  return (
    spec.storageClassName !== undefined &&
    old.spec.storageClassName === undefined &&
    (before === undefined || spec.storageClassName === before)
  );
}

/** A spec without what may change: the volume once, the class once, the size of what is bound. */
function fixed(
  spec: PersistentVolumeClaimSpec,
  old: PersistentVolumeClaimSpec,
  { status }: PersistentVolumeClaim,
  isClassNew: boolean,
): object {
  const isBound = status?.phase === 'Bound';
  const { volumeName, storageClassName, volumeAttributesClassName, resources, ...rest } = spec;
  return {
    ...rest,
    ...((old.volumeName ?? '') === '' ? {} : { volumeName }),
    ...(isClassNew ? {} : { storageClassName }),
    ...(isBound ? {} : { volumeAttributesClassName }),
    requests: amounts(resources?.requests, isBound),
    limits: amounts(resources?.limits, false),
  };
}

/** As numbers: the same amount can be written in more ways than one. */
const amounts = (list: ResourceList | undefined, isSizeFree: boolean): object =>
  Object.fromEntries(
    Object.entries(list ?? {})
      .filter(([name]) => !(isSizeFree && name === STORAGE))
      .map(([name, quantity]) => [name, String(quantityNanos(quantity))]),
  );

const sizeOf = (list: ResourceList | undefined): bigint =>
  quantityNanos(list?.[STORAGE] ?? '0') ?? 0n;

/** How large a volume a claim asks for, in nanos of a byte. */
export const requestedStorage = ({ spec }: PersistentVolumeClaim): bigint =>
  sizeOf(spec.resources?.requests);

/** Less may be asked for where what was asked for could not be had, and more than what is there. */
function validateSize(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const size = requestedStorage(claim);
  if (size >= requestedStorage(old) || size > sizeOf(old.status?.capacity)) return [];
  const detail = 'field can not be less than status.capacity';
  return [forbidden('spec.resources.requests.storage', detail)];
}

function validateAttributesClass(
  { volumeAttributesClassName: name }: PersistentVolumeClaimSpec,
  { spec: old, status }: PersistentVolumeClaim,
): FieldError[] {
  if (name === old.volumeAttributesClassName) return [];
  if (status?.currentVolumeAttributesClassName === undefined) return [];
  if (name !== undefined && name !== '') return [];
  const what = name === undefined ? 'nil' : 'empty string';
  const detail = `update to ${what} is forbidden when status.currentVolumeAttributesClassName is not nil`;
  return [forbidden('spec.volumeAttributesClassName', detail)];
}

const RESIZING = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
];

export function validateClaimStatus({ status }: PersistentVolumeClaim): FieldError[] {
  const states = 'status.allocatedResourceStatuses';
  const allocated = 'status.allocatedResources';
  return [
    ...Object.entries(status?.capacity ?? {}).flatMap(([name, quantity]) =>
      validateAmount(`status.capacity[${name}]`, quantity),
    ),
    ...Object.entries(status?.allocatedResourceStatuses ?? {}).flatMap(([name, state]) => [
      ...validateResource(states, name),
      // Told is the name and not the state: upstream's own.
      ...(RESIZING.includes(state) ? [] : [notSupported(states, name, RESIZING)]),
    ]),
    ...Object.entries(status?.allocatedResources ?? {}).flatMap(([name, quantity]) => {
      const wrong = validateResource(allocated, name);
      return wrong.length > 0 ? wrong : validateAmount(`${allocated}[${name}]`, quantity);
    }),
  ];
}

/** Of Kubernetes' own resources a volume has only storage. */
function validateResource(field: string, name: string): FieldError[] {
  const wrong = problems(field, name, labelKeyProblems(name));
  if (wrong.length > 0 || name === STORAGE) return wrong;
  const isNative = !name.includes('/') || name.includes('kubernetes.io/');
  return isNative ? [notSupported(field, name, [STORAGE])] : [];
}
