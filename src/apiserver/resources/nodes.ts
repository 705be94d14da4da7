/** Nodes (k8s.io/kubernetes, pkg/registry/core/node, ValidateNode). */

import { isIP } from 'node:net';
import { addAll } from '../../add-all.ts';
import { KubepkiError } from '../../errors.ts';
import {
  isJsonObject,
  labelKeyProblems,
  labelValueProblems,
  NODES,
  type Node,
  parseJson,
  type Taint,
} from '../../kubernetes/index.ts';
import { cidr, each } from './checks.ts';
import { AGE, column, NAME, wide } from './columns.ts';
import { define } from './define.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from './field-error.ts';
import { cidrWarnings } from './ip-warnings.ts';
import { dnsSubdomain } from './names.ts';
import { quantityNanos } from './quantity.ts';
import { ageOf } from './times.ts';

const ROLE_PREFIX = 'node-role.kubernetes.io/';
const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** Fields of a node that kubepki's type leaves out. */
interface MoreSpec {
  readonly unschedulable?: boolean;
  readonly podCIDRs?: readonly string[];
  readonly providerID?: string;
  readonly externalID?: string;
}

const more = ({ spec = {} }: { readonly spec?: Node['spec'] & MoreSpec }): MoreSpec => spec;

export const NODE_DEFINITION = define(NODES, {
  path: 'minions',
  shortNames: ['no'],
  strategy: {
    validateName: dnsSubdomain,
    default: (node) => completeCidrs(completeStatus(node)),
    validate: (node) => [...validateAvoidedPods(node), ...validate(node)],
    prepareUpdate: (node, old) => ({ ...node, status: { ...old.status } }),
    validateUpdate: (node, old) => [
      ...validate(node, more(old).podCIDRs),
      ...validateUpdate(node, old),
    ],
    warnings: (node) => warningsOf(node),
  },
  subresources: {
    status: {
      verbs: ['get', 'patch', 'update'],
      prepareUpdate: (node, old) => ({ ...node, spec: { ...old.spec } }),
      validateUpdate,
    },
  },
  selectableFields: { 'spec.unschedulable': (node) => String(more(node).unschedulable ?? false) },
  columns: [
    NAME,
    column('Status', 'Whether the node is ready.'),
    column('Roles', 'The roles that labels give to the node.'),
    AGE,
    column('Version', 'The version of the kubelet.'),
    wide('Internal-IP', 'The first address inside the cluster.'),
    wide('External-IP', 'The first address outside the cluster.'),
    wide('OS-Image', 'The operating system, as it names itself.'),
    wide('Kernel-Version', 'The kernel and its architecture.'),
    wide('Container-Runtime', 'The container runtime and its version.'),
  ],
  row: (node, now) => [
    node.metadata.name ?? '',
    statusCell(node),
    roles(node).join(',') || '<none>',
    ageOf(node.metadata.creationTimestamp, now),
    info(node, 'kubeletVersion'),
    address(node, 'InternalIP'),
    address(node, 'ExternalIP'),
    info(node, 'osImage') || '<unknown>',
    kernel(node),
    info(node, 'containerRuntimeVersion') || '<unknown>',
  ],
});

/** What is not said of what can be allocated is the capacity (SetDefaults_NodeStatus). */
function completeStatus(node: Node): Node {
  const { status } = node;
  if (status?.capacity === undefined || status.allocatable !== undefined) return node;
  return { ...node, status: { ...status, allocatable: status.capacity } };
}

/** The older field and the first of the newer list are the same; else the older counts (conversion.go, NodeSpec). */
function completeCidrs(node: Node): Node {
  const { spec } = node;
  const { podCIDRs } = more(node);
  const first = podCIDRs?.[0];
  if (first === spec?.podCIDR) return node;
  if (spec?.podCIDR === undefined) {
    return first === undefined ? node : { ...node, spec: { ...spec, podCIDR: first } };
  }
  const podCidrs: MoreSpec = { podCIDRs: [spec.podCIDR] };
  return { ...node, spec: { ...spec, ...podCidrs } };
}

/** @param known CIDRs that stand there already */
function validate(node: Node, known: readonly string[] = []): FieldError[] {
  const errors = [...validateTaints(node.spec?.taints ?? []), ...validateResources(node)];
  const { podCIDRs = [] } = more(node);
  addAll(
    errors,
    each(podCIDRs, 'spec.podCIDRs', (one, path) => cidr(path, one, known)),
  );
  const families = new Set(podCIDRs.map(familyOf));
  if (podCIDRs.length > 1 && families.size < podCIDRs.length) {
    errors.push(
      invalid('spec.podCIDRs', podCIDRs, 'may specify no more than one CIDR for each IP family'),
    );
  }
  return errors;
}

/** 4 or 6 for a CIDR, undefined for what is none. */
function familyOf(cidr: string): number | undefined {
  const [, address = '', bits = ''] = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(cidr) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(bits) <= (family === 4 ? 32 : 128) ? family : undefined;
}

function validateResources({ status }: Node): FieldError[] {
  return (['capacity', 'allocatable'] as const).flatMap((list) =>
    Object.entries(status?.[list] ?? {}).flatMap(([name, quantity]) =>
      (quantityNanos(quantity) ?? 0n) < 0n
        ? [invalid(`status.${list}.${name}`, quantity, 'must be greater than or equal to 0')]
        : [],
    ),
  );
}

