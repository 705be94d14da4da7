/** The programs under test. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { peer, type PeerName } from '../peers/peers.ts';
export async function programPath(name: string): Promise<string> {
  const folder = process.env['KUBEPKI_KUBERNETES_BIN'];
  if (folder) {
    const path = join(folder, name);
    if (await access(path).then(() => true, () => false)) return path;
  }
  return peer(name as PeerName);
}
