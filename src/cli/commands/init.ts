/** `kubepki init` */
import { type Command, Option } from 'commander';
import { EXIT, KubepkiError } from '../../errors.ts';
import { collectHost, type InitFlags } from '../init/flags.ts';

const EXAMPLES = `
Examples:
  kubepki init                                        asks, on a terminal; an example to start from, in a pipe
  kubepki init --name prod --control-plane-endpoint api.example.com:6443 \\
    --host cp-1=172.16.10.11:control-plane,etcd --host worker-1=172.16.10.21:worker
  kubepki init --from /etc/kubernetes                 the cluster file of a machine that kubeadm has set up
  kubepki init --from pki -o lab.yaml                 of a directory made by easy-rsa, openssl, cfssl or by hand
  kubepki init --from pki | kubepki plan -f - -d pki  what is missing there, without a file

What --from finds goes to stderr; flags that say something of the cluster count more than what is found.
The directory is read only. Exit status: 1 where nothing of a PKI is in it.`;

/** The value of a flag that can be given once. */
const once =
  (flag: string) =>
  (value: string, previous: string | undefined): string => {
    if (previous !== undefined) throw new KubepkiError('USAGE', `${flag} is given twice`);
    if (value === '') throw new KubepkiError('USAGE', `${flag} is empty`);
    return value;
  };

const option = (flags: string, description: string): Option =>
  new Option(flags, description).argParser(once(flags.replace(/^-\w, | <.*$/g, '')));

export function registerInit(program: Command): void {
  program
    .command('init')
    .description('write a cluster file: for a new cluster, or for the PKI that a directory holds')
    .addOption(option('--from <dir>', 'describe what is in this directory, made by whatever tool'))
    .addOption(
      option(
        '-o, --output <file>',
        'where to write, - for standard output (default: cluster.yaml on a terminal, else -)',
      ),
    )
    .option('--force', 'replace a file that is there already')
    .addOption(option('--name <name>', 'name of the cluster'))
    .addOption(option('--control-plane-endpoint <host:port>', 'where clients find kube-apiserver'))
    .addOption(
      new Option(
        '--host <name=address,…:role,…>',
        'a host with its addresses and roles (control-plane, etcd, worker); may be repeated',
      ).argParser(collectHost),
    )
    .addOption(option('--kubernetes-version <version>', 'such as 1.36 or v1.36.3'))
    .addOption(option('--service-cidr <subnet,…>', "of Services' addresses; two for dual stack"))
    .addOption(option('--service-dns-domain <domain>', "the cluster's DNS domain"))
    .addOption(
      option(
        '--apiserver-cert-extra-sans <name,…>',
        "more names for kube-apiserver's certificates",
      ),
    )
    .addOption(new Option('--layout <layout>', 'names of files').choices(['kubeadm', 'binary']))
    .addOption(
      new Option('--key-algorithm <algorithm>', 'of every key').choices([
        'ECDSA-P256',
        'ECDSA-P384',
        'RSA-2048',
        'RSA-3072',
        'RSA-4096',
      ]),
    )
    .addOption(
      option(
        '--ca-passphrase-file <file>',
        'with --from: opens encrypted keys, to tell whose they are (or KUBEPKI_CA_PASSPHRASE)',
      ),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (flags: InitFlags) => {
      const { init } = await import('../init/run.ts');
      const status = await init(flags);
      if (status !== EXIT.ok) process.exitCode = status;
    });
}
