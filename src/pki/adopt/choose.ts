/** Which certificate is which credential, in a directory whose file names nobody has laid down. */
import {
  type AuthorityId,
  CATALOGUE,
  CREDENTIAL_IDS,
  type CredentialId,
  issuerOf,
} from '../../cluster/index.ts';
import { quoted } from '../../errors.ts';
import {
  type Certificate,
  formatName,
  organizations,
  signatureVerifies,
} from '../../x509/index.ts';
import type { Assigned } from './assigned.ts';
import type { ChosenAuthorities } from './authorities.ts';
import { filesOf, pairOf } from './held-files.ts';
import type { Hidden } from './hidden.ts';
import {
  type Held,
  type Holdings,
  hasBothPurposes,
  isArchived,
  isSelfSigned,
  isValidAt,
  nameOfCertificate,
  placeOf,
} from './holdings.ts';
import { type Identity, identityOf, SURE } from './identity.ts';
import { mostFrequent } from './lifetimes.ts';
import { hasWord, isArchive, isHostName, isPutAway } from './names.ts';
import { hostsOf, ownersOf, templateFor } from './owners.ts';
import type { Remarks } from './remarks.ts';

/** A certificate that could be a credential. */
export interface Candidate {
  readonly held: Held;
  readonly identity: Identity;
  /** That the CA which should have issued it has done so. */
  readonly isIssued: boolean;
}

/** Every CA and leaf of the catalogue that was found; key pairs are found by `keyPairOf`. */
export function chooseCredentials(
  { held }: Holdings,
  authorities: ChosenAuthorities,
  hidden: Hidden,
  now: Date,
  remarks: Remarks,
): Assigned[] {
  const assigned: Assigned[] = [];
  for (const [id, { held: authority, why }] of authorities.chosen) {
    assigned.push({ id, ...pairOf(authority), why });
  }
  const groups = group(held, authorities, remarks);
  warnOfStrangers(
    held,
    authorities,
    hidden.isEmpty ? 'is not here' : 'is not here, as far as one can see',
    remarks,
  );
  for (const [id, candidates] of groups) candidates.sort((a, b) => compare(id, a, b, now));
  const hosts = hostsOf(groups);
  for (const id of CREDENTIAL_IDS) {
    assigned.push(...chooseOne(id, groups.get(id) ?? [], hosts, remarks));
  }
  assigned.push(...kubeletServers(groups.get('kubelet-client') ?? [], assigned));
  return assigned;
}

/** CAs that have issued something here and are not here themselves: half of a PKI. */
function warnOfStrangers(
  held: readonly Held[],
  { chosen, lost }: ChosenAuthorities,
  isAway: string,
  remarks: Remarks,
): void {
  const orphans = new Map<string, Held[]>();
  for (const one of held) {
    if (one.isAuthority || one.issuer !== undefined || isSelfSigned(one) || isArchived(one))
      continue;
    const name = formatName(one.certificate.issuer);
    orphans.set(name, [...(orphans.get(name) ?? []), one]);
  }
  for (const [name, ones] of orphans) {
    const count = ones.length === 1 ? '1 certificate' : `${ones.length} certificates`;
    const [first] = ones;
    const copy = first && kubeconfigTrusting(first.certificate, held);
    remarks.warn(
      `the CA ${name} ${isAway}: ${count} of it can be verified with nothing${copy === undefined ? '' : `; ${copy} holds its certificate (certificate-authority-data)`}`,
    );
  }
  for (const [id, { name, copy }] of lost) {
    if (copy !== undefined)
      remarks.warn(`${id}, ${name}, is only in a tool's archive: put ${copy} back where it was`);
  }
  if (!chosen.has('ca'))
    remarks.warn(
      `the certificate of the cluster's CA ${isAway}: put it and its key back before anything is made`,
    );
}

