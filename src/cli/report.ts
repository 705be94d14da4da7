/** How the steps of plan and apply are shown: on one screen, however many hosts there are. */
import type { Action, Mode, Report, Step } from '../pki/index.ts';
import { colour, formatTable } from './output.ts';
import { nextSteps, shortPath } from './requests.ts';

/** More lines than this are gathered to one for each kind of step. */
const MOST_LINES = 100;
/** Refusals are why somebody reads at all: these are shown one by one, up to this many. */
const MOST_REFUSALS = 50;

const ACTIONS: readonly Action[] = ['create', 'request', 'wait', 'take', 'keep', 'refuse'];

const VERBS: Record<Mode, Record<Action, string>> = {
  plan: {
    create: 'create',
    request: 'request',
    wait: 'wait',
    take: 'take up',
    keep: 'keep',
    refuse: 'refuse',
  },
  apply: {
    create: 'created',
    request: 'requested',
    wait: 'waiting',
    take: 'taken up',
    keep: 'kept',
    refuse: 'refused',
  },
};

/** The report as a table and a closing line; `every` shows what is kept without notes, too. */
export function formatReport(mode: Mode, report: Report, every: boolean): string {
  const { steps } = report;
  const worthShowing = every
    ? steps
    : steps.filter((step) => step.action !== 'keep' || step.notes.length > 0);
  const parts: string[] = [];
  if (worthShowing.length > 0) {
    const rows =
      every || worthShowing.length <= MOST_LINES
        ? worthShowing.map((step) => oneStep(mode, step))
        : gathered(mode, worthShowing);
    parts.push(formatTable(['ACTION', 'CREDENTIAL', 'PLACE', 'FILE', 'REASON'], rows), '');
  }
  const next = nextSteps(mode, steps);
  if (next.length > 0) parts.push(...next, '');
  parts.push(closingLine(mode, report));
  return parts.join('\n');
}

function oneStep(mode: Mode, step: Step): string[] {
  return [
    VERBS[mode][step.action],
    step.credential,
    step.place,
    shortPath(step.path),
    reasons(step),
  ];
}

const reasons = (step: Step): string =>
  [step.reason, ...step.notes].filter((text) => text !== undefined).join('; ');

/** One line for all steps of the same action, credential and reason; refusals one by one. */
function gathered(mode: Mode, steps: readonly Step[]): string[][] {
  const groups = new Map<string, { first: Step; count: number }>();
  const refusals: string[][] = [];
  let hidden = 0;
  for (const step of steps) {
    if (step.action === 'refuse') {
      if (refusals.length < MOST_REFUSALS) refusals.push(oneStep(mode, step));
      else hidden++;
      continue;
    }
    const key = [step.action, step.credential, reasons(step)].join('\n');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: step, count: 1 });
    else group.count++;
  }
  const rows = [...groups.values()].map(({ first, count }) =>
    count === 1
      ? oneStep(mode, first)
      : [
          VERBS[mode][first.action],
          first.credential,
          `${count} places`,
          `${shortPath(first.path)} …`,
          reasons(first),
        ],
  );
  if (hidden > 0) refusals.push([VERBS[mode].refuse, '…', '', `and ${hidden} more`, 'see -o wide']);
  return [...rows, ...refusals];
}

const PENDING: readonly Action[] = ['create', 'request', 'wait', 'take'];

/** Whether not everything is as it shall be yet. */
export const isPending = ({ counts }: Report): boolean =>
  PENDING.some((action) => counts[action] > 0);

const SUMS: Record<Mode, Record<Action, string>> = {
  plan: {
    create: 'to create',
    request: 'to request',
    wait: 'waiting for a certificate',
    take: 'to take up',
    keep: 'to keep',
    refuse: 'refused',
  },
  apply: {
    create: 'created',
    request: 'requested',
    wait: 'waiting for a certificate',
    take: 'taken up',
    keep: 'kept',
    refuse: 'refused',
  },
};

/** What only an external CA brings about is left out where there is none. */
const ALWAYS: readonly Action[] = ['create', 'keep', 'refuse'];

function closingLine(mode: Mode, report: Report): string {
  const { counts, steps } = report;
  const sums = ACTIONS.filter((action) => counts[action] > 0 || ALWAYS.includes(action)).map(
    (action) => {
      const sum = `${counts[action]} ${SUMS[mode][action]}`;
      return action === 'refuse' && counts.refuse > 0 ? colour('red', sum) : sum;
    },
  );
  const isIdle = !isPending(report) && counts.refuse === 0;
  return `${isIdle ? 'nothing to do: ' : ''}${sums.join(', ')}${noteCount(steps)}`;
}

/** Notes ask for no action of ours, but perhaps for one of the reader's. */
function noteCount(steps: readonly Step[]): string {
  const count = steps.reduce((sum, { notes }) => sum + notes.length, 0);
  if (count === 0) return '';
  return `; ${colour('yellow', count === 1 ? '1 note' : `${count} notes`)}`;
}

/** The report for programs. */
export function reportData(kind: 'Plan' | 'Apply', report: Report): unknown {
  return { apiVersion: 'kubepki.dev/v1alpha1', kind, counts: report.counts, steps: report.steps };
}
