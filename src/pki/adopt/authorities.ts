/** Which CA is which: by what it has issued, then by its name. */
import type { AuthorityId, CredentialId } from '../../cluster/index.ts';
import { type Certificate, commonName, formatName, type Name } from '../../x509/index.ts';
import { type Held, hasKey, isArchived, isSelfSigned, isValidAt, placeOf } from './holdings.ts';
import { identityOf } from './identity.ts';
import { hasWord, isArchive } from './names.ts';
import type { Remarks } from './remarks.ts';

export interface ChosenAuthorities {
  readonly scheme: 'separate' | 'single' | 'split';
  readonly chosen: ReadonlyMap<AuthorityId, ChosenAuthority>;
  /** Those that are not here, and have issued certificates that are. */
  readonly lost: ReadonlyMap<AuthorityId, LostAuthority>;
}

export interface LostAuthority {
  readonly name: string;
  /** Absent of a CA that has none. */
  readonly commonName: string | undefined;
  /** A copy of its certificate in a tool's archive. */
  readonly copy?: string;
}

export interface ChosenAuthority {
  readonly held: Held;
  readonly why: string;
}

/** What a CA has issued of what is here. */
interface Issued {
  readonly name: string;
  readonly commonName: string | undefined;
  /** Absent of a CA that is known only by the certificates that name it. */
  readonly held: Held | undefined;
  readonly copy?: string;
  clients: number;
  servers: number;
  etcd: number;
  peers: number;
  frontProxy: number;
  other: number;
  authorities: number;
}

/** @param isHidden whether a CA may lie where this user cannot look */
export function chooseAuthorities(
  held: readonly Held[],
  isHidden: (id: AuthorityId) => boolean,
  now: Date,
  remarks: Remarks,
): ChosenAuthorities {
  const ranked = countIssued(held).sort((a, b) => rank(a, b, now));
  // A root that has only signed another CA of ours is that CA's issuer, and no cluster's.
  const candidates = ranked.filter((one) => leaves(one) > 0 || one.authorities === 0);
  const chosen = new Map<AuthorityId, ChosenAuthority>();
  const lost = new Map<AuthorityId, LostAuthority>();
  const taken = new Set<Issued>();
  const take = (id: AuthorityId, one: Issued | undefined): void => {
    if (one === undefined) return;
    taken.add(one);
    const { held: authority, name, commonName: own, copy } = one;
    if (authority !== undefined) chosen.set(id, { held: authority, why: reason(one) });
    else lost.set(id, { name, commonName: own, ...(copy === undefined ? {} : { copy }) });
  };
  const free = (test: (one: Issued) => boolean): Issued | undefined =>
    candidates.find((one) => test(one) && !taken.has(one));

  take('front-proxy-ca', free(isFrontProxy));
  // With etcd's CA and no other it is the cluster's: one of something else is not here to be described.
  const isAlone = candidates.filter((one) => !isFrontProxy(one)).length === 1;
  const etcd = candidates.filter((one) => isEtcd(one) && !isFrontProxy(one) && !isAlone);
  const peers = etcd.find((one) => one.peers > 0 && one.peers === one.etcd);
  const members = etcd.find((one) => one !== peers) ?? peers;
  take('etcd-ca', members);
  const clients =
    free((one) => one.clients > 0) ??
    free((one) => one.servers > 0) ??
    free((one) => one.other > 0) ??
    free(isNamedCluster) ??
    free(() => true);
  take('ca', clients);
  const servers =
    clients?.servers === 0 ? free((one) => one.servers > 0 && one.clients === 0) : undefined;
  const isSeparate = members !== undefined || isHidden('etcd-ca');
  const scheme = servers !== undefined ? 'split' : isSeparate || !clients ? 'separate' : 'single';
  if (scheme === 'split') {
    take('server-ca', servers);
    take('etcd-peer-ca', peers === members ? undefined : peers);
  }
  nameTheOthers(ranked, chosen, now, remarks);
  return { scheme, chosen, lost };
}

const leaves = ({ clients, servers, etcd, frontProxy, other }: Issued): number =>
  clients + servers + etcd + frontProxy + other;

/** Valid ones (and those whose dates nobody knows) first, then those that have issued most, then with their key, then the later. */
function rank(a: Issued, b: Issued, now: Date): number {
  const of = ({ held }: Issued): number[] =>
    held === undefined
      ? [1, 0, 0, 0]
      : [
          Number(isValidAt(held.certificate, now)),
          Number(hasKey(held)),
          Number(!isArchive(placeOf(held))),
          held.certificate.notBefore.getTime(),
        ];
  const [x, y] = [of(a), of(b)];
  const by = (i: number): number => (y[i] ?? 0) - (x[i] ?? 0);
  return by(0) || leaves(b) - leaves(a) || by(1) || by(2) || by(3);
}

