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
  readonly caPassphraseFile?: string;
  readonly signerCommand?: string;
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
      '--ca-passphrase-file <file>',
      'opens the encrypted keys of CAs and encrypts those that are made: the first line of the file (else KUBEPKI_CA_PASSPHRASE, else asked for on a terminal)',
      once('--ca-passphrase-file'),
    )
    .option(
      '--signer-command <command>',
      'signs for the CAs whose key is not there: a program and its arguments, or a JSON array of them; to-be-signed bytes on its stdin, signature on its stdout',
      once('--signer-command'),
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
  const [{ loadCluster }, pki, { withCaPassphrase }] = await Promise.all([
    import('./cluster-file.ts'),
    import('../pki/index.ts'),
    import('./passphrase.ts'),
  ]);
  const signer =
    options.signerCommand === undefined
      ? {}
      : { signer: pki.parseSignerCommand(options.signerCommand) };
  const cluster = await loadCluster(options.filename, place.kind === 'machine' ? place : undefined);
  const now = new Date();
  return await withCaPassphrase(options.caPassphraseFile, async (passphrase) => {
    const progress = startProgress('hosts');
    try {
      return await pki[mode]({
        cluster,
        place,
        now,
        ...signer,
        ...(passphrase === undefined ? {} : { passphrase }),
        onProgress: (done, total) => progress.update(done, total),
      });
    } finally {
      progress.end();
    }
  });
}
