/** How the steps of plan and apply are shown: on one screen, however many hosts there are. */
import { relative } from 'node:path';
import type { Action, Mode, Report, Step } from '../pki/index.ts';
import { colour, formatTable } from './output.ts';

/** More lines than this are gathered to one for each kind of step. */
const MOST_LINES = 100;
/** Refusals are why somebody reads at all: these are shown one by one, up to this many. */
const MOST_REFUSALS = 50;

const VERBS: Record<Mode, Record<Action, string>> = {
  plan: { create: 'create', keep: 'keep', refuse: 'refuse' },
  apply: { create: 'created', keep: 'kept', refuse: 'refused' },
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

/** As it can be typed again: relative where it lies below the current directory. */
function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short === '' || short === '..' || short.startsWith('../') ? path : short;
}

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

function closingLine(mode: Mode, { counts, steps }: Report): string {
  const refused = counts.refuse > 0 ? colour('red', `${counts.refuse} refused`) : '0 refused';
  const line =
    mode === 'plan'
      ? `${counts.create} to create, ${counts.keep} to keep, ${refused}`
      : `${counts.create} created, ${counts.keep} kept, ${refused}`;
  const isIdle = counts.create === 0 && counts.refuse === 0;
  return `${isIdle ? 'nothing to do: ' : ''}${line}${noteCount(steps)}`;
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
