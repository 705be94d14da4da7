/**
 * One HTTPS request from a host of the network, as a program of its own: what did the server present,
 * and what did it answer?
 *
 * HTTP/1.1, and Node's TLS: unlike Go's it presents the client certificate whichever CAs the server
 * says that it accepts.
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { Host } from '../../../src/cluster/index.ts';
import type { Pair } from '../../system/etcd-cluster.ts';
import type { Network } from '../../system/network.ts';

export interface Question {
  url: string;
  /** A file; without it the server's certificate is not verified. */
  ca?: string;
  client?: Pair | undefined;
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
}

export interface Answer {
  /** SHA-256 of the server's certificate, in hex. */
  server: string;
  status: number;
  body: string;
}

export interface NoAnswer {
  /** OpenSSL's or libuv's code for what ended the connection. */
  error: string;
}

export async function ask(
  network: Network,
  host: Host,
  question: Question,
): Promise<Answer | NoAnswer> {
  const args = [import.meta.filename, JSON.stringify(question)];
  const { code, stdout, stderr } = await network.run(host.name, process.execPath, args);
  if (code !== 0) throw new Error(`asking ${question.url} on ${host.name}: ${stderr}`);
  const answer: Answer | NoAnswer = JSON.parse(stdout);
  return answer;
}

/** As `ask`, and throws when there was no answer. */
export async function get(network: Network, host: Host, question: Question): Promise<Answer> {
  const answer = await ask(network, host, question);
  if ('error' in answer) throw new Error(`${question.url} from ${host.name}: ${answer.error}`);
  return answer;
}

/** A page that is served over plain HTTP, and on loopback mostly. */
export async function fetchPage(network: Network, host: Host, url: string): Promise<string> {
  const script = 'process.stdout.write(await (await fetch(process.argv[1])).text())';
  const args = ['--input-type=module', '--eval', script, url];
  const { code, stdout, stderr } = await network.run(host.name, process.execPath, args);
  if (code !== 0) throw new Error(`fetching ${url} on ${host.name}: ${stderr}`);
  return stdout;
}

/** Milliseconds that a server may take to answer. */
const PATIENCE = 20_000;

function main({ url, ca, client, body, ...options }: Question): void {
  const say = (answer: Answer | NoAnswer): void => console.log(JSON.stringify(answer));
  const outgoing = request(url, {
    ...options,
    agent: false,
    // As in Go, a CA that is trusted need not be a root.
    allowPartialTrustChain: true,
    ...(ca === undefined ? { rejectUnauthorized: false } : { ca: readFileSync(ca) }),
    ...(client && { cert: readFileSync(client.certificate), key: readFileSync(client.key) }),
  });
  outgoing.once('response', (response) => {
    const { raw } = (response.socket as TLSSocket).getPeerCertificate();
    const server = createHash('sha256').update(raw).digest('hex');
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    response.once('end', () => say({ server, status: response.statusCode ?? 0, body: text }));
  });
  outgoing.once('error', (error: NodeJS.ErrnoException) =>
    say({ error: error.code ?? error.message }),
  );
  outgoing.setTimeout(PATIENCE, () => outgoing.destroy(new Error('no answer')));
  outgoing.end(body);
}

if (import.meta.main) main(JSON.parse(process.argv[2] ?? '{}'));
