/** How a pod stands in a table (k8s.io/kubernetes, pkg/printers/internalversion/printers.go, printPod). */
import type { Container, ContainerState, ContainerStatus, Pod } from '../../../kubernetes/index.ts';
import { AGE, column, NAME, wide } from '../columns.ts';
import type { Cell, Column } from '../definition.ts';
import { ageOf } from '../times.ts';

export const POD_COLUMNS: readonly Column[] = [
  NAME,
  column('Ready', 'How many of the containers are ready.'),
  column('Status', 'What all containers together are doing.'),
  column('Restarts', 'How often containers were started again, and when the last time was.'),
  AGE,
  wide('IP', 'The first address of the pod.'),
  wide('Node', 'Where the pod runs.'),
  wide('Nominated Node', 'Where the pod is going to run when others have made room.'),
  wide('Readiness Gates', 'How many of the conditions that it waits for are true.'),
];

/** What has been counted so far. */
interface Tally {
  readonly reason: string;
  readonly ready: number;
  readonly restarts: number;
  /** The end before the last restart, in milliseconds. */
  readonly lastRestart: number;
}

export function podRow(pod: Pod, now: Date): readonly Cell[] {
  const { metadata, spec, status = {} } = pod;
  const init = ofInitContainers(pod);
  const { reason, ready, restarts, lastRestart } = init.isInitializing
    ? init.tally
    : ofContainers(pod, init);
  const total = (spec.containers ?? []).length + (spec.initContainers ?? []).filter(staysUp).length;
  const since =
    restarts !== 0 && lastRestart > 0
      ? ` (${ageOf(new Date(lastRestart).toISOString(), now)} ago)`
      : '';
  return [
    metadata.name ?? '',
    `${ready}/${total}`,
    deletionReason(pod) ?? reason,
    `${restarts}${since}`,
    ageOf(metadata.creationTimestamp, now),
    status.podIPs?.[0]?.ip || '<none>',
    spec.nodeName || '<none>',
    status.nominatedNodeName || '<none>',
    gates(pod),
  ];
}

const staysUp = (container: Container | undefined): boolean =>
  container?.restartPolicy === 'Always';

function firstReason({ status = {} }: Pod): string {
  const isGated = status.conditions?.some(
    ({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated',
  );
  return isGated === true ? 'SchedulingGated' : status.reason || (status.phase ?? '');
}

interface Initialization {
  readonly isInitializing: boolean;
  readonly tally: Tally;
  /** The part of the tally that is of containers that stay up. */
  readonly staying: Tally;
}

function ofInitContainers(pod: Pod): Initialization {
  const containers = new Map((pod.spec.initContainers ?? []).map((one) => [one.name, one]));
  const statuses = pod.status?.initContainerStatuses ?? [];
  let tally: Tally = { reason: firstReason(pod), ready: 0, restarts: 0, lastRestart: 0 };
  let staying = tally;
  for (const [index, status] of statuses.entries()) {
    const stays = staysUp(containers.get(status.name));
    tally = restarted(tally, status);
    if (stays) staying = restarted(staying, status);
    if (status.state?.terminated?.exitCode === 0) continue;
    if (stays && status.started === true) {
      const ready = tally.ready + (status.ready ? 1 : 0);
      tally = { ...tally, ready };
      staying = { ...staying, ready };
      continue;
    }
    const reason = initReason(status, `${index}/${containers.size}`);
    const isDone = hasCondition(pod, 'Initialized');
    return {
      isInitializing: !isDone,
      tally: { ...tally, reason },
      staying: { ...staying, reason },
    };
  }
  return { isInitializing: false, tally, staying };
}

const restarted = (tally: Tally, { restartCount, lastState }: ContainerStatus): Tally => ({
  ...tally,
  restarts: tally.restarts + restartCount,
  lastRestart: Math.max(
    tally.lastRestart,
    Date.parse(lastState?.terminated?.finishedAt ?? '') || 0,
  ),
});

function initReason({ state = {} }: ContainerStatus, progress: string): string {
  if (state.terminated !== undefined) return `Init:${endReason(state.terminated)}`;
  const waiting = state.waiting?.reason ?? '';
  return waiting !== '' && waiting !== 'PodInitializing' ? `Init:${waiting}` : `Init:${progress}`;
}

function endReason({
  reason,
  signal = 0,
  exitCode,
}: NonNullable<ContainerState['terminated']>): string {
  if (reason !== undefined && reason !== '') return reason;
  return signal === 0 ? `ExitCode:${exitCode}` : `Signal:${signal}`;
}

function ofContainers(pod: Pod, { staying }: Initialization): Tally {
  let tally = staying;
  let isRunning = false;
  let failure = '';
  for (const status of (pod.status?.containerStatuses ?? []).toReversed()) {
    const { state = {} } = status;
    tally = restarted(tally, status);
    if ((state.waiting?.reason ?? '') !== '') {
      tally = { ...tally, reason: state.waiting?.reason ?? '' };
    } else if (state.terminated !== undefined) {
      const reason = endReason(state.terminated);
      tally = { ...tally, reason };
      if (state.terminated.exitCode !== 0) failure = reason;
    } else if (status.ready && state.running !== undefined) {
      isRunning = true;
      tally = { ...tally, ready: tally.ready + 1 };
    }
  }
  if (tally.reason !== 'Completed') return tally;
  if (isRunning && hasCondition(pod, 'Ready')) return { ...tally, reason: 'Running' };
  if (failure !== '') return { ...tally, reason: failure };
  return isRunning ? { ...tally, reason: 'NotReady' } : tally;
}

const hasCondition = ({ status }: Pod, type: string): boolean =>
  status?.conditions?.some((one) => one.type === type && one.status === 'True') === true;

function deletionReason({ metadata, status = {} }: Pod): string | undefined {
  if (metadata.deletionTimestamp === undefined) return undefined;
  if (status.reason === 'NodeLost') return 'Unknown';
  return status.phase === 'Succeeded' || status.phase === 'Failed' ? undefined : 'Terminating';
}

function gates({ spec, status }: Pod): string {
  const { readinessGates = [] } = spec;
  if (readinessGates.length === 0) return '<none>';
  const open = readinessGates.filter(
    ({ conditionType }) =>
      status?.conditions?.find(({ type }) => type === conditionType)?.status === 'True',
  );
  return `${open.length}/${readinessGates.length}`;
}
