/** The command line as a whole: which commands there are, and how whatever they throw becomes one line and an exit status. */
import { Command, CommanderError } from 'commander';
import { EXIT, KubepkiError } from '../errors.ts';
import { registerApply } from './commands/apply.ts';
import { registerBundle } from './commands/bundle.ts';
import { registerCompletion } from './commands/completion.ts';
import { registerControllers } from './commands/controllers.ts';
import { registerCsr } from './commands/csr.ts';
import { registerInit } from './commands/init.ts';
import { registerInspect } from './commands/inspect.ts';
import { registerKubeconfig } from './commands/kubeconfig.ts';
import { registerNode } from './commands/node.ts';
import { registerPlan } from './commands/plan.ts';
import { registerRevoke } from './commands/revoke.ts';
import { registerServer } from './commands/server.ts';
import { registerToken } from './commands/token.ts';
import { registerUp } from './commands/up.ts';
import { registerVersion } from './commands/version.ts';
import { printError } from './output.ts';
import { reasonWithout } from './upstream-flags.ts';
import { VERSION } from './version.ts';

const EXAMPLES = `
Examples:
  kubepki up                                a certificate authority, an API server and a node, in one command
  kubepki plan -f cluster.yaml              say what is missing, and what is wrong with what is there
  kubepki apply -f cluster.yaml -d pki      make every certificate, key and kubeconfig that is missing
  kubepki inspect pki                       list what lies in a directory, with days left
  kubepki inspect apiserver.crt             show one certificate

Exit status: 0 done, 1 it failed or found problems, 2 changes are pending (plan --detailed-exitcode),
64 wrong usage. Documentation: docs/ in the repository.`;

/** The program with all its commands; made anew for each run, so that tests can make many. */
export function createProgram(): Command {
  const program = new Command('kubepki');
  program
    .description('Every certificate, key, token and kubeconfig that a Kubernetes cluster needs')
    .version(`kubepki ${VERSION}`, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .addHelpText('after', EXAMPLES)
    .showSuggestionAfterError(true)
    .configureHelp({ sortSubcommands: false });
  registerUp(program);
  registerInit(program);
  registerPlan(program);
  registerApply(program);
  registerInspect(program);
  registerCsr(program);
  registerBundle(program);
  registerKubeconfig(program);
  registerServer(program);
  registerControllers(program);
  registerNode(program);
  registerToken(program);
  registerRevoke(program);
  registerVersion(program);
  registerCompletion(program);
  for (const command of everyCommand(program)) {
    // Commander's own messages become ours: one line, and the usage exit status.
    command
      .exitOverride((error) => {
        throw new UsageError(error, nameOf(command));
      })
      .configureOutput({ writeErr: () => undefined });
  }
  return program;
}

/** What commander has to say, and of which command. */
class UsageError extends CommanderError {
  readonly command: string;

  constructor({ exitCode, code, message }: CommanderError, command: string) {
    super(exitCode, code, message);
    this.command = command;
  }
}

/** `kubepki token create` */
const nameOf = (command: Command): string =>
  command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

/** Runs a command line and answers its exit status. Prints every error, throws none. */
export async function run(args: readonly string[]): Promise<number> {
  const program = createProgram();
  try {
    if (args.length === 0) {
      program.outputHelp();
      return EXIT.ok;
    }
    await program.parseAsync([...args], { from: 'user' });
    return typeof process.exitCode === 'number' ? process.exitCode : EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return reportUsage(error, args);
    if (error instanceof KubepkiError) {
      printError(error);
      return error.exitCode;
    }
    printError(error);
    return EXIT.failed;
  }
}

function reportUsage(error: CommanderError, args: readonly string[]): number {
  if (error.exitCode === 0) return EXIT.ok;
  // A command that only groups others was called alone, or help was asked for one that is not there.
  const message =
    error.code === 'commander.help'
      ? args[0] === 'help'
        ? `unknown command '${args.slice(1).join(' ')}'`
        : 'a command is missing'
      : error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
  const flag = /^unknown option '(--?[\w-]+)/.exec(message)?.[1];
  const reason = flag === undefined ? undefined : reasonWithout(flag);
  const command = error instanceof UsageError ? error.command : 'kubepki';
  const hint = reason === undefined ? `${command} --help` : `${reason}; ${command} --help`;
  printError(new KubepkiError('USAGE', message, { hint }));
  return EXIT.usage;
}
