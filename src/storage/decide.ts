/** What becomes of writes that arrive together: each is judged by what stands there after those before it. */
import type { Lifetime, LogRecord } from './journal.ts';
import type { StoredValue, WriteResult } from './types.ts';

export type Write =
  | {
      readonly kind: 'create';
      readonly key: string;
      readonly value: Uint8Array;
      readonly ttlSeconds: number | undefined;
    }
  | {
      readonly kind: 'update';
      readonly key: string;
      readonly value: Uint8Array;
      readonly revision: number;
    }
  | { readonly kind: 'delete'; readonly key: string; readonly revision: number };

/** What writes are judged by. */
export interface Current {
  readonly revision: number;
  get(key: string): StoredValue | undefined;
  /** The seconds after which the key deletes itself; undefined for never. */
  secondsOf(key: string): number | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export interface Decided<W> {
  /** What is to be written down for all of it to happen. */
  readonly records: LogRecord[];
  readonly outcomes: readonly { readonly write: W; readonly result: WriteResult }[];
}

export function decide<W extends Write>(writes: readonly W[], current: Current): Decided<W> {
  const records: LogRecord[] = [];
  const written = new Map<string, LogRecord>();
  const outcomes = writes.map((write) => {
    const record = written.get(write.key);
    const stored = record === undefined ? current.get(write.key) : asStored(record);
    if (!applies(write, stored)) {
      return { write, result: { done: false, current: stored } } as const;
    }
    const seconds = secondsAfter(write, record, current);
    const revision = current.revision + records.length + 1;
    const next: LogRecord = {
      revision,
      key: write.key,
      value: write.kind === 'delete' ? undefined : write.value,
      previous: stored?.revision ?? 0,
      lifetime: seconds === undefined ? undefined : lasting(seconds, current.now),
    };
    records.push(next);
    written.set(write.key, next);
    return { write, result: { done: true, revision } } as const;
  });
  return { records, outcomes };
}

const asStored = ({ key, value, revision }: LogRecord): StoredValue | undefined =>
  value === undefined ? undefined : { key, value, revision };

const applies = (write: Write, stored: StoredValue | undefined): boolean =>
  write.kind === 'create' ? stored === undefined : stored?.revision === write.revision;

/**
 * An update lasts as long again as the key was created for. That is what kube-apiserver reaches in
 * etcd, where it hands the kind's time to live to every write (apiserver,
 * pkg/registry/generic/registry/store.go, calculateTTL).
 */
function secondsAfter(
  write: Write,
  record: LogRecord | undefined,
  current: Current,
): number | undefined {
  if (write.kind === 'delete') return undefined;
  if (write.kind === 'create') return write.ttlSeconds;
  return record === undefined ? current.secondsOf(write.key) : record.lifetime?.seconds;
}

const lasting = (seconds: number, now: number): Lifetime => ({
  seconds,
  endsAt: now + seconds * 1000,
});
