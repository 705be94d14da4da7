/** `docs/reference/soak.md`, as the run writes it. */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { MOST_FILES } from './fleet.ts';
import { expectedRequests, type SoakResult } from './simulation.ts';

const FILE = join(import.meta.dirname, '../../docs/reference/soak.md');

const thousands = (value: number): string =>
  Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');

const sum = (values: Iterable<number>): number => [...values].reduce((all, one) => all + one, 0);

const ROWS: readonly (readonly [string, (result: SoakResult) => string])[] = [
  ['nodes', ({ options }) => thousands(options.nodes)],
  ['simulated days', ({ options }) => thousands(options.days)],
  ['certificates live, days', ({ options }) => String(options.lifetimeDays)],
  ['certificates asked for', ({ requests }) => thousands(requests)],
  [
    'expected, from 70 to 90 % of their life',
    (result) => {
      const { least, most } = expectedRequests(result.options, result);
      return `${thousands(least)} to ${thousands(most)}`;
    },
  ],
  ['requests of nodes', ({ answered }) => thousands(sum(answered.values()))],
  ['of these refused or failed', ({ failures }) => String(failures.length)],
  ['node-hours without a valid certificate', ({ troubles }) => String(troubles.length)],
  ['server away', ({ events }) => thousands(events.serverAway)],
  ['controllers away', ({ events }) => thousands(events.controllersAway)],
  ['nodes off', ({ events }) => thousands(events.off)],
  ['of these longer than their certificate', ({ events }) => thousands(events.offTooLong)],
  ['bootstrap kubeconfigs given again', ({ events }) => thousands(events.revivals)],
  ['clocks set wrong, and right again', ({ events }) => thousands(events.clockSet)],
  ['machines that slept', ({ events }) => thousands(events.asleep)],
  ['nodes that took up another CA', ({ serverChanges }) => thousands(serverChanges)],
  ['most requests kept by the server', ({ mostRequestsThere }) => thousands(mostRequestsThere)],
  [
    'heap after collecting, MB: first, last, most',
    ({ memory }) => `${memory[0]}, ${memory.at(-1)}, ${Math.max(...memory)}`,
  ],
  ['minutes', ({ seconds }) => (seconds / 60).toFixed(1)],
];

/** The table of all runs. */
export function writeReport(results: readonly SoakResult[], when: Date): void {
  const table = [
    `| |${results.map(({ options }) => ` ${options.lifetimeDays} days |`).join('')}`,
    `|---|${results.map(() => '---:|').join('')}`,
    ...ROWS.map(([name, of]) => `| ${name} |${results.map((one) => ` ${of(one)} |`).join('')}`),
  ];
  writeFileSync(
    FILE,
    `# Two years of a fleet

Written by \`npm run test:long\` (\`test/soak\`) on ${when.toISOString().slice(0, 10)}, seed ${results[0]?.options.seed}, Node ${process.versions.node}, ${cpus().length} cores.

The node agent of this repository, as often as there are nodes, its API server on SQLite, and its controllers live in
one process at simulated time. Requests go to the server's handler with the certificate that TLS would have proven;
the server verifies it at the simulated time, and each node verifies the server's, with the same code that is used
otherwise. TLS itself is left out, because it asks the system's clock. Nodes look at their files and renew their
Leases less often than they do otherwise, or the runs would take days.

Meanwhile the server is stopped for minutes, the controllers for up to a twentieth of the life of
a certificate, nodes are switched off for up to 90 % of it, and some for longer than it lasts; machines sleep, clocks
are wrong for a day by up to a fiftieth of it, and in the middle the server gets another CA, which nodes are told of by
the file that their kubeconfig names. A node that has been off for longer than its certificate lasts, or comes back with
little time left when nobody signs, gets a new bootstrap kubeconfig, and its request is approved by hand.

Looked at every hour: each node that is on has both certificates, valid by the server's time (an hour after a start, or
after somebody signs again).
Now and then: the files in use verify, key and name are right, a node has at most ${MOST_FILES} files, and no token.

${table.join('\n')}
`,
  );
}
