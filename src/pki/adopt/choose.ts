/** Which certificate is which credential, in a directory whose file names nobody has laid down. */
import {
  type AuthorityId,
  CATALOGUE,
  CREDENTIAL_IDS,
  type CredentialId,
  issuerOf,
} from '../../cluster/index.ts';
import { formatName, organizations } from '../../x509/index.ts';
import type { Assigned } from './assigned.ts';
import type { ChosenAuthorities } from './authorities.ts';
import {
  type Held,
  type Holdings,
  hasBothPurposes,
  isValidAt,
  nameOfCertificate,
  type Pair,
  placeOf,
} from './holdings.ts';
import { type Identity, identityOf, SURE } from './identity.ts';
import { hasWord, isArchive, isHostName } from './names.ts';
import { ownersOf } from './owners.ts';
import type { Remarks } from './remarks.ts';

/** A certificate that could be a credential. */
export interface Candidate {
  readonly held: Held;
  readonly identity: Identity;
  /** That the CA which should have issued it has done so. */
  readonly isIssued: boolean;
}

/** What is still to be named where a file is missing beside one that is there. */
export const UNNAMED = '';

/** Every CA and leaf of the catalogue that was found; key pairs are found by `keyPairOf`. */
export function chooseCredentials(
  { held }: Holdings,
  authorities: ChosenAuthorities,
  now: Date,
  remarks: Remarks,
): Assigned[] {
  const assigned: Assigned[] = [];
  for (const [id, { held: authority, why }] of authorities.chosen) {
    assigned.push({ id, ...pairOf(authority), why });
  }
  const groups = group(held, authorities, remarks);
  warnOfStrangers(held, authorities, remarks);
  for (const id of CREDENTIAL_IDS) {
    const candidates = (groups.get(id) ?? []).sort((a, b) => compare(id, a, b, now));
    assigned.push(...chooseOne(id, candidates, remarks));
  }
  assigned.push(...kubeletServers(groups.get('kubelet-client') ?? [], assigned));
  return assigned;
}

/** CAs that have issued something here and are not here themselves: half of a PKI. */
function warnOfStrangers(
  held: readonly Held[],
  { chosen }: ChosenAuthorities,
  remarks: Remarks,
): void {
  const orphans = held.filter(({ isAuthority, issuer }) => !isAuthority && issuer === undefined);
  const counts = new Map<string, number>();
  for (const { certificate } of orphans) {
    // What has signed itself, as kubelets and programs do at their first start, misses no CA.
    if (Buffer.compare(certificate.issuerDer, certificate.subjectDer) === 0) continue;
    const name = formatName(certificate.issuer);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  for (const [name, count] of counts) {
    remarks.warn(
      `the CA ${name} is not here: ${count === 1 ? '1 certificate' : `${count} certificates`} of it can be verified with nothing`,
    );
  }
  if (!chosen.has('ca'))
    remarks.warn(
      "the certificate of the cluster's CA is not here: put it and its key back before anything is made",
    );
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
  remarks: Remarks,
): Assigned[] {
  const [best] = candidates;
  if (best === undefined) return [];
  if (best.identity.sure === SURE.fileName) warnOfName(id, best.held, remarks);
  const owners = ownersOf(id, candidates);
  const taken = owners ?? [{ candidate: best, host: nodeOf(best) }];
  const winners = new Set(taken.map(({ candidate }) => candidate));
  for (const candidate of candidates) {
    if (!winners.has(candidate)) nameLoser(id, candidate, best, remarks);
  }
  return taken.map(({ candidate: { held, identity }, host }) => ({
    id,
    ...(host === undefined ? {} : { host }),
    ...filesOf(id, held),
    why: identity.why,
  }));
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
  { held }: Candidate,
  { held: best }: Candidate,
  remarks: Remarks,
): void {
  for (const path of pathsOfHeld(held)) {
    remarks.leave(path, `another ${id}; taken was ${placeOf(best)}`);
  }
  if (!isArchive(placeOf(held))) {
    remarks.warn(`${placeOf(held)} could be ${id} too; taken was ${placeOf(best)}`);
  }
}

/** How a certificate is held: what its component takes comes first, the other form is its raw material. */
export function filesOf(
  id: CredentialId,
  held: Held,
): Pick<Assigned, 'certificate' | 'keyType' | 'file' | 'kubeconfig'> {
  const [kubeconfig] = held.kubeconfigs;
  const asKubeconfig = CATALOGUE[id].stored === 'kubeconfig' || held.pairs.length === 0;
  if (kubeconfig === undefined || !asKubeconfig) return pairOf(held);
  const { certificate } = held;
  return {
    certificate,
    keyType: certificate.keyType,
    file: { kubeconfig: kubeconfig.path },
    kubeconfig,
  };
}

function pairOf({ certificate, pairs }: Held): Pick<Assigned, 'certificate' | 'keyType' | 'file'> {
  const [pair] = pairs;
  if (pair === undefined) throw new TypeError('expected a certificate in a file of its own');
  return { certificate, keyType: certificate.keyType, file: pairFile(pair) };
}

const pairFile = ({ certificate, key }: Pair): Assigned['file'] => ({
  certificate,
  key: key ?? UNNAMED,
});

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
  const servers = clients.flatMap((client): Assigned[] => {
    const held = client.certificate && holders.get(client.certificate);
    const names = held?.certificate.subjectAltNames?.dns ?? [];
    if (held === undefined || held.pairs.length === 0 || !hasBothPurposes(held)) return [];
    if (client.host === undefined || !names.includes(client.host)) return [];
    const why = `the pair that ${mainName(client)} embeds`;
    return [{ id: 'kubelet-server', host: client.host, ...pairOf(held), why }];
  });
  return servers.length === clients.length ? servers : [];
}

const mainName = ({ file }: Assigned): string => ('kubeconfig' in file ? file.kubeconfig : '');
