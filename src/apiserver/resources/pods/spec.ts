/** What a pod must be (k8s.io/kubernetes, validatePodMetadataAndSpec, ValidatePodSpec). */

import { addAll } from '../../../add-all.ts';
import type { Pod, PodSpec } from '../../../kubernetes/index.ts';
import { ruleText } from '../../../kubernetes/index.ts';
import {
  demanded,
  each,
  ip,
  label,
  labels,
  MOST_INT32,
  oneOf,
  oneOfDemanded,
  qualifiedName,
  subdomain,
  within,
} from '../checks.ts';
import { duplicate, type FieldError, forbidden, invalid, required } from '../field-error.ts';
import { dnsLabel } from '../names.ts';
import { validateAllContainers } from './containers.ts';
import { validateOverhead, validatePodResources } from './resources.ts';
import { validateAffinity, validateTolerations, validateTopologySpread } from './scheduling.ts';
import {
  APP_ARMOR,
  SECCOMP,
  SECCOMP_OF_CONTAINER,
  validateOldAppArmor,
  validateOldSeccomp,
  validatePodSecurity,
  validateProfileAnnotations,
} from './security.ts';
import { validateVolumes } from './volumes.ts';

export const MIRROR_POD = 'kubernetes.io/config.mirror';
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'];
const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const PREEMPTION_POLICIES = ['PreemptLowerPriority', 'Never'];
const OPERATING_SYSTEMS = ['linux', 'windows'];
const MOST = { nameservers: 3, searches: 32, searchCharacters: 2048, hostname: 64 } as const;
const COST = /^(0|-?[1-9]\d{0,9})$/;
const DNS_SEARCH = /^_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*$/;

export function validatePod(pod: Pod): FieldError[] {
  const { spec } = pod;
  const errors = [...validateAnnotations(pod), ...validateSpec(pod)];
  if ((spec.serviceAccountName ?? '') === '') {
    addAll(
      errors,
      each(spec.volumes, 'spec.volumes', ({ projected }, field) =>
        each(projected?.sources, `${field}.projected.sources`, (source, path) =>
          source.serviceAccountToken === undefined
            ? []
            : [
                forbidden(
                  `${path}.serviceAccountToken`,
                  'must not be specified when serviceAccountName is not set',
                ),
              ],
        ),
      ),
    );
  }
  for (const list of ['containers', 'initContainers'] as const) {
    addAll(
      errors,
      each(spec[list], `spec.${list}`, ({ image = '' }, path) =>
        image === image.trim()
          ? []
          : [invalid(`${path}.image`, image, 'must not have leading or trailing whitespace')],
      ),
    );
  }
  return errors;
}

/** What only a new one must not have. */
export function validateNewPod(pod: Pod): FieldError[] {
  const errors = validatePod(pod);
  const { ephemeralContainers = [], nodeName = '', schedulingGates = [] } = pod.spec;
  if (ephemeralContainers.length > 0) {
    errors.push(forbidden('spec.ephemeralContainers', 'cannot be set on create'));
  }
  if (nodeName !== '' && schedulingGates.length > 0) {
    const detail = 'cannot be set until all schedulingGates have been cleared';
    errors.push(forbidden('spec.nodeName', detail));
  }
  return [...errors, ...validateProfileAnnotations(pod)];
}

export function validateAnnotations({ metadata, spec }: Pod): FieldError[] {
  const annotations = new Map(Object.entries(metadata.annotations ?? {}));
  const field = (key: string): string => `metadata.annotations[${key}]`;
  const errors: FieldError[] = [];
  const mirror = annotations.get(MIRROR_POD);
  if (mirror !== undefined && (spec.nodeName ?? '') === '') {
    const detail = 'must set spec.nodeName if mirror pod annotation is set';
    errors.push(invalid(field(MIRROR_POD), mirror, detail));
  }
  const cost = annotations.get(DELETION_COST);
  const isCost = cost === undefined || (COST.test(cost) && (Number(cost) | 0) === Number(cost));
  if (!isCost) errors.push(invalid(field(DELETION_COST), cost, 'must be a 32bit integer'));
  for (const [key, profile] of annotations) {
    if (key === SECCOMP || key.startsWith(SECCOMP_OF_CONTAINER)) {
      addAll(errors, validateOldSeccomp(`metadata.annotations.${key}`, profile));
    } else if (key.startsWith(APP_ARMOR)) {
      addAll(errors, validateOldAppArmor(spec, field(key), key.slice(APP_ARMOR.length), profile));
    }
  }
  return errors;
}

