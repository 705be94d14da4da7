/**
 * What is filled in of a pod that does not say it (k8s.io/kubernetes, pkg/apis/core/v1/defaults.go and
 * zz_generated.defaults.go; conversion.go for fields with two names). What is whole stays the same object.
 */
import type {
  Container,
  ContainerPort,
  EnvVar,
  FieldRef,
  Handler,
  Pod,
  PodSpec,
  PodTemplate,
  Probe,
  ResourceList,
  ResourceRequirements,
  Volume,
} from '../../../kubernetes/index.ts';
import { canonicalQuantity, quantityNanos } from '../quantity.ts';
import { defaultPodResources } from './amounts.ts';

const MILLI = 1_000_000n;
const HOUR = 3600;
const FILE_MODE = 0o644;

/** The object with what it lacks; itself where it lacks nothing. */
function filled<T extends object>(object: T, defaults: Partial<T>): T {
  const lacks = Object.entries(defaults).some(
    ([name, value]) => value !== undefined && Reflect.get(object, name) === undefined,
  );
  return lacks ? { ...defaults, ...object } : object;
}

/** The object with other fields; itself where they are the same. */
function changed<T extends object>(object: T, fields: Partial<T>): T {
  const isSame = Object.entries(fields).every(
    ([name, value]) => Reflect.get(object, name) === value,
  );
  if (isSame) return object;
  const result = { ...object };
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) Reflect.deleteProperty(result, name);
    else Reflect.set(result, name, value);
  }
  return result;
}

/** The list with each made whole; itself where nothing has changed. */
function mapped<T>(items: readonly T[], complete: (item: T) => T): readonly T[];
function mapped<T>(
  items: readonly T[] | null | undefined,
  complete: (item: T) => T,
): readonly T[] | null | undefined;
function mapped<T>(
  items: readonly T[] | null | undefined,
  complete: (item: T) => T,
): readonly T[] | null | undefined {
  if (items === undefined || items === null) return items;
  const result = items.map(complete);
  return result.some((item, index) => item !== items[index]) ? result : items;
}

export function defaultPod(pod: Pod): Pod {
  const spec = defaultSpec(pod.spec);
  return spec === pod.spec ? pod : { ...pod, spec };
}

/** Of a template: without what only a pod of its own gets (SetDefaults_Pod). */
export function defaultTemplate(template: PodTemplate): PodTemplate {
  const spec = defaultPlainSpec(template.spec);
  return spec === template.spec ? template : { ...template, spec };
}

function defaultSpec(spec: PodSpec): PodSpec {
  const complete = filled(defaultPlainSpec(spec), { enableServiceLinks: true });
  const { hostNetwork = false, terminationGracePeriodSeconds = 0 } = complete;
  const container = (one: Container): Container =>
    withRequests(hostNetwork ? withHostPorts(one) : one);
  return defaultPodResources(
    changed(complete, {
      ...given('initContainers', mapped(complete.initContainers, container)),
      ...given('containers', mapped(complete.containers, container)),
      ...(terminationGracePeriodSeconds < 0 ? { terminationGracePeriodSeconds: 1 } : {}),
    }),
  );
}

function defaultPlainSpec(spec: PodSpec): PodSpec {
  const account = spec.serviceAccountName ?? spec.serviceAccount;
  const complete = filled(spec, {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
  });
  return changed(complete, {
    ...given('volumes', mapped(complete.volumes, defaultVolume)),
    ...given('initContainers', mapped(complete.initContainers, defaultContainer)),
    ...given('containers', mapped(complete.containers, defaultContainer)),
    ...given('ephemeralContainers', mapped(complete.ephemeralContainers, defaultContainer)),
    ...(account === undefined ? {} : { serviceAccountName: account, serviceAccount: account }),
    ...given('overhead', rounded(complete.overhead)),
  });
}

