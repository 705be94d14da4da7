/** `kubepki inspect` */
import type { Command } from 'commander';
import { EXIT } from '../../errors.ts';
import { parseAt } from '../inspect/validity.ts';
import { type OutputFormat, outputFormat } from '../output.ts';

const EXAMPLES = `
Examples:
  kubepki inspect apiserver.crt                       subject, names, dates and usages of a certificate
  kubepki inspect /etc/kubernetes                     every file below a directory, a line each
  kubepki inspect admin.conf -o json                  everything there is to know, for programs
  kubepki inspect ca.key --passphrase-file ca.pass    an encrypted key
  kubectl config view --raw | kubepki inspect -       standard input

Keys and tokens are never printed. Exit status: 1 if a path cannot be read, holds nothing that is known,
or something damaged, or a key that is not its certificate's.`;

interface InspectOptions {
  readonly output: OutputFormat;
  readonly passphraseFile?: string;
  readonly at?: Date;
}

export function registerInspect(program: Command): void {
  program
    .command('inspect')
    .description(
      'show what a certificate, key, bundle, request or kubeconfig holds, or list a directory of them',
    )
    .argument('<path...>', 'files or directories, - for standard input')
    .option('-o, --output <format>', 'table, wide, json or yaml', outputFormat, 'table')
    .option(
      '--passphrase-file <file>',
      'a file with the passphrase of encrypted keys on its first line',
    )
    .option(
      '--at <date>',
      'the date to judge by, instead of now: 2027-01-31 or 2027-01-31T12:00:00Z',
      parseAt,
    )
    .addHelpText('after', EXAMPLES)
    .action(async (paths: string[], options: InspectOptions) => {
      const { output, passphraseFile, at: now = new Date() } = options;
      const { inspect } = await import('../inspect/run.ts');
      let passphrase: Uint8Array | undefined;
      if (passphraseFile !== undefined) {
        const { readPassphraseFile } = await import('../passphrase.ts');
        passphrase = readPassphraseFile(passphraseFile);
      }
      const status = await inspect({
        paths,
        output,
        now,
        ...(passphrase === undefined ? {} : { passphrase }),
      });
      if (status !== EXIT.ok) process.exitCode = status;
    });
}
