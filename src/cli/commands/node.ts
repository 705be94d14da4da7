/** `kubepki node` */
import type { Command } from 'commander';
import { KubepkiError } from '../../errors.ts';
import { booleanFlag, GoFlagsCommand } from '../go-flags.ts';
import type { NodeFlags } from '../node.ts';

const EXAMPLES = `
Examples:
  kubepki node --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf \\
    --kubeconfig=/etc/kubernetes/kubelet.conf --client-ca-file=/etc/kubernetes/pki/ca.crt
  kubepki node … --exit-after-bootstrap        for scripts: ends when the node is one of the cluster's
  kubepki node … --register-node=false         certificates only, the Node is a kubelet's business
  kubepki node --beside-kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf \\
    --kubeconfig=/etc/kubernetes/kubelet.conf  the kubelet bootstraps; its token goes when it is in
  kubepki node … --hostname-override=other --node-ip=127.0.2.1 --address=127.0.2.1
                                               one more on this machine, with --kubeconfig and --cert-dir of its own

What happens is told on standard error, a line each. Ends with SIGINT or SIGTERM. Exit status: 1 where
the node cannot start, or where the server has refused it a certificate for five minutes: before it has joined,
or without --bootstrap-kubeconfig.`;

export function registerNode(program: Command): void {
  const command = new GoFlagsCommand('node')
    .copyInheritedSettings(program)
    .description(
      "the kubelet's part of TLS bootstrapping, with the kubelet's flags: certificates asked for, kept and renewed",
    )
    .option(
      '--bootstrap-kubeconfig <file>',
      'kubeconfig to ask for the first certificate with; deleted when the node has proven its own',
    )
    .requiredOption('--kubeconfig <file>', 'kubeconfig of the node; written when it bootstraps')
    .option('--cert-dir <dir>', 'where its certificates lie', '/var/lib/kubelet/pki')
    .option('--hostname-override <name>', "name of the node, instead of the machine's host name")
    .option('--node-ip <ip>', 'address of the node, or one of each family, comma-separated')
    .option('--address <ip>', 'address that the HTTPS endpoint listens on', '0.0.0.0')
    .option('--port <port>', 'port of the HTTPS endpoint', portOf, 10250)
    .option('--client-ca-file <file>', 'CAs that verify who calls the HTTPS endpoint')
    .addOption(booleanFlag('register-node', 'make the Node, and keep it alive').default(true))
    .option('--node-labels <labels>', 'labels of the Node: key=value, comma-separated')
    .addOption(booleanFlag('rotate-certificates', 'renew the client certificate').default(true))
    .addOption(
      booleanFlag(
        'rotate-server-certificates',
        'ask for a serving certificate, renew it, and prove it at the HTTPS endpoint',
      ).default(true),
    )
    .addOption(
      booleanFlag('keep-bootstrap-kubeconfig', 'do not delete the bootstrap kubeconfig').default(
        false,
      ),
    )
    .addOption(
      booleanFlag(
        'exit-after-bootstrap',
        'end when the client certificate is proven and the Node registered',
      ).default(false),
    )
    .addOption(
      booleanFlag(
        'beside-kubelet',
        "a kubelet bootstraps with these two kubeconfigs: delete the first when its own certificate is proven, and say when it does not renew; other flags but exit-after-bootstrap don't count",
      ).default(false),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (flags: NodeFlags) => {
      const { runNode } = await import('../node.ts');
      await runNode(flags);
    });
  program.addCommand(command);
}

/** 0 is none of the kubelet's: any port that is free. */
function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new KubepkiError('USAGE', '--port: expected a number from 0 to 65535');
}
