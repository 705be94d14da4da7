/** What certificates say that the catalogue does not: so that plan finds nothing to object, and a renewal makes the same again. */
import {
  administratorItems,
  CATALOGUE,
  type Cluster,
  CREDENTIAL_IDS,
  type CredentialId,
  formatDuration,
  hostItems,
  type LeafProfile,
  sharedItems,
} from '../../cluster/index.ts';
import {
  type Certificate,
  commonName,
  KEY_ALGORITHMS,
  organizations,
  signatureVerifies,
} from '../../x509/index.ts';
import type { Assigned } from './assigned.ts';
import { askedLifetime, mostFrequent } from './lifetimes.ts';
import type { Value } from './text.ts';

export interface Defaults {
  readonly keyAlgorithm: string;
  /** Seconds. */
  readonly validity: { readonly ca: number; readonly leaf: number };
}

type Override = Record<string, Value>;
export type Overrides = Partial<Record<CredentialId, Override>>;

const isAuthority = ({ id }: Assigned): boolean => CATALOGUE[id].kind === 'ca';

/**
 * Without leaves that no CA of this PKI has issued: what somebody has put there is no model for what apply
 * will make, least of all its organizations. Plan refuses them, each with the reason.
 */
function issuedHere(assigned: readonly Assigned[]): readonly Assigned[] {
  const authorities = assigned.filter(isAuthority).flatMap(({ certificate }) => certificate ?? []);
  return assigned.filter(
    (one) =>
      one.certificate === undefined ||
      isAuthority(one) ||
      authorities.some((authority) => isIssuedBy(one.certificate, authority)),
  );
}

/** Asked for every node of a fleet, three times. */
const verified = new WeakMap<Certificate, Certificate>();

function isIssuedBy(certificate: Certificate | undefined, authority: Certificate): boolean {
  if (certificate === undefined) return false;
  if (verified.get(certificate) === authority) return true;
  if (Buffer.compare(certificate.issuerDer, authority.subjectDer) !== 0) return false;
  if (!signatureVerifies(certificate, authority)) return false;
  verified.set(certificate, authority);
  return true;
}

/** The algorithm and the lifetimes that most credentials have; each counts once, however many hosts hold it. */
export function defaultsOf(all: readonly Assigned[]): Defaults {
  const assigned = issuedHere(all);
  const types = CREDENTIAL_IDS.flatMap((id) => mostFrequent(typesOf(assigned, id)) ?? []);
  const authorities = assigned.filter(isAuthority);
  const leaves = CREDENTIAL_IDS.filter((id) => CATALOGUE[id].kind !== 'ca').flatMap(
    (id) =>
      mostFrequent(
        assigned.filter((one) => one.id === id).flatMap((one) => leafLifetime(one, authorities)),
      ) ?? [],
  );
  const own = assigned.filter(({ id }) => id === 'ca').flatMap(lifetimeOf)[0];
  const ca = own ?? mostFrequent(authorities.flatMap(lifetimeOf)) ?? 10 * 365 * 86_400;
  return {
    keyAlgorithm: mostFrequent(types) ?? 'ECDSA-P256',
    validity: { ca, leaf: Math.min(mostFrequent(leaves) ?? 365 * 86_400, ca) },
  };
}

const typesOf = (assigned: readonly Assigned[], id: CredentialId): string[] =>
  assigned.flatMap((one) => (one.id === id && isSupported(one.keyType) ? [one.keyType] : []));

const isSupported = (type: string | undefined): type is string =>
  KEY_ALGORITHMS.some((known) => known === type);

const lifetimeOf = ({ certificate }: Assigned): number[] =>
  certificate === undefined ? [] : [askedLifetime(certificate)];

/**
 * Nothing of a kubeconfig's certificate that begins with its CA, as kubeadm's do: how long it was asked
 * to live cannot be told from that.
 */
function leafLifetime(one: Assigned, authorities: readonly Assigned[]): number[] {
  const begin = one.certificate?.notBefore.getTime();
  const withAuthority = authorities.some(
    ({ certificate }) => certificate?.notBefore.getTime() === begin,
  );
  return withAuthority && one.kubeconfig !== undefined ? [] : lifetimeOf(one);
}

