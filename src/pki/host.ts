/**
 * The work of one host: what is there is examined, what is missing is planned, and what is planned
 * is made. Hosts do not depend on each other, so this runs in worker threads as well.
 */
import { join } from 'node:path';
import { CATALOGUE, type HostItem } from '../cluster/index.ts';
import type { HostContext, PlannedStep } from './context.ts';
import { examineCopies } from './copy.ts';
import { examineEmbedded } from './embedded.ts';
import { examinePair } from './pair.ts';
import { type IsTaken, requestPath } from './pending.ts';
import { refuse } from './step.ts';

/** Examines everything that one place (a host, or the administrator's directory) has to hold. */
export function examinePlace(
  context: HostContext,
  place: string,
  root: string,
  items: readonly HostItem[],
): PlannedStep[] {
  const copies = items.filter((item) => item.kind === 'copy');
  const { planned: trust, foreign } = examineCopies(context, place, root, copies);
  const planned = [...trust];
  let taken: ReadonlySet<string> | undefined;
  const isTaken: IsTaken = (path) => (taken ??= pathsOf(context, root, items)).has(path);
  for (const item of items) {
    if (item.kind === 'copy') continue;
    const path = join(root, item.kind === 'pair' ? item.certificatePath : item.path);
    const subject = { credential: item.credential, place, path };
    const { issuer } = CATALOGUE[item.credential];
    // Where a host verifies it with another CA's file, nothing of ours would be accepted.
    const trustFile = issuer === null ? undefined : foreign.get(issuer);
    const obstacle =
      linkProblem(context, root, item) ??
      (trustFile === undefined
        ? undefined
        : `${trustFile} on this host is not the one of ${item.profile.issuer}, see there`);
    if (obstacle !== undefined) planned.push({ step: refuse(subject, obstacle) });
    else if (item.kind === 'pair') planned.push(examinePair(context, subject, root, item, isTaken));
    else planned.push(examineEmbedded(context, subject, root, item, isTaken));
  }
  return planned;
}

/** A link out of the tree in place of what a credential consists of, or of the request for it. */
function linkProblem(
  context: HostContext,
  root: string,
  item: Exclude<HostItem, { kind: 'copy' }>,
): string | undefined {
  const paths = item.kind === 'pair' ? [item.certificatePath, item.keyPath] : [item.path];
  for (const path of [...paths, requestPath(item)]) {
    const problem = context.leadsElsewhere(join(root, path), root);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Every path that stands for something. */
function pathsOf(
  context: HostContext,
  root: string,
  items: readonly HostItem[],
): ReadonlySet<string> {
  const own = items.flatMap((item) =>
    item.kind === 'pair' ? [item.certificatePath, item.keyPath] : [item.path],
  );
  const authorities = [...context.authorities.values()];
  return new Set([
    ...own.map((path) => join(root, path)),
    ...authorities.flatMap(({ publicPath, keyPath }) => [publicPath, keyPath]),
  ]);
}
