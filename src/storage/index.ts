/**
 * Where an API server keeps its objects: an ordered map from keys to bytes, every write of which is
 * a revision, durable when its promise resolves. In memory, or in an SQLite file.
 */
export { startCompaction } from './compaction.ts';
export * from './encryption/index.ts';
export { CompactedError, FutureRevisionError, StorageFullError } from './errors.ts';
export type { Timer } from './expiry.ts';
export { createMemoryStorage } from './memory.ts';
export { openSqliteStorage, type SqliteOptions } from './sqlite.ts';
export type {
  Change,
  Listed,
  ListOptions,
  Storage,
  StoredValue,
  WatchOptions,
  WriteResult,
} from './types.ts';
