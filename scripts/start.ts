/** `npm start`: the seed's cluster, from its cluster file to a PKI on disk, verified and listed. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const cluster = 'examples/seed.yaml';

const steps: readonly { readonly say: string; readonly args: readonly string[] }[] = [
  { say: `Every certificate, key and kubeconfig of ${cluster}`, args: ['apply', '-f', cluster] },
  {
    say: 'Verified against the cluster file: names, usages, issuers, dates, keys',
    args: ['plan', '-f', cluster, '--detailed-exitcode'],
  },
  { say: 'What lies there now', args: ['inspect', 'pki'] },
];

for (const { say, args } of steps) {
  process.stdout.write(`\n# ${say}\n$ kubepki ${args.join(' ')}\n`);
  const { status } = spawnSync(join(root, 'bin/kubepki'), args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
