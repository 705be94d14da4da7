/** `kubepki bundle` */
import type { Command } from 'commander';
import type { BundleFlags } from '../bundle/run.ts';
import { once } from '../csr/options.ts';

const EXAMPLES = `
Examples:
  kubepki bundle cp-1 -f cluster.yaml                            cp-1.tar, from pki/hosts/cp-1
  kubepki bundle cp-1 -f cluster.yaml -o - | ssh root@cp-1 tar -xf - -C /

The archive holds what the cluster file says is this host's and nothing else, owned by root, private keys
0600. The same files give the same bytes; SOURCE_DATE_EPOCH sets the date in it (default: 1970).`;

export function registerBundle(program: Command): void {
  program
    .command('bundle')
    .description('put everything that one host needs into a tar archive, to be unpacked there')
    .argument('<host>', 'a host of the cluster file')
    .addOption(
      once('-f, --filename <file>', 'the cluster file, - for standard input').makeOptionMandatory(),
    )
    .addOption(once('-d, --directory <dir>', 'where the PKI lies (default: pki)'))
    .addOption(
      once('-o, --output <file>', 'the archive, - for standard output (default: HOST.tar)'),
    )
    .option('--partial', 'take what is there and right, where not everything is')
    .option('--force', 'replace an archive that is there')
    .addHelpText('after', EXAMPLES)
    .action(async (host: string, flags: BundleFlags) => {
      const { bundleCommand } = await import('../bundle/run.ts');
      await bundleCommand(host, flags);
    });
}
