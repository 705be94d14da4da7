/** What a storage refuses because of the revision that is asked for. */
import { KubepkiError } from '../errors.ts';

/**
 * The revision is older than what the storage remembers, or a watch has read too slowly to get
 * every change. Whoever gets this lists anew and goes on from there.
 */
export class CompactedError extends KubepkiError {
  constructor(message: string) {
    super('INVALID_VALUE', message, {
      hint: 'list again and go on from the revision of the answer',
    });
    this.name = 'CompactedError';
  }
}

/** The revision is not reached yet. */
export class FutureRevisionError extends KubepkiError {
  constructor(revision: number, current: number) {
    super('INVALID_VALUE', `revision ${revision} is not reached yet, the last write is ${current}`);
    this.name = 'FutureRevisionError';
  }
}

/** No more fits in. What is there can be read, replaced by what is no larger, and deleted. */
export class StorageFullError extends KubepkiError {
  constructor(message: string) {
    super('FILE_SYSTEM', message, { hint: 'delete what is not needed' });
    this.name = 'StorageFullError';
  }
}

export const forgotten = (revision: number, compacted: number): CompactedError =>
  new CompactedError(
    `revision ${revision} is forgotten, what is older than ${compacted} has been compacted`,
  );
