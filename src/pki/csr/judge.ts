/** Judges what a request asks for by a signing policy. */
import { formatDuration } from '../../cluster/index.ts';
import { quoted } from '../../errors.ts';
import { type Asked, isUsableKey } from './asked.ts';
import {
  allowsDns,
  inRange,
  isApiServerName,
  isApiServersCommonName,
  isHostOnlyByName,
  isOnlyByName,
  isReserved,
  isReservedUser,
  lower,
} from './names.ts';
import {
  always,
  type Grant,
  POLICY_USAGES,
  type PolicyRule,
  type PolicyUsage,
  type Refusal,
  type SigningPolicy,
  SUBJECT_ATTRIBUTES,
} from './policy.ts';

/** What the signer wants of a certificate besides what the request asks for. */
export interface Wishes {
  /** In place of those that the request asks for. */
  readonly usages?: readonly PolicyUsage[] | undefined;
  /** Seconds. */
  readonly validity?: number | undefined;
}

export type Judgement = { readonly refusals: readonly Refusal[] } | { readonly grant: Grant };

/** Judges by a policy; `refusals` names every rule that is broken, not the first only. */
export function judgeByPolicy(asked: Asked, policy: SigningPolicy, wishes: Wishes): Judgement {
  const usages = grantedUsages(asked, policy, wishes);
  const refusals = [
    ...keyRefusals(asked, policy),
    ...subjectRefusals(asked, policy, usages.usages),
    ...nameRefusals(asked, policy),
    ...usages.refusals,
    ...validityRefusals(policy, wishes),
  ];
  if (refusals.length > 0) return { refusals };
  const { commonName, organizations, attributes, dns, ip } = asked;
  const validity = wishes.validity ?? policy.validity;
  return {
    grant: { commonName, organizations, attributes, dns, ip, usages: usages.usages, validity },
  };
}

function refuse(
  policy: SigningPolicy,
  rule: PolicyRule,
  part: string,
  reason: string,
  value?: string,
): Refusal {
  const remedy = value === undefined ? undefined : policy.remedy?.(rule, value);
  const refusal = { part, reason, origin: policy.origin(rule) };
  return remedy === undefined ? refusal : { ...refusal, remedy };
}

function keyRefusals({ keyType }: Asked, policy: SigningPolicy): Refusal[] {
  if (!isUsableKey(keyType)) return [];
  const isRsa = keyType.startsWith('RSA-');
  const family = isRsa ? 'RSA' : keyType;
  if (!policy.keyAlgorithms.some((algorithm) => algorithm === family)) {
    const allowed = policy.keyAlgorithms.join(', ');
    return [refuse(policy, 'keyAlgorithms', 'key', `${keyType}: not one of ${allowed}`, family)];
  }
  if (isRsa && Number(keyType.slice(4)) < policy.minimumRsaBits) {
    const reason = `${keyType}: fewer than ${policy.minimumRsaBits} bits`;
    return [refuse(policy, 'minimumRsaBits', 'key', reason)];
  }
  return [];
}

function subjectRefusals(
  asked: Asked,
  policy: SigningPolicy,
  usages: readonly PolicyUsage[],
): Refusal[] {
  const { commonName, organizations, attributes } = asked;
  const refusals: Refusal[] = [];
  const isClient = usages.includes('clientAuth');
  if (commonName === undefined) {
    if (isClient) refusals.push(always('subject', 'no common name: a client is known by it'));
  } else if (
    !isAllowed(policy, policy.commonNames, commonName, isCommonNameHeldBack) &&
    // A server is found by its other names; as a client nobody would let it in.
    (isClient || !isOwnName(asked, policy, commonName))
  ) {
    const isServers = isApiServersCommonName(commonName);
    const isUsers = isReservedUser(commonName);
    const reason = `common name ${quoted(commonName)}${isServers ? APISERVERS : why(isUsers)}`;
    const value = isServers || isUsers ? undefined : commonName;
    refusals.push(refuse(policy, 'commonNames', 'subject', reason, value));
  }
  for (const name of organizations) {
    if (isAllowed(policy, policy.organizations, name, isReserved)) continue;
    const reason = `organization ${quoted(name)}${why(isReserved(name))}`;
    const value = isReserved(name) ? undefined : name;
    refusals.push(refuse(policy, 'organizations', 'subject', reason, value));
  }
  for (const type of SUBJECT_ATTRIBUTES) {
    for (const value of attributes[type] ?? []) {
      if (policy.namesAsAsked || policy.attributes[type]?.includes(value) === true) continue;
      const reason = `${type} ${quoted(value)} is not allowed`;
      refusals.push(refuse(policy, 'attributes', 'subject', reason, value));
    }
  }
  return refusals;
}

