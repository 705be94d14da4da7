/** What `kubepki inspect` looks at, read: one item a file. */
import { lstatSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  type EndpointMaterial,
  entriesOf,
  holdsSomething,
  type IdentifyOptions,
  identify,
  lookAtFile,
  type Material,
  type WalkEntry,
  walkDirectory,
} from '../../collect/index.ts';
import { pairNotes } from './pairs.ts';

export type Content =
  | Material
  | EndpointMaterial
  /** A link in a directory, to a file of which there is an item too; `isHard`: another name of that very file. */
  | { readonly format: 'link'; readonly target: string; readonly isHard?: true }
  /** `isLeftOut`: for want of space only. */
  | { readonly format: 'unreadable'; readonly reason: string; readonly isLeftOut?: true };

export interface Item {
  /** As it can be typed again; `-` is standard input. */
  readonly path: string;
  /** Permission bits, of a file that could be read. */
  readonly mode?: number;
  /** Bytes, of a file that could be read. */
  readonly size?: number;
  readonly content: Content;
  /** Remarks that only a look at the files beside it could give. */
  readonly remarks: readonly string[];
  /** The remark that the key beside it is another's. */
  readonly mismatch?: string;
  readonly isEndpoint?: true;
  /** Of an endpoint: whether a client would take it. */
  readonly trust?: TrustVerdict;
}

/** What a client makes of an endpoint that trusts the CAs of a file. */
export interface TrustVerdict {
  readonly caFile: string;
  /** The name that the certificate has to cover. */
  readonly name: string;
  /** Why it would refuse; none where it would not. */
  readonly refusals: readonly string[];
}

/** True where there is anything in it that could be read. */
export function isKnown({ content }: Item): boolean {
  if (content.format === 'endpoint') return true;
  return content.format !== 'link' && content.format !== 'unreadable' && holdsSomething(content);
}

export function unreadable(path: string, reason: string): Item {
  return { path, content: { format: 'unreadable', reason }, remarks: [] };
}

/** One file. */
export function readItem(path: string, options: IdentifyOptions): Item {
  const file = lookAtFile(path);
  if (file.state === 'there') {
    const { bytes, mode } = file;
    return { path, mode, size: bytes.length, content: identify(bytes, options), remarks: [] };
  }
  const reason = file.state === 'missing' ? 'no such file or directory' : file.reason;
  return unreadable(path, reason);
}

/** What `apply` locks a directory by, and what it knows it by: neither holds what is looked for. */
const OWN_FILES: readonly string[] = ['.kubepki.lock', 'cluster-name'];

/**
 * What of one directory is kept at once. A certificate takes ten times its bytes when it is read, and
 * however much lies there, the rest of the machine wants to live.
 */
export interface Budget {
  /** Certificates, keys, requests, … of all files together. */
  readonly entries: number;
  /** Bytes of the files that hold them. */
  readonly bytes: number;
}

export const DIRECTORY_BUDGET: Budget = { entries: 60_000, bytes: 64 * 1024 * 1024 };

/**
 * Every file below a directory, sorted by path, once: another name of a file that is there is told as
 * such. What goes beyond the budget is counted, not read, and an item of the root says so.
 */
export function readDirectory(
  root: string,
  options: IdentifyOptions,
  onProgress: (done: number, total: number) => void,
  budget: Budget = DIRECTORY_BUDGET,
): Item[] {
  const found = walkDirectory(root).filter(({ path }) => !OWN_FILES.includes(basename(path)));
  const reader = new DirectoryReader(root, options, budget);
  const items = found.flatMap((entry, index) => {
    onProgress(index, found.length);
    return reader.read(entry);
  });
  const leftOut = reader.leftOut();
  return [...(leftOut === undefined ? [] : [leftOut]), ...withPairNotes(items)];
}

/** A certificate that has a second name may have its key beside that one. */
function withPairNotes(items: readonly Item[]): Item[] {
  const byPath = new Map(items.map((item) => [item.path, item]));
  const named = items.map((item): Item => {
    const { content } = item;
    const same =
      content.format === 'link' && content.isHard ? byPath.get(content.target) : undefined;
    return same === undefined ? item : { ...item, content: same.content };
  });
  const pairs = pairNotes(named);
  return items.map((item, index) => {
    const whole = named[index];
    return { ...item, ...(whole === undefined ? {} : pairs.get(whole)) };
  });
}

class DirectoryReader {
  readonly #root: string;
  readonly #options: IdentifyOptions;
  readonly #budget: Budget;
  /** The first name of every file that has several. */
  readonly #names = new Map<string, string>();
  #entries = 0;
  #bytes = 0;
  #leftOut = 0;

  constructor(root: string, options: IdentifyOptions, budget: Budget) {
    this.#root = root;
    this.#options = options;
    this.#budget = budget;
  }

  /** The item of what was found; none where there is no space for it any more. */
  read(entry: WalkEntry): Item[] {
    if (entry.state !== 'file') return [itemOf(this.#root, entry, this.#options)];
    const path = entry.path === '.' ? this.#root : join(this.#root, entry.path);
    const target = this.#firstName(path);
    if (target !== undefined) {
      return [{ path, content: { format: 'link', target, isHard: true }, remarks: [] }];
    }
    if (this.#entries >= this.#budget.entries || this.#bytes >= this.#budget.bytes) {
      this.#leftOut++;
      return [];
    }
    const item = itemOf(this.#root, entry, this.#options);
    this.#count(item);
    return [item];
  }

  /** How much there was no space for. */
  leftOut(): Item | undefined {
    if (this.#leftOut === 0) return undefined;
    const files = this.#leftOut === 1 ? '1 more file was' : `${this.#leftOut} more files were`;
    const reason = `${files} not looked at: it holds more than ${this.#budget.entries} certificates and keys, or ${this.#budget.bytes} bytes of them; inspect the directories in it one by one`;
    const content = { format: 'unreadable', reason, isLeftOut: true } as const;
    return { path: this.#root, content, remarks: [] };
  }

  #firstName(path: string): string | undefined {
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (stats === undefined || stats.nlink < 2n) return undefined;
    const id = `${stats.dev}:${stats.ino}`;
    const first = this.#names.get(id);
    if (first === undefined) this.#names.set(id, path);
    return first;
  }

  #count({ content, size = 0 }: Item): void {
    if (content.format === 'link' || content.format === 'unreadable') return;
    // Of a file of another kind nothing is kept but why.
    if (content.format === 'unknown') return;
    this.#entries += Math.max(1, entriesOf(content).length);
    this.#bytes += size;
  }
}

function itemOf(root: string, entry: WalkEntry, options: IdentifyOptions): Item {
  const path = entry.path === '.' ? root : join(root, entry.path);
  switch (entry.state) {
    case 'file':
      return readItem(path, options);
    case 'link':
      return {
        path,
        content: { format: 'link', target: join(root, entry.target) },
        remarks: [],
      };
    case 'unreadable':
    default:
      return unreadable(path, entry.reason);
  }
}
