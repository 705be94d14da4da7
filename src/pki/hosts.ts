/** The work on many hosts, a batch at a time: what a worker thread does, and what the main thread does itself where threads would not pay. */
import { join } from 'node:path';
import { type Cluster, type Host, hostItems } from '../cluster/index.ts';
import type { Authorities } from './authorities.ts';
import { HostContext, type PlannedStep } from './context.ts';
import { examinePlace } from './host.ts';
import { hostRoot, isConfined, type Place } from './place.ts';
import type { Mode, Step } from './step.ts';
import { type NewFile, removeFiles, type Tally, writeNewFiles } from './write.ts';

/** Hosts in one batch: enough files for one commit of the file system to be worth it, few enough to share out evenly. */
export const HOST_BATCH = 32;

/** Carries out what was planned: all keys durable first, then what is made from them, and what has served removed last. */
export async function carryOut(
  planned: readonly PlannedStep[],
  tally: Tally,
  directory: Pick<NewFile, 'directoryMode'> = {},
): Promise<void> {
  const made = await Promise.all(
    planned.flatMap(({ make }) => (make === undefined ? [] : [make()])),
  );
  await writeNewFiles(
    made.flatMap(({ first }) => first.map((file) => ({ ...file, ...directory }))),
    tally,
  );
  await writeNewFiles(
    made.flatMap(({ second }) => second.map((file) => ({ ...file, ...directory }))),
    tally,
  );
  const obsolete = made.flatMap((files) => files.obsolete ?? []);
  await removeFiles(obsolete.flatMap(({ answers }) => answers));
  await removeFiles(obsolete.map(({ request }) => request));
}

/** Examines hosts and, when applying, makes what is missing. */
export class HostWork {
  readonly #cluster: Cluster;
  readonly #place: Place;
  readonly #context: HostContext;
  readonly #mode: Mode;
  readonly #tally: Tally;

  /** @param tally counts what is made, also where an error ends it */
  constructor(
    cluster: Cluster,
    place: Place,
    authorities: Authorities,
    now: Date,
    mode: Mode,
    tally: Tally,
  ) {
    this.#cluster = cluster;
    this.#place = place;
    this.#context = new HostContext(authorities, now, isConfined(place));
    this.#mode = mode;
    this.#tally = tally;
  }

  async run(hosts: readonly Host[]): Promise<Step[]> {
    const planned = hosts.flatMap((host) => this.#examine(host));
    if (this.#mode === 'apply') await carryOut(planned, this.#tally);
    return planned.map(({ step }) => step);
  }

  #examine(host: Host): PlannedStep[] {
    const root = hostRoot(this.#place, host.name);
    // On the machine itself an authority may lie just where the host's copy would: it is its own copy.
    const own = new Set<string>();
    for (const { publicPath, keyPath } of this.#context.authorities.values()) {
      own.add(publicPath);
      own.add(keyPath);
    }
    const items = hostItems(this.#cluster, host).filter(
      (item) => item.kind !== 'copy' || !own.has(join(root, item.path)),
    );
    return examinePlace(this.#context, host.name, root, items);
  }
}
