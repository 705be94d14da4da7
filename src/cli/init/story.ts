/** What an adoption has found, on one screen for the operator: to stderr, since stdout may be the cluster file. */
import { resolve } from 'node:path';
import type { Proposal, Report } from '../../pki/index.ts';
import { formatTable, visible } from '../output.ts';

/** Lines of each list; the cluster file has more of them. */
const MOST_LINES = 8;

export function formatStory(proposal: Proposal, directory: string): string {
  const { recognised, counts, matched, missing, untold, problems, leftOver } = proposal;
  const what = `${counted(counts.certificates, 'certificate')}, ${counted(counts.keys, 'key')}, ${counted(counts.kubeconfigs, 'kubeconfig')}`;
  const rows = matched.map(({ id, files, count, notAfter, why }) => [
    id,
    short(together(files)) + (count > 1 ? ` (${count})` : ''),
    notAfter === undefined ? '' : notAfter.toISOString().slice(0, 10),
    why,
  ]);
  const left = leftOver.files.map(({ path, what: kind }) => `${path}: ${kind}`);
  return [
    `${visible(directory)} is ${recognised}: ${what} in ${counted(counts.files, 'file')}.`,
    '',
    formatTable(['CREDENTIAL', 'FILES', 'UNTIL', 'RECOGNISED BY'], rows),
    ...(missing.length === 0 ? [] : ['', `Not there, apply would make: ${missing.join(', ')}`]),
    ...list('Could not be told:', untold),
    ...list('Worth a look:', problems),
    ...list(`Left over, ${counted(left.length, 'file')}:`, left),
    ...(leftOver.copies === 0
      ? []
      : [
          '',
          `${counted(leftOver.copies, 'file')} more: copies and requests of what was recognised.`,
        ]),
  ].join('\n');
}

const counted = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? '' : 's'}`;

const MOST_CHARACTERS = 72;

/** `ca.{crt,key}` for two files that differ in their endings only. */
function together(files: readonly string[]): string {
  const [first = '', second, ...others] = files;
  const dot = first.lastIndexOf('.') + 1;
  const isShared = second !== undefined && dot > 0 && second.startsWith(first.slice(0, dot));
  if (!isShared || others.length > 0 || second.slice(dot).includes('/')) return files.join(', ');
  return `${first.slice(0, dot)}{${first.slice(dot)},${second.slice(dot)}}`;
}

const short = (text: string): string =>
  text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;

function list(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const shown = lines.slice(0, MOST_LINES).map((line) => `  - ${visible(line)}`);
  if (lines.length > MOST_LINES) shown.push(`  - and ${lines.length - MOST_LINES} more`);
  return ['', title, ...shown];
}

/** What plan says on the result: the first refusals with their reasons, and the counts. */
export function formatPlan({ steps, counts }: Report): string {
  const refused = steps
    .filter(({ action }) => action === 'refuse')
    .map(({ credential, place, reason }) => `${credential} (${place}): ${reason ?? ''}`);
  const summary = Object.entries(counts)
    .filter(([action, count]) => count > 0 || action === 'create' || action === 'refuse')
    .map(([action, count]) => `${count} to ${action}`)
    .join(', ');
  const idle = Object.entries(counts).every(([action, count]) => action === 'keep' || count === 0);
  return [
    ...list('plan objects to:', refused),
    '',
    `plan says: ${idle ? 'nothing to do: ' : ''}${summary}`,
  ].join('\n');
}

/** The line that looks at it again, to be typed as it stands. */
export function planLine(
  { place, isLocked }: Proposal,
  directory: string,
  file: string,
  passphraseFile?: string,
): string {
  const isSame = resolve(directory) === place.directory;
  const at =
    place.kind === 'machine'
      ? `--host ${shellWord(place.host)} --root ${shellWord(place.root)}`
      : `-d ${shellWord(isSame ? directory : place.directory)}`;
  const passphrase =
    passphraseFile === undefined && !isLocked
      ? ''
      : ` --ca-passphrase-file ${shellWord(passphraseFile ?? 'FILE')}`;
  return `kubepki plan -f ${shellWord(file)} ${at}${passphrase}`;
}

const shellWord = (text: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${visible(text).replaceAll("'", "'\\''")}'`;
