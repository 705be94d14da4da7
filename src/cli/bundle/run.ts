/** What `kubepki bundle` does: a host's files into an archive, and what is not in it told. */
import { resolve } from 'node:path';
import { lookAtFile } from '../../collect/index.ts';
import { KubepkiError, quoted } from '../../errors.ts';
import {
  type Bundle,
  bundle,
  MOST_SECONDS,
  requireFree,
  writeSingleFile,
} from '../../pki/index.ts';
import { loadCluster } from '../cluster-file.ts';
import { print, visible } from '../output.ts';
import { DEFAULT_DIRECTORY } from '../pki.ts';
import { requireNoCredential } from '../replaceable.ts';

export interface BundleFlags {
  readonly filename: string;
  readonly directory?: string;
  /** A file, or `-`. */
  readonly output?: string;
  readonly partial?: true;
  readonly force?: true;
}

export async function bundleCommand(host: string, flags: BundleFlags): Promise<void> {
  const { filename, directory = DEFAULT_DIRECTORY, output = `${host}.tar` } = flags;
  const isStream = output === '-';
  if (isStream && process.stdout.isTTY) {
    throw new KubepkiError('USAGE', 'an archive is not for a terminal', {
      hint: `pipe it somewhere, or give -o ${host}.tar`,
    });
  }
  const mtime = sourceDate(process.env['SOURCE_DATE_EPOCH']);
  const cluster = await loadCluster(filename);
  const made = bundle({
    cluster,
    place: { kind: 'directory', directory: resolve(directory) },
    host,
    partial: flags.partial === true,
    mtime,
    now: new Date(),
  });
  if (isStream) process.stdout.write(made.archive);
  else writeArchive(output, made, flags.force === true);
  tellWhatIsNotPlain(made);
  if (isStream) return;
  const count = made.paths.length;
  const target = cluster.layout === 'custom' ? 'the directory that the components read' : '/';
  print(
    [
      `${visible(output)}: ${count} ${count === 1 ? 'file' : 'files'} for ${host}, private keys among them (mode 0600)`,
      `On ${host}, as root: tar -xf ${visible(output)} -C ${target}`,
    ].join('\n'),
  );
}

/** @throws KubepkiError `CONFLICT` where there is another archive already; with `force` where it holds credentials that are no archive */
function writeArchive(path: string, { archive }: Bundle, force: boolean): void {
  if (force) {
    requireNoCredential(path, isArchive);
  } else {
    const there = lookAtFile(path, archive.length);
    const isSame = there.state === 'there' && there.bytes.equals(archive);
    if (isSame && (there.mode & 0o077) === 0) return;
    requireFree(path, 'give another name with -o, or --force to replace it');
  }
  writeSingleFile({ path, content: archive, mode: 0o600, replace: force });
}

/** The magic of POSIX tar. */
const isArchive = (bytes: Buffer): boolean => bytes.toString('latin1', 257, 262) === 'ustar';

const MOST_NAMED = 20;

function tellWhatIsNotPlain({ leftOut, noted, strays }: Bundle): void {
  const lines = [
    ...noted.map(({ path, note }) => `${path}: ${note}`),
    ...leftOut.map(({ path, reason }) => `left out: ${path}: ${reason}`),
    ...strays.slice(0, MOST_NAMED).map((path) => `left out: ${path}: no credential of this host`),
    ...(strays.length > MOST_NAMED ? [`left out: ${strays.length - MOST_NAMED} more files`] : []),
  ];
  for (const line of lines) process.stderr.write(`kubepki: ${visible(line)}\n`);
}

/** https://reproducible-builds.org/specs/source-date-epoch/ */
function sourceDate(text: string | undefined): number {
  if (text === undefined || text === '') return 0;
  const seconds = /^\d{1,11}$/.test(text) ? Number(text) : Number.NaN;
  if (seconds <= MOST_SECONDS) return seconds;
  throw new KubepkiError(
    'USAGE',
    `SOURCE_DATE_EPOCH ${quoted(text, 40)} is not a number of seconds`,
    {
      hint: `whole seconds since 1970, at most ${MOST_SECONDS}`,
    },
  );
}
