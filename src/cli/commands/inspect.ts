/** `kubepki inspect` */
import type { Command } from 'commander';
import { EXIT, KubepkiError } from '../../errors.ts';
import { parseAt } from '../inspect/validity.ts';
import { type OutputFormat, outputFormat } from '../output.ts';

const EXAMPLES = `
Examples:
  kubepki inspect apiserver.crt                       subject, names, dates and usages of a certificate
  kubepki inspect /etc/kubernetes                     every file below a directory, a line each
  kubepki inspect admin.conf -o json                  everything there is to know, for programs
  kubepki inspect ca.key --passphrase-file ca.pass    an encrypted key
  kubepki inspect store.p12 --passphrase-file p.pass  what a PKCS#12 archive holds
  kubepki inspect ca.crt ca.crl                       a revocation list, verified with its CA
  kubepki inspect 172.16.10.138:6443 --ca ca.crt      what a server shows, and whether a client would accept it
  kubectl create token default | kubepki inspect -    standard input; a token's claims, never its text

A path that exists is read as a file; what is no path and looks like host:port, [::1]:port or https://host:port
is an endpoint. Keys and tokens are never printed, and nobody vouches for what a token says: its signature is
not verified. Exit status: 1 if a path cannot be read, holds nothing that is known, or something damaged, or a
key that is not its certificate's, or if a client that trusts --ca would refuse an endpoint; also where a directory
holds more than 20,000 certificates and keys, or 64 MiB of them, and not all of it was looked at. A file with several
names is shown under the first.`;

interface InspectOptions {
  readonly output: OutputFormat;
  readonly passphraseFile?: string;
  readonly at?: Date;
  readonly ca?: string;
  readonly servername?: string;
  readonly timeout: string;
}

export function registerInspect(program: Command): void {
  program
    .command('inspect')
    .description(
      'show what a certificate, key, bundle, request, revocation list, PKCS#12 archive, token, kubeconfig or TLS endpoint holds, or list a directory of them',
    )
    .argument('<path...>', 'files, directories or endpoints (host:port), - for standard input')
    .option('-o, --output <format>', 'table, wide, json or yaml', outputFormat, 'table')
    .option(
      '--passphrase-file <file>',
      'a file with the passphrase of encrypted keys and PKCS#12 archives on its first line',
    )
    .option(
      '--at <date>',
      'the date to judge by, instead of now: 2027-01-31 or 2027-01-31T12:00:00Z',
      parseAt,
    )
    .option(
      '--ca <file>',
      'CAs that endpoints and revocation lists are judged by: certificates, or a kubeconfig',
    )
    .option('--servername <name>', 'the name that an endpoint is asked for and has to cover')
    .option('--timeout <duration>', 'how long an endpoint may take to answer', '10s')
    .addHelpText('after', EXAMPLES)
    .action(async (paths: string[], options: InspectOptions) => {
      const { output, passphraseFile, at: now = new Date(), ca, servername } = options;
      const { inspect } = await import('../inspect/run.ts');
      const timeout = await parseTimeout(options.timeout);
      let passphrase: Uint8Array | undefined;
      if (passphraseFile !== undefined) {
        const { readPassphraseFile } = await import('../passphrase.ts');
        passphrase = readPassphraseFile(passphraseFile);
      }
      const status = await inspect({
        paths,
        output,
        now,
        timeout,
        ...(ca === undefined ? {} : { caFile: ca }),
        ...(servername === undefined ? {} : { servername }),
        ...(passphrase === undefined ? {} : { passphrase }),
      });
      if (status !== EXIT.ok) process.exitCode = status;
    });
}

/** More than anybody waits for, and less than timers hold. */
const MOST_SECONDS = 3600;

async function parseTimeout(text: string): Promise<number> {
  const { parseDuration } = await import('../../cluster/index.ts');
  let seconds: number | undefined;
  try {
    seconds = parseDuration(text);
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
  }
  if (seconds !== undefined && seconds <= MOST_SECONDS) return seconds * 1000;
  throw new KubepkiError('USAGE', `--timeout ${text}: not a length of time up to an hour`, {
    hint: 'as in 10s or 1m',
  });
}
