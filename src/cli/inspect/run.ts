/** What `kubepki inspect` does: reads every path, shows what is there, and says what could not be read. */
import { statSync } from 'node:fs';
import { relative } from 'node:path';
import { type Entry, type IdentifyOptions, identify, MAX_FILE_BYTES } from '../../collect/index.ts';
import { type ErrorCode, EXIT, KubepkiError, quoted } from '../../errors.ts';
import { type OutputFormat, print, printError } from '../output.ts';
import { startProgress } from '../progress.ts';
import { type Item, isKnown, readDirectory, readItem, unreadable } from './item.ts';
import { problemsOf } from './problems.ts';

export interface InspectRequest {
  readonly paths: readonly string[];
  readonly output: OutputFormat;
  readonly passphrase?: Uint8Array;
  /** The date that "expired" and "days left" go by. */
  readonly now: Date;
}

/** One path of the command line. */
interface Found {
  readonly isDirectory: boolean;
  readonly items: readonly Item[];
  readonly problem?: KubepkiError;
}

/** Prints everything and answers the exit status: 1 if a path held nothing that could be read, or something that is wrong. */
export async function inspect(request: InspectRequest): Promise<number> {
  const { paths, output, passphrase, now } = request;
  const options = passphrase === undefined ? {} : { passphrase };
  const found: Found[] = [];
  for (const path of paths) {
    found.push(path === '-' ? judge(await readInput(options)) : look(path, options));
  }
  const worthShowing = found.filter(({ items }) => items.length > 0);
  if (worthShowing.length > 0) {
    print(
      output === 'json' || output === 'yaml'
        ? await formatAsData(worthShowing, output, now)
        : await formatForReading(worthShowing, output === 'wide', now),
    );
  }
  const problems = found.flatMap(({ problem }) => problem ?? []);
  for (const problem of problems) printError(problem);
  return problems.length > 0 ? EXIT.failed : EXIT.ok;
}

async function formatForReading(
  found: readonly Found[],
  wide: boolean,
  now: Date,
): Promise<string> {
  const [{ formatItem }, { formatItems }] = await Promise.all([
    import('./blocks.ts'),
    import('./table.ts'),
  ]);
  const parts = found.flatMap(({ isDirectory, items }) =>
    isDirectory ? [formatItems(items, wide, now)] : items.map((item) => formatItem(item, now)),
  );
  return parts.join('\n\n');
}

async function formatAsData(
  found: readonly Found[],
  format: 'json' | 'yaml',
  now: Date,
): Promise<string> {
  const [{ inspectionData }, { formatData }] = await Promise.all([
    import('./data.ts'),
    import('../serialise.ts'),
  ]);
  const items = found.flatMap((one) => one.items);
  return formatData(format, inspectionData(items, now));
}

function look(path: string, options: IdentifyOptions): Found {
  return isDirectory(path) ? lookAtDirectory(path, options) : judge(readItem(path, options));
}

/** Whatever stands in the way (a loop of links, say) is for the one who reads it as a file to tell. */
function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false;
  }
}

function lookAtDirectory(root: string, options: IdentifyOptions): Found {
  const progress = startProgress('files');
  let items: readonly Item[];
  try {
    items = readDirectory(root, options, (done, total) => progress.update(done, total));
  } finally {
    progress.end();
  }
  if (items.some(isKnown)) {
    const problems = items.flatMap((item) =>
      problemsOf(item).map((problem) => `${relative(root, item.path)}: ${problem}`),
    );
    return { isDirectory: true, items, ...counted(root, problems) };
  }
  const [first] = items;
  if (first?.path === root && first.content.format === 'unreadable') {
    const problem = new KubepkiError('FILE_SYSTEM', `${root}: ${first.content.reason}`);
    return { isDirectory: true, items: [], problem };
  }
  const problem = new KubepkiError(
    'NOT_FOUND',
    `${root}: no certificate, key, request or kubeconfig in it that could be read`,
  );
  return { isDirectory: true, items, problem };
}

/** A file that was asked for by name must hold something, and its keys must open. */
function judge(item: Item): Found {
  const problem = problemOf(item);
  if (problem !== undefined) {
    return { isDirectory: false, items: holdsMore(item) ? [item] : [], problem };
  }
  return { isDirectory: false, items: [item], ...counted(nameOf(item), problemsOf(item)) };
}

const MOST_NAMED = 3;

/** The last line about a path: how much is wrong, and where to look first. */
function counted(where: string, problems: readonly string[]): Pick<Found, 'problem'> {
  if (problems.length === 0) return {};
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  const named = problems.slice(0, MOST_NAMED).join('; ');
  const more = problems.length > MOST_NAMED ? '; …' : '';
  return { problem: new KubepkiError('CONFLICT', `${where}: ${count}: ${named}${more}`) };
}

const nameOf = ({ path }: Item): string => (path === '-' ? 'standard input' : path);

/** Whether a file whose encrypted key stays closed holds anything besides. */
function holdsMore({ content }: Item): boolean {
  if (content.format === 'kubeconfig') return true;
  if (content.format !== 'pem' && content.format !== 'der') return false;
  return content.entries.some(({ kind }) => !['lockedKey', 'malformed', 'other'].includes(kind));
}

function problemOf(item: Item): KubepkiError | undefined {
  const { content } = item;
  const where = nameOf(item);
  const failed = (code: ErrorCode, reason: string, hint?: string): KubepkiError =>
    new KubepkiError(code, `${where}: ${reason}`, hint === undefined ? {} : { hint });
  if (content.format === 'unreadable') return failed('FILE_SYSTEM', content.reason);
  if (content.format === 'unknown') return failed('UNSUPPORTED', content.reason);
  const locked = entriesOf(item).find((entry) => entry.kind === 'lockedKey');
  if (locked !== undefined) {
    const hint =
      locked.code === 'PASSPHRASE_NEEDED'
        ? 'give its passphrase with --passphrase-file FILE'
        : 'check the first line of the --passphrase-file; if it is right, the key is damaged';
    return failed(locked.code, locked.reason, hint);
  }
  if (isKnown(item)) return undefined;
  return failed('MALFORMED_PEM', nothingKnown(entriesOf(item)));
}

function nothingKnown(entries: readonly Entry[]): string {
  for (const entry of entries) {
    if (entry.kind === 'malformed') return `${entry.label}: ${entry.reason}`;
  }
  const [first] = entries;
  const label = first?.kind === 'other' ? quoted(first.label) : 'nothing';
  return `only a PEM block ${label}, which kubepki does not decode`;
}

/** Every entry of an item, of a kubeconfig those embedded in it. */
function entriesOf({ content }: Item): readonly Entry[] {
  if (content.format === 'pem' || content.format === 'der') return content.entries;
  if (content.format !== 'kubeconfig') return [];
  const { clusters, users } = content;
  return [
    ...clusters.flatMap((cluster) => cluster.certificateAuthority),
    ...users.flatMap((user) => [...user.clientCertificate, ...user.clientKey]),
  ];
}

async function readInput(options: IdentifyOptions): Promise<Item> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin) {
    const bytes: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    length += bytes.length;
    if (length > MAX_FILE_BYTES) {
      const reason = `more than the limit of ${MAX_FILE_BYTES} bytes`;
      return unreadable('-', reason);
    }
    chunks.push(bytes);
  }
  return { path: '-', content: identify(Buffer.concat(chunks), options), remarks: [] };
}