const given = <K extends string, V>(name: K, value: V | null | undefined): { [P in K]?: V } => {
  const result: { [P in K]?: V } = {};
  if (value !== undefined && value !== null) result[name] = value;
  return result;
};

/** What is limited is requested, unless the container says how much it requests. */
function withRequests(container: Container): Container {
  const { resources } = container;
  if (resources?.limits === undefined) return container;
  const requests = filled(resources.requests ?? {}, resources.limits);
  return changed(container, { resources: changed(resources, { requests }) });
}

/** In the host's network a port is a port of the host. */
function withHostPorts(container: Container): Container {
  const ports = mapped(container.ports, (port) => filled(port, { hostPort: port.containerPort }));
  return changed(container, given('ports', ports));
}

function roundedResources(resources: ResourceRequirements): ResourceRequirements {
  return changed(resources, {
    ...given('limits', rounded(resources.limits)),
    ...given('requests', rounded(resources.requests)),
  });
}

/** In whole thousandths, upwards (SetDefaults_ResourceList). */
export function rounded(list: ResourceList | undefined): ResourceList | undefined {
  if (list === undefined) return undefined;
  const entries = Object.entries(list);
  const isFine = (quantity: string): boolean => (quantityNanos(quantity) ?? 0n) % MILLI !== 0n;
  if (!entries.some(([, quantity]) => isFine(quantity))) return list;
  return Object.fromEntries(
    entries.map(([name, quantity]) => [name, isFine(quantity) ? upwards(quantity) : quantity]),
  );
}

function upwards(quantity: string): string {
  const nanos = quantityNanos(quantity) ?? 0n;
  const thousandths = nanos > 0n ? (nanos + MILLI - 1n) / MILLI : nanos / MILLI - 1n;
  return canonicalQuantity(`${thousandths}m`) ?? quantity;
}

function defaultContainer(container: Container): Container {
  const complete = filled(container, {
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: pullPolicy(container.image ?? ''),
  });
  return changed(complete, {
    ...given('ports', mapped(complete.ports, defaultPort)),
    ...given('env', mapped(complete.env, defaultEnv)),
    ...given('livenessProbe', probe(complete.livenessProbe)),
    ...given('readinessProbe', probe(complete.readinessProbe)),
    ...given('startupProbe', probe(complete.startupProbe)),
    ...given('lifecycle', lifecycle(complete.lifecycle)),
    ...(complete.resources === undefined
      ? {}
      : { resources: roundedResources(complete.resources) }),
  });
}

/** The newest of an image is asked for each time: `:latest`, and what names neither tag nor digest. */
function pullPolicy(image: string): string {
  const name = image.slice(image.lastIndexOf('/') + 1);
  const isLatest = image.includes('@') ? false : !name.includes(':') || name.endsWith(':latest');
  return isLatest ? 'Always' : 'IfNotPresent';
}

const defaultPort = (port: ContainerPort): ContainerPort => filled(port, { protocol: 'TCP' });

function defaultEnv(variable: EnvVar): EnvVar {
  const { valueFrom } = variable;
  if (valueFrom === undefined) return variable;
  const { fieldRef, fileKeyRef } = valueFrom;
  const complete = changed(valueFrom, {
    ...(fieldRef === undefined ? {} : { fieldRef: field(fieldRef) }),
    ...(fileKeyRef === undefined ? {} : { fileKeyRef: filled(fileKeyRef, { optional: false }) }),
  });
  return changed(variable, { valueFrom: complete });
}

const field = (reference: FieldRef): FieldRef => filled(reference, { apiVersion: 'v1' });

function probe(given: Probe | undefined): Probe | undefined {
  if (given === undefined) return undefined;
  const complete = filled(given, {
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  });
  const { grpc } = complete;
  const handled = handler(complete);
  return grpc === undefined || typeof grpc.service === 'string'
    ? handled
    : { ...handled, grpc: { ...grpc, service: '' } };
}

