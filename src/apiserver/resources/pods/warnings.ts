/** What of a new pod is taken and may not do what is meant (k8s.io/kubernetes, pkg/api/pod/warnings.go). */
import {
  type Container,
  type ContainerPort,
  dnsLabelProblems,
  goQuote,
  type Pod,
  type PodSpec,
  type PodTemplate,
} from '../../../kubernetes/index.ts';
import { replacedLabel } from '../deprecated-labels.ts';
import { ipWarnings } from '../ip-warnings.ts';
import { quantityNanos } from '../quantity.ts';
import { affinityWarnings } from './affinity-warnings.ts';
import { APP_ARMOR, SECCOMP, SECCOMP_OF_CONTAINER, saysTheSame } from './security.ts';
import { volumeWarnings } from './volume-warnings.ts';

const REMOVED_ANNOTATIONS: readonly (readonly [string, string])[] = [
  [
    'scheduler.alpha.kubernetes.io/critical-pod',
    'non-functional in v1.16+; use the "priorityClassName" field instead',
  ],
  ...['sysctls', 'unsafe-sysctls'].map(
    (name) =>
      [
        `security.alpha.kubernetes.io/${name}`,
        'non-functional in v1.11+; use the "sysctls" field instead',
      ] as const,
  ),
];
const NO_SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead';
const NANO = 1_000_000_000n;

interface Placed {
  readonly container: Container;
  readonly path: string;
}

export const podWarnings = (pod: Pod): string[] => [
  ...nameWarnings(pod.metadata.name ?? ''),
  ...specWarnings(pod, ''),
];

/** @param field of the template: `spec.template` */
export function templateWarnings(field: string, { metadata = {}, spec }: PodTemplate): string[] {
  const pod = { metadata, spec };
  const at = `${field}.`;
  return [...specWarnings(pod, at), ...containersOf(spec, at).flatMap(oldAppArmor(pod, at))];
}

/** @param at what stands before each path: empty, or the path of the template with a dot */
function specWarnings(pod: Pod, at: string): string[] {
  const { spec } = pod;
  const placed = containersOf(spec, at);
  const period = spec.terminationGracePeriodSeconds ?? 0;
  return [
    ...Object.keys(spec.nodeSelector ?? {}).flatMap((key) => {
      const why = replacedLabel(key);
      return why === undefined ? [] : [`${at}spec.nodeSelector[${key}]: ${why}`];
    }),
    ...affinityWarnings(spec, at),
    ...annotationWarnings(pod, at),
    ...volumeWarnings(spec.volumes ?? [], at),
    ...duplicates(spec.hostAliases, `${at}spec.hostAliases`, 'ip', ({ ip }) => ip),
    ...duplicates(spec.imagePullSecrets, `${at}spec.imagePullSecrets`, 'name', nameOf),
    ...(spec.imagePullSecrets ?? []).flatMap((secret, index) =>
      nameOf(secret) === ''
        ? [`${at}spec.imagePullSecrets[${index}].name: invalid empty name ""`]
        : [],
    ),
    ...fractions(`${at}spec.overhead`, spec.overhead),
    ...placed.flatMap(containerWarnings(pod, at)),
    ...portWarnings(placed),
    ...(period < 0
      ? [
          `${at}spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`,
        ]
      : []),
    ...(spec.dnsConfig?.nameservers ?? []).flatMap((server, index) =>
      ipWarnings(`${at}spec.dnsConfig.nameservers[${index}]`, server),
    ),
    ...(spec.hostAliases ?? []).flatMap(({ ip }, index) =>
      ipWarnings(`${at}spec.hostAliases[${index}].ip`, ip),
    ),
  ];
}

export const podStatusWarnings = ({ status }: Pod): string[] =>
  (['podIPs', 'hostIPs'] as const).flatMap((list) =>
    (status?.[list] ?? []).flatMap(({ ip }, index) =>
      ipWarnings(`status.${list}[${index}].ip`, ip),
    ),
  );

const nameOf = ({ name = '' }: { readonly name?: string }): string => name;

function nameWarnings(name: string): string[] {
  const problems = dnsLabelProblems(name);
  return problems.length === 0
    ? []
    : [
        `metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [${problems.join(' ')}]`,
      ];
}

function annotationWarnings({ metadata, spec }: Pod, at: string): string[] {
  const { annotations = {} } = metadata;
  const removed = REMOVED_ANNOTATIONS.filter(([key]) => Object.hasOwn(annotations, key)).map(
    ([key, why]) => `${at}metadata.annotations[${key}]: ${why}`,
  );
  const isUnused =
    spec.securityContext?.seccompProfile === undefined && Object.hasOwn(annotations, SECCOMP);
  return isUnused ? [...removed, `${at}metadata.annotations[${SECCOMP}]: ${NO_SECCOMP}`] : removed;
}

function containersOf(
  { initContainers, containers, ephemeralContainers }: PodSpec,
  at: string,
): Placed[] {
  const lists = { initContainers, containers, ephemeralContainers };
  return Object.entries(lists).flatMap(([list, items]) =>
    (items ?? []).map((container, index) => ({ container, path: `${at}spec.${list}[${index}]` })),
  );
}

