/** Which CA is which: by what it has issued, then by its name. */
import type { AuthorityId, CredentialId } from '../../cluster/index.ts';
import type { Certificate } from '../../x509/index.ts';
import { type Held, hasKey, isValidAt, nameOfCertificate, placeOf } from './holdings.ts';
import { identityOf } from './identity.ts';
import { hasWord, isArchive } from './names.ts';
import type { Remarks } from './remarks.ts';

export interface ChosenAuthorities {
  readonly scheme: 'separate' | 'single' | 'split';
  readonly chosen: ReadonlyMap<AuthorityId, ChosenAuthority>;
}

export interface ChosenAuthority {
  readonly held: Held;
  readonly why: string;
}

/** What a CA has issued of what is here. */
interface Issued {
  readonly held: Held;
  clients: number;
  servers: number;
  etcd: number;
  peers: number;
  frontProxy: number;
  other: number;
  authorities: number;
}

export function chooseAuthorities(
  held: readonly Held[],
  now: Date,
  remarks: Remarks,
): ChosenAuthorities {
  const issued = countIssued(held);
  const ranked = [...issued.values()].sort((a, b) => rank(a, b, now));
  // A root that has only signed another CA of ours is that CA's issuer, and no cluster's.
  const candidates = ranked.filter((one) => leaves(one) > 0 || one.authorities === 0);
  const chosen = new Map<AuthorityId, ChosenAuthority>();
  const take = (id: AuthorityId, one: Issued | undefined, why?: string): void => {
    if (one !== undefined) chosen.set(id, { held: one.held, why: why ?? reason(one) });
  };
  const free = (test: (one: Issued) => boolean): Issued | undefined =>
    candidates.find(
      (one) => test(one) && ![...chosen.values()].some(({ held }) => held === one.held),
    );

  take('front-proxy-ca', free(isFrontProxy));
  // With etcd's CA and no other it is the cluster's: one of something else is not here to be described.
  const isAlone = candidates.filter((one) => !isFrontProxy(one)).length === 1;
  const etcd = candidates.filter((one) => isEtcd(one) && !isFrontProxy(one) && !isAlone);
  const peers = etcd.find((one) => one.peers > 0 && one.peers === one.etcd);
  const members = etcd.find((one) => one !== peers) ?? peers;
  take('etcd-ca', members);
  const clients =
    free((one) => one.clients > 0) ??
    free((one) => one.servers > 0 || one.other > 0) ??
    free(isNamedCluster) ??
    free(() => true);
  take('ca', clients);
  const servers =
    clients?.servers === 0 ? free((one) => one.servers > 0 && one.clients === 0) : undefined;
  const scheme = schemeOf(clients, members, servers);
  if (scheme === 'split') {
    take('server-ca', servers);
    take('etcd-peer-ca', peers === members ? undefined : peers);
  }
  nameTheOthers(ranked, chosen, now, remarks);
  return { scheme, chosen };
}

function schemeOf(
  clients: Issued | undefined,
  etcd: Issued | undefined,
  servers: Issued | undefined,
): ChosenAuthorities['scheme'] {
  if (servers !== undefined) return 'split';
  return clients !== undefined && etcd === undefined ? 'single' : 'separate';
}

const leaves = ({ clients, servers, etcd, frontProxy, other }: Issued): number =>
  clients + servers + etcd + frontProxy + other;

/** Valid ones first, then those that have issued most, then with their key, then the later. */
function rank(a: Issued, b: Issued, now: Date): number {
  const valid = ({ held }: Issued): number => Number(isValidAt(held.certificate, now));
  return (
    valid(b) - valid(a) ||
    leaves(b) - leaves(a) ||
    Number(hasKey(b.held)) - Number(hasKey(a.held)) ||
    Number(isArchive(placeOf(a.held))) - Number(isArchive(placeOf(b.held))) ||
    b.held.certificate.notBefore.getTime() - a.held.certificate.notBefore.getTime()
  );
}

