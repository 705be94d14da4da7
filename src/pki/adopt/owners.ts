/** Whether several certificates are one credential of several hosts, and whose each is. */
import { posix } from 'node:path';
import { CATALOGUE, type CredentialId } from '../../cluster/index.ts';
import { commonName } from '../../x509/index.ts';
import { pathsOf } from './assigned.ts';
import type { Candidate } from './choose.ts';
import { filesOf } from './held-files.ts';
import { isHostName, isServiceName } from './names.ts';

export interface Owned {
  readonly candidate: Candidate;
  readonly host: string;
}

/** The hosts that have a file of their own of one credential or another. */
export function hostsOf(groups: ReadonlyMap<CredentialId, readonly Candidate[]>): Set<string> {
  const none: ReadonlySet<string> = new Set();
  return new Set(
    Array.from(groups, ([id, candidates]) => ownersOf(id, candidates, none) ?? [])
      .flat()
      .map(({ host }) => host),
  );
}

/**
 * Whose each certificate is. Those of nodes say it themselves, whatever their files are called: two
 * nodes' are never alternatives of each other. Of all others it finds the hosts' names in the files' names: `etcd-1.pem` and `etcd-2.pem`, each of which covers
 * the name in it, differ by just that. Undefined where there is one for all.
 *
 * @param candidates best first: of several for one host the first counts
 * @param known hosts that have files of their own, one of which may be all that is left of a credential
 */
export function ownersOf(
  id: CredentialId,
  candidates: readonly Candidate[],
  known: ReadonlySet<string>,
): Owned[] | undefined {
  const { holder } = CATALOGUE[id];
  if (holder === 'administrator' || holder === 'authority') return undefined;
  const nodes = ofNodes(candidates);
  if (nodes !== undefined) return nodes;
  const templates = new Map<string, Map<string, Candidate>>();
  for (const candidate of candidates) {
    for (const host of hostNames(candidate)) {
      const [path = ''] = pathsOf(filesOf(id, candidate.held).file);
      const template = templateFor(path, host);
      if (template === undefined) continue;
      const owners = templates.get(template) ?? new Map<string, Candidate>();
      if (!owners.has(host)) owners.set(host, candidate);
      templates.set(template, owners);
    }
  }
  const best = [...templates.values()].sort((a, b) => b.size - a.size)[0];
  // One node's certificate is a node's all the same; one etcd member's may as well be all there is.
  const isNodes = id === 'kubelet-client' || id === 'kubelet-server';
  if (best === undefined) return undefined;
  const isTheirs = isNodes || best.size > 1 || [...best.keys()].some((host) => known.has(host));
  if (!isTheirs) return undefined;
  const owned = Array.from(best, ([host, candidate]) => ({ host, candidate }));
  return withoutSharedOnes(owned);
}

/** Undefined where one of them names no node. One whose name no node can have is nobody's. */
function ofNodes(candidates: readonly Candidate[]): Owned[] | undefined {
  const owned = new Map<string, Owned>();
  for (const candidate of candidates) {
    const host = candidate.identity.node;
    if (host === undefined) return undefined;
    if (isHostName(host) && !owned.has(host)) owned.set(host, { host, candidate });
  }
  return owned.size === 0 ? undefined : [...owned.values()];
}

/** The same certificate under two hosts' names is no certificate of either. */
function withoutSharedOnes(owned: readonly Owned[]): Owned[] | undefined {
  const seen = new Set<Candidate>();
  const own = owned.filter(({ candidate }) => {
    const isNew = !seen.has(candidate);
    seen.add(candidate);
    return isNew;
  });
  return own.length === owned.length ? own : undefined;
}

/** The names that could be a host's: the node's, the common name, the DNS names that are no service's. */
function hostNames({ held: { certificate }, identity }: Candidate): string[] {
  const names = [
    ...(identity.node === undefined ? [] : [identity.node]),
    commonName(certificate.subject) ?? '',
    ...(certificate.subjectAltNames?.dns ?? []),
  ];
  return [...new Set(names)].filter(
    (name) => isHostName(name) && name !== 'localhost' && !isServiceName(name),
  );
}

/** A path with a host's name in it replaced; undefined where it does not stand there as a word. */
export function templateFor(path: string, host: string): string | undefined {
  const escaped = host.replace(/[.\\]/g, '\\$&');
  const word = new RegExp(`(^|[^a-z0-9])${escaped}(?![a-z0-9])`, 'g');
  const template = path.replace(word, '$1{host}');
  return template === path || !posix.normalize(template).includes('{host}') ? undefined : template;
}
