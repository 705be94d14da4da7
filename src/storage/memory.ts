/** A storage that lives as long as its process. */
import { Engine, type StorageOptions } from './engine.ts';
import type { Storage } from './types.ts';

export function createMemoryStorage(options: StorageOptions): Storage {
  return new Engine(options);
}
