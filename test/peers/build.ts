/**
 * Builds the programs that the tests run, those that the cache lacks:
 * `node test/peers/build.ts [name...]` (all when none is named, and the Python with a client). Prints one line
 * for each, with the seconds that those of its module took together.
 */

import { findPeers, moduleOf, PEER_MODULES, PEER_NAMES, type PeerName } from './peers.ts';
import { pythonWithClient } from './python.ts';

const isPeerName = (name: string): name is PeerName => PEER_NAMES.some((known) => known === name);

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !isPeerName(name));
  if (unknown.length > 0) {
    console.error(`no peer is called ${unknown.join(', ')}; there are: ${PEER_NAMES.join(', ')}`);
    return 64;
  }
  const wanted = names.length > 0 ? names.filter(isPeerName) : PEER_NAMES;
  for (const module of PEER_MODULES) {
    const start = performance.now();
    const found = await findPeers(wanted.filter((name) => moduleOf(name) === module));
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const whence = {
      built: `built in ${seconds} s`,
      cache: 'in the cache',
      given: `from ${module.given?.variable}`,
    };
    for (const { name, path, from } of found) {
      const version = from === 'given' ? '' : ` ${module.version}`;
      console.log(`${name}${version.trimEnd()}: ${whence[from]}, ${path}`);
    }
  }
  if (names.length === 0) console.log(`python with kubernetes: ${await pythonWithClient()}`);
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