/** A kubeconfig whose certificate authority has issued this certificate. */
function kubeconfigTrusting(leaf: Certificate, held: readonly Held[]): string | undefined {
  const isIssuer = (certificate: Certificate): boolean =>
    Buffer.compare(certificate.subjectDer, leaf.issuerDer) === 0 &&
    signatureVerifies(leaf, certificate);
  for (const { path, config } of held.flatMap(({ kubeconfigs }) => kubeconfigs)) {
    const entries = config.clusters.flatMap(({ certificateAuthority }) => certificateAuthority);
    if (entries.some((entry) => entry.kind === 'certificate' && isIssuer(entry.certificate)))
      return path;
  }
  return undefined;
}

function group(
  held: readonly Held[],
  authorities: ChosenAuthorities,
  remarks: Remarks,
): Map<CredentialId, Candidate[]> {
  const roles = new Map<Held, AuthorityId>();
  for (const [id, { held: authority }] of authorities.chosen) roles.set(authority, id);
  const groups = new Map<CredentialId, Candidate[]>();
  for (const one of held) {
    if (one.isAuthority) continue;
    if (isArchived(one)) {
      leaveArchived(one, remarks);
      continue;
    }
    const role = one.issuer === undefined ? undefined : roles.get(one.issuer);
    const identity = identityOf(one.certificate, placeOf(one), role);
    if (identity === undefined) {
      for (const path of pathsOfHeld(one)) {
        remarks.leave(
          path,
          `a certificate for ${describe(one)}, which no credential of a cluster is`,
        );
      }
      continue;
    }
    const { id } = identity;
    // The service accounts' certificate is there for its key only.
    const isIssued =
      role !== undefined && role === issuerOf({ authorities: authorities.scheme }, id);
    const list = groups.get(id) ?? [];
    list.push({ held: one, identity, isIssued });
    groups.set(id, list);
  }
  return groups;
}

/** Nobody reads a certificate there: it is what was issued once. */
function leaveArchived(one: Held, remarks: Remarks): void {
  const why = isPutAway(placeOf(one)) ? 'put away by the tool that made it' : "a tool's copy";
  for (const path of pathsOfHeld(one)) {
    const isKey = one.pairs.some(({ key }) => key === path);
    remarks.leave(
      path,
      isKey ? `key of ${placeOf(one)}` : `a certificate for ${describe(one)}, ${why}`,
    );
  }
}

function describe({ certificate }: Held): string {
  const groups = organizations(certificate.subject);
  const name = nameOfCertificate(certificate);
  return groups.length === 0 ? name : `${name} (${groups.join(', ')})`;
}

const pathsOfHeld = ({ pairs, kubeconfigs }: Held): string[] => [
  ...pairs.flatMap(({ certificate, key }) =>
    key === undefined ? [certificate] : [certificate, key],
  ),
  ...kubeconfigs.map(({ path }) => path),
];

const isUsable = (id: CredentialId, held: Held): boolean =>
  (CATALOGUE[id].stored === 'kubeconfig' && held.kubeconfigs.length > 0) ||
  held.pairs.some(({ state }) => state === 'there' || state === 'locked') ||
  held.kubeconfigs.length > 0;

/** The surer first, then valid, issued by the right CA, with its key, where it belongs, and the later. */
function compare(id: CredentialId, a: Candidate, b: Candidate, now: Date): number {
  const by = (test: (one: Candidate) => boolean): number => Number(test(b)) - Number(test(a));
  return (
    a.identity.sure - b.identity.sure ||
    by(({ held }) => isValidAt(held.certificate, now)) ||
    by(({ isIssued }) => isIssued) ||
    by(({ held }) => isUsable(id, held)) ||
    by(({ held }) => !isArchive(placeOf(held))) ||
    by(({ held }) => hasWord(placeOf(held), 'admin') || CATALOGUE[id].holder !== 'administrator') ||
    b.held.certificate.notBefore.getTime() - a.held.certificate.notBefore.getTime()
  );
}