/** Common names, organizations, key types and lifetimes that differ. */
export function overridesOf(
  all: readonly Assigned[],
  defaults: Defaults,
  layout: Cluster['layout'],
): Overrides {
  const assigned = issuedHere(all);
  const overrides: Overrides = {};
  const authorities = assigned.filter(isAuthority);
  for (const id of CREDENTIAL_IDS) {
    const mine = assigned.filter((one) => one.id === id);
    const override = {
      // k3s names its own, and nothing is made for it.
      ...(layout === 'k3s' ? {} : subjectOverride(id, mine)),
      ...keyOverride(id, mine, defaults),
      ...lifetimeOverride(id, mine, authorities, defaults),
    };
    if (Object.keys(override).length > 0) overrides[id] = override;
  }
  return overrides;
}

const MOST_CHARACTERS = 64;

function subjectOverride(id: CredentialId, mine: readonly Assigned[]): Override {
  const { subject, kind } = CATALOGUE[id];
  const [first] = mine;
  if (first?.certificate === undefined || kind === 'key-pair' || subject.fixed === 'node')
    return {};
  const names = mine.flatMap(({ certificate, host }) =>
    certificate === undefined ? [] : [patternName(certificate, host)],
  );
  const name = mostFrequent(names) ?? '';
  const isNew = subject.fixed === undefined && name !== '' && name.length <= MOST_CHARACTERS;
  const shown = isNew && name !== subject.commonName ? { commonName: name } : {};
  if (kind === 'ca') return shown;
  // The group of nodes is of no use to a name that is no node's.
  const expected = id === 'kubelet-server' && 'commonName' in shown ? [] : subject.organizations;
  const has = organizations(first.certificate.subject);
  return sameSet(has, expected) ? shown : { ...shown, organizations: has };
}

/** A common name with the host's name in it replaced, where each host has its own. */
function patternName({ subject }: Certificate, host: string | undefined): string {
  const name = commonName(subject) ?? '';
  if (host === undefined || !name.includes(host)) return name;
  return name === host ||
    name.startsWith(`${host}.`) ||
    name.endsWith(`:${host}`) ||
    name.endsWith(`-${host}`) ||
    name.startsWith(`${host}-`)
    ? name.replace(host, '{host}')
    : name;
}

const sameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.toSorted().join('\n') === b.toSorted().join('\n');

function keyOverride(
  id: CredentialId,
  mine: readonly Assigned[],
  { keyAlgorithm }: Defaults,
): Override {
  const type = mostFrequent(typesOf(mine, id));
  return type === undefined || type === keyAlgorithm ? {} : { keyAlgorithm: type };
}

function lifetimeOverride(
  id: CredentialId,
  mine: readonly Assigned[],
  authorities: readonly Assigned[],
  { validity }: Defaults,
): Override {
  const isCa = CATALOGUE[id].kind === 'ca';
  const lifetime = mostFrequent(
    mine.flatMap((one) => (isCa ? lifetimeOf(one) : leafLifetime(one, authorities))),
  );
  if (lifetime === undefined || lifetime === (isCa ? validity.ca : validity.leaf)) return {};
  // A cluster file lets no leaf outlive its CA.
  return isCa || lifetime <= validity.ca ? { validity: formatDuration(lifetime) } : {};
}

/** The names that certificates cover beyond what this cluster asks for, by credential; common to all hosts'. */
export function extraNames(
  all: readonly Assigned[],
  cluster: Cluster,
): Map<CredentialId, string[]> {
  const assigned = issuedHere(all);
  const extras = new Map<CredentialId, string[]>();
  const profiles = profilesOf(cluster);
  for (const { id, host, certificate } of assigned) {
    const { kind } = CATALOGUE[id];
    if ((kind !== 'server' && kind !== 'peer') || certificate === undefined) continue;
    const profile = profiles.get(`${id} ${host ?? ''}`) ?? profiles.get(`${id} `);
    if (profile === undefined) continue;
    const { dns = [], ip = [] } = certificate.subjectAltNames ?? {};
    const wanted = new Set([...profile.dns, ...profile.ip]);
    const more = [...new Set([...dns, ...ip])].filter((name) => !wanted.has(name));
    const known = extras.get(id);
    extras.set(id, known === undefined ? more : known.filter((name) => more.includes(name)));
  }
  return extras;
}

function profilesOf(cluster: Cluster): Map<string, LeafProfile> {
  const profiles = new Map<string, LeafProfile>();
  const add = (items: ReturnType<typeof hostItems>, host: string): void => {
    for (const item of items) {
      if (item.kind === 'copy') continue;
      profiles.set(`${item.credential} ${host}`, item.profile);
      if (!profiles.has(`${item.credential} `)) profiles.set(`${item.credential} `, item.profile);
    }
  };
  add([...sharedItems(cluster), ...administratorItems(cluster)], '');
  for (const host of cluster.hosts) add(hostItems(cluster, host), host.name);
  return profiles;
}