/** No remedy is given with it: nobody should allow it by copying a line. */
const why = (isItReserved: boolean): string =>
  isItReserved ? ' has rights in every cluster and is not allowed by name' : ' is not allowed';

const APISERVERS = " is kube-apiserver's and not allowed by name";

/** As one of the cluster's users, or as a host where no DNS name stands among the others. */
const isCommonNameHeldBack = (name: string): boolean =>
  isReservedUser(name) || isHostOnlyByName(name);

const isAllowed = (
  policy: SigningPolicy,
  entries: readonly string[],
  name: string,
  isItReserved: (name: string) => boolean,
): boolean => entries.includes(name) || (policy.namesAsAsked && !isItReserved(name));

/** Whether a common name is one of the DNS names or addresses that the certificate is for, each of them allowed. */
function isOwnName({ dns, ip }: Asked, policy: SigningPolicy, commonName: string): boolean {
  const name = lower(commonName);
  return (
    (dns.includes(name) && dnsAllowed(policy, name)) ||
    (ip.includes(name) && ipAllowed(policy, name))
  );
}

const dnsAllowed = (policy: SigningPolicy, name: string): boolean =>
  policy.dns.some((entry) => allowsDns(entry, name)) ||
  (policy.namesAsAsked && !isOnlyByName(name));

const ipAllowed = (policy: SigningPolicy, address: string): boolean =>
  policy.namesAsAsked || policy.ip.some((range) => inRange(range, address));

function nameRefusals({ dns, ip }: Asked, policy: SigningPolicy): Refusal[] {
  const names = dns
    .filter((name) => !dnsAllowed(policy, name))
    .map((name) => {
      const isReservedName = isApiServerName(name);
      const whose = isReservedName ? APISERVERS : ' is not allowed';
      const value = isReservedName ? undefined : name;
      return refuse(policy, 'dns', 'names', `DNS name ${quoted(name)}${whose}`, value);
    });
  const addresses = ip
    .filter((address) => !ipAllowed(policy, address))
    .map((address) =>
      refuse(policy, 'ip', 'names', `IP address ${address} is not allowed`, address),
    );
  return [...names, ...addresses];
}

const isPolicyUsage = (usage: string): usage is PolicyUsage =>
  POLICY_USAGES.some((known) => known === usage);

function grantedUsages(
  asked: Asked,
  policy: SigningPolicy,
  wishes: Wishes,
): { readonly usages: readonly PolicyUsage[]; readonly refusals: readonly Refusal[] } {
  const wanted = wishes.usages ?? asked.usages ?? [];
  const refusals: Refusal[] = [];
  if (wanted.length === 0) {
    const reason = 'asks for no usage, and a certificate without one is good for any';
    refusals.push({
      ...refuse(policy, 'usages', 'usages', reason),
      remedy: `--usage ${policy.usages.join(' or ')}`,
    });
  }
  const usages = POLICY_USAGES.filter((usage) => wanted.includes(usage));
  for (const usage of new Set(wanted)) {
    if (isPolicyUsage(usage) && policy.usages.includes(usage)) continue;
    const reason = `usage ${usage} is not allowed`;
    refusals.push(refuse(policy, 'usages', 'usages', reason, usage));
  }
  return { usages, refusals };
}

function validityRefusals(policy: SigningPolicy, { validity }: Wishes): Refusal[] {
  if (validity === undefined || validity <= policy.validity) return [];
  const reason = `${formatDuration(validity)} is longer than ${formatDuration(policy.validity)}`;
  return [refuse(policy, 'validity', 'validity', reason)];
}
