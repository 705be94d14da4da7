/** `kubepki token …`: bootstrap tokens, with the flags and the output of `kubeadm token`. */
import type { Command } from 'commander';
import { booleanFlag, GoFlagsCommand, listFlag } from '../go-flags.ts';
import { print } from '../output.ts';
import type { CreateFlags } from '../token/create.ts';

const KUBECONFIG_HELP =
  'kubeconfig of the cluster (default: $KUBECONFIG, ~/.kube/config, /etc/kubernetes/admin.conf, .kubepki/admin.conf: the first that is there)';

interface CommonFlags {
  readonly kubeconfig?: string;
  readonly dryRun?: boolean;
}

export function registerToken(program: Command): void {
  const group = new GoFlagsCommand('token')
    .copyInheritedSettings(program)
    .description(
      'make, list and delete bootstrap tokens, and what nodes need to join with them; flags as kubeadm token',
    )
    .option('--kubeconfig <file>', KUBECONFIG_HELP)
    .addHelpText('after', GROUP_HELP);
  program.addCommand(group);
  registerSetup(group);
  registerCreate(group);
  registerList(group);
  registerDelete(group);
  group
    .command('generate')
    .description('print a random token; nothing is created anywhere')
    .action(async () => {
      const { generateBootstrapToken } = await import('../../tokens/index.ts');
      print(generateBootstrapToken());
    });
}

const GROUP_HELP = `
Examples:
  kubepki token setup                                        once, so that nodes can join with tokens
  kubepki token create --ttl=1h --kubeconfig-out=bootstrap.conf
  kubepki token list --kubeconfig=.kubepki/admin.conf
  kubepki token create --node=worker-1 --print-node-command  for this one node: a line to run there
  kubepki token delete abcdef                                by its id, the part before the dot`;

const SETUP_HELP = `
Made are the bindings with which a bootstrap token can ask for a certificate that is approved by itself, and
ConfigMap cluster-info in kube-public, which anybody may read: the server's address and its CA, signed with
each token by the bootstrapsigner controller. With --kubeadm-join also ConfigMaps kubeadm-config and kubelet-config
in kube-system, with kubeadm's defaults and serverTLSBootstrap, and the right of tokens to read them and every Node.
As kubeadm init does, it also makes the group kubeadm:cluster-admins cluster-admin, and lets
kube-apiserver-kubelet-client call kubelets. What is there already stays as it is.`;

function registerSetup(group: Command): void {
  subcommand(group, 'setup', 'make what a cluster needs so that nodes can join it with tokens')
    .addOption(
      booleanFlag(
        'kubeadm-join',
        'and what kubeadm join needs, and reads: whoever has a token may then read every Node',
      ),
    )
    .addOption(booleanFlag('force', 'replace what is there and differs'))
    .addHelpText('after', SETUP_HELP)
    .action(async (_: unknown, command: Command) => {
      const { setUp } = await import('../token/setup.ts');
      await withCluster(command, async (cluster) =>
        setUp(cluster, command.opts<{ kubeadmJoin?: boolean; force?: boolean }>()),
      );
    });
}

const CREATE_HELP = `
The token lets new nodes ask for their certificates; who holds it can do so until it expires. One made with
--one-shot is good for one certificate: its first request binds it to one node, the first that is approved to one
key, and it is deleted when that node comes with its certificate, at most 15 minutes later. One made with --node
is that, and good for this node only, also where there is a Node of that name already: so a node comes back whose
certificate has expired. The cluster has to be ready for it: kubepki token setup, for kubeadm join with --kubeadm-join.

Examples:
  kubepki token create                                     a token for 24 hours
  kubepki token create --kubeconfig-out=bootstrap.conf     and what a kubelet, or kubepki node, starts with
  kubepki token create --print-join-command                the kubeadm join line for a new node
  kubepki token create --node=worker-1 --node-address=10.0.0.7 --print-node-command
                                                           the kubepki node line, for this node at this address
  kubepki token create --node=worker-1 --kubeconfig-out=- \\
    | ssh root@worker-1 'umask 077; cat > /etc/kubernetes/bootstrap-kubelet.conf; systemctl restart kubelet'
                                                           brings back a node that was off for a year`;

function registerCreate(group: Command): void {
  subcommand(group, 'create [token]', 'create a token in the cluster, and print it')
    .option('--ttl <duration>', 'how long it is good for: 90s, 30m, 24h; 0 for ever', '24h')
    .addOption(
      listFlag('usages', 'usage', 'what it is good for: signing, authentication (default: both)'),
    )
    .addOption(
      listFlag(
        'groups',
        'group',
        'groups of who comes with it (default: system:bootstrappers:kubeadm:default-node-token)',
      ),
    )
    .option('--description <text>', 'what it is for, for whoever lists tokens')
    .addOption(
      booleanFlag('print-join-command', 'print the kubeadm join line instead of the token alone'),
    )
    .option(
      '--node <name>',
      'the one node that the token is for, there already or not; it is then one-shot',
    )
    .addOption(
      listFlag(
        'node-address',
        'address',
        'addresses or subnets from which alone the token is accepted; it is then one-shot',
      ),
    )
    .addOption(booleanFlag('one-shot', 'good for one certificate, and deleted when it is used'))
    .addOption(
      booleanFlag(
        'print-node-command',
        'print a line that starts kubepki node on the new node instead of the token alone',
      ),
    )
    .option(
      '--certificate-key <key>',
      'with --print-join-command: the line for a control-plane node, with this key',
    )
    .option(
      '--kubeconfig-out <file>',
      'write a bootstrap kubeconfig with the token, too (0600); - prints it instead of the token',
    )
    .addOption(booleanFlag('force', 'replace the file of --kubeconfig-out'))
    .addHelpText('after', CREATE_HELP)
    .action(async (token: string | undefined, _: unknown, command: Command) => {
      const { createToken } = await import('../token/create.ts');
      await withCluster(command, async (cluster) =>
        createToken(cluster, token, command.optsWithGlobals<CreateFlags & CommonFlags>()),
      );
    });
}

function registerList(group: Command): void {
  subcommand(group, 'list', 'list the tokens of the cluster, with their secrets')
    .option('-o, --output <format>', 'text, json or yaml', 'text')
    .action(async (_: unknown, command: Command) => {
      const { listFormat, listTokens } = await import('../token/list.ts');
      const format = listFormat(command.opts<{ output: string }>().output);
      await withCluster(command, async (cluster) => listTokens(cluster, format));
    });
}

function registerDelete(group: Command): void {
  subcommand(group, 'delete [tokens...]', 'delete tokens, each named whole or by its id').action(
    async (tokens: readonly string[], _: unknown, command: Command) => {
      const { deleteTokens, tokenIds } = await import('../token/delete.ts');
      const ids = tokenIds(tokens);
      await withCluster(command, async (cluster) => deleteTokens(cluster, ids));
    },
  );
}

function subcommand(group: Command, usage: string, description: string): Command {
  return group
    .command(usage)
    .description(description)
    .option('--kubeconfig <file>', KUBECONFIG_HELP)
    .addOption(booleanFlag('dry-run', 'say what would be done, and do not do it'));
}

type Cluster = import('../token/cluster.ts').Cluster;

async function withCluster(
  command: Command,
  work: (cluster: Cluster) => Promise<void>,
): Promise<void> {
  const { connect } = await import('../token/cluster.ts');
  const { kubeconfig, dryRun = false } = command.optsWithGlobals<CommonFlags>();
  const cluster = await connect(kubeconfig, process.env, dryRun);
  try {
    await work(cluster);
  } finally {
    await cluster.client.close();
  }
}
