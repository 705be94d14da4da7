/**
 * Builds the programs that the tests run, those that the cache lacks:
 * `node test/peers/build.ts [name...]` (all when none is named). Prints one line for each.
 */

import { ensurePeer, moduleOf, PEER_NAMES, type PeerName } from './peers.ts';

const isPeerName = (name: string): name is PeerName => PEER_NAMES.some((known) => known === name);

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !isPeerName(name));
  if (unknown.length > 0) {
    console.error(`no peer is called ${unknown.join(', ')}; there are: ${PEER_NAMES.join(', ')}`);
    return 64;
  }
  // One after the other: each build uses every core, and the seconds mean something.
  for (const name of names.length > 0 ? names.filter(isPeerName) : PEER_NAMES) {
    const start = performance.now();
    const { path, built } = await ensurePeer(name);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const what = `${name} ${moduleOf(name).version}`.trim();
    console.log(`${what}: ${built ? `built in ${seconds} s` : 'in the cache'}, ${path}`);
  }
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
