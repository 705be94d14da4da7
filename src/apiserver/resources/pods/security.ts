/** Under whose rights a pod and its containers run (k8s.io/kubernetes, ValidateSecurityContext). */

import { addAll } from '../../../add-all.ts';
import type {
  ContainerSecurityContext,
  Pod,
  PodSecurityContext,
  PodSpec,
  SecurityProfile,
} from '../../../kubernetes/index.ts';
import { goQuote } from '../../../kubernetes/index.ts';
import { descendingPath, each, id, oneOf } from '../checks.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from '../field-error.ts';

const PROFILES = ['Localhost', 'RuntimeDefault', 'Unconfined'];
const FS_GROUP_POLICIES = ['Always', 'OnRootMismatch'];
const GROUPS_POLICIES = ['Merge', 'Strict'];
const SELINUX_POLICIES = ['Recursive'];
const PROC_MOUNTS = ['Default', 'Unmasked'];
const LONGEST_PROFILE = 4095;
/** As upstream tells it. */
const SYSCTL_TEXT = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$';
const SYSCTL = /^[a-z0-9]([-_a-z0-9]*[a-z0-9])?([./][a-z0-9]([-_a-z0-9]*[a-z0-9])?)*$/;

export function validatePodSecurity(field: string, spec: PodSpec): FieldError[] {
  const context: PodSecurityContext = spec.securityContext ?? {};
  const errors = [
    ...id(`${field}.fsGroup`, context.fsGroup),
    ...id(`${field}.runAsUser`, context.runAsUser),
    ...id(`${field}.runAsGroup`, context.runAsGroup),
    ...each(context.supplementalGroups, `${field}.supplementalGroups`, (group, at) =>
      id(at, group),
    ),
  ];
  if (spec.shareProcessNamespace === true && spec.hostPID === true) {
    errors.push(
      invalid(
        `${field}.shareProcessNamespace`,
        true,
        'ShareProcessNamespace and HostPID cannot both be enabled',
      ),
    );
  }
  addAll(errors, validateSysctls(`${field}.sysctls`, context.sysctls ?? []));
  addAll(
    errors,
    oneOf(`${field}.fsGroupChangePolicy`, context.fsGroupChangePolicy, FS_GROUP_POLICIES),
    validateSeccomp(`${field}.seccompProfile`, context.seccompProfile),
    validateAppArmor(`${field}.appArmorProfile`, context.appArmorProfile),
    oneOf(`${field}.supplementalGroupsPolicy`, context.supplementalGroupsPolicy, GROUPS_POLICIES),
    oneOf(`${field}.seLinuxChangePolicy`, context.seLinuxChangePolicy, SELINUX_POLICIES),
  );
  return errors;
}

function validateSysctls(
  field: string,
  sysctls: NonNullable<PodSecurityContext['sysctls']>,
): FieldError[] {
  const seen = new Set<string>();
  return each(sysctls, field, ({ name }, path) => {
    if (name === '') return [required(`${path}.name`)];
    if (name.length > 253 || !SYSCTL.test(name)) {
      const detail = `must have at most 253 characters and match regex ${SYSCTL_TEXT}`;
      return [invalid(`${path}.name`, name, detail)];
    }
    if (seen.has(name)) return [duplicate(`${path}.name`, name)];
    seen.add(name);
    return [];
  });
}

/** @param hostUsers the users of the container are those of the host */
export function validateContainerSecurity(
  field: string,
  context: ContainerSecurityContext | undefined,
  hostUsers: boolean,
): FieldError[] {
  if (context === undefined) return [];
  const { privileged, allowPrivilegeEscalation, procMount, capabilities } = context;
  const errors = [
    ...id(`${field}.runAsUser`, context.runAsUser),
    ...id(`${field}.runAsGroup`, context.runAsGroup),
    ...oneOf(`${field}.procMount`, procMount, PROC_MOUNTS),
  ];
  if (hostUsers && procMount === 'Unmasked') {
    const detail = '`hostUsers` must be false to use `Unmasked`';
    errors.push(invalid(`${field}.procMount`, procMount, detail));
  }
  addAll(errors, validateSeccomp(`${field}.seccompProfile`, context.seccompProfile));
  if (allowPrivilegeEscalation === false) {
    const cannot = (what: string): FieldError =>
      invalid(field, context, `cannot set \`allowPrivilegeEscalation\` to false and ${what}`);
    if (privileged === true) errors.push(cannot('`privileged` to true'));
    if (capabilities?.add?.includes('CAP_SYS_ADMIN') === true) {
      errors.push(cannot('`capabilities.Add` CAP_SYS_ADMIN'));
    }
  }
  return [...errors, ...validateAppArmor(`${field}.appArmorProfile`, context.appArmorProfile)];
}

function validateSeccomp(field: string, profile: SecurityProfile | undefined): FieldError[] {
  if (profile === undefined) return [];
  const { type, localhostProfile } = profile;
  const at = `${field}.localhostProfile`;
  const errors = validateProfileType(`${field}.type`, type, 'seccompProfile');
  if (type !== 'Localhost') {
    if (localhostProfile === undefined) return errors;
    return [...errors, invalid(at, profile, 'can only be set when seccomp type is Localhost')];
  }
  return localhostProfile === undefined
    ? [required(at, 'must be set when seccomp type is Localhost')]
    : descendingPath(at, localhostProfile);
}

