/** What plan says and apply does: one step for each file or pair of files. */
import type { CredentialId } from '../cluster/index.ts';

/** Only to say what would be made, or to make it. */
export type Mode = 'plan' | 'apply';

export type Action = 'create' | 'keep' | 'refuse';

export interface Step {
  readonly action: Action;
  readonly credential: CredentialId;
  /** `authorities`, `admin`, or the name of a host. */
  readonly place: string;
  /** The certificate, kubeconfig or copied file. */
  readonly path: string;
  /** Why it is created or refused. */
  readonly reason?: string;
  /** What differs without harm. */
  readonly notes: readonly string[];
}

/** What a step is about, before it is decided. */
export type Subject = Pick<Step, 'credential' | 'place' | 'path'>;

export const keep = (subject: Subject, notes: readonly string[]): Step => ({
  ...subject,
  action: 'keep',
  notes,
});

export const create = (subject: Subject, reason: string, notes: readonly string[] = []): Step => ({
  ...subject,
  action: 'create',
  reason,
  notes,
});

export const refuse = (subject: Subject, reason: string): Step => ({
  ...subject,
  action: 'refuse',
  reason,
  notes: [],
});

export interface Report {
  readonly steps: readonly Step[];
  readonly counts: Readonly<Record<Action, number>>;
}

export function makeReport(steps: readonly Step[]): Report {
  const counts: Record<Action, number> = { create: 0, keep: 0, refuse: 0 };
  for (const step of steps) counts[step.action]++;
  return { steps, counts };
}
