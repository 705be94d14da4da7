/** `binding` of a pod: a scheduler's decision (k8s.io/kubernetes, pkg/registry/core/pod/storage: BindingREST). */
import {
  BINDINGS,
  type Binding,
  type Pod,
  type PodCondition,
  type PodStatus,
  StatusError,
} from '../../../kubernetes/index.ts';
import { NAME } from '../columns.ts';
import { define } from '../define.ts';
import type { Subresource, SubresourceForm } from '../definition.ts';
import { type FieldError, notSupported, required } from '../field-error.ts';
import { dnsSubdomain } from '../names.ts';
import { formatTime } from '../times.ts';

const BINDING_DEFINITION = define(BINDINGS, {
  verbs: [],
  strategy: { validateName: dnsSubdomain },
  columns: [NAME],
  row: ({ metadata }) => [metadata.name ?? ''],
});

const FORM: SubresourceForm<Pod, Binding> = {
  definition: BINDING_DEFINITION,
  validate,
  check: (binding) => {
    const errors = validate(binding).map(({ field, message }) => `${field}: ${message}`);
    const [only = ''] = errors;
    // Upstream does not say of what kind it is.
    if (errors.length > 0) {
      throw StatusError.unexplained(errors.length === 1 ? only : `[${errors.join(', ')}]`);
    }
  },
  write: bind,
};

export const POD_BINDING: Subresource<Pod> = { verbs: ['create'], form: FORM };

function validate({ target }: Binding): FieldError[] {
  const { kind = '', name = '' } = target;
  return [
    ...(kind === '' || kind === 'Node'
      ? []
      : [notSupported('target.kind', kind, ['Node', '<empty>'])]),
    ...(name === '' ? [required('target.name')] : []),
  ];
}

function bind(pod: Pod, { metadata, target }: Binding, now = new Date()): Pod {
  const { name = '', deletionTimestamp } = pod.metadata;
  const { nodeName = '', schedulingGates = [] } = pod.spec;
  if (deletionTimestamp !== undefined) {
    throw cannot(name, `pod ${name} is being deleted, cannot be assigned to a host`);
  }
  if (nodeName !== '') {
    throw cannot(name, `pod ${name} is already assigned to node ${JSON.stringify(nodeName)}`);
  }
  if (schedulingGates.length > 0) {
    throw cannot(name, `pod ${name} has non-empty .spec.schedulingGates`);
  }
  const annotations = { ...pod.metadata.annotations, ...metadata.annotations };
  const labels = { ...pod.metadata.labels, ...metadata.labels };
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
    },
    spec: { ...pod.spec, nodeName: target.name ?? '' },
    status: scheduled(pod.status ?? {}, now),
  };
}

const cannot = (name: string, why: string): StatusError =>
  StatusError.of(
    'Conflict',
    `Operation cannot be fulfilled on pods/binding ${JSON.stringify(name)}: ${why}`,
    { name, kind: 'pods/binding' },
  );

const SCHEDULED = 'PodScheduled';

/** Nobody has to be moved for it any more (UpdatePodCondition). */
function scheduled(given: PodStatus, now: Date): PodStatus {
  const { nominatedNodeName: _, ...status } = given;
  const { conditions = [] } = status;
  const before = conditions.find(({ type }) => type === SCHEDULED);
  const since = before?.status === 'True' ? before.lastTransitionTime : undefined;
  const condition: PodCondition = {
    type: SCHEDULED,
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: since ?? formatTime(now),
  };
  return {
    ...status,
    conditions:
      before === undefined
        ? [...conditions, condition]
        : conditions.map((one) => (one === before ? condition : one)),
  };
}
