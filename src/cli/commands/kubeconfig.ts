/** `kubepki kubeconfig …`: the commands of `kubectl config` that set up a kubeconfig, flag for flag. */
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { KubepkiError } from '../../errors.ts';
import type {
  ClusterFlags,
  ContextFlags,
  CredentialFlags,
  Kubeconfig,
} from '../../kubernetes/index.ts';
import { goQuote } from '../../kubernetes/index.ts';
import { arrayFlag, booleanFlag, GoFlagsCommand, listFlag } from '../go-flags.ts';
import { print } from '../output.ts';

export function registerKubeconfig(program: Command): void {
  const group = new GoFlagsCommand('kubeconfig')
    .copyInheritedSettings(program)
    .description('change and show kubeconfig files, with the flags of kubectl config')
    .option(
      '--kubeconfig <file>',
      'the file to work on, instead of those in $KUBECONFIG or ~/.kube/config',
    );
  program.addCommand(group);
  registerSetCluster(group);
  registerSetCredentials(group);
  registerSetContext(group);
  registerUseContext(group);
  registerView(group);
}

/** What follows the flags is passed on as it is, to be counted and refused in kubectl's way. */
function subcommand(group: Command, usage: string, description: string): Command {
  return group
    .command(usage)
    .description(description)
    .option(
      '--kubeconfig <file>',
      'the file to work on, instead of those in $KUBECONFIG or ~/.kube/config',
    );
}

function registerSetCluster(group: Command): void {
  subcommand(group, 'set-cluster <name>', 'add or change a cluster entry')
    .option('--server <url>', 'address of kube-apiserver: https://host:port')
    .option('--tls-server-name <name>', "name to verify the server's certificate against")
    .option(
      '--certificate-authority <file>',
      'PEM file of the CA that signed the certificate of the server',
    )
    .addOption(booleanFlag('embed-certs', 'copy the file into the kubeconfig, instead of its path'))
    .addOption(
      booleanFlag('insecure-skip-tls-verify', 'do not verify the certificate of the server'),
    )
    .option('--proxy-url <url>', 'proxy to use: http, https or socks5')
    .action(async (name: string, _: unknown, command: Command) => {
      const { setCluster } = await import('../../kubernetes/index.ts');
      const flags = command.opts<ClusterFlags>();
      const files = await referencedFiles('--certificate-authority');
      await modify(command, (config) => setCluster(config, name, flags, files));
      say('Cluster', name, 'set');
    });
}

function registerSetCredentials(group: Command): void {
  subcommand(group, 'set-credentials <name>', 'add or change a user entry')
    .option('--client-certificate <file>', 'PEM file of the client certificate')
    .option('--client-key <file>', 'PEM file of its private key')
    .addOption(
      booleanFlag('embed-certs', 'copy the files into the kubeconfig, instead of their paths'),
    )
    .option('--token <token>', 'bearer token')
    .option('--username <name>', 'user name for basic authentication')
    .option('--password <password>', 'password for basic authentication')
    .option('--auth-provider <name>', 'in-tree credential plug-in')
    .addOption(listFlag('auth-provider-arg', 'key=value', 'argument for it; `key-` removes one'))
    .option('--exec-command <command>', 'program that prints credentials')
    .option('--exec-api-version <version>', 'version of the exec API that the program speaks')
    .addOption(
      listFlag('exec-arg', 'argument', 'arguments for the program, replacing those there are'),
    )
    .addOption(
      arrayFlag('exec-env', 'name=value', 'environment for the program; `name-` removes one'),
    )
    .option('--exec-interactive-mode <mode>', 'IfAvailable, Never or Always')
    .addOption(booleanFlag('exec-provide-cluster-info', 'tell the program about the cluster'))
    .action(async (name: string, _: unknown, command: Command) => {
      const { setCredentials } = await import('../../kubernetes/index.ts');
      const flags = command.opts<CredentialFlags>();
      const files = await referencedFiles('--client-certificate/--client-key');
      await modify(command, (config) => setCredentials(config, name, flags, files));
      say('User', name, 'set');
    });
}

