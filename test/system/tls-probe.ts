/**
 * A TLS client for one question: does this server take this client certificate, and if not, which
 * alert does it send? Run on a host of `network.ts`, so that the server sees that host's address.
 *
 * It never writes after the handshake: with TLS 1.3 a client is refused only after it believes to be
 * connected, and writing then would race with the alert.
 */

import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import type { Network } from './network.ts';
import { waitFor } from './program.ts';

export interface ProbeOptions {
  address: string;
  port: number;
  ca: string;
  client?: { certificate: string; key: string } | undefined;
}

/**
 * OpenSSL's code for what ended the connection, such as `ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED`.
 * Throws when there was no alert: the server took the certificate, or could not be reached.
 */
export async function alertOf(network: Network, host: string, options: ProbeOptions) {
  const args = [import.meta.filename, JSON.stringify(options)];
  return waitFor(`an alert of ${options.address}:${options.port}`, async () => {
    const { stdout, stderr } = await network.run(host, process.execPath, args);
    const code = stdout.trim();
    // A connection reset may overtake the alert; the next try shows it.
    if (!code.startsWith('ERR_SSL_')) throw new Error(`the probe saw ${code || stderr}`);
    return code;
  });
}

/** How long a server that says nothing counts as content. */
const PATIENCE = 2_000;

function probe(options: ProbeOptions): void {
  const { address, port, ca, client } = options;
  const socket = connect({
    host: address,
    port,
    ca: readFileSync(ca),
    ...(client && { cert: readFileSync(client.certificate), key: readFileSync(client.key) }),
  });
  const say = (text: string): void => {
    console.log(text);
    socket.destroy();
  };
  socket.once('error', (error: NodeJS.ErrnoException) => say(error.code ?? error.message));
  socket.once('end', () => say('the end of the connection'));
  socket.setTimeout(PATIENCE, () => say('no objection'));
  socket.resume();
}

if (import.meta.main) probe(JSON.parse(process.argv[2] ?? '{}'));
