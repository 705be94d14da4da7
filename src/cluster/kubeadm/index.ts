/**
 * kubeadm's configuration in the place of a cluster file: what `kubeadm init` and `kubeadm join` read,
 * or the ClusterConfiguration that a running cluster keeps, becomes a `Cluster` of layout `kubeadm`
 * with the one host that the configuration is about. `docs/operations/kubeadm-config.md` has the mapping.
 */
import type { ParsedText } from '../document.ts';
import type { Problem } from '../read.ts';
import type { Cluster, Machine } from '../types.ts';
import { argumentNotes } from './arguments.ts';
import { sortDocuments } from './documents.ts';
import { toCluster } from './map.ts';

export { isKubeadm } from './documents.ts';

export interface KubeadmAnswer {
  /** Absent where there are problems. */
  readonly cluster?: Cluster;
  readonly problems: readonly Problem[];
  /** What an operator should know though nothing is wrong with it. */
  readonly notes: readonly Problem[];
  readonly locate: ParsedText['locate'];
}

/**
 * Reads the documents of a stream of which at least one is kubeadm's.
 *
 * @param machine what a configuration leaves to the machine that it is read on
 */
export function readKubeadm(
  documents: readonly ParsedText[],
  machine: Machine | undefined,
): KubeadmAnswer {
  const { found, locate, ...sorted } = sortDocuments(documents);
  const problems = [...sorted.problems];
  const notes = [...sorted.notes];
  // What could not be read would be missed only once more.
  if (problems.length > 0) return { problems, notes, locate };
  const cluster = toCluster(found, machine, {
    report: (path, message) => problems.push({ path, message }),
    note: (path, message) => notes.push({ path, message }),
  });
  if (cluster === undefined || problems.length > 0) return { problems, notes, locate };
  if (found.cluster !== undefined) {
    notes.push(...argumentNotes(found.cluster, cluster.files ?? {}));
  }
  return { cluster, problems, notes, locate };
}