function registerSetContext(group: Command): void {
  subcommand(
    group,
    'set-context [name]',
    'add or change a context: a cluster, a user and a namespace',
  )
    .addOption(booleanFlag('current', 'change the current context'))
    .option('--cluster <name>', 'cluster entry')
    .option('--user <name>', 'user entry')
    .option('-n, --namespace <name>', 'namespace that requests go to')
    .action(async (name: string | undefined, _: unknown, command: Command) => {
      const { setContext } = await import('../../kubernetes/index.ts');
      const flags = command.opts<ContextFlags>();
      let result = { name: '', created: false };
      await modify(command, (config) => {
        const change = setContext(config, name ?? '', flags);
        result = change;
        return change.config;
      });
      say('Context', result.name, result.created ? 'created' : 'modified');
    });
}

function registerUseContext(group: Command): void {
  subcommand(group, 'use-context <name>', 'make a context the current one')
    .alias('use')
    .action(async (name: string, _: unknown, command: Command) => {
      const { useContext } = await import('../../kubernetes/index.ts');
      await modify(command, (config) => useContext(config, name));
      print(`Switched to context ${goQuote(name)}.`);
    });
}

interface ViewFlags {
  raw?: boolean;
  minify?: boolean;
  flatten?: boolean;
  merge?: boolean;
  context?: string;
  output: string;
}

function registerView(group: Command): void {
  subcommand(group, 'view', 'print the merged kubeconfig, without its keys and tokens')
    .option('-o, --output <format>', 'yaml or json', 'yaml')
    .addOption(booleanFlag('raw', 'print keys, certificates and tokens as they are'))
    .addOption(booleanFlag('minify', 'only the current context, its cluster and its user'))
    .addOption(
      booleanFlag(
        'flatten',
        'embed the files that paths point to; prints keys and tokens as they are',
      ),
    )
    .addOption(booleanFlag('merge', 'merge all files; false needs --kubeconfig'))
    .option('--context <name>', 'take this for the current context, with --minify')
    .action(async (_: unknown, command: Command) => {
      print(await view(command));
    });
}

async function view(command: Command): Promise<string> {
  const flags = command.opts<ViewFlags>();
  const format = flags.output.toLowerCase();
  if (format !== 'yaml' && format !== 'json') {
    throw new KubepkiError('USAGE', '-o: not an output format that kubepki knows', {
      hint: 'one of yaml, json',
    });
  }
  const [kubernetes, files] = await Promise.all([
    import('../../kubernetes/index.ts'),
    import('../kubeconfig-files.ts'),
  ]);
  const where = await kubeconfigs(command);
  if (flags.merge === false && !where.explicit) {
    throw new KubepkiError('USAGE', '--merge=false needs --kubeconfig');
  }
  const sources = files.readKubeconfigs(where);
  if (flags.merge === false && sources[0]?.config === undefined) {
    throw new KubepkiError('NOT_FOUND', `${where.paths[0] ?? ''}: no such file`);
  }
  let config = kubernetes.mergeKubeconfigs(sources);
  if (flags.minify) {
    if (flags.context) config = { ...config, currentContext: flags.context };
    config = kubernetes.minify(config);
  }
  if (flags.flatten) config = await flattened(config);
  else if (!flags.raw) config = kubernetes.redact(config);
  return format === 'json'
    ? kubernetes.formatKubeconfigJson(config)
    : kubernetes.formatKubeconfig(config);
}

async function flattened(config: Kubeconfig): Promise<Kubeconfig> {
  const { flatten } = await import('../../kubernetes/index.ts');
  const { readNamedFile } = await import('../kubeconfig-files.ts');
  return flatten(config, (path, { origin = '' }) =>
    readNamedFile(resolve(dirname(origin), path), `file named in ${origin}`),
  );
}

async function kubeconfigs(
  command: Command,
): Promise<{ paths: readonly string[]; explicit: boolean }> {
  const { kubeconfigPaths } = await import('../kubeconfig-files.ts');
  const { kubeconfig } = command.optsWithGlobals<{ kubeconfig?: string }>();
  return kubeconfigPaths(kubeconfig, process.env);
}

async function modify(command: Command, edit: (config: Kubeconfig) => Kubeconfig): Promise<void> {
  const { modifyKubeconfigs } = await import('../kubeconfig-files.ts');
  modifyKubeconfigs(await kubeconfigs(command), edit);
}

async function referencedFiles(flag: string): Promise<{
  read(path: string): Uint8Array;
  absolute(path: string): string;
}> {
  const { readNamedFile } = await import('../kubeconfig-files.ts');
  return { read: (path) => readNamedFile(path, flag), absolute: (path) => resolve(path) };
}

function say(what: string, name: string, done: string): void {
  print(`${what} ${goQuote(name)} ${done}.`);
}
