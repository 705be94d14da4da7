/**
 * Pods (k8s.io/kubernetes, pkg/registry/core/pod). What admission plug-ins of kube-apiserver add to a pod (a
 * service account with its token, a priority, tolerations) is not added: there is nothing here that runs it.
 */
import { PODS, type Pod } from '../../../kubernetes/index.ts';
import { define } from '../define.ts';
import { sameJson } from '../metadata.ts';
import { dnsSubdomain } from '../names.ts';
import { formatTime } from '../times.ts';
import { qosClass } from './amounts.ts';
import { POD_BINDING } from './binding.ts';
import { defaultPod } from './defaults.ts';
import { withoutDisabled } from './disabled.ts';
import { POD_COLUMNS, podRow } from './row.ts';
import { validateNewPod } from './spec.ts';
import { validatePodStatusUpdate, validatePodUpdate } from './update.ts';
import { podStatusWarnings, podWarnings } from './warnings.ts';

export { PROTOCOLS } from './containers.ts';
export { defaultTemplate, rounded, withSourceDefaults } from './defaults.ts';
export { validateOverhead } from './resources.ts';
export { validateNodeSelector, validateTolerations } from './scheduling.ts';
export { enabledTemplate, validateTemplate, validateTemplateAnnotations } from './template.ts';
export { claimWarnings } from './volume-warnings.ts';
export { validateDriverName, validateHostPath, validateNfs } from './volumes.ts';
export { templateWarnings } from './warnings.ts';

const HAS_ENDED = ['Failed', 'Succeeded'];

export const POD_DEFINITION = define(PODS, {
  shortNames: ['po'],
  categories: ['all'],
  strategy: {
    validateName: dnsSubdomain,
    default: defaultPod,
    prepareCreate(pod, { now }) {
      const isGated = (pod.spec.schedulingGates ?? []).length > 0;
      const whole = withoutDisabled(pod);
      return {
        ...whole,
        metadata: { ...pod.metadata, generation: 1 },
        status: {
          phase: 'Pending',
          ...(isGated ? { conditions: [{ ...GATED, lastTransitionTime: formatTime(now) }] } : {}),
          qosClass: qosClass(whole),
        },
      };
    },
    validate: validateNewPod,
    prepareUpdate: (pod, old) => withGeneration({ ...withoutDisabled(pod), ...statusOf(old) }, old),
    validateUpdate: validatePodUpdate,
    // Of new ones only, as upstream: updates come from programs, and often.
    warnings: (pod, old) => (old === undefined ? podWarnings(pod) : []),
    returnDeletedObject: true,
    gracePeriodSeconds: ({ spec, status }, asked) => {
      if ((spec.nodeName ?? '') === '' || HAS_ENDED.includes(status?.phase ?? '')) return 0;
      const period = asked ?? spec.terminationGracePeriodSeconds ?? 0;
      return period < 0 ? 1 : period;
    },
  },
  subresources: {
    binding: POD_BINDING,
    status: {
      verbs: ['get', 'patch', 'update'],
      prepareUpdate: prepareStatus,
      validateUpdate: validatePodStatusUpdate,
      warnings: (pod) => podStatusWarnings(pod),
    },
  },
  selectableFields: {
    'spec.nodeName': ({ spec }) => spec.nodeName ?? '',
    'spec.restartPolicy': ({ spec }) => spec.restartPolicy ?? '',
    'spec.schedulerName': ({ spec }) => spec.schedulerName ?? '',
    'spec.serviceAccountName': ({ spec }) => spec.serviceAccountName ?? '',
    'spec.hostNetwork': ({ spec }) => String(spec.hostNetwork ?? false),
    'spec.host': ({ spec }) => spec.nodeName ?? '',
    'status.phase': ({ status }) => status?.phase ?? '',
    'status.podIP': ({ status }) => status?.podIPs?.[0]?.ip ?? '',
    // Can be asked for, and no pod has it: upstream's own.
    'status.podIPs': () => '',
    'status.nominatedNodeName': ({ status }) => status?.nominatedNodeName ?? '',
  },
  columns: POD_COLUMNS,
  row: podRow,
});

const GATED = {
  type: 'PodScheduled',
  status: 'False',
  lastProbeTime: null,
  reason: 'SchedulingGated',
  message: 'Scheduling is blocked due to non-empty scheduling gates',
};

const statusOf = ({ status }: Pod): Pick<Pod, 'status'> => (status === undefined ? {} : { status });

function withGeneration(pod: Pod, old: Pod): Pod {
  if (sameJson(pod.spec, old.spec)) return pod;
  const { generation = 0 } = pod.metadata;
  return { ...pod, metadata: { ...pod.metadata, generation: generation + 1 } };
}

/** A kubelet reports of its pods, and does not end them or give them away. */
function prepareStatus(pod: Pod, old: Pod): Pod {
  const { deletionTimestamp: _, ownerReferences: __, ...metadata } = pod.metadata;
  const { deletionTimestamp, ownerReferences } = old.metadata;
  const status = pod.status ?? {};
  const left = (old.status?.conditions ?? []).map(({ type, observedGeneration = 0 }) => ({
    type,
    observedGeneration,
  }));
  const conditions = status.conditions?.map((condition) => {
    const index = left.findIndex(({ type }) => type === condition.type);
    const [before] = index < 0 ? [] : left.splice(index, 1);
    const { observedGeneration: known = 0 } = before ?? {};
    return known === 0 || (condition.observedGeneration ?? 0) !== 0
      ? condition
      : { ...condition, observedGeneration: known };
  });
  const { qosClass: quality, observedGeneration } = old.status ?? {};
  return {
    ...pod,
    metadata: {
      ...metadata,
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
    },
    spec: old.spec,
    status: {
      ...status,
      ...(conditions === undefined ? {} : { conditions }),
      ...(status.qosClass === undefined && quality !== undefined ? { qosClass: quality } : {}),
      ...(status.observedGeneration === undefined && observedGeneration !== undefined
        ? { observedGeneration }
        : {}),
    },
  };
}