function handler<T extends Handler>(given: T): T {
  const { httpGet } = given;
  if (httpGet === undefined) return given;
  const complete = filled(httpGet, { path: '/', scheme: 'HTTP' });
  return complete === httpGet ? given : { ...given, httpGet: complete };
}

function lifecycle(hooks: Container['lifecycle']): Container['lifecycle'] {
  if (hooks === undefined) return undefined;
  const { postStart, preStop } = hooks;
  return changed(hooks, {
    ...(postStart === undefined ? {} : { postStart: handler(postStart) }),
    ...(preStop === undefined ? {} : { preStop: handler(preStop) }),
  });
}

/** Of volumes, by their source. */
const SOURCES: Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>> = {
  hostPath: { type: '' },
  secret: { defaultMode: FILE_MODE },
  configMap: { defaultMode: FILE_MODE },
  downwardAPI: { defaultMode: FILE_MODE },
  projected: { defaultMode: FILE_MODE },
  iscsi: { iscsiInterface: 'default' },
  rbd: { pool: 'rbd', user: 'admin', keyring: '/etc/ceph/keyring' },
  azureDisk: { cachingMode: 'ReadWrite', fsType: 'ext4', readOnly: false, kind: 'Shared' },
  scaleIO: { storageMode: 'ThinProvisioned', fsType: 'xfs' },
};

/** A volume, of a pod or persistent, with what its sources lack. */
export function withSourceDefaults<T extends object>(volume: T): T {
  let complete = volume;
  for (const name of Object.keys(volume)) {
    const value: unknown = Reflect.get(volume, name);
    const defaults = Object.hasOwn(SOURCES, name) ? SOURCES[name] : undefined;
    if (defaults === undefined || typeof value !== 'object' || value === null) continue;
    const whole = filled(value, defaults);
    if (whole !== value) complete = { ...complete, [name]: whole };
  }
  return complete;
}

function defaultVolume(volume: Volume): Volume {
  if (Object.keys(volume).every((name) => name === 'name')) return { ...volume, emptyDir: {} };
  const complete = withSourceDefaults(volume);
  const { downwardAPI, projected, image, ephemeral } = complete;
  return changed(complete, {
    ...(downwardAPI === undefined ? {} : { downwardAPI: downwardFiles(downwardAPI) }),
    ...(projected === undefined ? {} : { projected: projections(projected) }),
    ...(image === undefined
      ? {}
      : { image: filled(image, { pullPolicy: pullPolicy(image.reference ?? '') }) }),
    ...(ephemeral === undefined ? {} : { ephemeral: claimTemplate(ephemeral) }),
  });
}

function downwardFiles<T extends NonNullable<Volume['downwardAPI']>>(source: T): T {
  const items = mapped(source.items, (file) =>
    file.fieldRef === undefined ? file : changed(file, { fieldRef: field(file.fieldRef) }),
  );
  return items === undefined || items === null || items === source.items
    ? source
    : { ...source, items };
}

type Projected = NonNullable<Volume['projected']>;

function projections(projected: Projected): Projected {
  const sources = mapped(projected.sources, (source) => {
    const { downwardAPI, serviceAccountToken } = source;
    return changed(source, {
      ...(downwardAPI === undefined ? {} : { downwardAPI: downwardFiles(downwardAPI) }),
      ...(serviceAccountToken === undefined
        ? {}
        : { serviceAccountToken: filled(serviceAccountToken, { expirationSeconds: HOUR }) }),
    });
  });
  return sources === undefined ? projected : changed(projected, { sources });
}

type Ephemeral = NonNullable<Volume['ephemeral']>;

function claimTemplate(ephemeral: Ephemeral): Ephemeral {
  const { volumeClaimTemplate: template } = ephemeral;
  if (template?.spec === undefined || Object.hasOwn(template.spec, 'volumeMode')) return ephemeral;
  const spec = { ...template.spec, volumeMode: 'Filesystem' };
  return { ...ephemeral, volumeClaimTemplate: { ...template, spec } };
}