function validateProfileType(field: string, type: string, what: string): FieldError[] {
  if (type === '') return [required(field, `type is required when ${what} is set`)];
  return PROFILES.includes(type) ? [] : [notSupported(field, type, PROFILES)];
}

function validateAppArmor(field: string, profile: SecurityProfile | undefined): FieldError[] {
  if (profile === undefined) return [];
  const { type, localhostProfile } = profile;
  const at = `${field}.localhostProfile`;
  if (type !== 'Localhost') {
    const errors = validateProfileType(`${field}.type`, type, 'appArmorProfile');
    if (errors.length > 0 || localhostProfile === undefined) return errors;
    return [invalid(at, localhostProfile, 'can only be set when AppArmor type is Localhost')];
  }
  const errors: FieldError[] = [];
  const name = localhostProfile ?? '';
  if (name !== name.trim()) {
    errors.push(invalid(at, name, 'must not be padded with whitespace'));
  } else if (name === '') {
    errors.push(required(at, 'must be set when AppArmor type is Localhost'));
  }
  if (Buffer.byteLength(name) > LONGEST_PROFILE) {
    const message = `Too long: may not be more than ${LONGEST_PROFILE} bytes`;
    errors.push({ reason: 'FieldValueTooLong', field: at, message });
  }
  return errors;
}

export const SECCOMP = 'seccomp.security.alpha.kubernetes.io/pod';
export const SECCOMP_OF_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/';
export const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/';
const LOCAL = 'localhost/';

/** In an annotation, which does nothing any more. */
export function validateOldSeccomp(field: string, profile: string): FieldError[] {
  if (['runtime/default', 'docker/default', 'unconfined'].includes(profile)) return [];
  return profile.startsWith(LOCAL)
    ? descendingPath(field, profile.slice(LOCAL.length))
    : [invalid(field, profile, 'must be a valid seccomp profile')];
}

export function validateOldAppArmor(
  { initContainers = [], containers, ephemeralContainers = [] }: PodSpec,
  field: string,
  container: string,
  profile: string,
): FieldError[] {
  const all = [...initContainers, ...(containers ?? []), ...ephemeralContainers];
  const isThere = all.some(({ name }) => name === container);
  const isGood =
    ['', 'runtime/default', 'unconfined'].includes(profile) || profile.startsWith(LOCAL);
  return [
    ...(isThere ? [] : [invalid(field, container, 'container not found')]),
    ...(isGood
      ? []
      : [invalid(field, profile, `invalid AppArmor profile name: ${goQuote(profile)}`)]),
  ];
}

const MUST_MATCH = 'type in annotation and field must match';

/** What an old annotation says has to be what the field says (of new pods, and of templates). */
export function validateProfileAnnotations({ metadata, spec }: Pod): FieldError[] {
  const annotations = new Map(Object.entries(metadata.annotations ?? {}));
  const { seccompProfile, appArmorProfile } = spec.securityContext ?? {};
  const isWindows = spec.os?.name === 'windows';
  const ofPod = annotations.get(SECCOMP);
  return [
    ...(ofPod === undefined
      ? []
      : sameProfile('spec.securityContext', 'seccomp', seccompProfile, ofPod)),
    ...(['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((list) =>
      each(spec[list], `spec.${list}`, ({ name, securityContext = {} }, path) => {
        const at = `${path}.securityContext`;
        const seccomp = annotations.get(`${SECCOMP_OF_CONTAINER}${name}`);
        const appArmor = isWindows ? undefined : annotations.get(`${APP_ARMOR}${name}`);
        const own = securityContext.appArmorProfile ?? appArmorProfile;
        return [
          ...(seccomp === undefined
            ? []
            : sameProfile(at, 'seccomp', securityContext.seccompProfile, seccomp)),
          ...(appArmor === undefined ? [] : sameProfile(at, 'apparmor', own, appArmor)),
        ];
      }),
    ),
  ];
}

const PROFILE_FIELDS = { seccomp: 'seccompProfile', apparmor: 'appArmorProfile' } as const;

function sameProfile(
  field: string,
  what: keyof typeof PROFILE_FIELDS,
  profile: SecurityProfile | undefined,
  annotation: string,
): FieldError[] {
  const path = `${field}.${PROFILE_FIELDS[what]}`;
  const isOther = [forbidden(`${path}.type`, `${what} ${MUST_MATCH}`)];
  switch (profile?.type) {
    case 'Unconfined':
      return annotation === 'unconfined' ? [] : isOther;
    case 'RuntimeDefault':
      return annotation === 'runtime/default' ||
        (what === 'seccomp' && annotation === 'docker/default')
        ? []
        : isOther;
    case 'Localhost':
      if (!annotation.startsWith(LOCAL)) return isOther;
      return annotation.slice(LOCAL.length) === profile.localhostProfile
        ? []
        : [
            forbidden(
              `${path}.localhostProfile`,
              `${what} profile in annotation and field must match`,
            ),
          ];
    case undefined:
    default:
      return [];
  }
}

/** An old annotation of AppArmor means this profile. */
export function saysTheSame(annotation: string, profile: SecurityProfile | undefined): boolean {
  switch (profile?.type) {
    case 'Unconfined':
      return annotation === 'unconfined';
    case 'RuntimeDefault':
      return annotation === 'runtime/default';
    case 'Localhost':
      return annotation === `${LOCAL}${profile.localhostProfile ?? ''}`;
    case undefined:
    default:
      return false;
  }
}
