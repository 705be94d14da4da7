/** The containers of a pod (k8s.io/kubernetes, validateContainers, validateInitContainers). */
import { addAll } from '../../../add-all.ts';
import type { Container, ContainerPort, PodSpec } from '../../../kubernetes/index.ts';
import { demanded, each, oneOf, oneOfDemanded, port, portName } from '../checks.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  missing,
  notSupported,
  required,
  tooMany,
} from '../field-error.ts';
import { dnsLabel } from '../names.ts';
import { validateLifecycle, validateProbes } from './handlers.ts';
import {
  type Volumes,
  validateDevices,
  validateMounts,
  validateVariableSources,
  validateVariables,
} from './mounts.ts';
import { validateContainerResources } from './resources.ts';
import { validateContainerSecurity } from './security.ts';

export const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const MESSAGE_POLICIES = ['File', 'FallbackToLogsOnError'];
const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];
const RESTART_POLICIES = ['Always', 'Never', 'OnFailure'];
const RESIZED = ['cpu', 'memory'];
const RESIZE_POLICIES = ['NotRequired', 'RestartContainer'];
const MOST_RESTART_RULES = 20;
const INIT_ONLY = 'may not be set for init containers without restartPolicy=Always';

export function validateAllContainers(spec: PodSpec, volumes: Volumes): FieldError[] {
  return [
    ...validateContainers(spec, volumes),
    ...validateInitContainers(spec, volumes),
    ...validateFileVariables(spec),
  ];
}

function validateContainers(spec: PodSpec, volumes: Volumes): FieldError[] {
  const field = 'spec.containers';
  const containers = spec.containers ?? [];
  if (containers.length === 0) return [required(field)];
  const names = new Set<string>();
  const grace = spec.terminationGracePeriodSeconds ?? 0;
  return [
    ...each(containers, field, (container, path) => {
      const { name } = container;
      const errors = validateCommon(path, container, spec, volumes);
      if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
      names.add(name);
      return [
        ...errors,
        ...validateLifecycle(`${path}.lifecycle`, container.lifecycle, grace),
        ...validateProbes(path, container, grace),
        ...validateRestart(path, container),
      ];
    }),
    ...validateHostPorts(field, containers),
  ];
}

function validateInitContainers(spec: PodSpec, volumes: Volumes): FieldError[] {
  const field = 'spec.initContainers';
  const names = new Set((spec.containers ?? []).map(({ name }) => name));
  const grace = spec.terminationGracePeriodSeconds ?? 0;
  return each(spec.initContainers, field, (container, path) => {
    const { name } = container;
    const stays = container.restartPolicy === 'Always';
    const errors = [
      ...validateCommon(path, container, spec, volumes),
      ...validateRestart(path, container),
    ];
    if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
    else if (name !== '') names.add(name);
    addAll(errors, validateHostPorts(field, [container]));
    if (stays) {
      addAll(
        errors,
        validateLifecycle(`${path}.lifecycle`, container.lifecycle, grace),
        validateProbes(path, container, grace),
      );
      return errors;
    }
    for (const part of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
      if (container[part] !== undefined) errors.push(forbidden(`${path}.${part}`, INIT_ONLY));
    }
    (container.resizePolicy ?? []).forEach(({ restartPolicy }, index) => {
      if (restartPolicy !== 'RestartContainer') return;
      const at = `${path}.resizePolicy[${index}].restartPolicy`;
      const detail = "must not be set to 'RestartContainer' for non-sidecar initContainers";
      errors.push(invalid(at, restartPolicy, detail));
    });
    return errors;
  });
}

function validateCommon(
  field: string,
  container: Container,
  spec: PodSpec,
  volumes: Volumes,
): FieldError[] {
  const claims = new Set((spec.resourceClaims ?? []).map(({ name }) => name));
  const image = container.image ?? '';
  return [
    ...demanded(`${field}.name`, container.name, dnsLabel),
    ...(image === '' ? [required(`${field}.image`)] : []),
    ...oneOfDemanded(
      `${field}.terminationMessagePolicy`,
      container.terminationMessagePolicy,
      MESSAGE_POLICIES,
    ),
    ...validatePorts(`${field}.ports`, container.ports ?? []),
    ...validateVariables(`${field}.env`, container.env),
    ...validateVariableSources(`${field}.envFrom`, container.envFrom),
    ...validateMounts(`${field}.volumeMounts`, container, volumes),
    ...validateDevices(`${field}.volumeDevices`, container, volumes),
    ...oneOfDemanded(`${field}.imagePullPolicy`, container.imagePullPolicy, PULL_POLICIES),
    ...validateContainerResources(`${field}.resources`, container.resources, claims),
    ...validateResize(`${field}.resizePolicy`, container, spec.restartPolicy),
    ...validateContainerSecurity(
      `${field}.securityContext`,
      container.securityContext,
      spec.hostUsers ?? true,
    ),
  ];
}

