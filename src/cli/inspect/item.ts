/** What `kubepki inspect` looks at, read: one item a file. */
import { basename, join } from 'node:path';
import {
  type EndpointMaterial,
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
  /** A symbolic link in a directory, to a file of which there is an item too. */
  | { readonly format: 'link'; readonly target: string }
  | { readonly format: 'unreadable'; readonly reason: string };

export interface Item {
  /** As it can be typed again; `-` is standard input. */
  readonly path: string;
  /** Permission bits, of a file that could be read. */
  readonly mode?: number;
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
    return { path, mode: file.mode, content: identify(file.bytes, options), remarks: [] };
  }
  const reason = file.state === 'missing' ? 'no such file or directory' : file.reason;
  return unreadable(path, reason);
}

/** What `apply` locks a directory by, and what it knows it by: neither holds what is looked for. */
const OWN_FILES: readonly string[] = ['.kubepki.lock', 'cluster-name'];

/** Every file below a directory, sorted by path. */
export function readDirectory(
  root: string,
  options: IdentifyOptions,
  onProgress: (done: number, total: number) => void,
): Item[] {
  const found = walkDirectory(root).filter(({ path }) => !OWN_FILES.includes(basename(path)));
  const items = found.map((entry, index) => {
    onProgress(index, found.length);
    return itemOf(root, entry, options);
  });
  const pairs = pairNotes(items);
  return items.map((item) => ({ ...item, ...pairs.get(item) }));
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
