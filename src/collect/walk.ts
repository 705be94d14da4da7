/** Lists the files below a directory of unknown content: bounded, in order, and without leaving it. */
import {
  type Dir,
  type Dirent,
  lstatSync,
  opendirSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import { join, sep } from 'node:path';
import { MAX_FILE_BYTES, reasonOf } from './file.ts';

export interface WalkLimits {
  /** Entries of all directories together. */
  readonly entries: number;
  /** Directories inside each other; the root's own files are at depth 1. */
  readonly depth: number;
  /** Bytes of one file. */
  readonly fileBytes: number;
}

/** A cluster of 10,000 nodes with kubelet certificates made ahead has 70,000 files. */
export const WALK_LIMITS: WalkLimits = {
  entries: 100_000,
  depth: 64,
  fileBytes: MAX_FILE_BYTES,
};

/** Entries that one directory may take before the others have had their turn. */
const TURN = 4096;

/** What was found; `path` is relative to the root, `.` for the root itself. */
export type WalkEntry =
  | { readonly path: string; readonly state: 'file' }
  /** A symbolic link to a regular file inside the root, whose path is `target`. */
  | { readonly path: string; readonly state: 'link'; readonly target: string }
  | { readonly path: string; readonly state: 'unreadable'; readonly reason: string };

/**
 * Every regular file below `root`, sorted by path (in UTF-16 code units). Where there is more than
 * the limit, directories near the root come before those below them, and a crowded one waits for its
 * neighbours. Symbolic links are not followed: one to a file inside the root (kubelet's `kubelet-client-current.pem`) is told as a
 * link, one to a directory inside it is passed over since that directory is listed anyway, all
 * others are told as unreadable. So are directories that cannot be read, what is no regular file,
 * and what goes beyond a limit. Never throws.
 */
export function walkDirectory(root: string, limits: WalkLimits = WALK_LIMITS): WalkEntry[] {
  const walker = new Walker(root, limits);
  const entries = walker.walk();
  return entries.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** A directory still to be read, or to be read on. */
interface Open {
  readonly path: string;
  readonly depth: number;
  readonly handle?: Dir;
}

class Walker {
  readonly #root: string;
  readonly #limits: WalkLimits;
  readonly #found: WalkEntry[] = [];
  /** Read from its beginning: breadth first. */
  readonly #open: Open[] = [];
  /** Those that have had their turn, to be read on when nothing else is open. */
  readonly #crowded: Open[] = [];
  #realRoot = '';
  #count = 0;

  constructor(root: string, limits: WalkLimits) {
    this.#root = root;
    this.#limits = limits;
  }

  walk(): WalkEntry[] {
    this.#guard('', () => {
      this.#realRoot = realpathSync.native(this.#root);
      this.#open.push({ path: '', depth: 1 });
    });
    for (let i = 0; !this.#isFull(); ) {
      const next = this.#open[i] ?? this.#crowded.shift();
      if (next === undefined) break;
      if (next === this.#open[i]) i++;
      this.#guard(next.path, () => this.#directory(next));
    }
    for (const { handle } of this.#crowded) handle?.closeSync();
    if (this.#isFull())
      this.#refuse('', `more than ${this.#limits.entries} entries: not all of them are listed`);
    return this.#found;
  }

  #isFull(): boolean {
    return this.#count > this.#limits.entries;
  }

  #directory({ path, depth, handle }: Open): void {
    if (depth > this.#limits.depth) {
      this.#refuse(path, `nested deeper than ${this.#limits.depth} directories`);
      return;
    }
    // Read piece by piece: a directory can have millions of entries.
    const directory = handle ?? opendirSync(join(this.#root, path));
    const below: string[] = [];
    let isRead = false;
    try {
      for (let turn = 0; turn < TURN && !isRead; turn++) {
        const entry = directory.readSync();
        isRead = entry === null || ++this.#count > this.#limits.entries;
        if (entry !== null && !isRead && this.#entry(path, entry)) below.push(entry.name);
      }
    } catch (error) {
      isRead = true;
      throw error;
    } finally {
      if (isRead) directory.closeSync();
    }
    for (const name of below.sort()) this.#open.push({ path: under(path, name), depth: depth + 1 });
    // So many only as turns make up the limit are held open at once.
    if (!isRead) this.#crowded.push({ path, depth, handle: directory });
  }

  /** Answers whether it is a directory, to be read itself. */
  #entry(parent: string, { name }: Dirent): boolean {
    const path = under(parent, name);
    let isDirectory = false;
    this.#guard(path, () => {
      const stats = lstatSync(join(this.#root, path), { throwIfNoEntry: false });
      if (stats === undefined) {
        // A name that is not UTF-8 has replacement characters, and under that name there is nothing.
        this.#refuse(path, name.includes('\ufffd') ? 'its name is not UTF-8' : 'it went away');
      } else if (stats.isDirectory()) isDirectory = true;
      else if (stats.isSymbolicLink()) this.#link(path);
      else if (this.#isReadable(path, stats)) this.#found.push({ path, state: 'file' });
    });
    return isDirectory;
  }

  #link(path: string): void {
    const real = realpathSync.native(join(this.#root, path));
    const stats = statSync(real);
    const base = this.#realRoot.endsWith(sep) ? this.#realRoot : this.#realRoot + sep;
    if (real !== this.#realRoot && !real.startsWith(base)) {
      this.#refuse(path, 'a symbolic link out of the directory, not followed');
    } else if (!stats.isDirectory() && this.#isReadable(path, stats)) {
      this.#found.push({ path, state: 'link', target: real.slice(base.length) });
    }
  }

  #isReadable(path: string, stats: Stats): boolean {
    const { fileBytes } = this.#limits;
    if (!stats.isFile()) this.#refuse(path, 'not a regular file');
    else if (stats.size > fileBytes) {
      this.#refuse(path, `${stats.size} bytes, more than the limit of ${fileBytes}`);
    } else return true;
    return false;
  }

  #refuse(path: string, reason: string): void {
    this.#found.push({ path: path === '' ? '.' : path, state: 'unreadable', reason });
  }

  /** Makes an error of the file system the reason why this one cannot be read. */
  #guard(path: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#refuse(path, reasonOf(error));
    }
  }
}

const under = (parent: string, name: string): string =>
  parent === '' ? name : `${parent}/${name}`;
