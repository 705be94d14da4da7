/** What plan says and apply does: one step for each file or pair of files. */
import type { CredentialId } from '../cluster/index.ts';

/** Only to say what would be made, or to make it. */
export type Mode = 'plan' | 'apply';

/**
 * `request`: key and request are made, because the CA's key is elsewhere; `wait`: they are there, the
 * certificate is not; `take`: the certificate has come and is put in its place.
 */
export type Action = 'create' | 'request' | 'wait' | 'take' | 'keep' | 'refuse';

export interface Step {
  readonly action: Action;
  readonly credential: CredentialId;
  /** `authorities`, `admin`, `shared` (by several hosts), or the name of a host. */
  readonly place: string;
  /** The certificate, kubeconfig or copied file. */
  readonly path: string;
  /** Why it is created or refused. */
  readonly reason?: string;
  /** What differs without harm. */
  readonly notes: readonly string[];
  /** With `request` and `wait`: the request that is to be signed. */
  readonly request?: RequestFile;
}

/** A request and who shall sign it. */
export interface RequestFile {
  readonly path: string;
  /** Where the certificate is looked for, best first. */
  readonly answers: readonly string[];
  readonly issuer: CredentialId;
  /** Seconds that the certificate shall be valid. */
  readonly validity: number;
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

export const request = (
  subject: Subject,
  file: RequestFile,
  reason: string,
  notes: readonly string[],
): Step => ({ ...subject, action: 'request', reason, notes, request: file });

export const wait = (subject: Subject, file: RequestFile, notes: readonly string[]): Step => ({
  ...subject,
  action: 'wait',
  reason: 'its request has no answer yet',
  notes,
  request: file,
});

export const take = (subject: Subject, reason: string, notes: readonly string[]): Step => ({
  ...subject,
  action: 'take',
  reason,
  notes,
});

export interface Report {
  readonly steps: readonly Step[];
  readonly counts: Readonly<Record<Action, number>>;
}

export function makeReport(steps: readonly Step[]): Report {
  const counts: Record<Action, number> = {
    create: 0,
    request: 0,
    wait: 0,
    take: 0,
    keep: 0,
    refuse: 0,
  };
  for (const step of steps) counts[step.action]++;
  return { steps, counts };
}
