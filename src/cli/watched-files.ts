/**
 * Files that are read again when they have changed, for programs that run for years. What they hold is
 * compared every few seconds, which sees whatever way they were replaced in: renamed, rewritten, a symbolic
 * link pointed elsewhere (Kubernetes' volumes). Upstream looks every minute and at events of the file system
 * (apiserver, pkg/server/dynamiccertificates).
 *
 * Files that belong together are taken together, and only when they are whole and fit: until then what was
 * read before stays in use, which is said once and shown in a metric.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../client/index.ts';
import { lookAtFile } from '../collect/index.ts';
import { KubepkiError } from '../errors.ts';
import type { Reading } from '../metrics/index.ts';

/** Files that belong together. */
export interface FileSet<T> {
  /** As the log and the metrics call it: `serving certificate`. */
  readonly name: string;
  readonly paths: readonly string[];
  /** @throws KubepkiError for what cannot be used, then and later */
  read(contents: readonly Buffer[]): Promise<T>;
  /** Called later only. @throws KubepkiError for what could be used, but what is in use is better */
  check?(value: T): void;
  /** Called later only, before it is in use. @throws KubepkiError where that does not work, with nothing changed */
  apply?(value: T): void;
  /** Called later only, when it is in use. */
  changed?(): void;
}

export interface WatchedFilesOptions {
  readonly clock: Clock;
  /** Hears of files that cannot be used. */
  readonly log: (line: string) => void;
  /** Hears of files that were taken. */
  readonly tell: (line: string) => void;
}

/** How often the files are looked at. */
const INTERVAL_MS = 5_000;
/** A file that is being written looks otherwise after this time. */
const SETTLED_MS = 100;
const MOST_LOOKS = 10;

interface Entry {
  readonly name: string;
  readonly paths: readonly string[];
  readonly take: (contents: readonly Buffer[]) => Promise<void>;
  /** Of what is in use. */
  digest: string;
  /** Why what is there now is not in use. */
  problem: string | undefined;
  takenAt: Date;
  taken: number;
  refused: number;
}

export class WatchedFiles {
  readonly #options: WatchedFilesOptions;
  readonly #entries: Entry[] = [];
  /** One look after the other. */
  #looking: Promise<void> = Promise.resolve();

  constructor(options: WatchedFilesOptions) {
    this.#options = options;
  }

  /**
   * Reads files for the first time.
   *
   * @returns what is in use: what was read last
   * @throws KubepkiError NOT_FOUND, FILE_SYSTEM, and what `read` throws
   */
  async add<T>(set: FileSet<T>): Promise<() => T> {
    const { name, paths } = set;
    const contents = contentsOf(paths);
    const used = { current: await set.read(contents) };
    this.#entries.push({
      name,
      paths,
      take: async (changed) => {
        const next = await set.read(changed);
        set.check?.(next);
        set.apply?.(next);
        used.current = next;
        set.changed?.();
      },
      digest: digestOf(contents),
      problem: undefined,
      takenAt: this.#options.clock.now(),
      taken: 1,
      refused: 0,
    });
    return () => used.current;
  }

  /** Looks at all files now. Never rejects. */
  look(): Promise<void> {
    this.#looking = this.#lookAfter(this.#looking);
    return this.#looking;
  }

  async #lookAfter(before: Promise<void>): Promise<void> {
    await before;
    for (const entry of this.#entries) await this.#lookAt(entry);
  }

  /** Looks again and again until the signal aborts. Never rejects. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#options.clock.sleep(INTERVAL_MS, signal);
      } catch {
        return;
      }
      await this.look();
    }
  }

  readings(): readonly Reading[] {
    const all = (value: (entry: Entry) => number): Reading['values'] =>
      this.#entries.map((entry) => [{ files: entry.name }, value(entry)]);
    return [
      {
        name: 'kubepki_files_taken_total',
        type: 'counter',
        help: 'Times that files were read and taken into use, the start among them.',
        values: all(({ taken }) => taken),
      },
      {
        name: 'kubepki_files_refused_total',
        type: 'counter',
        help: 'Times that files had changed to what cannot be used.',
        values: all(({ refused }) => refused),
      },
      {
        name: 'kubepki_files_unusable',
        type: 'gauge',
        help: '1 where the files hold what cannot be used, so that what was read before is in use.',
        values: all(({ problem }) => (problem === undefined ? 0 : 1)),
      },
      {
        name: 'kubepki_files_taken_timestamp_seconds',
        type: 'gauge',
        help: 'When what is in use was read, in seconds since 1970.',
        values: all(({ takenAt }) => takenAt.getTime() / 1000),
      },
    ];
  }

  async #lookAt(entry: Entry): Promise<void> {
    try {
      const contents = await this.#settled(entry);
      if (contents === undefined) return;
      await entry.take(contents);
      entry.digest = digestOf(contents);
      entry.problem = undefined;
      entry.takenAt = this.#options.clock.now();
      entry.taken += 1;
      this.#options.tell(`${entry.name}: read again from ${entry.paths.join(' and ')}`);
    } catch (error) {
      this.#refuse(entry, problemOf(error));
    }
  }

  /** What the files hold, once nobody is writing to them; undefined where that is in use. */
  async #settled(entry: Entry): Promise<readonly Buffer[] | undefined> {
    let contents = contentsOf(entry.paths);
    let digest = digestOf(contents);
    for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
      if (digest === entry.digest) {
        entry.problem = undefined;
        return undefined;
      }
      await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
      const before = digest;
      contents = contentsOf(entry.paths);
      digest = digestOf(contents);
      if (digest === before) return contents;
    }
    throw new KubepkiError('CONFLICT', 'the files are being written to all the time');
  }

  #refuse(entry: Entry, problem: string): void {
    // What is wrong may be a matter of time: it is tried again, and told once.
    if (entry.problem === problem) return;
    entry.problem = problem;
    entry.refused += 1;
    this.#options.log(`${entry.name}: what was read before stays in use: ${problem}`);
  }
}

/** On one line, with everything that is wrong in a file that can have several problems. */
function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const issues = error instanceof KubepkiError ? error.issues : [];
  return [error.message, ...issues.map(({ path, message }) => `${path}: ${message}`)].join('; ');
}

function contentsOf(paths: readonly string[]): readonly Buffer[] {
  return paths.map((path) => {
    const file = lookAtFile(path);
    if (file.state === 'there') return file.bytes;
    if (file.state === 'missing') throw new KubepkiError('NOT_FOUND', `${path}: no such file`);
    throw new KubepkiError('FILE_SYSTEM', `${path}: ${file.reason}`);
  });
}

function digestOf(contents: readonly Buffer[]): string {
  const hash = createHash('sha256');
  for (const bytes of contents) {
    hash.update(createHash('sha256').update(bytes).digest());
  }
  return hash.digest('base64');
}
