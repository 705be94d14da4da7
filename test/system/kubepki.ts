/** Runs kubepki as a user does: the command, on a cluster file, into a directory. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { textOf } from './program.ts';

/** `KUBEPKI_BIN` names another one to test, such as the published bundle. */
const KUBEPKI = process.env['KUBEPKI_BIN'] || join(import.meta.dirname, '../../bin/kubepki');

/** Writes `<directory>/cluster.yaml`, applies it to `<directory>/pki`, and answers with the latter. */
export async function applyCluster(directory: string, clusterYaml: string): Promise<string> {
  const file = join(directory, 'cluster.yaml');
  const pki = join(directory, 'pki');
  await writeFile(file, clusterYaml);
  const child = spawn(KUBEPKI, ['apply', '-f', file, '-d', pki], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = textOf(child.stderr);
  await once(child, 'close');
  if (child.exitCode !== 0) {
    throw new Error(`kubepki apply ended with ${child.exitCode}: ${(await said).trim()}`);
  }
  return pki;
}
