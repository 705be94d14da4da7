/** What SQLite's errors mean to whoever runs the server. */
import { KubepkiError } from '../errors.ts';

/** Primary result codes (sqlite.org/rescode.html). */
const BUSY = 5;
const CORRUPT = 11;
const NOT_A_DATABASE = 26;
/** The system refuses: PERM, READONLY, IOERR, FULL, CANTOPEN. */
const OF_THE_SYSTEM = [3, 8, 10, 13, 14];

function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  // The low byte; what stands above it makes it more precise.
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export const isBusy = (error: unknown): boolean => resultCode(error) === BUSY;

/** A database that cannot be what kubepki has written, or not for this kubepki. Nothing has been changed. */
export const damaged = (
  path: string,
  what: string,
  details: { hint?: string; cause?: unknown } = {},
): KubepkiError =>
  new KubepkiError('DAMAGED_STATE', `${path}: ${what}`, {
    hint: 'put a backup in its place, or move it away together with the files beside it to start anew',
    ...details,
  });

/** @param doing what was tried: `written` */
const refused = (path: string, doing: string, cause: unknown): KubepkiError =>
  new KubepkiError('FILE_SYSTEM', `${path}: cannot be ${doing}: ${textOf(cause)}`, {
    hint: 'look whether the disk is full or failing, and whether this user may write there',
    cause,
  });

export function asReadError(path: string, error: unknown): KubepkiError {
  if (error instanceof KubepkiError) return error;
  const code = resultCode(error);
  if (code === BUSY) return inUse(path, error);
  if (code !== undefined && OF_THE_SYSTEM.includes(code)) return refused(path, 'read', error);
  if (code === undefined && isSystemError(error)) return refused(path, 'opened', error);
  return damaged(path, `is damaged: ${textOf(error)}`, { cause: error });
}

export function asWriteError(path: string, error: unknown): KubepkiError {
  const code = resultCode(error);
  return code === CORRUPT || code === NOT_A_DATABASE
    ? damaged(path, `is damaged: ${textOf(error)}`, { cause: error })
    : refused(path, 'written', error);
}

export const inUse = (path: string, cause: unknown): KubepkiError =>
  new KubepkiError('LOCKED', `${path}: another program has this database open`, {
    hint: 'end it first',
    cause,
  });

const isSystemError = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && typeof error.syscall === 'string';
