/** kubeadm's configurations for tests: put together, read, and what is said of them. */
import { type Cluster, readCluster } from '../../src/cluster/index.ts';
import { KubepkiError } from '../../src/errors.ts';

export interface Machine {
  readonly name: string;
  readonly manifest?: string;
}

/** Documents as one stream. */
export const joined = (...documents: readonly string[]): string => documents.join('---\n');

export const read = (text: string, machine?: Machine): Cluster =>
  readCluster(text, 'kubeadm.yaml', { machine });

/** What is said of a configuration that is read, a line each. */
export function notesOf(text: string, machine?: Machine): string[] {
  const notes: string[] = [];
  readCluster(text, 'kubeadm.yaml', {
    machine,
    onNote: ({ path, message }) => notes.push(`${path}: ${message}`),
  });
  return notes;
}

/** Why a configuration is refused, a line each. */
export function problemsOf(text: string, machine?: Machine): string[] {
  try {
    read(text, machine);
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    const { issues, code, message } = error;
    return issues.length === 0
      ? [`${code} ${message}`]
      : issues.map((issue) => `${issue.path}: ${issue.message}`);
  }
  return [];
}
