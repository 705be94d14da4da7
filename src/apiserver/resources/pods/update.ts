/** What may change of a pod (k8s.io/kubernetes, ValidatePodUpdate, ValidatePodStatusUpdate). */
import { addAll } from '../../../add-all.ts';
import type { Container, ContainerStatus, Pod, Toleration } from '../../../kubernetes/index.ts';
import {
  each,
  IMMUTABLE,
  ip,
  isDualStack,
  MOST_INT32,
  qualifiedName,
  subdomain,
} from '../checks.ts';
import { type FieldError, forbidden, invalid, required } from '../field-error.ts';
import { sameJson } from '../metadata.ts';
import { validateTolerations } from './scheduling.ts';
import { MIRROR_POD, validateAnnotations, validatePod } from './spec.ts';

const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/';
const SYSTEM_CONDITIONS = ['PodScheduled', 'Ready', 'Initialized'];
const CHANGEABLE = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

export function validatePodUpdate(pod: Pod, old: Pod): FieldError[] {
  const errors = [...validatePod(pod), ...validateAnnotationUpdate(pod, old)];
  for (const list of ['containers', 'initContainers'] as const) {
    const [given, before] = [pod.spec[list] ?? [], old.spec[list] ?? []];
    if (given.length !== before.length) {
      const detail = 'pod updates may not add or remove containers';
      return [...errors, forbidden(`spec.${list}`, detail)];
    }
    addAll(errors, each(given, `spec.${list}`, validateImage));
  }
  const deadline = validateDeadline(pod, old);
  if (deadline !== undefined) {
    errors.push(deadline.error);
    if (deadline.ends) return errors;
  }
  const changed = withChangeable(pod, old);
  return [
    ...errors,
    ...validateAddedTolerations(pod, old),
    ...validateRemovedGates(pod, old),
    ...validateGatedSelector(pod, old),
    ...(sameJson(changed, old.spec)
      ? []
      : [forbidden('spec', `pod updates may not change fields other than ${CHANGEABLE}`)]),
  ];
}

function validateImage({ image = '' }: Container, path: string): FieldError[] {
  if (image === '') return [required(`${path}.image`)];
  return image === image.trim()
    ? []
    : [invalid(`${path}.image`, image, 'must not have leading or trailing whitespace')];
}

function validateDeadline(
  pod: Pod,
  old: Pod,
): { readonly error: FieldError; readonly ends: boolean } | undefined {
  const field = 'spec.activeDeadlineSeconds';
  const { activeDeadlineSeconds: given } = pod.spec;
  const { activeDeadlineSeconds: before } = old.spec;
  if (given === undefined) {
    if (before === undefined) return undefined;
    const detail = 'must not update from a positive integer to nil value';
    return { error: invalid(field, null, detail), ends: false };
  }
  if (given < 0 || given > MOST_INT32) {
    const detail = `must be between 0 and ${MOST_INT32}, inclusive`;
    return { error: invalid(field, given, detail), ends: true };
  }
  if (before === undefined || given <= before) return undefined;
  const detail = 'must be less than or equal to previous value';
  return { error: invalid(field, given, detail), ends: true };
}

/** The new spec with everything that may change as it was. */
function withChangeable({ spec }: Pod, { spec: old }: Pod): object {
  const images = (list: 'containers' | 'initContainers'): readonly Container[] | undefined =>
    spec[list]?.map((given, index) => {
      const { image: _, ...container } = given;
      const before = old[list]?.[index]?.image;
      return before === undefined ? container : { ...container, image: before };
    });
  const isGated = (old.schedulingGates ?? []).length > 0;
  return definedOf({
    ...spec,
    containers: images('containers'),
    initContainers: images('initContainers'),
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    schedulingGates: old.schedulingGates,
    tolerations: old.tolerations,
    ...(isGated ? { nodeSelector: old.nodeSelector } : {}),
  });
}

const definedOf = (object: object): object =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

function validateAddedTolerations(pod: Pod, old: Pod): FieldError[] {
  const field = 'spec.tolerations';
  const given = pod.spec.tolerations ?? [];
  const bare = (toleration: Toleration): object => {
    const { tolerationSeconds: _, ...rest } = toleration;
    return rest;
  };
  const isKept = (one: Toleration): boolean =>
    given.some((other) => sameJson(bare(other), bare(one)));
  if (!(old.spec.tolerations ?? []).every(isKept)) {
    const detail = 'existing toleration can not be modified except its tolerationSeconds';
    return [forbidden(field, detail)];
  }
  return validateTolerations(field, given);
}

function validateRemovedGates(pod: Pod, old: Pod): FieldError[] {
  const before = new Set((old.spec.schedulingGates ?? []).map(({ name }) => name));
  return each(pod.spec.schedulingGates, 'spec.schedulingGates', ({ name }, path) =>
    before.has(name)
      ? []
      : [
          forbidden(
            `${path}.name`,
            `only deletion is allowed, but found new scheduling gate '${name}'`,
          ),
        ],
  );
}