function validatePorts(field: string, ports: readonly ContainerPort[]): FieldError[] {
  const names = new Set<string>();
  return each(ports, field, ({ name = '', containerPort, hostPort = 0, protocol }, path) => {
    const errors: FieldError[] = [];
    if (name !== '') {
      const wrong = portName(`${path}.name`, name);
      addAll(errors, wrong);
      if (wrong.length === 0 && names.has(name)) errors.push(duplicate(`${path}.name`, name));
      if (wrong.length === 0) names.add(name);
    }
    addAll(
      errors,
      containerPort === 0
        ? [required(`${path}.containerPort`)]
        : port(`${path}.containerPort`, containerPort),
      hostPort === 0 ? [] : port(`${path}.hostPort`, hostPort),
      oneOfDemanded(`${path}.protocol`, protocol, PROTOCOLS),
    );
    return errors;
  });
}

function validateHostPorts(field: string, containers: readonly Container[]): FieldError[] {
  const taken = new Set<string>();
  return each(containers, field, ({ ports }, path) =>
    each(ports, `${path}.ports`, ({ protocol = '', hostIP = '', hostPort = 0 }, at) => {
      if (hostPort === 0) return [];
      const key = `${protocol}/${hostIP}/${hostPort}`;
      if (taken.has(key)) return [duplicate(`${at}.hostPort`, key)];
      taken.add(key);
      return [];
    }),
  );
}

function validateResize(
  field: string,
  { resizePolicy = [] }: Container,
  podPolicy: string | undefined,
): FieldError[] {
  const seen = new Set<string>();
  // Upstream names the list for all but what stands there twice.
  return resizePolicy.flatMap(({ resourceName, restartPolicy }, index) => {
    const errors: FieldError[] = [];
    if (seen.has(resourceName)) errors.push(duplicate(`${field}[${index}]`, resourceName));
    seen.add(resourceName);
    addAll(
      errors,
      oneOfDemanded(field, resourceName, RESIZED),
      oneOfDemanded(field, restartPolicy, RESIZE_POLICIES),
    );
    if (podPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      const detail = "must be 'NotRequired' when pod `restartPolicy` is 'Never'";
      errors.push(invalid(field, restartPolicy, detail));
    }
    return errors;
  });
}

function validateRestart(field: string, container: Container): FieldError[] {
  const { restartPolicy, restartPolicyRules = [] } = container;
  const errors = oneOf(`${field}.restartPolicy`, restartPolicy, RESTART_POLICIES);
  if (restartPolicy === undefined && restartPolicyRules.length > 0) {
    const detail = 'must specify restartPolicy when restart rules are used';
    errors.push(required(`${field}.restartPolicy`, detail));
  }
  const at = `${field}.restartPolicyRules`;
  if (restartPolicyRules.length > MOST_RESTART_RULES) {
    errors.push(tooMany(at, restartPolicyRules.length, MOST_RESTART_RULES));
  }
  return [...errors, ...each(restartPolicyRules, at, validateRestartRule)];
}

const ACTIONS = ['Restart', 'RestartAllContainers'];
const EXIT_OPERATORS = ['In', 'NotIn'];
const MOST_EXIT_CODES = 255;

type RestartRule = NonNullable<Container['restartPolicyRules']>[number];

function validateRestartRule({ action, exitCodes }: RestartRule, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!ACTIONS.includes(action)) errors.push(notSupported(`${field}.action`, action, ACTIONS));
  const at = `${field}.exitCodes`;
  if (exitCodes === undefined) return [...errors, required(at, 'must be specified')];
  const { operator, values = [] } = exitCodes;
  if (!EXIT_OPERATORS.includes(operator)) {
    errors.push(notSupported(`${at}.operator`, operator, EXIT_OPERATORS));
  }
  if (values.length > MOST_EXIT_CODES) {
    errors.push(tooMany(`${at}.values`, values.length, MOST_EXIT_CODES));
  }
  return errors;
}

/** A variable out of a file is out of one that another container has written. */
function validateFileVariables(spec: PodSpec): FieldError[] {
  const volumes = new Map((spec.volumes ?? []).map((volume) => [volume.name, volume]));
  return (['initContainers', 'containers'] as const).flatMap((list) =>
    each(spec[list], `spec.${list}`, ({ env }, path) =>
      each(env, `${path}.env`, ({ valueFrom }, at) => {
        const name = valueFrom?.fileKeyRef?.volumeName;
        if (name === undefined) return [];
        const field = `${at}.valueFrom.fileKeyRef.volumeName`;
        const volume = volumes.get(name);
        if (volume === undefined) return [missing(field, name)];
        return volume.emptyDir === undefined
          ? [invalid(field, name, 'referenced volume must be of type emptyDir')]
          : [];
      }),
    ),
  );
}
