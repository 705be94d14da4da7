/** Where the Go modules are that the test peers are built of, in the versions of their go.mod. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Its go.mod says which versions. */
const PEERS = join(import.meta.dirname, '../test/peers/kubernetes');
const GO = 'go';

/** The folder of each module, downloaded where it is not there. */
export function moduleFolders(modules: readonly string[]): ReadonlyMap<string, string> {
  const { status, stdout, stderr } = spawnSync(GO, ['mod', 'download', '-json', ...modules], {
    cwd: PEERS,
    encoding: 'utf8',
    env: { ...process.env, GOFLAGS: '-mod=readonly', GOWORK: 'off' },
  });
  if (status !== 0) throw new Error(`go mod download: ${stderr}`);
  // One JSON object after the other, each ending with a brace at the beginning of a line.
  const found = stdout.split(/(?<=^\})\n/m).filter((text) => text.trim() !== '');
  return new Map(
    found.map((text) => {
      const { Path, Dir } = JSON.parse(text) as { Path: string; Dir: string };
      return [Path, Dir];
    }),
  );
}
