/** What plan and apply share: their flags, and the call. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { KubepkiError } from '../errors.ts';
import type { Mode, Place, Report } from '../pki/index.ts';
import { type OutputFormat, outputFormat } from './output.ts';
import { startProgress } from './progress.ts';

export interface PkiOptions {
  readonly filename: string;
  readonly directory?: string;
  readonly host?: string;
  readonly root?: string;
  readonly output: OutputFormat;
}

export const DEFAULT_DIRECTORY = 'pki';

/** The value of a flag that can be given once: of two values one would be passed over in silence. */
const once =
  (flag: string) =>
  (value: string, previous: string | undefined): string => {
    if (previous !== undefined) throw new KubepkiError('USAGE', `${flag} is given twice`);
    if (value === '') throw new KubepkiError('USAGE', `${flag} is empty`);
    return value;
  };

export function addPkiOptions(command: Command): Command {
  return command
    .requiredOption(
      '-f, --filename <file>',
      'the cluster file, - for standard input',
      once('--filename'),
    )
    .option(
      '-d, --directory <dir>',
      `where the PKI lies (default: ${DEFAULT_DIRECTORY}, without --root)`,
      once('--directory'),
    )
    .option(
      '--host <name>',
      'only this host of the cluster file, on the machine itself; goes with --root',
      once('--host'),
    )
    .option(
      '--root <dir>',
      'the root of its file system, / on the machine itself; goes with --host',
      once('--root'),
    )
    .option(
      '-o, --output <format>',
      'table, wide (every file), json or yaml',
      outputFormat,
      'table',
    );
}

function placeOf(options: PkiOptions): Place {
  const { host, root } = options;
  if (host !== undefined && root !== undefined) {
    const directory =
      options.directory === undefined ? {} : { directory: resolve(options.directory) };
    return { kind: 'machine', host, root: resolve(root), ...directory };
  }
  if (host !== undefined || root !== undefined) {
    throw new KubepkiError('USAGE', '--host and --root go together', {
      hint: 'on the machine itself: --host NAME --root /',
    });
  }
  return { kind: 'directory', directory: resolve(options.directory ?? DEFAULT_DIRECTORY) };
}

export async function runPki(mode: Mode, options: PkiOptions): Promise<Report> {
  const place = placeOf(options);
  const [{ loadCluster }, pki] = await Promise.all([
    import('./cluster-file.ts'),
    import('../pki/index.ts'),
  ]);
  const cluster = await loadCluster(options.filename);
  const progress = startProgress('hosts');
  try {
    return await pki[mode]({
      cluster,
      place,
      now: new Date(),
      onProgress: (done, total) => progress.update(done, total),
    });
  } finally {
    progress.end();
  }
}
