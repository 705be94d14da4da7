/** `kubepki csr …`: certification requests, made, shown and signed. */
import { type Command, Option } from 'commander';
import { EXIT } from '../../errors.ts';
import type { NewOptions } from '../csr/new.ts';
import { once, refuseFileNames, textFormat } from '../csr/options.ts';
import type { SignOptions } from '../csr/sign.ts';
import { arrayFlag, listFlag } from '../go-flags.ts';

export function registerCsr(program: Command): void {
  const group = program
    .command('csr')
    .description('requests for certificates: make them with their keys, look at them, sign them');
  registerNew(group);
  registerShow(group);
  registerSign(group);
}

const OUTPUT = (): Option =>
  new Option('-o, --output <format>', 'text, json or yaml').argParser(textFormat).default('text');

const NEW_EXAMPLES = `
Examples:
  kubepki csr new -f cluster.yaml --credential apiserver --host cp-1       cp-1-apiserver.key and cp-1-apiserver.csr
  kubepki csr new -f cluster.yaml --credential apiserver --host cp-1 -d pki    where apply looks for them
  kubepki csr new --common-name jane --organization dev --usage clientAuth --out jane.csr
  kubepki csr new --subject CN=web,OU=shop --dns web.example.com --usage serverAuth --key web.key --out web.csr

Nothing is overwritten. The key is written first, with mode 0600; it never has to leave this machine.`;

function registerNew(group: Command): void {
  group
    .command('new')
    .description('make a key and a request for it: what a cluster file says, or what flags say')
    .addOption(once('-f, --filename <file>', 'the cluster file, - for standard input'))
    .addOption(once('--credential <id>', "with -f: which of the cluster's certificates"))
    .addOption(once('--host <name>', 'with -f: the host that it is for'))
    .addOption(
      once(
        '-d, --directory <dir>',
        'with -f: put both where apply looks for them in this directory',
      ),
    )
    .addOption(once('--subject <name>', 'the subject, as CN=jane,O=dev'))
    .addOption(once('--common-name <name>', 'the common name: the user, for a client'))
    .addOption(
      arrayFlag(
        'organization',
        'name',
        'an organization: a group, for a client; several times for several',
      ),
    )
    .addOption(listFlag('dns', 'names', 'DNS names, with commas between them'))
    .addOption(listFlag('ip', 'addresses', 'IP addresses, with commas between them'))
    .addOption(listFlag('usage', 'usages', 'serverAuth, clientAuth; without it the CA decides'))
    .addOption(
      once(
        '--key-algorithm <algorithm>',
        'RSA-2048, RSA-3072, RSA-4096, ECDSA-P256 (default) or ECDSA-P384',
      ),
    )
    .addOption(
      once('--key <file>', 'a key that is there, in the place of a new one; - for standard input'),
    )
    .addOption(
      once('--passphrase-file <file>', 'opens an encrypted --key: the first line of the file'),
    )
    .addOption(
      once(
        '--out <file>',
        'the request, - for standard output (default with -f: [HOST-]CREDENTIAL.csr)',
      ),
    )
    .addOption(once('--out-key <file>', 'the new key (default: as --out, ending in .key)'))
    .addOption(OUTPUT())
    .addHelpText('after', NEW_EXAMPLES)
    .action(async (options: NewOptions) => {
      const { newRequest } = await import('../csr/new.ts');
      await newRequest(options);
    });
}

const SHOW_EXAMPLES = `
Exit status: 1 where a file holds no request, or one whose signature does not prove that its maker holds the key.`;

function registerShow(group: Command): void {
  group
    .command('show')
    .description('show what requests ask for, and whether their makers hold the keys')
    .argument('<file...>', 'requests, - for standard input')
    .addOption(OUTPUT())
    .addHelpText('after', SHOW_EXAMPLES)
    .action(async (paths: string[], { output }: Pick<SignOptions, 'output'>) => {
      refuseFileNames(wordsOf(group));
      const { showRequests } = await import('../csr/show.ts');
      const status = await showRequests(paths, output, new Date());
      if (status !== EXIT.ok) process.exitCode = status;
    });
}