function countIssued(held: readonly Held[]): Map<Held, Issued> {
  const issued = new Map<Held, Issued>();
  for (const one of held) {
    // A CA that no file holds, only a kubeconfig as a client certificate, is none to sign with.
    if (!one.isAuthority || one.pairs.length === 0) continue;
    issued.set(one, {
      held: one,
      clients: 0,
      servers: 0,
      etcd: 0,
      peers: 0,
      frontProxy: 0,
      other: 0,
      authorities: 0,
    });
  }
  for (const one of held) {
    const by = one.issuer === undefined ? undefined : issued.get(one.issuer);
    if (by === undefined) continue;
    if (one.isAuthority) by.authorities++;
    else count(by, one);
  }
  return issued;
}

const SERVERS: readonly CredentialId[] = ['apiserver', 'kubelet-server'];

function count(by: Issued, leaf: Held): void {
  const id = identityOf(leaf.certificate, placeOf(leaf))?.id;
  if (id === undefined) by.other++;
  else if (id === 'front-proxy-client') by.frontProxy++;
  else if (SERVERS.includes(id)) by.servers++;
  else if (id.startsWith('etcd-') || id === 'apiserver-etcd-client') {
    by.etcd++;
    if (id === 'etcd-peer') by.peers++;
  } else by.clients++;
}

const called = ({ held }: Issued, ...words: string[]): boolean =>
  hasWord(nameOfCertificate(held.certificate), ...words) ||
  held.pairs.some(({ certificate }) => hasWord(certificate, ...words));

const isCluster = ({ clients, servers }: Issued): boolean => clients + servers > 0;

const isFrontProxy = (one: Issued): boolean =>
  !isCluster(one) &&
  one.etcd === 0 &&
  (one.frontProxy > 0 ||
    called(
      one,
      'front-proxy',
      'frontproxy',
      'requestheader',
      'request-header',
      'aggregator',
      'proxy-ca',
    ));

const isEtcd = (one: Issued): boolean => !isCluster(one) && (one.etcd > 0 || called(one, 'etcd'));

const isNamedCluster = (one: Issued): boolean =>
  called(one, 'kubernetes', 'kubernetes-ca', 'cluster', 'k8s', 'ca');

function reason(one: Issued): string {
  const count = leaves(one);
  if (count === 0) return `named ${nameOfCertificate(one.held.certificate)}`;
  return count === 1
    ? 'has issued 1 of the certificates here'
    : `has issued ${count} of the certificates here`;
}

/** What the CAs are that were not taken. */
function nameTheOthers(
  ranked: readonly Issued[],
  chosen: ReadonlyMap<AuthorityId, ChosenAuthority>,
  now: Date,
  remarks: Remarks,
): void {
  const taken = [...chosen.values()].map(({ held }) => held);
  for (const one of ranked) {
    const { held } = one;
    if (taken.includes(held)) continue;
    const place = placeOf(held);
    const name = nameOfCertificate(held.certificate);
    const namesake = taken.find((other) => isSameName(other.certificate, held.certificate));
    if (namesake !== undefined) {
      const why = isValidAt(held.certificate, now)
        ? 'has issued less of what is here'
        : 'is not valid now';
      remarks.warn(`two CAs of the name ${name}: ${placeOf(namesake)} was taken; ${place} ${why}`);
    }
    const role = taken.some(({ issuer }) => issuer === held)
      ? 'the issuer of a CA that was taken'
      : 'a CA that was not needed';
    for (const { certificate, key } of held.pairs) {
      remarks.leave(certificate, `${role}, ${name}`);
      if (key !== undefined) remarks.leave(key, `key of ${certificate}`);
    }
  }
}

const isSameName = (a: Certificate, b: Certificate): boolean =>
  Buffer.compare(a.subjectDer, b.subjectDer) === 0;
