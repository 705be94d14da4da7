/** Servers that nobody asks anything: how long they take until they are ready, and what memory they hold then. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunningServer, withApiserver, withKubepki } from './servers.ts';

export interface AtRest {
  /** From the start of the program until /readyz answers 200. */
  readonly readySeconds: number;
  /** Resident set (10^6 bytes) 5 seconds later. */
  readonly megabytes: number;
}

const SETTLE_MS = 5000;

/** @param directory a data directory that `kubepki up` has left */
export const kubepkiAtRest = async (directory: string, port: number): Promise<AtRest> =>
  withKubepki(directory, port, measure);

/** kube-apiserver as it comes, with an etcd that is not counted. */
export const apiserverAtRest = async (pki: string, directory: string): Promise<AtRest> =>
  withApiserver(pki, directory, measure);

async function measure(server: RunningServer): Promise<AtRest> {
  await sleep(SETTLE_MS);
  return { readySeconds: server.readySeconds, megabytes: server.residentMegabytes() };
}
