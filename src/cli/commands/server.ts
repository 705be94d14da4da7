/** `kubepki server` */
import type { Command } from 'commander';
import { KubepkiError } from '../../errors.ts';
import { booleanFlag, GoFlagsCommand, listFlag } from '../go-flags.ts';
import type { ServerFlags } from '../server/config.ts';
import { addSigningFlags } from '../signing-flags.ts';

const EXAMPLES = `
Example, with the files that kubepki apply has made for a control plane:
  cd pki/hosts/cp-1/etc/kubernetes/pki
  kubepki server --data-dir /var/lib/kubepki \\
    --tls-cert-file apiserver.crt --tls-private-key-file apiserver.key --client-ca-file ca.crt \\
    --cluster-signing-cert-file ca.crt --cluster-signing-key-file ca.key --root-ca-file ca.crt \\
    --enable-bootstrap-token-auth

Certificates, CAs, keys and tokens are read again when their files change, and at SIGHUP at once (which
also opens the audit log anew). What happens is told on standard error, a line each. Ends with SIGINT or
SIGTERM: what is under way is finished; a second time, at once.`;

export function registerServer(program: Command): void {
  const command = new GoFlagsCommand('server')
    .copyInheritedSettings(program)
    .description(
      'a certificate authority that speaks the Kubernetes API: flags as kube-apiserver and kube-controller-manager',
    )
    .requiredOption('--data-dir <dir>', 'where the database lies')
    .option('--bind-address <ip>', 'address to listen on', '0.0.0.0')
    .option('--secure-port <port>', 'port to listen on', portOf, 6443)
    .option(
      '--advertise-address <ip>',
      'where others reach it: the service kubernetes leads there (default: where it listens, or this machine)',
    )
    .option(
      '--service-cluster-ip-range <cidr>',
      'addresses for services, the first for the service kubernetes; two of different families with a comma (default 10.0.0.0/24)',
    )
    .option(
      '--service-node-port-range <range>',
      'node ports for services: 30000-32767, 30000+2767 (default 30000-32767)',
    )
    .option('--tls-cert-file <file>', 'certificate of the server, with what is below its CA')
    .option('--tls-private-key-file <file>', 'its key')
    .option('--client-ca-file <file>', 'CAs that verify client certificates')
    .option(
      '--requestheader-client-ca-file <file>',
      'CAs that verify a proxy in front, which may speak for others',
    )
    .addOption(
      listFlag(
        'requestheader-allowed-names',
        'list',
        'common names of such proxies; without it, whoever has a certificate of these CAs',
      ),
    )
    .addOption(
      listFlag('requestheader-username-headers', 'list', 'headers with the user: X-Remote-User'),
    )
    .addOption(listFlag('requestheader-uid-headers', 'list', 'with the UID: X-Remote-Uid'))
    .addOption(listFlag('requestheader-group-headers', 'list', 'with groups: X-Remote-Group'))
    .addOption(
      listFlag(
        'requestheader-extra-headers-prefix',
        'list',
        'beginnings of headers with extra values: X-Remote-Extra-',
      ),
    )
    .option('--token-auth-file <file>', 'static tokens: token,user,uid,"group1,group2"')
    .addOption(booleanFlag('enable-bootstrap-token-auth', 'accept bootstrap tokens').default(false))
    .addOption(
      booleanFlag('anonymous-auth', 'let in who shows no credential, as system:anonymous').default(
        true,
      ),
    )
    .addOption(
      booleanFlag(
        'enable-garbage-collector',
        'dependents go with their owners, or lose them; without, deletions leave no work for it',
      ).default(true),
    )
    .addOption(
      listFlag(
        'authorization-mode',
        'list',
        'who is asked whether somebody may do something, in order: Node, RBAC, AlwaysAllow, AlwaysDeny (default Node,RBAC)',
      ),
    )
    .addOption(listFlag('api-audiences', 'list', 'whom tokens are for, as TokenReviews tell it'))
    .option('--audit-log-path <file>', 'where each request is noted, as audit.k8s.io/v1 Events')
    .option(
      '--encryption-provider-config <file>',
      'how stored objects are encrypted: an EncryptionConfiguration (apiserver.config.k8s.io/v1)',
    )
    .addOption(
      booleanFlag(
        'encryption-provider-config-automatic-reload',
        'read that file again when it has changed',
      ).default(false),
    );
  addSigningFlags(command);
  command
    .option(
      '--root-ca-file <file>',
      'CAs that verify this server, to be published in each namespace and as a ClusterTrustBundle; without it nobody does',
    )
    .option(
      '--max-requests-inflight <n>',
      'requests that read at the same time (default 400; 0: any)',
    )
    .option(
      '--max-mutating-requests-inflight <n>',
      'other requests at the same time (default 200; 0: any)',
    )
    .option(
      '--request-timeout <duration>',
      'longest time for a request, but for watches (default 1m)',
    )
    .option(
      '--http2-max-streams-per-connection <n>',
      'requests at the same time over one connection of HTTP/2 (default 250)',
    )
    .option(
      '--goaway-chance <fraction>',
      'part of the requests of HTTP/2 after which a client shall connect anew, where there are several servers; 0 to 0.02',
    )
    .option(
      '--shutdown-delay-duration <duration>',
      'how long it serves on when it is to end, with /readyz failing (default 0s)',
    )
    .addOption(
      booleanFlag(
        'shutdown-send-retry-after',
        'answer new requests with 429 while it ends, until those under way are done',
      ),
    )
    .addOption(
      booleanFlag(
        'bind-node-credentials',
        'accept the certificate of a node from its own address only: the one that its request came from, or those that its token or the cluster file declares',
      ).default(false),
    )
    .option(
      '--cluster-file <file>',
      'cluster.yaml, which declares the addresses of its hosts for --bind-node-credentials',
    )
    .addOption(
      listFlag(
        'proxy-protocol-from',
        'list',
        'addresses of balancers that have to say with the PROXY protocol (version 1 or 2) whose connections they hand on, and are believed',
      ),
    )
    .addOption(listFlag('controllers', 'list', 'which controllers run: *, foo, -foo (default: *)'))
    .addOption(
      listFlag(
        'allowed-cidrs',
        'list',
        'addresses that kubelet serving certificates may be for; without it, with --bind-node-credentials, that which a node asks from; without both nobody approves them',
      ),
    )
    .addOption(
      listFlag('allowed-dns-suffixes', 'list', 'domains that nodes may have serving names in'),
    )
    .addOption(
      listFlag(
        'reserved-names',
        'list',
        'what no node may serve as: other API servers, a load balancer (the names in --tls-cert-file are in it)',
      ),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (flags: ServerFlags) => {
      const { runServer } = await import('../server/run.ts');
      await runServer(flags);
    });
  program.addCommand(command);
}

export function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port >= 1 && port <= 65_535) return port;
  throw new KubepkiError('USAGE', 'a port is a number from 1 to 65535');
}
