/** What `kubepki inspect` does: reads every path, shows what is there, and says what could not be read. */
import { lstatSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import {
  type EndpointAddress,
  type Entry,
  type IdentifyOptions,
  identify,
  MAX_FILE_BYTES,
  parseEndpoint,
} from '../../collect/index.ts';
import { type ErrorCode, EXIT, KubepkiError, quoted } from '../../errors.ts';
import { type OutputFormat, print, printError } from '../output.ts';
import { startProgress } from '../progress.ts';
import { readEndpoint, readTrustedFile, type TrustedFile } from './endpoints.ts';
import { type Item, isKnown, readDirectory, readItem, unreadable } from './item.ts';
import { problemsOf } from './problems.ts';
import { allEntries, judgeLists } from './revocation.ts';
import type { View } from './view.ts';

export interface InspectRequest {
  readonly paths: readonly string[];
  readonly output: OutputFormat;
  readonly passphrase?: Uint8Array;
  /** The date that "expired" and "days left" go by. */
  readonly now: Date;
  /** A file of CAs that endpoints and revocation lists are judged by. */
  readonly caFile?: string;
  /** The name that endpoints are asked for, and have to cover. */
  readonly servername?: string;
  /** Milliseconds for each endpoint. */
  readonly timeout: number;
}

/** One path of the command line, read. */
interface Found {
  /** The path of a directory whose files the items are. */
  readonly root?: string;
  readonly items: readonly Item[];
}

/** Prints everything and answers the exit status: 1 if a path held nothing that could be read, or something that is wrong. */
export async function inspect(request: InspectRequest): Promise<number> {
  const { output, now, caFile } = request;
  const targets = targetsOf(request);
  const trusted = caFile === undefined ? undefined : readTrustedFile(caFile);
  const found = await readAll(targets, request, trusted);
  const items = found.flatMap((one) => one.items);
  const wide = output === 'wide';
  const view = { now, wide, ...judgeLists(items, trusted === undefined ? [] : [trusted]) };
  const judged = found.map((one) => ({ ...one, ...judge(one, view) }));
  const worthShowing = judged.filter((one) => one.shown.length > 0);
  if (worthShowing.length > 0) {
    print(
      output === 'json' || output === 'yaml'
        ? await formatAsData(worthShowing, output, view)
        : await formatForReading(worthShowing, view),
    );
  }
  const problems = judged.flatMap(({ problem }) => problem ?? []);
  for (const problem of problems) printError(problem);
  return problems.length > 0 ? EXIT.failed : EXIT.ok;
}

type Target = string | EndpointAddress;

/** Which of the paths are endpoints: those that are no path and have the form of one. */
function targetsOf({ paths, servername }: InspectRequest): Target[] {
  const targets = paths.map((path) => {
    const isEndpoint = path !== '-' && !isThere(path);
    return (isEndpoint ? parseEndpoint(path) : undefined) ?? path;
  });
  if (servername !== undefined && targets.every((target) => typeof target === 'string')) {
    throw new KubepkiError('USAGE', '--servername is for endpoints, and none of the paths is one', {
      hint: 'as in kubepki inspect 172.16.10.138:6443 --servername kubernetes',
    });
  }
  return targets;
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // Whatever stands in the way is for the one who reads it as a file to tell.
    return true;
  }
}

/** Files one after the other, endpoints beside them: those that do not answer take their time. */
async function readAll(
  targets: readonly Target[],
  request: InspectRequest,
  trusted: TrustedFile | undefined,
): Promise<Found[]> {
  const { passphrase, servername, timeout, now } = request;
  const options = passphrase === undefined ? {} : { passphrase };
  const endpointOptions = {
    timeout,
    now,
    ...(servername === undefined ? {} : { servername }),
    ...(trusted === undefined ? {} : { trusted }),
  };
  const progress = startProgress('endpoints');
  let done = 0;
  const endpoints = targets.filter((target) => typeof target !== 'string').length;
  const tick = setInterval(() => progress.update(done, endpoints), 200);
  const reading = targets.map((target) =>
    typeof target === 'string'
      ? undefined
      : readEndpoint(target, endpointOptions).finally(() => done++),
  );
  try {
    const found: Found[] = [];
    for (const [index, target] of targets.entries()) {
      const endpoint = await reading[index];
      if (endpoint !== undefined) found.push({ items: [endpoint] });
      else if (target === '-') found.push({ items: [await readInput(options)] });
      else if (typeof target === 'string') found.push(look(target, options));
    }
    return found;
  } finally {
    clearInterval(tick);
    progress.end();
  }
}

interface Judged extends Found {
  /** What of the items is printed. */
  readonly shown: readonly Item[];
  readonly problem?: KubepkiError;
}

