/** WATCH: what is there, then what changes, as one sequence of events. */

import type { Clock } from '../../client/index.ts';
import { StatusError } from '../../kubernetes/index.ts';
import { type Change, CompactedError, type Storage } from '../../storage/index.ts';
import type { ResourceDefinition } from '../resources/index.ts';
import type { Codec } from './codec.ts';
import { bookmark, ChangeEvent, NoteEvent } from './events.ts';
import { list } from './list.ts';
import { checkWatchOptions } from './list-options.ts';
import { expired, tooLargeVersion } from './refusals.ts';
import type { ServedEvent, WatchRequest } from './registry.ts';
import { parseResourceVersion } from './resource-version.ts';
import { type Selection, select } from './selection.ts';

/** How often a watcher hears where it stands, and how long before its end (apiserver, cacher.go). */
const BOOKMARK_MS = 60_000;
const LAST_BOOKMARK_MS = 2_000;
/** Without a wish of the client's (`--min-request-timeout`); up to twice as long, so that not all end at once. */
const SHORTEST_WATCH_SECONDS = 1_800;
const MOST_INITIAL = 500;
/** A reason: the exception that a signal would make for itself costs a stack trace. */
const ENDED = new Error('the watch has ended');

export interface WatchSource {
  readonly storage: Storage;
  readonly codec: Codec;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
}

/**
 * Checks at once, begins when it is iterated.
 *
 * @throws StatusError for a request that makes no sense
 */
export function watch(
  source: WatchSource,
  definition: ResourceDefinition,
  request: WatchRequest,
  signal: AbortSignal,
): AsyncIterable<readonly ServedEvent[]> {
  checkWatchOptions(request);
  const selection = select(definition, request);
  const version = parseResourceVersion(request.resourceVersion);
  return events(new Watching(source, definition, selection, request), request, version, signal);
}

async function* events(
  watching: Watching,
  request: WatchRequest,
  version: number,
  outer: AbortSignal,
): AsyncGenerator<readonly ServedEvent[], undefined, undefined> {
  const inner = new AbortController();
  const end = (): void => inner.abort(ENDED);
  if (outer.aborted) return;
  outer.addEventListener('abort', end, { once: true });
  watching.sleep(watching.milliseconds, inner.signal).then(end, () => undefined);
  try {
    let after = version;
    if (isInitialWanted(request, version)) {
      if (version > watching.revision) throw tooLargeVersion(version, watching.revision);
      const initial = await watching.initial();
      after = initial.revision;
      for (let at = 0; at < initial.events.length; at += MOST_INITIAL) {
        yield initial.events.slice(at, at + MOST_INITIAL);
      }
      if (request.sendInitialEvents === true && request.allowWatchBookmarks === true) {
        yield [watching.bookmark(after, true)];
      }
    } else if (version === 0) {
      after = watching.revision;
    }
    yield* watching.changes(after, inner.signal);
  } catch (error) {
    if (!inner.signal.aborted) yield [errorEvent(error, version)];
  } finally {
    outer.removeEventListener('abort', end);
    end();
  }
}

/** Without a version, or with `0`: unless the client says that it does not want what is there. */
const isInitialWanted = ({ sendInitialEvents }: WatchRequest, version: number): boolean =>
  sendInitialEvents ?? version === 0;

/** One watcher. */
class Watching {
  readonly #source: WatchSource;
  readonly #definition: ResourceDefinition;
  readonly #selection: Selection;
  readonly #request: WatchRequest;
  /** How long the watch lasts. */
  readonly milliseconds: number;

  constructor(
    source: WatchSource,
    definition: ResourceDefinition,
    selection: Selection,
    request: WatchRequest,
  ) {
    this.#source = source;
    this.#definition = definition;
    this.#selection = selection;
    this.#request = request;
    const { timeoutSeconds = 0 } = request;
    const seconds =
      timeoutSeconds > 0 ? timeoutSeconds : SHORTEST_WATCH_SECONDS * (1 + source.random());
    this.milliseconds = seconds * 1000;
  }

  sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    return this.#source.clock.sleep(milliseconds, signal);
  }

  get revision(): number {
    return this.#source.storage.revision;
  }

  async initial(): Promise<{ readonly events: readonly ServedEvent[]; readonly revision: number }> {
    const { storage, codec } = this.#source;
    const { namespace, labelSelector, fieldSelector } = this.#request;
    const { items, revision } = await list(storage, codec, this.#definition, {
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
    });
    return { events: items.map((served) => new ChangeEvent('ADDED', served)), revision };
  }

  bookmark(revision: number, isInitialEnd = false): ServedEvent {
    return bookmark(this.#definition, revision, isInitialEnd);
  }

  async *changes(
    after: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly ServedEvent[], undefined, undefined> {
    const { prefix } = this.#selection;
    const iterator = this.#source.storage.watch({ prefix, after, signal })[Symbol.asyncIterator]();
    const waits = this.#request.allowWatchBookmarks === true ? this.#bookmarkWaits() : [];
    let bookmarkDue = this.#after(waits.shift(), signal);
    let told = after;
    let next = iterator.next();
    try {
      for (;;) {
        const result = await (bookmarkDue === undefined ? next : Promise.race([next, bookmarkDue]));
        if (result === undefined) {
          // Nothing is on its way: the storage hands changes on in the turn in which they happen.
          told = Math.max(told, this.revision);
          bookmarkDue = this.#after(waits.shift(), signal);
          yield [this.bookmark(told)];
          continue;
        }
        if (result.done === true) return;
        const events = this.#eventsOf(result.value);
        told = result.value.at(-1)?.revision ?? told;
        next = iterator.next();
        if (events.length > 0) yield events;
      }
    } finally {
      await iterator.return?.();
    }
  }

  /** Undefined when the time has come; never for a watch that has ended. */
  #after(wait: number | undefined, signal: AbortSignal): Promise<undefined> | undefined {
    if (wait === undefined) return undefined;
    return new Promise((resolve) => {
      this.sleep(wait, signal).then(
        () => resolve(undefined),
        () => undefined,
      );
    });
  }

  /** Milliseconds from one bookmark to the next. */
  #bookmarkWaits(): number[] {
    const last = this.milliseconds - LAST_BOOKMARK_MS;
    if (last <= 0) return [];
    const regular = Math.ceil(last / BOOKMARK_MS) - 1;
    return [...Array<number>(regular).fill(BOOKMARK_MS), last - regular * BOOKMARK_MS];
  }

  #eventsOf(changes: readonly Change[]): ServedEvent[] {
    const events: ServedEvent[] = [];
    for (const change of changes) {
      const event = this.#eventOf(change);
      if (event !== undefined) events.push(event);
    }
    return events;
  }

  /** Of an object that comes into the selection, ADDED; of one that leaves it, DELETED. */
  #eventOf(change: Change): ServedEvent | undefined {
    const { prefix, single, matches } = this.#selection;
    if (single && change.key !== prefix) return undefined;
    const { codec } = this.#source;
    const { key, value, revision, previous } = change;
    const now =
      value === undefined ? undefined : codec.decode(this.#definition, { key, value, revision });
    const isIn = now !== undefined && (matches === undefined || matches(now.object));
    const wasIn =
      previous !== undefined &&
      (matches === undefined || matches(codec.decode(this.#definition, previous).object));
    if (isIn) return new ChangeEvent(wasIn ? 'MODIFIED' : 'ADDED', now);
    if (!wasIn) return undefined;
    return new ChangeEvent('DELETED', codec.deleted(this.#definition, change, previous));
  }
}

function errorEvent(error: unknown, version: number): ServedEvent {
  if (error instanceof StatusError) return new NoteEvent('ERROR', error.status);
  if (error instanceof CompactedError) {
    return new NoteEvent('ERROR', expired(`too old resource version: ${version}`).status);
  }
  throw error;
}
