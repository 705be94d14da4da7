/**
 * What is wrong beyond doubt, whatever the files are for: the exit status tells of it. Dates, modes
 * and keys that are elsewhere are remarks only.
 */
import { basename } from 'node:path';
import { type Entry, pairMatches } from '../../collect/index.ts';
import { archiveMismatches } from './archives.ts';
import type { Item } from './item.ts';
import { listProblems } from './lists.ts';
import type { View } from './view.ts';

/** Names under which a file should hold certificate material. */
const MATERIAL = /\.(?:crt|cer|cert|pem|key|pub|csr|crl|p12|pfx|kubeconfig)$/;

/** The problems of one file, a text each. */
export function problemsOf({ path, content, mismatch, trust }: Item, view: View): string[] {
  switch (content.format) {
    case 'link':
      return mismatch === undefined ? [] : [mismatch];
    case 'unreadable':
      // Nobody can say that all is well where not all was looked at.
      return content.isLeftOut === true ? [content.reason] : [];
    case 'unknown':
      return content.isDamaged || MATERIAL.test(basename(path)) ? [content.reason] : [];
    case 'kubeconfig': {
      const { clusters, users } = content;
      const mismatched = users.filter(({ keyMatches }) => keyMatches === false);
      return [
        ...clusters.flatMap((cluster) => damaged(cluster.certificateAuthority)),
        ...users.flatMap((user) => damaged([...user.clientCertificate, ...user.clientKey])),
        ...mismatched.map(({ name }) => `user ${name}: ${NO_MATCH}`),
      ];
    }
    case 'endpoint':
      return [...damaged(content.entries), ...distrust(trust)];
    case 'token':
      return [];
    case 'pkcs12':
      return [...damaged(content.entries), ...archiveMismatches(content)];
    case 'pem':
    case 'der':
    default: {
      const { entries } = content;
      const within = pairMatches(entries) === false ? [NO_MATCH] : [];
      return [
        ...damaged(entries),
        ...entries.flatMap((entry) => (entry.kind === 'crl' ? listProblems(entry, view) : [])),
        ...within,
        ...(mismatch === undefined ? [] : [mismatch]),
      ];
    }
  }
}

function distrust(trust: Item['trust']): string[] {
  const [reason] = trust?.refusals ?? [];
  if (trust === undefined || reason === undefined) return [];
  return [`a client that trusts ${trust.caFile} refuses it as ${trust.name}: ${reason}`];
}

export const NO_MATCH = 'key does not match its certificate';

const damaged = (entries: readonly Entry[]): string[] =>
  entries.flatMap((entry) =>
    entry.kind === 'malformed' ? [`${entry.label}: ${entry.reason}`] : [],
  );
