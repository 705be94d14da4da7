/**
 * Handshakes with a server once a second, as a program of its own on a host of the network: which certificates
 * it has presented, one after the other, and whether it has ever presented none.
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import type { Host } from '../../../src/cluster/index.ts';
import type { Network } from '../../system/network.ts';
import { type Program, waitFor } from '../../system/program.ts';

export interface Server {
  address: string;
  port: number;
  /** The file that its certificate is verified with. */
  ca: string;
}

export interface Handshakes {
  readonly program: Program;
  /** SHA-256 of each certificate, in hex, or what went wrong; what comes several times in a row stands once. */
  seen(): Promise<readonly string[]>;
}

/** Starts them, and waits for the first. */
export async function startHandshakes(
  network: Network,
  host: Host,
  server: Server,
): Promise<Handshakes> {
  const args = [import.meta.filename, JSON.stringify(server)];
  const name = `handshakes-${server.address}`;
  const program = await network.start(host.name, process.execPath, args, { name });
  const seen = async (): Promise<readonly string[]> => (await program.log()).trim().split('\n');
  await waitFor('the first handshake', async () => (await program.log()) !== '' || undefined, {
    programs: [program],
  });
  return { program, seen };
}

const PERIOD = 1_000;
/** Milliseconds that a handshake may take. */
const PATIENCE = 10_000;

function main({ address, port, ca }: Server): void {
  const trusted = readFileSync(ca);
  let last = '';
  const say = (what: string): void => {
    if (what !== last) console.log(what);
    last = what;
  };
  const once = (): void => {
    const socket = connect({ host: address, port, ca: trusted });
    socket.once('secureConnect', () => {
      say(createHash('sha256').update(socket.getPeerCertificate().raw).digest('hex'));
      socket.end();
    });
    socket.once('error', (error: NodeJS.ErrnoException) => say(error.code ?? error.message));
    socket.setTimeout(PATIENCE, () => socket.destroy(new Error('no answer')));
    socket.once('close', () => setTimeout(once, PERIOD));
  };
  once();
}

if (import.meta.main) main(JSON.parse(process.argv[2] ?? '{}'));
