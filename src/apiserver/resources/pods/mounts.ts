/** What containers mount, and their variables (k8s.io/kubernetes, ValidateVolumeMounts, ValidateEnv). */
import { addAll } from '../../../add-all.ts';
import type { Container, EnvVar, Volume, VolumeMount } from '../../../kubernetes/index.ts';
import { demanded, descendingPath, each, named, noBacksteps, oneOf, problems } from '../checks.ts';
import { type FieldError, forbidden, invalid, missing, required } from '../field-error.ts';
import { configKeyProblems, dnsLabel, dnsSubdomain } from '../names.ts';
import { validateFieldRef, validateResourceFieldRef } from './field-refs.ts';

export type Volumes = ReadonlyMap<string, Volume>;

const PROPAGATIONS = ['Bidirectional', 'HostToContainer', 'None'];
const RECURSIVE = ['Disabled', 'Enabled', 'IfPossible'];
const FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];

export function validateMounts(
  field: string,
  container: Container,
  volumes: Volumes,
): FieldError[] {
  const devices = container.volumeDevices ?? [];
  const seen = new Set<string>();
  return each(container.volumeMounts, field, (mount, path) => {
    const { name, mountPath } = mount;
    const errors: FieldError[] = [];
    if (name === '') errors.push(required(`${path}.name`));
    if (!volumes.has(name)) errors.push(missing(`${path}.name`, name));
    if (mountPath === '') errors.push(required(`${path}.mountPath`));
    if (seen.has(mountPath)) {
      errors.push(invalid(`${path}.mountPath`, mountPath, 'must be unique'));
    }
    seen.add(mountPath);
    if (devices.some((device) => device.name === name)) {
      errors.push(invalid(`${path}.name`, name, 'must not already exist in volumeDevices'));
    }
    if (devices.some(({ devicePath }) => devicePath === mountPath)) {
      const detail = 'must not already exist as a path in volumeDevices';
      errors.push(invalid(`${path}.mountPath`, mountPath, detail));
    }
    return [...errors, ...validateMountOptions(field, path, mount, container)];
  });
}

/** @param list upstream names it and not the mount */
function validateMountOptions(
  list: string,
  field: string,
  mount: VolumeMount,
  container: Container,
): FieldError[] {
  const { subPath = '', subPathExpr = '', mountPropagation, recursiveReadOnly } = mount;
  const errors = descendingPath(`${list}.subPath`, subPath);
  if (subPathExpr !== '') {
    if (subPath !== '') {
      const detail = 'subPathExpr and subPath are mutually exclusive';
      errors.push(invalid(`${field}.subPathExpr`, subPathExpr, detail));
    }
    addAll(errors, descendingPath(`${list}.subPathExpr`, subPathExpr));
  }
  addAll(errors, oneOf(`${list}.mountPropagation`, mountPropagation, PROPAGATIONS));
  if (mountPropagation === 'Bidirectional' && container.securityContext?.privileged !== true) {
    const detail = 'Bidirectional mount propagation is available only to privileged containers';
    errors.push(forbidden(`${list}.mountPropagation`, detail));
  }
  const at = `${list}.recursiveReadOnly`;
  if (recursiveReadOnly === 'Enabled' || recursiveReadOnly === 'IfPossible') {
    if (mount.readOnly !== true) {
      errors.push(forbidden(at, 'may only be specified when readOnly is true'));
    }
    if (mountPropagation !== undefined && mountPropagation !== 'None') {
      const detail = 'may only be specified when mountPropagation is None or not specified';
      errors.push(forbidden(at, detail));
    }
  }
  return [...errors, ...oneOf(at, recursiveReadOnly, RECURSIVE)];
}

