/**
 * Judges requests by a cluster file: what may be signed is just what one of the cluster's own
 * certificates says, no name more and none fewer; and in the tree of a host, of that host's.
 */
import { type Cluster, formatDuration, type LeafProfile } from '../../cluster/index.ts';
import { quoted } from '../../errors.ts';
import type { Asked } from './asked.ts';
import type { Wishes } from './judge.ts';
import { type ClusterLeaf, clusterLeaves, type LeafFilter } from './leaves.ts';
import { type Lies, ofAdministrator } from './lies.ts';
import { type Grant, POLICY_USAGES, type Refusal, SUBJECT_ATTRIBUTES } from './policy.ts';

export interface CatalogueFilter extends LeafFilter {
  /** Only what this authority signs. */
  readonly issuer?: string | undefined;
}

export type CatalogueJudgement =
  | { readonly refusals: readonly Refusal[] }
  | { readonly grant: Grant; readonly leaf: ClusterLeaf };

/** Groups that every right in the cluster is bound to: whoever is in one of them is its administrator. */
const ADMINISTRATORS: readonly string[] = ['system:masters', 'kubeadm:cluster-admins'];

/** The group that makes a credential an administrator's. */
const reservedGroup = ({ item }: ClusterLeaf): string | undefined =>
  item.profile.organizations.find((name) => ADMINISTRATORS.includes(name));

const ANYWHERE: Lies = { kind: 'anywhere' };

/**
 * A judge for any number of requests.
 *
 * @param where the cluster file's name, for messages
 */
export function catalogueJudge(
  cluster: Cluster,
  where: string,
  filter: CatalogueFilter,
): (asked: Asked, wishes: Wishes, lies?: Lies) => CatalogueJudgement {
  const byName = new Map<string, ClusterLeaf[]>();
  for (const leaf of clusterLeaves(cluster, filter)) {
    const { issuer, commonName } = leaf.item.profile;
    if (filter.issuer !== undefined && issuer !== filter.issuer) continue;
    const list = byName.get(commonName);
    if (list === undefined) byName.set(commonName, [leaf]);
    else list.push(leaf);
  }
  const none = (asked: Asked, lies: Lies): Refusal =>
    noCredential(asked, lies, { cluster, where, filter });
  return (asked, wishes, lies = ANYWHERE) => {
    if (lies.kind === 'unclear') {
      return { refusals: [{ part: 'place', reason: lies.reason, origin: where }] };
    }
    const leaves = fromThere(byName.get(asked.commonName ?? '') ?? [], lies);
    const judged = leaves.map((leaf) => ({
      leaf,
      refusals: differences(asked, leaf, where, wishes),
    }));
    const fitting = judged.filter(({ refusals }) => refusals.length === 0);
    const [first] = fitting;
    if (first !== undefined) {
      const fit = fitting.map(({ leaf }) => leaf);
      return (
        oneIssuer(fit, where) ??
        notByTheWay(first.leaf, lies, where, filter) ??
        grant(asked, first.leaf, wishes)
      );
    }
    const [nearest] = judged.sort((a, b) => distance(a.refusals) - distance(b.refusals));
    return { refusals: nearest?.refusals ?? [none(asked, lies)] };
  };
}

/** Those of the leaves that a request can be for by where it lies. */
function fromThere(leaves: readonly ClusterLeaf[], lies: Lies): readonly ClusterLeaf[] {
  if (lies.kind !== 'host' && lies.kind !== 'admin') return leaves;
  const { leaf: exact } = lies;
  if (exact !== undefined) {
    return leaves.filter(
      ({ place, item }) => place === exact.place && item.credential === exact.item.credential,
    );
  }
  return lies.kind === 'admin'
    ? ofAdministrator(leaves)
    : leaves.filter(({ place }) => place === lies.host || place === 'shared');
}

/** The administrator's certificate goes to nobody who only has a request among the others. */
function notByTheWay(
  leaf: ClusterLeaf,
  lies: Lies,
  where: string,
  { credential }: CatalogueFilter,
): { readonly refusals: readonly Refusal[] } | undefined {
  const group = reservedGroup(leaf);
  if (group === undefined || lies.kind === 'admin' || credential !== undefined) return undefined;
  const reason = `asks to be ${leaf.item.credential}, in the group ${group} with every right in the cluster: signed by its name (--credential) or from admin/ of the directory (-d) only, once you know whose it is`;
  return { refusals: [{ part: 'subject', reason, origin: where }] };
}

/** Whoever asks to be a server has hardly meant a client's certificate, whatever else differs. */
const distance = (refusals: readonly Refusal[]): number =>
  refusals.length + (refusals.some(({ part }) => part === 'usages') ? MOST_DIFFERENCES : 0);

