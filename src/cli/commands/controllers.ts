/** `kubepki controllers` */
import type { Command } from 'commander';
import type { ControllersFlags } from '../controllers.ts';
import { booleanFlag, GoFlagsCommand, listFlag } from '../go-flags.ts';
import { addSigningFlags } from '../signing-flags.ts';

const HELP = `
Controllers, all of them on unless --controllers says otherwise (*, foo, -foo):
  csrsigning        signs what is approved, for the four signers of kubernetes.io
  csrapproving      approves client certificates of nodes, where a SubjectAccessReview allows it
  servingapproving  approves serving certificates of nodes for what their Node object says, within
                    --allowed-cidrs and --allowed-dns-suffixes, and nobody else has; without
                    --allowed-cidrs it does not run (kube-controller-manager has none: the user needs the
                    verb approve on the signer, to read nodes, services, endpoint slices, and to write events)
  csrcleaner        deletes requests that are finished for an hour, or left for a day
  tokencleaner      deletes bootstrap tokens when they expire
  bootstrapsigner   signs ConfigMap cluster-info with each token, so that kubeadm join can trust it
  garbagecollector  deletes what has lost its owners, or takes the owner from it where it is to stay
  namespace         deletes what is in a namespace that is going, then lets it go
  serviceaccount    makes the service account default in each namespace
  root-ca-cert-publisher  keeps what verifies the API server as ConfigMap kube-root-ca.crt in each namespace
  trustbundlepublisher    keeps it as a ClusterTrustBundle of kubernetes.io/kube-apiserver-serving, too
  podcertificatesigning   signs PodCertificateRequests for kubernetes.io/kube-apiserver-client-pod: client
                    certificates of the pod's service account (kube-controller-manager has no such signer:
                    the user needs the verb sign on it, and to read pods and service accounts)
  podcertificatecleaner   deletes PodCertificateRequests that are a quarter of an hour old

Examples:
  kubepki controllers --kubeconfig=/etc/kubernetes/controller-manager.conf \\
    --cluster-signing-cert-file=/etc/kubernetes/pki/ca.crt \\
    --cluster-signing-key-file=/etc/kubernetes/pki/ca.key

  beside a kube-controller-manager, only what that does not do:
  kubepki controllers --kubeconfig=admin.conf --controllers=servingapproving \\
    --allowed-cidrs=10.20.0.0/16 --reserved-names=10.96.0.1,api.example.com

  what it would do, before it is let loose:
  kubepki controllers --kubeconfig=admin.conf --dry-run --allowed-cidrs=10.20.0.0/16

  in place of its signer and approver, which has --controllers=*,-csrsigning,-csrapproving,-csrcleaner:
  kubepki controllers --kubeconfig=admin.conf --cluster-signing-duration=24h \\
    --cluster-signing-kubelet-client-cert-file=ca.crt --cluster-signing-kubelet-client-key-file=ca.key

What happens is told on standard error, a line each. Ends with SIGINT or SIGTERM.`;

export function registerControllers(program: Command): void {
  const command = new GoFlagsCommand('controllers')
    .copyInheritedSettings(program)
    .description(
      'approve, sign and clean certificate signing requests in any cluster: flags as kube-controller-manager',
    )
    .option('--kubeconfig <file>', 'how to reach the API server; in a pod it can be left out');
  addSigningFlags(command);
  command
    .option(
      '--root-ca-file <file>',
      'CAs that verify the API server, to be published (default: what --kubeconfig verifies it with)',
    )
    .addOption(listFlag('controllers', 'list', 'which controllers run: *, foo, -foo (default: *)'))
    .addOption(
      listFlag(
        'allowed-cidrs',
        'list',
        'where the addresses of nodes lie, to serve at: 10.0.0.0/16',
      ),
    )
    .addOption(
      listFlag(
        'allowed-dns-suffixes',
        'list',
        'a node may serve as <its name>.<one of these>, too',
      ),
    )
    .addOption(
      listFlag(
        'reserved-names',
        'list',
        'what no node may serve as: other API servers, load balancers (the server of --kubeconfig, and what its certificate is for, are in it)',
      ),
    )
    .addOption(
      booleanFlag(
        'protect-existing-nodes',
        'a bootstrap token gets no certificate for a node that exists',
      ).default(true),
    )
    .addOption(
      booleanFlag(
        'dry-run',
        'decide on serving certificates and tell it (log, Events, metrics), approve none; nothing else runs',
      ).default(false),
    )
    .option(
      '--metrics-bind-address <address>',
      'where /metrics, /healthz and /readyz are, over plain HTTP: 127.0.0.1:8085 (default: nowhere)',
    )
    .addOption(
      booleanFlag('leader-elect', 'of several processes, only one works at a time').default(true),
    )
    .option('--leader-elect-resource-lock <type>', 'what they agree by: leases', 'leases')
    .option(
      '--leader-elect-resource-name <name>',
      'its name (that of kube-controller-manager is another)',
      'kubepki-controllers',
    )
    .option('--leader-elect-resource-namespace <namespace>', 'its namespace', 'kube-system')
    .addHelpText('after', HELP)
    .action(async (flags: ControllersFlags) => {
      const { runControllersCommand } = await import('../controllers.ts');
      await runControllersCommand(flags);
    });
  program.addCommand(command);
}