export function validateSpec(pod: Pod): FieldError[] {
  const { spec } = pod;
  const { volumes, errors } = validateVolumes(pod);
  return [
    ...errors,
    ...validateAllContainers(spec, volumes),
    ...validateClaims(pod),
    ...validatePodResources('spec.resources', spec),
    ...validateHostPorts(spec),
    ...oneOfDemanded('spec.restartPolicy', spec.restartPolicy, RESTART_POLICIES),
    ...oneOfDemanded('spec.dnsPolicy', spec.dnsPolicy, DNS_POLICIES),
    ...labels('spec.nodeSelector', spec.nodeSelector),
    ...validatePodSecurity('spec.securityContext', spec),
    ...validateAffinity('spec.affinity', spec.affinity),
    ...validateDns(spec),
    ...each(spec.readinessGates, 'spec.readinessGates', ({ conditionType }, path) =>
      qualifiedName(`${path}.conditionType`, conditionType),
    ),
    ...validateGates(spec.schedulingGates ?? []),
    ...validateTopologySpread('spec.topologySpreadConstraints', spec.topologySpreadConstraints),
    ...validateHostUsers(spec),
    ...validateNames(spec),
    ...validateTolerations('spec.tolerations', spec.tolerations),
    ...each(spec.hostAliases, 'spec.hostAliases', (alias, path) => [
      ...ip(`${path}.ip`, alias.ip),
      ...each(alias.hostnames, `${path}.hostnames`, (name, at) => subdomain(at, name)),
    ]),
    ...optional('spec.priorityClassName', spec.priorityClassName, subdomain),
    ...(spec.runtimeClassName === undefined
      ? []
      : subdomain('spec.runtimeClassName', spec.runtimeClassName)),
    ...(spec.preemptionPolicy === undefined
      ? []
      : oneOfDemanded('spec.preemptionPolicy', spec.preemptionPolicy, PREEMPTION_POLICIES)),
    ...(spec.overhead === undefined ? [] : validateOverhead('spec.overhead', spec.overhead)),
    ...(spec.os === undefined ? [] : validateSystem(spec.os.name)),
  ];
}

/** Of devices (validatePodResourceClaims). */
function validateClaims({ metadata, spec }: Pod): FieldError[] {
  const isStatic = Object.hasOwn(metadata.annotations ?? {}, MIRROR_POD);
  const names = new Set<string>();
  return each(spec.resourceClaims, 'spec.resourceClaims', (claim, path) => {
    if (isStatic) return [forbidden('[]', 'static pods do not support resource claims')];
    const { name, resourceClaimName, resourceClaimTemplateName } = claim;
    const isTaken = names.has(name);
    names.add(name);
    const both = resourceClaimName !== undefined && resourceClaimTemplateName !== undefined;
    const neither = resourceClaimName === undefined && resourceClaimTemplateName === undefined;
    return [
      ...(isTaken ? [duplicate(`${path}.name`, name)] : demanded(`${path}.name`, name, dnsLabel)),
      ...(both ? [invalid(path, claim, ONE_CLAIM)] : []),
      ...(neither ? [invalid(path, claim, SOME_CLAIM)] : []),
      ...given(`${path}.resourceClaimName`, resourceClaimName),
      ...given(`${path}.resourceClaimTemplateName`, resourceClaimTemplateName),
    ];
  });
}

const ONE_CLAIM =
  'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified';