const containerWarnings =
  ({ metadata }: Pod, at: string) =>
  ({ container, path }: Placed): string[] => {
    const { name, resources, securityContext, env = [] } = container;
    const key = `${SECCOMP_OF_CONTAINER}${name}`;
    const isUnused =
      securityContext?.seccompProfile === undefined &&
      Object.hasOwn(metadata.annotations ?? {}, key);
    return [
      ...(isUnused ? [`${at}metadata.annotations[${key}]: ${NO_SECCOMP}`] : []),
      ...fractions(`${path}.resources.limits`, resources?.limits),
      ...fractions(`${path}.resources.requests`, resources?.requests),
      ...hiddenVariables(env, path),
    ];
  };

/** Of templates only: of a pod the field is set by what the annotation says. */
const oldAppArmor =
  ({ metadata, spec }: Pod, at: string) =>
  ({ container }: Placed): string[] => {
    const key = `${APP_ARMOR}${container.name}`;
    const annotation = new Map(Object.entries(metadata.annotations ?? {})).get(key);
    if (annotation === undefined || container.securityContext?.appArmorProfile !== undefined) {
      return [];
    }
    return saysTheSame(annotation, spec.securityContext?.appArmorProfile)
      ? []
      : [
          `${at}metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`,
        ];
  };

function hiddenVariables(env: NonNullable<Container['env']>, path: string): string[] {
  const seen = new Set<string>();
  return env.flatMap(({ name, value = '', valueFrom }, index) => {
    const reference = `$(${name})`;
    const hides =
      seen.has(name) &&
      (valueFrom !== undefined || value === reference || !value.includes(reference));
    seen.add(name);
    return hides
      ? [
          `${path}.env[${index}]: hides previous definition of ${goQuote(name)}, which may be dropped when using apply`,
        ]
      : [];
  });
}

/** Of bytes there are no parts. */
function fractions(field: string, list: Readonly<Record<string, string>> | undefined): string[] {
  return ['memory', 'ephemeral-storage'].flatMap((name) => {
    const value = list?.[name];
    // Rounded up to thousandths, as upstream looks at it.
    const isWhole = value === undefined || thousandths(value) % 1000n === 0n;
    return isWhole
      ? []
      : [
          `${field}[${name}]: fractional byte value ${goQuote(value)} is invalid, must be an integer`,
        ];
  });
}

function thousandths(quantity: string): bigint {
  const nanos = quantityNanos(quantity) ?? 0n;
  const milli = NANO / 1000n;
  return nanos <= 0n ? nanos / milli : (nanos + milli - 1n) / milli;
}

interface PlacedPort {
  readonly port: ContainerPort;
  readonly path: string;
}

function portWarnings(placed: readonly Placed[]): string[] {
  const ports = placed.flatMap(({ container, path }): PlacedPort[] =>
    (container.ports ?? []).map((port, index) => ({ port, path: `${path}.ports[${index}]` })),
  );
  const names = new Map<string, string>();
  const warnings = ports.flatMap((one, index) => [
    ...unpublished(one),
    ...ports.slice(0, index).flatMap((other) => conflictOf(one, other)),
  ]);
  for (const { port, path } of ports) {
    const { name = '' } = port;
    const other = names.get(name);
    if (name === '') continue;
    if (other === undefined) names.set(name, path);
    else {
      warnings.push(
        `${path}: duplicate port name ${goQuote(name)} with ${other}, services and probes that select ports by name will use ${other}`,
      );
    }
  }
  return warnings;
}

/** In Go's form of the struct. */
const unpublished = ({ port, path }: PlacedPort): string[] => {
  const { name = '', hostPort = 0, containerPort, protocol = '', hostIP = '' } = port;
  return hostIP !== '' && hostPort === 0
    ? [
        `${path}: hostIP set without hostPort: {Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`,
      ]
    : [];
};

function conflictOf(one: PlacedPort, other: PlacedPort): string[] {
  const [a, b] = [one.port, other.port];
  if (a.containerPort !== b.containerPort || a.protocol !== b.protocol) return [];
  const [aPort, bPort] = [a.hostPort ?? 0, b.hostPort ?? 0];
  const [aIp, bIp] = [a.hostIP ?? '', b.hostIP ?? ''];
  const told = (what: string): string[] => [`${one.path}: ${what} with ${other.path}`];
  if (aIp === bIp && aPort === bPort) return told('duplicate port definition');
  if (aPort === 0 || bPort === 0) return told('overlapping port definition');
  return aPort === bPort && (aIp === '') !== (bIp === '')
    ? told('dangerously ambiguous port definition')
    : [];
}

function duplicates<T>(
  items: readonly T[] | undefined,
  field: string,
  key: string,
  read: (item: T) => string,
): string[] {
  const seen = new Set<string>();
  return (items ?? []).flatMap((item, index) => {
    const value = read(item);
    if (!seen.has(value)) {
      seen.add(value);
      return [];
    }
    return [`${field}[${index}].${key}: duplicate ${key} ${goQuote(value)}`];
  });
}
