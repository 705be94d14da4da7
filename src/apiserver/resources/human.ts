/** Small pieces of tables that several resources share. */
import type { Subject } from '../../kubernetes/index.ts';

/** Names of the subjects by kind, each list as a wide table shows it. */
export function subjectCells(subjects: readonly Subject[] = []): readonly [string, string, string] {
  const of = (kind: string, show: (subject: Subject) => string): string =>
    subjects
      .filter((subject) => subject.kind === kind)
      .map(show)
      .join(', ');
  return [
    of('User', ({ name }) => name),
    of('Group', ({ name }) => name),
    of('ServiceAccount', ({ name, namespace = '' }) =>
      namespace === '' ? name : `${namespace}/${name}`,
    ),
  ];
}
