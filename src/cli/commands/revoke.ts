/** `kubepki revoke`: takes a credential, or a user, out of use. */
import type { Command } from 'commander';
import { outputFormat } from '../output.ts';
import type { RevokeFlags } from '../revoke/run.ts';

const HELP = `
The server refuses what is revoked from the next request on, and ends its watches; a restart changes nothing
of it. Only kubepki's server does that: kube-apiserver knows no revocation. One certificate is refused by
--certificate or --fingerprint; whoever holds it may have others, which --user refuses with it.

Examples:
  kubepki revoke --certificate=admin.conf --reason='laptop stolen'    the certificate in that kubeconfig
  kubepki revoke --user=jane --reason='has left'                      whatever she comes with
  kubepki revoke --token-id=07401b --reason='posted in a chat'        a bootstrap token, by what stands before its dot
  kubectl get csr NAME -o jsonpath='{.status.certificate}' | base64 -d |
    kubepki revoke --certificate=- --reason='node was broken into'    one that was issued in the cluster
  kubepki revoke --list                                               what is revoked, by whom, when and why
  kubepki revoke --delete=NAME                                        let it in again`;

export function registerRevoke(program: Command): void {
  program
    .command('revoke')
    .description("refuse a credential, or all of a user's, at kubepki's server from now on")
    .option(
      '--kubeconfig <file>',
      'kubeconfig of whoever revokes (default: $KUBECONFIG, ~/.kube/config, /etc/kubernetes/admin.conf, .kubepki/admin.conf: the first that is there)',
    )
    .option(
      '--certificate <file>',
      'the certificate in this file (PEM, which may hold the key as well, or a kubeconfig), or in standard input for -',
    )
    .option('--fingerprint <hex>', 'the certificate with this SHA-256, with colons or without')
    .option('--token-id <id>', 'the bootstrap token with this id, the part before the dot')
    .option(
      '--credential-id <id>',
      'what the audit log calls authentication.kubernetes.io/credential-id',
    )
    .option('--user <name>', 'the user of exactly this name, with every credential')
    .option('--reason <text>', 'why, for whoever lists revocations later')
    .option('--list', 'list what is revoked')
    .option('--delete <name>', 'delete a revocation: what it revoked is let in again')
    .option('-o, --output <format>', 'table, json or yaml', outputFormat, 'table')
    .addHelpText('after', HELP)
    .action(async (flags: RevokeFlags) => {
      const { runRevoke } = await import('../revoke/run.ts');
      await runRevoke(flags);
    });
}