async function formatForReading(found: readonly Judged[], view: View): Promise<string> {
  const [{ formatItem }, { formatItems }] = await Promise.all([
    import('./blocks.ts'),
    import('./table.ts'),
  ]);
  const parts = found.flatMap(({ root, shown }) =>
    root === undefined ? shown.map((item) => formatItem(item, view)) : [formatItems(shown, view)],
  );
  return parts.join('\n\n');
}

async function formatAsData(
  found: readonly Judged[],
  format: 'json' | 'yaml',
  view: View,
): Promise<string> {
  const [{ inspectionData }, { formatData }] = await Promise.all([
    import('./data.ts'),
    import('../serialise.ts'),
  ]);
  const items = found.flatMap(({ shown }) => shown);
  return formatData(format, inspectionData(items, view));
}

function look(path: string, options: IdentifyOptions): Found {
  return isDirectory(path)
    ? { root: path, items: readFiles(path, options) }
    : { items: [readItem(path, options)] };
}

/** Whatever stands in the way (a loop of links, say) is for the one who reads it as a file to tell. */
function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false;
  }
}

function readFiles(root: string, options: IdentifyOptions): readonly Item[] {
  const progress = startProgress('files');
  try {
    return readDirectory(root, options, (done, total) => progress.update(done, total));
  } finally {
    progress.end();
  }
}

function judge({ root, items }: Found, view: View): Pick<Judged, 'shown' | 'problem'> {
  if (root !== undefined) return judgeDirectory(root, items, view);
  const [item] = items;
  return item === undefined ? { shown: [] } : judgeItem(item, view);
}

function judgeDirectory(
  root: string,
  items: readonly Item[],
  view: View,
): Pick<Judged, 'shown' | 'problem'> {
  if (items.some(isKnown)) {
    const problems = items.flatMap((item) =>
      problemsOf(item, view).map((problem) => `${relative(root, item.path) || '.'}: ${problem}`),
    );
    return { shown: items, ...counted(root, problems) };
  }
  const [first] = items;
  if (first?.path === root && first.content.format === 'unreadable') {
    return {
      shown: [],
      problem: new KubepkiError('FILE_SYSTEM', `${root}: ${first.content.reason}`),
    };
  }
  const problem = new KubepkiError(
    'NOT_FOUND',
    `${root}: no certificate, key, request or kubeconfig in it that could be read`,
  );
  return { shown: items, problem };
}

/** A file that was asked for by name must hold something, and its keys must open. */
function judgeItem(item: Item, view: View): Pick<Judged, 'shown' | 'problem'> {
  const problem = problemOf(item);
  if (problem !== undefined) return { shown: holdsMore(item) ? [item] : [], problem };
  return { shown: [item], ...counted(nameOf(item), problemsOf(item, view)) };
}

const MOST_NAMED = 3;

/** The last line about a path: how much is wrong, and where to look first. */
function counted(where: string, problems: readonly string[]): Pick<Judged, 'problem'> {
  if (problems.length === 0) return {};
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  const named = problems.slice(0, MOST_NAMED).join('; ');
  const more = problems.length > MOST_NAMED ? '; …' : '';
  return { problem: new KubepkiError('CONFLICT', `${where}: ${count}: ${named}${more}`) };
}

const nameOf = ({ path }: Item): string => (path === '-' ? 'standard input' : path);

/** Whether a file whose encrypted key stays closed holds anything besides. */
function holdsMore(item: Item): boolean {
  if (item.content.format === 'kubeconfig') return true;
  return allEntries(item).some(({ kind }) => !['lockedKey', 'malformed', 'other'].includes(kind));
}

function problemOf(item: Item): KubepkiError | undefined {
  const { content } = item;
  const where = nameOf(item);
  const failed = (code: ErrorCode, reason: string, hint?: string): KubepkiError =>
    new KubepkiError(code, `${where}: ${reason}`, hint === undefined ? {} : { hint });
  if (content.format === 'unreadable') {
    return failed(item.isEndpoint === true ? 'UNREACHABLE' : 'FILE_SYSTEM', content.reason);
  }
  if (content.format === 'unknown') return failed('UNSUPPORTED', content.reason);
  const archive = content.format === 'pkcs12' ? content.locked : undefined;
  const locked = archive ?? allEntries(item).find((entry) => entry.kind === 'lockedKey');
  if (locked !== undefined) {
    const hint =
      locked.code === 'PASSPHRASE_NEEDED'
        ? 'give its passphrase with --passphrase-file FILE'
        : 'check the first line of the --passphrase-file; if it is right, the file is damaged';
    return failed(locked.code, locked.reason, hint);
  }
  if (isKnown(item)) return undefined;
  return failed('MALFORMED_PEM', nothingKnown(allEntries(item)));
}

function nothingKnown(entries: readonly Entry[]): string {
  for (const entry of entries) {
    if (entry.kind === 'malformed') return `${entry.label}: ${entry.reason}`;
  }
  const [first] = entries;
  const label = first?.kind === 'other' ? quoted(first.label) : 'nothing';
  return `only a PEM block ${label}, which kubepki does not decode`;
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
