/** Paths as they are shown. */
import { relative } from 'node:path';

/** A path as short as it goes without leaving the working directory. */
export function here(path: string): string {
  const short = relative('', path);
  return short.startsWith('..') ? path : short || '.';
}
