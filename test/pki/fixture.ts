/** A small PKI in a temporary directory, and ways to look at it. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Cluster, readCluster } from '../../src/cluster/index.ts';
import {
  apply,
  type Place,
  plan,
  type Report,
  type RunOptions,
  type Step,
} from '../../src/pki/index.ts';
import { clusterText } from '../cluster/cluster-text.ts';
import { temporaryDirectory } from '../temporary.ts';

/** When the tests take place. */
export const NOW = new Date('2027-03-01T12:00:00Z');

export const later = (days: number): Date => new Date(NOW.getTime() + days * 86_400_000);

/** The counts of a report without steps. */
export const NO_STEPS: Report['counts'] = {
  create: 0,
  request: 0,
  wait: 0,
  take: 0,
  keep: 0,
  refuse: 0,
};

/** What else a run may be given. */
type Extras = Pick<RunOptions, 'passphrase' | 'signer' | 'threads'>;

export interface Fixture {
  readonly directory: string;
  readonly cluster: Cluster;
  readonly place: Place;
  plan(now?: Date, extras?: Extras): Promise<Report>;
  apply(now?: Date, extras?: Extras): Promise<Report>;
  /** The path of a file below the directory. */
  path(name: string): string;
  read(name: string): string;
}

export function pki(
  spec: Record<string, unknown> = {},
  directory = temporaryDirectory(),
  place?: Place,
): Fixture {
  const cluster = readCluster(clusterText(spec), 'cluster.yaml');
  const options = { cluster, place: place ?? ({ kind: 'directory', directory } as const) };
  const path = (name: string): string => join(directory, name);
  return {
    directory,
    cluster,
    place: options.place,
    plan: (now = NOW, extras = {}) => plan({ ...options, now, ...extras }),
    apply: (now = NOW, extras = {}) => apply({ ...options, now, ...extras }),
    path,
    read: (name) => readFileSync(path(name), 'utf8'),
  };
}

/** The steps that are not simply kept, a line each: `refuse apiserver: why`. */
export function lines(report: Report, root: string): string[] {
  return report.steps
    .filter(({ action, notes }) => action !== 'keep' || notes.length > 0)
    .map(
      (step: Step) =>
        `${step.action} ${relative(root, step.path)}: ${[step.reason, ...step.notes].filter(Boolean).join('; ')}`,
    );
}

/** Every file below a directory: name, mode and content. */
export function snapshot(directory: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const mode = (statSync(path).mode & 0o777).toString(8);
    files.set(relative(directory, path), `${mode} ${readFileSync(path, 'utf8')}`);
  }
  return files;
}
