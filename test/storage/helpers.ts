/** What the tests of storages share. */
import type { Change, Storage, StoredValue, WatchOptions } from '../../src/storage/index.ts';

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : new TextDecoder().decode(value);

/** `key=value` */
export const shown = (stored: StoredValue | undefined): string | undefined =>
  stored && `${stored.key}=${text(stored.value)}`;

/** `key: before -> after`, with `-` for nothing. */
export const told = ({ key, value, previous }: Change): string =>
  `${key}: ${text(previous?.value) ?? '-'} -> ${text(value) ?? '-'}`;

/** The revision of a write that has to be done. */
export async function done(write: ReturnType<Storage['create']>): Promise<number> {
  const result = await write;
  if (!result.done) throw new Error(`not done: ${shown(result.current)} stands there`);
  return result.revision;
}

/** Reads a watch until it has so many changes, and leaves it. */
export async function take(
  storage: Storage,
  count: number,
  options: WatchOptions,
): Promise<Change[]> {
  const changes: Change[] = [];
  if (count === 0) return changes;
  for await (const batch of storage.watch(options)) {
    changes.push(...batch);
    if (changes.length >= count) break;
  }
  return changes;
}

export async function collect(watch: AsyncIterable<readonly Change[]>): Promise<Change[]> {
  const changes: Change[] = [];
  for await (const batch of watch) changes.push(...batch);
  return changes;
}

/** Waits until something holds: for what comes about by itself. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
}
