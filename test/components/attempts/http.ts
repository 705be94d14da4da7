/** An attempt that is one HTTPS request: what comes of it, and why. */

import type { Host } from '../../../src/cluster/index.ts';
import type { Program } from '../../system/program.ts';
import type { Cluster } from '../cluster.ts';
import { get, type Question } from '../probes/ask.ts';
import type { Observed } from './attempt.ts';

/** Asks, and reads in the server's log why where the answer does not say. */
export async function observeHttp(
  { network }: Cluster,
  server: Program,
  from: Host,
  question: Question,
): Promise<Observed> {
  const before = (await server.log()).length;
  const { status, body } = await get(network, from, question);
  if (status === 200) return { layer: 'accepted', message: 'HTTP 200' };
  if (status === 403) return { layer: '403', message: messageOf(body) };
  if (status !== 401 || messageOf(body) !== 'Unauthorized') {
    throw new Error(`${question.url} answered ${status}: ${body}`);
  }
  const log = (await server.log()).slice(before);
  const reason = /"Unable to authenticate the request[^"]*" err="((?:[^"\\]|\\.)*)"/.exec(log)?.[1];
  return { layer: '401', message: reason ?? 'Unauthorized' };
}

/** A Status object's message, or the text that a kubelet answers with. */
function messageOf(body: string): string {
  if (!body.startsWith('{')) return body.trim();
  const { message }: { message: string } = JSON.parse(body);
  return message;
}