function countIssued(held: readonly Held[]): Issued[] {
  const issued = new Map<Held, Issued>();
  for (const one of held) {
    // A CA that no file holds, only a kubeconfig as a client certificate, is none to sign with.
    if (!one.isAuthority || one.pairs.length === 0) continue;
    issued.set(
      one,
      isArchived(one)
        ? { ...nothingOf(one.certificate.subject), copy: placeOf(one) }
        : nothingOf(one.certificate.subject, one),
    );
  }
  const orphans: Held[] = [];
  for (const one of held) {
    const by = one.issuer === undefined ? undefined : issued.get(one.issuer);
    if (by !== undefined && one.isAuthority) by.authorities++;
    else if (by !== undefined) count(by, one);
    else if (one.issuer === undefined && !one.isAuthority && !isArchived(one)) orphans.push(one);
  }
  const all = [...issued.values()];
  const here = all.filter((one) => one.held !== undefined);
  const away = all.filter((one) => one.held === undefined && leaves(one) > 0);
  return [...here, ...[...away, ...byName(orphans, here)].filter((one) => isMissed(one, here))];
}

const nothingOf = (name: Name, held?: Held): Issued => ({
  name: commonName(name) ?? formatName(name),
  commonName: commonName(name),
  held,
  clients: 0,
  servers: 0,
  etcd: 0,
  peers: 0,
  frontProxy: 0,
  other: 0,
  authorities: 0,
});

/** CAs that are not here, by the certificates that name them their issuers. */
function byName(orphans: readonly Held[], here: readonly Issued[]): Issued[] {
  const known = new Set(
    here.flatMap(({ held }) => (held ? [nameText(held.certificate.subjectDer)] : [])),
  );
  const missing = new Map<string, Issued>();
  for (const one of orphans) {
    const { issuer, issuerDer } = one.certificate;
    const key = nameText(issuerDer);
    // One of that name is here, and has another key: that is said of each certificate.
    if (isSelfSigned(one) || known.has(key)) continue;
    const by = missing.get(key) ?? nothingOf(issuer);
    missing.set(key, by);
    count(by, one);
  }
  return [...missing.values()];
}

const nameText = (der: Uint8Array): string => Buffer.from(der).toString('latin1');

const KINDS = ['clients', 'servers', 'etcd', 'frontProxy'] as const;

/** Whether a CA that is not here has issued more of a kind than one that is: else what names it only strayed in. */
const isMissed = (away: Issued, here: readonly Issued[]): boolean =>
  KINDS.some((kind) => here.every((one) => one[kind] < away[kind]));

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

const called = ({ name, held }: Issued, ...words: string[]): boolean =>
  hasWord(name, ...words) ||
  (held?.pairs.some(({ certificate }) => hasWord(certificate, ...words)) ?? false);

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
  if (count === 0) return `named ${one.name}`;
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
    const { held, name } = one;
    if (held === undefined || taken.includes(held)) continue;
    const namesake = ranked.find(
      (other) =>
        other.held !== undefined &&
        taken.includes(other.held) &&
        isSameName(other.held.certificate, held.certificate),
    );
    if (namesake?.held !== undefined)
      nameNamesake(one, held, namesake, namesake.held, now, remarks);
    const role = taken.some(({ issuer }) => issuer === held)
      ? 'the issuer of a CA that was taken'
      : 'a CA that was not needed';
    for (const { certificate, key } of held.pairs) {
      remarks.leave(certificate, `${role}, ${name}`);
      if (key !== undefined) remarks.leave(key, `key of ${certificate}`);
    }
  }
}

function nameNamesake(
  one: Issued,
  held: Held,
  namesake: Issued,
  taken: Held,
  now: Date,
  remarks: Remarks,
): void {
  const [mine, other] = [placeOf(held), placeOf(taken)];
  const two = `two CAs of the name ${one.name}`;
  if (!isValidAt(held.certificate, now)) {
    remarks.warn(`${two}: ${other} was taken; ${mine} is not valid now`);
  } else if (leaves(one) < leaves(namesake)) {
    remarks.warn(`${two}: ${other} was taken; ${mine} has issued less of what is here`);
  } else {
    remarks.tell(`which of ${two} counts, ${other} or ${mine}: taken was ${other}`);
  }
}

const isSameName = (a: Certificate, b: Certificate): boolean =>
  Buffer.compare(a.subjectDer, b.subjectDer) === 0;