function warningsOf(node: Node): string[] {
  const { externalID = '', podCIDRs = [] } = more(node);
  return [
    ...(externalID === ''
      ? []
      : ['spec.externalID: this field is deprecated, and is unused by Kubernetes']),
    ...podCIDRs.flatMap((cidr, index) => cidrWarnings(`spec.podCIDRs[${index}]`, cidr)),
  ];
}

const AVOIDED_PODS = 'scheduler.alpha.kubernetes.io/preferAvoidPods';

/** The annotation holds JSON: a list of controllers whose pods should run elsewhere. */
function validateAvoidedPods({ metadata }: Node): FieldError[] {
  const text = metadata.annotations?.[AVOIDED_PODS];
  if (text === undefined || text === '') return [];
  const refuse = (detail: string): FieldError[] => [
    invalid('metadata.annotations.AvoidPods', AVOIDED_PODS, detail),
  ];
  try {
    const avoided = parseJson(Buffer.from(text));
    const entries = isJsonObject(avoided) ? (avoided['preferAvoidPods'] ?? []) : undefined;
    if (!Array.isArray(entries)) return refuse('expected an object with a list preferAvoidPods');
    return entries.flatMap((entry: unknown, index) => validateAvoided(entry, index));
  } catch (error) {
    if (error instanceof KubepkiError) return refuse(error.message);
    throw error;
  }
}

function validateAvoided(entry: unknown, index: number): FieldError[] {
  const field = `metadata.annotations.${AVOIDED_PODS}[${index}].PodSignature`;
  const signature = isJsonObject(entry) ? entry['podSignature'] : undefined;
  const controller = isJsonObject(signature) ? signature['podController'] : undefined;
  if (!isJsonObject(controller)) return [required(field)];
  return controller['controller'] === true
    ? []
    : [invalid(`${field}.PodController.Controller`, false, 'must point to a controller')];
}

function validateTaints(taints: readonly Taint[]): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  taints.forEach((taint, index) => {
    // Upstream's own path, though taints stand in spec.
    const field = `metadata.taints[${index}]`;
    const effect: string = taint.effect;
    for (const problem of labelKeyProblems(taint.key)) {
      errors.push(invalid(`${field}.key`, taint.key, problem));
    }
    const valueProblems = labelValueProblems(taint.value ?? '');
    if (valueProblems.length > 0) {
      errors.push(invalid(`${field}.value`, taint.value, valueProblems.join(';')));
    }
    if (effect === '') errors.push(required(`${field}.effect`));
    else if (!EFFECTS.includes(effect)) {
      errors.push(notSupported(`${field}.effect`, effect, EFFECTS));
    }
    const identity = `${effect} ${taint.key}`;
    if (seen.has(identity)) {
      const { message, ...error } = duplicate(field, taint);
      errors.push({
        ...error,
        message: `${message}: taints must be unique by key and effect pair`,
      });
    }
    seen.add(identity);
  });
  return errors;
}

function validateUpdate(node: Node, old: Node): FieldError[] {
  const errors = [
    ...validateAvoidedPods(node),
    ...validateResources(node),
    ...validateTaints(node.spec?.taints ?? []),
  ];
  const seen = new Set<string>();
  (node.status?.addresses ?? []).forEach((one, index) => {
    const identity = `${one.type} ${one.address}`;
    if (seen.has(identity)) errors.push(duplicate(`status.addresses[${index}]`, one));
    seen.add(identity);
  });
  const [spec, oldSpec] = [more(node), more(old)];
  const cidrs = oldSpec.podCIDRs ?? [];
  if (cidrs.length > 0 && cidrs.join(' ') !== spec.podCIDRs?.join(' ')) {
    errors.push(
      forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'),
    );
  }
  if (oldSpec.providerID !== undefined && oldSpec.providerID !== spec.providerID) {
    errors.push(
      forbidden(
        'spec.providerID',
        'node updates may not change providerID except from "" to valid',
      ),
    );
  }
  if (spec.externalID !== oldSpec.externalID) {
    errors.push(forbidden('spec.externalID', 'may not be updated'));
  }
  return errors;
}

function statusCell(node: Node): string {
  const ready = node.status?.conditions?.findLast(({ type }) => type === 'Ready');
  const state = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return more(node).unschedulable === true ? `${state},SchedulingDisabled` : state;
}

function roles({ metadata }: Node): string[] {
  const found = new Set<string>();
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    if (key.startsWith(ROLE_PREFIX) && key !== ROLE_PREFIX)
      found.add(key.slice(ROLE_PREFIX.length));
    else if (key === 'kubernetes.io/role' && value !== '') found.add(value);
  }
  return [...found].sort();
}

const address = ({ status }: Node, type: string): string =>
  status?.addresses?.find((one) => one.type === type)?.address ?? '<none>';

function info({ status }: Node, name: string): string {
  const value = status?.nodeInfo?.[name];
  return typeof value === 'string' ? value : '';
}

function kernel(node: Node): string {
  const version = info(node, 'kernelVersion') || '<unknown>';
  const architecture = info(node, 'architecture');
  return architecture === '' ? version : `${version} (${architecture})`;
}
