/** What a storage writes down of each write, and where to. */

/** For how long a key stays if nobody writes it again. */
export interface Lifetime {
  readonly seconds: number;
  /** Milliseconds since 1970. */
  readonly endsAt: number;
}

/** One write. Each revision has one, so the revisions of a log follow each other without gaps. */
export interface LogRecord {
  readonly revision: number;
  readonly key: string;
  /** Undefined where the key was deleted. */
  readonly value: Uint8Array | undefined;
  /** The revision that had written what stood there before; 0 for nothing. */
  readonly previous: number;
  readonly lifetime: Lifetime | undefined;
}

/**
 * Keeps the log. It works while the caller waits; to move one to a worker thread, let the methods
 * answer promises and the engine wait for them: it looks at nothing before they are done.
 *
 * Each method throws KubepkiError where it has not happened, and then nothing of it has.
 */
export interface Journal {
  /** All of these or none; durable when it returns. */
  append(records: readonly LogRecord[]): void;
  /** From now on what stood there before this revision need not be read again. */
  compact(revision: number): void;
  /** Drops records that nothing needs any more, all of these or none. */
  forget(revisions: readonly number[]): void;
  close(): void;
}