const MOST_DIFFERENCES = 10_000;

function noCredential(
  { commonName }: Asked,
  lies: Lies,
  {
    cluster,
    where,
    filter,
  }: { readonly cluster: Cluster; readonly where: string; readonly filter: CatalogueFilter },
): Refusal {
  const { issuer, credential, host } = filter;
  const limits = [
    ...(credential === undefined ? [] : [`--credential ${credential}`]),
    ...(host === undefined ? [] : [`--host ${host}`]),
    ...(issuer === undefined ? [] : [`--ca ${issuer}`]),
  ];
  const within = limits.length === 0 ? '' : ` within ${limits.join(' ')}`;
  const name =
    commonName === undefined ? 'no common name' : `the common name ${quoted(commonName)}`;
  // What kubeadm makes a request for whether or not anybody signs it ahead.
  const isKubelets =
    cluster.kubeletCertificates === 'bootstrap' && commonName?.startsWith('system:node:') === true;
  const why = isKubelets
    ? '; kubeletCertificates: bootstrap says that kubelets ask the cluster for theirs (files: that they are signed ahead)'
    : '';
  const reason = `${noneThere(lies)}${within} has ${name}${why}`;
  return { part: 'subject', reason, origin: where };
}

function noneThere(lies: Lies): string {
  if (lies.kind !== 'host' && lies.kind !== 'admin') return 'no credential';
  const whose = lies.kind === 'host' ? `of ${lies.host}` : 'of the administrator';
  return lies.leaf === undefined
    ? `lies in the tree ${whose}, and no credential ${whose}`
    : `lies where the request for ${lies.leaf.item.credential} of ${lies.leaf.place} belongs, which alone is signed there, and no such credential`;
}

/** The same certificate from two CAs: which one is asked has to be said. */
function oneIssuer(
  leaves: readonly ClusterLeaf[],
  where: string,
): { readonly refusals: readonly Refusal[] } | undefined {
  const issuers = [...new Set(leaves.map(({ item }) => item.profile.issuer))];
  if (issuers.length < 2) return undefined;
  const which = leaves.map(({ item }) => item.credential);
  const reason = `asks for what ${[...new Set(which)].join(' and ')} say alike, of different CAs`;
  return {
    refusals: [{ part: 'subject', reason, origin: where, remedy: `--ca ${issuers.join(' or ')}` }],
  };
}

function grant({ dns, ip }: Asked, leaf: ClusterLeaf, { validity }: Wishes): CatalogueJudgement {
  const { profile } = leaf.item;
  return {
    leaf,
    grant: {
      commonName: profile.commonName,
      organizations: profile.organizations,
      attributes: {},
      dns,
      ip,
      usages: POLICY_USAGES.filter((usage) => profile.usages.includes(usage)),
      validity: validity ?? profile.validity,
    },
  };
}

/** Everything in which a request differs from what a credential's certificate says. */
function differences(
  asked: Asked,
  { place, item }: ClusterLeaf,
  where: string,
  wishes: Wishes,
): Refusal[] {
  const { profile, credential } = item;
  const origin = `${where}: ${credential} of ${place}`;
  const refusals: Refusal[] = [];
  const refuse = (part: string, reason: string): void => {
    refusals.push({ part, reason, origin });
  };
  const compare = (
    part: string,
    what: string,
    has: readonly string[],
    wanted: readonly string[],
  ): void => {
    for (const value of has) {
      if (!wanted.includes(value)) refuse(part, `asks for ${what} ${quoted(value)}`);
    }
    for (const value of wanted) {
      if (!has.includes(value)) refuse(part, `does not ask for ${what} ${quoted(value)}`);
    }
  };
  compare('subject', 'the organization', asked.organizations, profile.organizations);
  for (const type of SUBJECT_ATTRIBUTES)
    compare('subject', `the ${type}`, asked.attributes[type] ?? [], []);
  compare('names', 'the DNS name', asked.dns, profile.dns);
  compare('names', 'the IP address', asked.ip, profile.ip);
  if (asked.usages !== undefined) compare('usages', 'the usage', asked.usages, profile.usages);
  if (asked.keyType !== profile.keyAlgorithm) {
    refuse('key', `${asked.keyType}, wanted is ${profile.keyAlgorithm}`);
  }
  const tooLong = lifetimeProblem(profile, wishes);
  if (tooLong !== undefined) refuse('validity', tooLong);
  return refusals;
}

function lifetimeProblem(profile: LeafProfile, { validity }: Wishes): string | undefined {
  if (validity === undefined || validity <= profile.validity) return undefined;
  return `${formatDuration(validity)} is longer than ${formatDuration(profile.validity)}`;
}
