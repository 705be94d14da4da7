/** A data directory of k3s or RKE2 (layout `k3s`): looked at and never written, because they make and renew everything in it themselves. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster, Host } from '../cluster/index.ts';
import { fileSystemError, lookAtFile } from '../collect/index.ts';
import { KubepkiError, quoted, systemCode } from '../errors.ts';
import { commonName, readCertificates } from '../x509/index.ts';
import { attempt } from './examine.ts';
import { makeReport, type Report, refuse } from './step.ts';

/** @throws KubepkiError `USAGE`: nothing is made with this layout */
export function refuseToApply(): never {
  throw new KubepkiError('USAGE', 'layout k3s is for plan only: k3s makes and renews these files', {
    hint: 'what is missing k3s makes when it starts; k3s certificate rotate renews the rest',
  });
}

/**
 * The host of the cluster file whose data directory this is: the only one, or the one that the
 * kubelet's certificate names.
 *
 * @throws KubepkiError `NOT_FOUND` where it is no data directory or cannot be told whose,
 *   `CONFLICT` where it is of a host that the cluster file does not have, `FILE_SYSTEM`
 */
export function dataDirectoryHost({ hosts }: Cluster, directory: string): Host {
  if (!isThere(join(directory, 'server')) && !isThere(join(directory, 'agent'))) {
    throw new KubepkiError('NOT_FOUND', `${directory}: holds neither server/ nor agent/`, {
      hint: 'name the data directory with -d: /var/lib/rancher/k3s or /var/lib/rancher/rke2',
    });
  }
  const [first] = hosts;
  if (first !== undefined && hosts.length === 1) return first;
  const path = join(directory, 'agent/client-kubelet.crt');
  const name = nodeIn(path);
  if (name === undefined) {
    throw new KubepkiError(
      'NOT_FOUND',
      `${path}: names no node, so which of ${hosts.length} hosts this is cannot be told`,
      { hint: 'give a cluster file that has this host only' },
    );
  }
  const host = hosts.find((one) => one.name === name);
  if (host !== undefined) return host;
  throw new KubepkiError('CONFLICT', `${path}: of ${quoted(name)}, no host of the cluster file`, {
    hint: 'add that host, or name the data directory of another one with -d',
  });
}

function isThere(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw fileSystemError(error, path);
  }
}

/** The node that a kubelet's client certificate is of. */
function nodeIn(path: string): string | undefined {
  const file = lookAtFile(path);
  if (file.state !== 'there') return undefined;
  const read = attempt(() => readCertificates(file.bytes));
  if ('reason' in read) return undefined;
  const [leaf] = read.value;
  return /^system:node:(.+)$/s.exec(commonName(leaf.subject) ?? '')?.[1];
}

/** What is missing is k3s' to make: nothing of it is pending. */
export function withoutMaking({ steps }: Report): Report {
  return makeReport(
    steps.map((step) =>
      step.action === 'keep' || step.action === 'refuse'
        ? step
        : refuse(step, `${step.reason ?? 'not there'}; k3s makes it when it starts`),
    ),
  );
}
