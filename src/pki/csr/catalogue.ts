/**
 * Judges requests by a cluster file: what may be signed is just what one of the cluster's own
 * certificates says, no name more and none fewer.
 */
import { type Cluster, formatDuration, type LeafProfile } from '../../cluster/index.ts';
import { quoted } from '../../errors.ts';
import type { Asked } from './asked.ts';
import type { Wishes } from './judge.ts';
import { type ClusterLeaf, clusterLeaves, type LeafFilter } from './leaves.ts';
import { type Grant, POLICY_USAGES, type Refusal, SUBJECT_ATTRIBUTES } from './policy.ts';

export interface CatalogueFilter extends LeafFilter {
  /** Only what this authority signs. */
  readonly issuer?: string | undefined;
}

export type CatalogueJudgement =
  | { readonly refusals: readonly Refusal[] }
  | { readonly grant: Grant; readonly leaf: ClusterLeaf };

/**
 * A judge for any number of requests.
 *
 * @param where the cluster file's name, for messages
 */
export function catalogueJudge(
  cluster: Cluster,
  where: string,
  filter: CatalogueFilter,
): (asked: Asked, wishes: Wishes) => CatalogueJudgement {
  const byName = new Map<string, ClusterLeaf[]>();
  for (const leaf of clusterLeaves(cluster, filter)) {
    const { issuer, commonName } = leaf.item.profile;
    if (filter.issuer !== undefined && issuer !== filter.issuer) continue;
    const list = byName.get(commonName);
    if (list === undefined) byName.set(commonName, [leaf]);
    else list.push(leaf);
  }
  return (asked, wishes) => {
    const leaves = byName.get(asked.commonName ?? '') ?? [];
    const judged = leaves.map((leaf) => ({
      leaf,
      refusals: differences(asked, leaf, where, wishes),
    }));
    const fitting = judged.filter(({ refusals }) => refusals.length === 0);
    const [first] = fitting;
    if (first !== undefined) {
      return (
        oneIssuer(
          fitting.map(({ leaf }) => leaf),
          where,
        ) ?? grant(asked, first.leaf, wishes)
      );
    }
    const [nearest] = judged.sort((a, b) => distance(a.refusals) - distance(b.refusals));
    return { refusals: nearest?.refusals ?? [noCredential(asked, where, filter)] };
  };
}

/** Whoever asks to be a server has hardly meant a client's certificate, whatever else differs. */
const distance = (refusals: readonly Refusal[]): number =>
  refusals.length + (refusals.some(({ part }) => part === 'usages') ? MOST_DIFFERENCES : 0);

const MOST_DIFFERENCES = 10_000;

function noCredential(
  { commonName }: Asked,
  where: string,
  { issuer, credential, host }: CatalogueFilter,
): Refusal {
  const limits = [
    ...(credential === undefined ? [] : [`--credential ${credential}`]),
    ...(host === undefined ? [] : [`--host ${host}`]),
    ...(issuer === undefined ? [] : [`--ca ${issuer}`]),
  ];
  const within = limits.length === 0 ? '' : ` within ${limits.join(' ')}`;
  const name =
    commonName === undefined ? 'no common name' : `the common name ${quoted(commonName)}`;
  return { part: 'subject', reason: `no credential${within} has ${name}`, origin: where };
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
