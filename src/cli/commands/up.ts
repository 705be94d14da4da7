/** `kubepki up` */
import { type Command, Option } from 'commander';
import { KubepkiError } from '../../errors.ts';
import type { UpFlags } from '../up/run.ts';
import { portOf } from './server.ts';

const EXAMPLES = `
Examples:
  kubepki up                     a certificate authority, an API server, a node that bootstraps; Ctrl-C ends it
  kubepki up --exit              the same, and end when the node is in
  kubepki up --nodes 20          with more nodes, each on a loopback address of its own
  kubepki up --data-dir /tmp/ca --secure-port 7443
                                 a second one beside the first

A second run continues where the first has stopped. To start anew, remove the data directory.`;

const MOST_NODES = 10_000;

export function registerUp(program: Command): void {
  program
    .command('up')
    .description(
      'the whole story on this machine: PKI, API server, controllers, nodes that bootstrap',
    )
    .option('--data-dir <dir>', 'where everything lies', '.kubepki')
    .addOption(
      new Option('--secure-port <port>', 'port of the server (default: 6443)').argParser(portOf),
    )
    .addOption(
      new Option(
        '--nodes <n>',
        'how many nodes (default: those that are there, at least 1)',
      ).argParser(nodesOf),
    )
    .option('--exit', 'end when all nodes are in')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: UpFlags) => {
      const { runUp } = await import('../up/run.ts');
      await runUp(flags);
    });
}

function nodesOf(text: string): number {
  const nodes = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (nodes <= MOST_NODES) return nodes;
  throw new KubepkiError('USAGE', `--nodes: expected a number from 0 to ${MOST_NODES}`);
}
