/**
 * The audit log: one line of JSON for each event, in a file or on standard output.
 *
 * Writing never holds up a request and never fails one: lines wait in memory, bounded, and go to the disk
 * in batches; what the disk does not take is lost and counted.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { KubepkiError, quoted, systemCode } from '../../errors.ts';
import { makeDirectories } from '../../make-directory.ts';
import type { AuditCounts } from './metrics.ts';

export interface AuditLog {
  /** Returns at once. Does nothing after `close`. */
  write(event: object): void;
  /** For the metrics. */
  readonly counts: AuditCounts;
  /**
   * Goes on in a new file of the same name: for after the old one was renamed. What was written before
   * is in the old one. Does nothing for standard output.
   *
   * @throws KubepkiError FILE_SYSTEM where it cannot be opened; the old one stays in use
   */
  reopen(): Promise<void>;
  /** Resolves when everything written is in the file, as far as the disk takes it. */
  close(): Promise<void>;
}

/** Characters that may wait for the disk. */
const MOST_WAITING = 8 * 1024 * 1024;
/** Characters that are written at once, unless one line has more. */
const BATCH = 256 * 1024;

/**
 * Appends to a file that nobody else may read (0600; one that is there keeps its mode), or writes to
 * standard output for `-`, as upstream's `--audit-log-path`. A directory that is not there is made (0700).
 *
 * @param failed told what is wrong when the first event is lost, and again after it went well in between
 * @param output what `-` means
 * @throws KubepkiError FILE_SYSTEM where it cannot be opened
 */
export async function openAuditLog(
  path: string,
  failed: (error: Error) => void,
  output: Writable = process.stdout,
): Promise<AuditLog> {
  return new Log(path === '-' ? new StreamSink(output) : await FileSink.open(path), failed);
}

/** Where batches go. Nothing is asked of it before the last thing is done. */
interface Sink {
  /** @returns how many lines did not get through whole, with the reason where it is any */
  write(batch: Buffer, lines: number): Promise<{ lost: number; error?: unknown }>;
  reopen(): Promise<void>;
  close(): Promise<void>;
}

class Log implements AuditLog {
  readonly #sink: Sink;
  readonly #failed: (error: Error) => void;
  readonly counts = { events: 0, lost: 0 };
  #waiting: string[] = [];
  #characters = 0;
  /** What the sink does, one thing after the other; never rejects. */
  #work: Promise<void> = Promise.resolve();
  #scheduled = false;
  #failing = false;
  #closed: Promise<void> | undefined;

  constructor(sink: Sink, failed: (error: Error) => void) {
    this.#sink = sink;
    this.#failed = failed;
  }

  write(event: object): void {
    if (this.#closed !== undefined) return;
    this.counts.events += 1;
    const line = `${JSON.stringify(event)}\n`;
    if (this.#characters + line.length > MOST_WAITING) {
      this.#lose(1, new Error('more is waiting to be written than may be'));
      return;
    }
    this.#waiting.push(line);
    this.#characters += line.length;
    if (this.#scheduled) return;
    this.#scheduled = true;
    // What comes up in the same turn, and while the disk is busy, goes along.
    setImmediate(() => void this.#then(() => this.#flush()));
  }

  reopen(): Promise<void> {
    if (this.#closed !== undefined) return this.#closed;
    // Lines of before belong into the old file.
    return this.#then(async () => {
      await this.#flush();
      await this.#sink.reopen();
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#then(async () => {
      await this.#flush();
      await this.#sink.close();
    });
    return this.#closed;
  }

  #then(action: () => Promise<void>): Promise<void> {
    const done = this.#work.then(action);
    this.#work = done.catch(() => undefined);
    return done;
  }

  /** Never rejects. */
  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#take();
      const { lost, error } = await this.#sink.write(Buffer.from(lines.join('')), lines.length);
      if (lost > 0) this.#lose(lost, error);
      else this.#failing = false;
    }
    this.#scheduled = false;
  }

  /** The lines of the next batch. */
  #take(): string[] {
    let characters = 0;
    let count = 0;
    for (const { length } of this.#waiting) {
      if (count > 0 && characters + length > BATCH) break;
      characters += length;
      count += 1;
    }
    this.#characters -= characters;
    return this.#waiting.splice(0, count);
  }

  #lose(count: number, cause: unknown): void {
    this.counts.lost += count;
    if (this.#failing) return;
    this.#failing = true;
    const reason = systemCode(cause) ?? (cause instanceof Error ? cause.message : 'unknown error');
    this.#failed(
      new KubepkiError('FILE_SYSTEM', `the audit log loses events: ${reason}`, {
        hint: 'make room on its disk; requests are served meanwhile',
        cause,
      }),
    );
  }
}

const NEWLINE = 0x0a;

class FileSink implements Sink {
  readonly #path: string;
  #file: FileHandle;
  /** A line was broken off: what comes next must not continue it. */
  #torn = false;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  static async open(path: string): Promise<FileSink> {
    return new FileSink(path, await openToAppend(path));
  }

  async write(batch: Buffer, lines: number): Promise<{ lost: number; error?: unknown }> {
    const bytes = this.#torn ? Buffer.concat([Buffer.of(NEWLINE), batch]) : batch;
    let written = 0;
    try {
      while (written < bytes.length) {
        const { bytesWritten } = await this.#file.write(bytes, written);
        written += bytesWritten;
      }
    } catch (error) {
      const whole = bytes.subarray(0, written);
      const ends = whole.reduce((sum, byte) => (byte === NEWLINE ? sum + 1 : sum), 0);
      const kept = this.#torn && written > 0 ? ends - 1 : ends;
      if (written > 0) this.#torn = bytes[written - 1] !== NEWLINE;
      return { lost: lines - kept, error };
    }
    this.#torn = false;
    return { lost: 0 };
  }

  async reopen(): Promise<void> {
    const old = this.#file;
    this.#file = await openToAppend(this.#path);
    this.#torn = false;
    // A disk that complains only now has said so before, or has nothing to lose.
    await old.close().catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.#file.close().catch(() => undefined);
  }
}

class StreamSink implements Sink {
  readonly #stream: Writable;
  /** The error comes to the callback as well, but unheard here it would end the process. */
  readonly #ignore = (): void => undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('error', this.#ignore);
  }

  write(batch: Buffer, lines: number): Promise<{ lost: number; error?: unknown }> {
    return new Promise((resolve) => {
      this.#stream.write(batch, (error) => {
        resolve(error === null || error === undefined ? { lost: 0 } : { lost: lines, error });
      });
    });
  }

  reopen(): Promise<void> {
    return Promise.resolve();
  }

  /** It is not ours to end. */
  close(): Promise<void> {
    this.#stream.off('error', this.#ignore);
    return Promise.resolve();
  }
}

async function openToAppend(path: string): Promise<FileHandle> {
  try {
    makeDirectories(dirname(path), 0o700);
    return await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600);
  } catch (cause) {
    throw new KubepkiError(
      'FILE_SYSTEM',
      `the audit log ${quoted(path)} cannot be written: ${systemCode(cause) ?? 'unknown error'}`,
      { hint: 'give --audit-log-path a file that may be written', cause },
    );
  }
}
