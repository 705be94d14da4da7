/** Keys that two credentials have in common because their files are one and the same: hard links. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster, Host, HostItem } from '../cluster/index.ts';
import { LINKED } from './examine.ts';
import type { Place } from './place.ts';
import type { Step } from './step.ts';
import { places } from './trace.ts';

/** Where something is looked for: only where a step has found such a file. */
export interface LinkScope {
  readonly cluster: Cluster;
  readonly place: Place;
  readonly hosts: readonly Host[];
}

const isLinked = ({ notes }: Step): boolean => notes.some((note) => note.endsWith(LINKED));

/** The steps, with the other credential named where a file with a secret is that one's as well. */
export function nameLinks(steps: readonly Step[], scope: LinkScope): Step[] {
  if (!steps.some(isLinked)) return [...steps];
  const others = sharedFiles(scope);
  return steps.map((step) => {
    const other = isLinked(step) ? others.get(step.path) : undefined;
    if (other === undefined) return step;
    const notes = step.notes.map((note) =>
      note.endsWith(LINKED) ? `${note}, and is that of ${other}` : note,
    );
    return { ...step, notes };
  });
}

/** By the path of a step: the path of another one whose secret lies in the same file. */
function sharedFiles({ cluster, place, hosts }: LinkScope): Map<string, string> {
  const first = new Map<string, string>();
  const others = new Map<string, string>();
  for (const { root, items } of places(cluster, place, hosts)) {
    for (const item of items) {
      const [file, path] = [secretOf(item), pathOf(item)].map((name) => join(root, name));
      const id = file === undefined ? undefined : linkedFile(file);
      if (id === undefined || path === undefined) continue;
      const known = first.get(id);
      if (known === undefined) first.set(id, path);
      else if (known !== path) {
        others.set(path, known);
        if (!others.has(known)) others.set(known, path);
      }
    }
  }
  return others;
}

const secretOf = (item: HostItem): string => (item.kind === 'pair' ? item.keyPath : item.path);
const pathOf = (item: HostItem): string =>
  item.kind === 'pair' ? item.certificatePath : item.path;

/** Device and number of a file that has several names. */
function linkedFile(path: string): string | undefined {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (stats === undefined || !stats.isFile() || stats.nlink < 2n) return undefined;
    return `${stats.dev}:${stats.ino}`;
  } catch {
    // What cannot be looked at is named by its own step.
    return undefined;
  }
}