const SIGN_EXAMPLES = `
What may be signed: with -f just what the cluster file says, with --policy what that file says, with
neither only names that are allowed by flags. All requests are judged before the first is signed.

With -f a request in a tree …/hosts/NAME/ is judged as that host's, at the place of one of its requests as
just that one; administrators' certificates (system:masters, kubeadm:cluster-admins) are signed by their
--credential only, or from admin/ of -d. Put ./ before patterns, or -- before the files: a file can have
the name of an option.

Examples:
  kubepki csr sign -f cluster.yaml -d pki cp-1-apiserver.csr                       certificates of a cluster
  kubepki csr sign -f cluster.yaml --ca etcd-ca --ca-cert ca.crt --ca-key ca.key ./etcd/*.csr    where the CA's key lies
  kubepki csr sign --policy policy.yaml --ca-cert ca.crt --ca-key ca.key ./*.csr
  kubepki csr sign --ca-cert ca.crt --ca-key ca.key --allow-common-name jane --allow-organization dev jane.csr

See docs/operations/requests.md.`;

function registerSign(group: Command): void {
  group
    .command('sign')
    .description('judge requests by a policy and sign them; X.csr becomes X.crt beside it')
    .argument('<file...>', 'requests, - for standard input')
    .addOption(
      once(
        '-f, --filename <file>',
        'the cluster file: what it says may be signed, by the CAs of -d',
      ),
    )
    .addOption(
      once(
        '-d, --directory <dir>',
        "the directory of apply whose CA signs, and whose admin/ is the administrator's (default with -f: pki)",
      ),
    )
    .addOption(
      once(
        '--ca <id>',
        'which of the CAs signs: ca, etcd-ca, front-proxy-ca, …; with -f only where it is not clear',
      ),
    )
    .addOption(
      once('--ca-cert <file>', 'the certificate of the CA, behind it those of its issuers'),
    )
    .addOption(once('--ca-key <file>', 'its key'))
    .addOption(
      once(
        '--ca-passphrase-file <file>',
        'opens an encrypted key: the first line of the file (else KUBEPKI_CA_PASSPHRASE, else asked for on a terminal)',
      ),
    )
    .addOption(
      once(
        '--signer-command <command>',
        'signs in the place of a key: a program and its arguments, or a JSON array of them; to-be-signed bytes on its stdin, signature on its stdout',
      ),
    )
    .addOption(once('--policy <file>', 'what may be signed: a document of the kind SigningPolicy'))
    .addOption(once('--credential <id>', 'with -f: only what this credential asks for'))
    .addOption(once('--host <name>', 'with -f: only what this host needs'))
    .addOption(
      arrayFlag(
        'allow-common-name',
        'name',
        'a common name that may be signed; several times for several',
      ),
    )
    .addOption(
      arrayFlag(
        'allow-organization',
        'name',
        'an organization that may be signed; several times for several',
      ),
    )
    .addOption(
      listFlag('allow-dns', 'names', 'DNS names that may be signed, .example.com for all below it'),
    )
    .addOption(listFlag('allow-ip', 'addresses', 'IP addresses or subnets that may be signed'))
    .addOption(
      listFlag(
        'allow-key-algorithm',
        'algorithms',
        'ECDSA-P521 or Ed25519 besides RSA, ECDSA-P256 and ECDSA-P384',
      ),
    )
    .option(
      '--allow-requested-names',
      'every name that is asked for, but those of Kubernetes itself, kubernetes.default.svc… and wildcards',
    )
    .addOption(
      listFlag('usage', 'usages', 'serverAuth, clientAuth: in the place of what is asked for'),
    )
    .addOption(
      once(
        '--validity <duration>',
        'as 90d or 8760h (default: what the policy says, else 1y); never longer than the CA',
      ),
    )
    .addOption(
      once('--out <file>', 'the certificate, - for standard output (default: beside the request)'),
    )
    .addOption(once('--out-dir <dir>', 'a directory for the certificates'))
    .option('--force', 'replace certificates that are there: of leaves, nothing else')
    .addOption(OUTPUT())
    .addHelpText('after', SIGN_EXAMPLES)
    .action(async (paths: string[], options: SignOptions) => {
      refuseFileNames(wordsOf(group));
      const { signCommand } = await import('../csr/sign.ts');
      await signCommand(paths, options);
    });
}

/** The command line as it was typed. */
function wordsOf(command: Command): readonly string[] {
  const root = command.parent ?? command;
  const words: unknown = Reflect.get(root, 'rawArgs');
  return Array.isArray(words) ? words.filter((word) => typeof word === 'string') : [];
}