function chooseOne(
  id: CredentialId,
  candidates: readonly Candidate[],
  hosts: ReadonlySet<string>,
  remarks: Remarks,
): Assigned[] {
  const [best] = candidates;
  if (best === undefined) return [];
  if (best.identity.sure === SURE.fileName) warnOfName(id, best.held, remarks);
  const taken = ownersOf(id, candidates, hosts) ?? [{ candidate: best, host: nodeOf(best) }];
  const winners = new Set(taken.map(({ candidate }) => candidate));
  for (const candidate of candidates) {
    if (winners.has(candidate)) continue;
    const rival = taken.find(({ host }) => host !== undefined && host === nodeOf(candidate));
    nameLoser(id, candidate, rival?.candidate ?? taken[0]?.candidate ?? best, remarks);
  }
  const assigned = taken.map(
    ({ candidate: { held, identity }, host }): Assigned => ({
      id,
      ...(host === undefined ? {} : { host }),
      ...filesOf(id, held),
      why: identity.why,
    }),
  );
  return id === 'kubelet-client' ? inOneForm(assigned, remarks) : assigned;
}

/** Where some nodes have a kubeconfig, the pair of another is what its own was made of. */
function inOneForm(nodes: readonly Assigned[], remarks: Remarks): Assigned[] {
  const templates = nodes.flatMap(({ file, host = '' }) =>
    'kubeconfig' in file ? (templateFor(file.kubeconfig, host) ?? []) : [],
  );
  const template = mostFrequent(templates);
  return nodes.map((node) => {
    const { file, host } = node;
    if (template === undefined || host === undefined || !('certificate' in file)) return node;
    const kubeconfig = template.replaceAll('{host}', host);
    remarks.warn(
      `${kubeconfig} is not here, whose pair is ${file.certificate}: apply makes it anew`,
    );
    return { ...node, file: { kubeconfig } };
  });
}

/** A node's name, where its file is not called by it: there is only one. */
const nodeOf = ({ identity: { node } }: Candidate): string | undefined =>
  node !== undefined && isHostName(node) ? node : undefined;

/** Upstream recognises these by their common name, and by no file's. */
function warnOfName(id: CredentialId, held: Held, remarks: Remarks): void {
  const { commonName, fixed } = CATALOGUE[id].subject;
  if (fixed === undefined) return;
  const name = nameOfCertificate(held.certificate);
  remarks.warn(
    `${placeOf(held)} is named for ${id}, but its common name is ${name}: kube-apiserver knows ${commonName} only`,
  );
}

function nameLoser(
  id: CredentialId,
  { held, identity: { node } }: Candidate,
  { held: best }: Candidate,
  remarks: Remarks,
): void {
  const isMisnamed = node !== undefined && !isHostName(node);
  const why = isMisnamed
    ? `of the node ${quoted(node, 80)}, and no node can be called that`
    : `another ${id}; taken was ${placeOf(best)}`;
  for (const path of pathsOfHeld(held)) remarks.leave(path, why);
  if (isArchive(placeOf(held))) return;
  const what = isMisnamed ? `is ${why}` : `could be ${id} too; taken was ${placeOf(best)}`;
  remarks.warn(`${placeOf(held)} ${what}`);
}

/**
 * Guides give each node one certificate for both ends. Where the kubelet's kubeconfig embeds it, the
 * pair beside is what it serves with: a credential of its own, unless it covers no name of the node.
 */
function kubeletServers(nodes: readonly Candidate[], assigned: readonly Assigned[]): Assigned[] {
  if (assigned.some(({ id }) => id === 'kubelet-server')) return [];
  const clients = assigned.filter(
    ({ id, file }) => id === 'kubelet-client' && 'kubeconfig' in file,
  );
  const holders = new Map(nodes.map(({ held }) => [held.certificate, held]));
  const servers: Assigned[] = [];
  for (const client of clients) {
    const held = client.certificate && holders.get(client.certificate);
    const names = held?.certificate.subjectAltNames?.dns ?? [];
    if (held === undefined || client.host === undefined) return [];
    if (!hasBothPurposes(held) || !names.includes(client.host)) return [];
    // One whose pair is lost has a kubeconfig that was made of it: it is made anew as the others are called.
    if (held.pairs.length === 0) continue;
    const why = `the pair that ${mainName(client)} embeds`;
    servers.push({ id: 'kubelet-server', host: client.host, ...pairOf(held), why });
  }
  return servers;
}

const mainName = ({ file }: Assigned): string => ('kubeconfig' in file ? file.kubeconfig : '');