const SOME_CLAIM = 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`';

const given = (field: string, name: string | undefined): FieldError[] =>
  name === undefined ? [] : subdomain(field, name);

const optional = (
  field: string,
  value: string | undefined,
  check: (field: string, value: string) => FieldError[],
): FieldError[] => (value === undefined || value === '' ? [] : check(field, value));

const validateSystem = (name: string): FieldError[] =>
  name === '' ? [required('spec.os.name')] : oneOf('spec.os', name, OPERATING_SYSTEMS);

/** In the host's network a port is a port of the host; in a template it need not be said yet. */
function validateHostPorts({ hostNetwork, containers }: PodSpec): FieldError[] {
  if (hostNetwork !== true) return [];
  return each(containers, 'spec.containers', ({ ports }, field) =>
    each(ports, `${field}.ports`, ({ hostPort = 0, containerPort }, path) =>
      hostPort === 0 || hostPort === containerPort
        ? []
        : [
            invalid(
              `${path}.hostPort`,
              hostPort,
              'must match `containerPort` when `hostNetwork` is true',
            ),
          ],
    ),
  );
}

function validateDns({ dnsPolicy, dnsConfig }: PodSpec): FieldError[] {
  const field = 'spec.dnsConfig';
  const { nameservers = [], searches = [], options } = dnsConfig ?? {};
  if (dnsPolicy === 'None') {
    if (dnsConfig === undefined) {
      return [required(field, 'must provide `dnsConfig` when `dnsPolicy` is None')];
    }
    if (nameservers.length === 0) {
      const detail = 'must provide at least one DNS nameserver when `dnsPolicy` is None';
      return [required(`${field}.nameservers`, detail)];
    }
  }
  const errors: FieldError[] = [];
  const tooMany = (list: string, value: readonly string[], what: string): void => {
    errors.push(invalid(`${field}.${list}`, value, `must not have more than ${what}`));
  };
  if (nameservers.length > MOST.nameservers) {
    tooMany('nameservers', nameservers, `${MOST.nameservers} nameservers`);
  }
  addAll(
    errors,
    each(nameservers, `${field}.nameservers`, (server, path) => ip(path, server)),
  );
  if (searches.length > MOST.searches)
    tooMany('searches', searches, `${MOST.searches} search paths`);
  if (searches.join(' ').length > MOST.searchCharacters) {
    const what = `${MOST.searchCharacters} characters (including spaces) in the search list`;
    tooMany('searches', searches, what);
  }
  addAll(errors, each(searches, `${field}.searches`, validateSearch));
  return [
    ...errors,
    ...each(options, `${field}.options`, ({ name = '' }, path) =>
      name === '' ? [required(path, 'must not be empty')] : [],
    ),
  ];
}

function validateSearch(search: string, field: string): FieldError[] {
  const name = search.replace(/\.$/, '');
  if (search === '.' || (name.length <= 253 && DNS_SEARCH.test(name))) return [];
  return [
    invalid(
      field,
      name,
      ruleText(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
        '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*',
        'example.com',
      ),
    ),
  ];
}

function validateGates(gates: NonNullable<PodSpec['schedulingGates']>): FieldError[] {
  const seen = new Set<string>();
  return each(gates, 'spec.schedulingGates', ({ name }, path) => {
    const errors = qualifiedName(path, name);
    if (seen.has(name)) errors.push(duplicate(path, name));
    seen.add(name);
    return errors;
  });
}

/** With users of its own a pod shares nothing else with its host. */
function validateHostUsers(spec: PodSpec): FieldError[] {
  if (spec.hostUsers !== false) return [];
  const why = 'when `hostUsers` is false';
  const errors: FieldError[] = [];
  if (spec.hostNetwork === true) errors.push(forbidden('spec.hostNetwork', why));
  if (spec.hostPID === true) errors.push(forbidden('spec.HostPID', why));
  if (spec.hostIPC === true) errors.push(forbidden('spec.HostIPC', why));
  for (const list of ['initContainers', 'containers'] as const) {
    addAll(
      errors,
      each(spec[list], `spec.${list}`, ({ volumeDevices = [] }, path) =>
        volumeDevices.length === 0 ? [] : [forbidden(`${path}.volumeDevices`, why)],
      ),
    );
  }
  return errors;
}

function validateNames(spec: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  const { hostnameOverride: name } = spec;
  if (name !== undefined) {
    const field = 'spec.hostnameOverride';
    if (spec.setHostnameAsFQDN === true) {
      errors.push(forbidden(field, 'may not be specified when setHostnameAsFQDN is true'));
    }
    if (spec.hostNetwork === true) {
      errors.push(forbidden(field, 'may not be specified when hostNetwork is true'));
    }
    if (name.length > MOST.hostname) {
      const message = `Too long: may not be more than ${MOST.hostname} bytes`;
      errors.push({ reason: 'FieldValueTooLong', field, message });
    }
    addAll(errors, subdomain(field, name));
  }
  return [
    ...errors,
    ...optional('spec.serviceAccountName', spec.serviceAccountName, subdomain),
    ...optional('spec.nodeName', spec.nodeName, subdomain),
    ...within('spec.activeDeadlineSeconds', spec.activeDeadlineSeconds, 1, MOST_INT32),
    ...optional('spec.hostname', spec.hostname, label),
    ...optional('spec.subdomain', spec.subdomain, label),
  ];
}