/** A pod that waits at a gate may be told more of where to go. */
function validateGatedSelector(pod: Pod, old: Pod): FieldError[] {
  if ((old.spec.schedulingGates ?? []).length === 0) return [];
  const { nodeSelector: given = {} } = pod.spec;
  return Object.entries(old.spec.nodeSelector ?? {}).flatMap(([key, value]) =>
    given[key] === value
      ? []
      : [invalid('spec.nodeSelector', given, 'only additions to spec.nodeSelector are allowed')],
  );
}

function validateAnnotationUpdate(pod: Pod, old: Pod): FieldError[] {
  const given = new Map(Object.entries(pod.metadata.annotations ?? {}));
  const before = new Map(Object.entries(old.metadata.annotations ?? {}));
  const errors: FieldError[] = [];
  const refuse = (key: string, what: string): void => {
    const field = `metadata.annotations[${key}]`;
    if (key.startsWith(APP_ARMOR)) {
      errors.push(forbidden(field, `may not ${what} AppArmor annotations`));
    }
    if (key === MIRROR_POD) errors.push(forbidden(field, `may not ${what} mirror pod annotation`));
  };
  for (const [key, value] of before) if (given.get(key) !== value) refuse(key, 'remove or update');
  for (const key of given.keys()) if (!before.has(key)) refuse(key, 'add');
  return [...errors, ...validateAnnotations(pod)];
}

export function validatePodStatusUpdate(pod: Pod, old: Pod): FieldError[] {
  const [status, before] = [pod.status ?? {}, old.status ?? {}];
  const errors = [
    ...validateAnnotationUpdate(pod, old),
    ...each(status.conditions, 'status.conditions', ({ type, observedGeneration = 0 }, path) => [
      ...generation(`${path}.observedGeneration`, observedGeneration),
      ...(SYSTEM_CONDITIONS.includes(type) ? [] : qualifiedName(`${path}.Type`, type)),
    ]),
  ];
  const nominated = status.nominatedNodeName ?? '';
  if (nominated !== '' && nominated !== before.nominatedNodeName) {
    const field = 'status.nominatedNodeName';
    addAll(errors, subdomain(field, nominated));
    if ((old.spec.nodeName ?? '') !== '') {
      const detail = 'may not be set on pods that are already bound to a node';
      errors.push(forbidden(field, detail));
    }
  }
  addAll(errors, generation('status.observedGeneration', status.observedGeneration ?? 0));
  if (status.qosClass !== before.qosClass) {
    errors.push(invalid('status.qosClass', status.qosClass ?? '', IMMUTABLE));
  }
  return [...errors, ...validateStates(pod, old), ...validateAddresses(pod, old)];
}

const generation = (field: string, value: number): FieldError[] =>
  value < 0 ? [invalid(field, value, 'must be a non-negative integer')] : [];

/** What has ended does not run again unless the policy says so. */
function validateStates(pod: Pod, old: Pod): FieldError[] {
  const lists = [
    ['containerStatuses', old.spec.containers ?? []],
    ['initContainerStatuses', old.spec.initContainers ?? []],
    ['ephemeralContainerStatuses', undefined],
  ] as const;
  const all = [...(old.spec.containers ?? []), ...(old.spec.initContainers ?? [])];
  const restartsAll = all.some((one) =>
    one.restartPolicyRules?.some(({ action }) => action === 'RestartAllContainers'),
  );
  return lists.flatMap(([list, containers]) => {
    if (restartsAll && containers !== undefined) return [];
    return each(old.status?.[list], `status.${list}`, (before, path) => {
      const now = pod.status?.[list]?.find(({ name }) => name === before.name);
      if (before.state?.terminated === undefined || now === undefined) return [];
      if (now.state?.terminated !== undefined) return [];
      const container = containers?.find(({ name }) => name === before.name);
      if (container !== undefined && mayRestart(container, old, before)) return [];
      return [forbidden(`${path}.state`, 'may not be transitioned to non-terminated state')];
    });
  });
}

function mayRestart(container: Container, { spec }: Pod, { state }: ContainerStatus): boolean {
  const code = state?.terminated?.exitCode ?? 0;
  const isMeant = (container.restartPolicyRules ?? []).some(({ exitCodes }) => {
    const isListed = exitCodes?.values?.includes(code) === true;
    return exitCodes !== undefined && isListed === (exitCodes.operator === 'In');
  });
  if (isMeant) return true;
  const policy = container.restartPolicy ?? spec.restartPolicy;
  return policy === 'Always' || (policy === 'OnFailure' && code !== 0);
}

function validateAddresses(pod: Pod, old: Pod): FieldError[] {
  const errors: FieldError[] = [];
  for (const list of ['podIPs', 'hostIPs'] as const) {
    const field = `status.${list}`;
    const ips = (pod.status?.[list] ?? []).map((one) => one.ip);
    const before = (old.status?.[list] ?? []).map((one) => one.ip);
    const [first] = ips;
    if (list === 'hostIPs' && first !== undefined && first !== pod.status?.hostIP) {
      errors.push(invalid(`${field}[0].ip`, first, 'must be equal to `hostIP`'));
    }
    addAll(
      errors,
      each(ips, field, (one, path) => ip(path, one, before)),
    );
    if (ips.length > 1 && !isDualStack(ips)) {
      const detail = 'may specify no more than one IP for each IP family';
      errors.push(invalid(field, pod.status?.[list], detail));
    }
  }
  return errors;
}