export function validateDevices(
  field: string,
  container: Container,
  volumes: Volumes,
): FieldError[] {
  const mounts = container.volumeMounts ?? [];
  const names = new Set<string>();
  const paths = new Set<string>();
  return each(container.volumeDevices, field, ({ name, devicePath }, path) => {
    const volume = volumes.get(name);
    const errors: FieldError[] = [];
    if (name === '') errors.push(required(`${path}.name`));
    if (names.has(name)) errors.push(invalid(`${path}.name`, name, 'must be unique'));
    if (volume === undefined) errors.push(missing(`${path}.name`, name));
    else if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
      const detail =
        'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode';
      errors.push(invalid(`${path}.name`, name, detail));
    }
    if (devicePath === '') errors.push(required(`${path}.devicePath`));
    if (paths.has(devicePath)) {
      errors.push(invalid(`${path}.devicePath`, devicePath, 'must be unique'));
    }
    if (noBacksteps('', devicePath).length > 0) {
      const detail = "can not contain backsteps ('..')";
      errors.push(invalid(`${path}.devicePath`, devicePath, detail));
    } else paths.add(devicePath);
    if (mounts.some((mount) => mount.name === name)) {
      errors.push(invalid(`${path}.name`, name, 'must not already exist in volumeMounts'));
    }
    if (mounts.some(({ mountPath }) => mountPath === devicePath)) {
      const detail = 'must not already exist as a path in volumeMounts';
      errors.push(invalid(`${path}.devicePath`, devicePath, detail));
    }
    if (name !== '') names.add(name);
    return errors;
  });
}

function variableName(field: string, name: string): FieldError[] {
  const isPlain = /^[\x20-\x7e]*$/.test(name) && !name.includes('=');
  return isPlain
    ? []
    : [
        invalid(
          field,
          name,
          "a valid environment variable name must consist only of printable ASCII characters other than '='",
        ),
      ];
}

export const validateVariables = (field: string, variables: Container['env']): FieldError[] =>
  each(variables, field, (variable, path) => [
    ...(variable.name === ''
      ? [required(`${path}.name`)]
      : variableName(`${path}.name`, variable.name)),
    ...validateValueFrom(`${path}.valueFrom`, variable),
  ]);

function validateValueFrom(field: string, { value = '', valueFrom }: EnvVar): FieldError[] {
  if (valueFrom === undefined) return [];
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = valueFrom;
  const errors: FieldError[] = [];
  if (fieldRef !== undefined)
    addAll(errors, validateFieldRef(`${field}.fieldRef`, fieldRef, FIELDS));
  if (resourceFieldRef !== undefined) {
    addAll(errors, validateResourceFieldRef(`${field}.resourceFieldRef`, resourceFieldRef, false));
  }
  for (const [kind, reference] of Object.entries({ configMapKeyRef, secretKeyRef })) {
    if (reference === undefined) continue;
    const { name = '', key } = reference;
    addAll(
      errors,
      named(`${field}.${kind}.name`, name, dnsSubdomain),
      key === ''
        ? [required(`${field}.${kind}.key`)]
        : problems(`${field}.${kind}.key`, key, configKeyProblems(key)),
    );
  }
  if (fileKeyRef !== undefined) {
    const { key, volumeName, path } = fileKeyRef;
    const at = `${field}.fileKeyRef`;
    addAll(
      errors,
      key === '' ? [required(`${at}.key`)] : variableName(`${at}.key`, key),
      demanded(`${at}.volumeName`, volumeName, dnsLabel),
      path === '' ? [required(`${at}.path`)] : noBacksteps(`${at}.path`, path),
    );
  }
  const count = Object.keys(valueFrom).length;
  if (count === 0) {
    const kinds =
      '`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
    errors.push(invalid(field, '', `must specify one of: ${kinds}`));
  } else if (value !== '') {
    errors.push(invalid(field, '', 'may not be specified when `value` is not empty'));
  } else if (count > 1) {
    errors.push(invalid(field, '', 'may not have more than one field specified at a time'));
  }
  return errors;
}

export const validateVariableSources = (
  field: string,
  sources: Container['envFrom'],
): FieldError[] =>
  each(sources, field, ({ prefix = '', configMapRef, secretRef }, path) => {
    const errors = variableName(`${path}.prefix`, prefix);
    for (const [kind, reference] of Object.entries({ configMapRef, secretRef })) {
      if (reference === undefined) continue;
      // A prefix of a name would do, upstream.
      const { name = '' } = reference;
      addAll(
        errors,
        name === ''
          ? [required(`${path}.${kind}.name`)]
          : problems(`${path}.${kind}.name`, name, dnsSubdomain(name, true)),
      );
    }
    if (configMapRef === undefined && secretRef === undefined) {
      errors.push(invalid(field, '', 'must specify one of: `configMapRef` or `secretRef`'));
    } else if (configMapRef !== undefined && secretRef !== undefined) {
      errors.push(invalid(field, '', 'may not have more than one field specified at a time'));
    }
    return errors;
  });
