/**
 * What binds a bootstrap token to one node and makes it good for one certificate, in its Secret beside kubeadm's
 * keys. These are kubepki's: upstream's components pass over keys that they do not know.
 *
 * A token is meant for a node at its birth (`node-name`), or claimed for one by its first request (`claimed-node`);
 * the first request that is approved fixes the public key (`granted-key`). Claim and grant are written with the
 * version of the Secret that was read, so of two requests at once, to whichever servers, one is first.
 */
import type { Secret } from '../kubernetes/index.ts';
import { blockCovers, ipToBytes, parseIpBlock } from '../x509/index.ts';
import { formatRfc3339, parseRfc3339 } from './rfc3339.ts';
import { secretData, secretText } from './secret-text.ts';

/** Keys of the Secret's `data`. */
export const TOKEN_BINDING_KEYS = {
  /** The one node that the token is for, as whoever made it says. */
  node: 'node-name',
  /** IP addresses and CIDRs between commas: from where alone the token is accepted. */
  addresses: 'node-addresses',
  /** `true`: good for one certificate. */
  oneShot: 'one-shot',
  /** The node of the first request, and when that was (RFC 3339). */
  claimedNode: 'claimed-node',
  claimedAt: 'claimed-at',
  /** The public key of the request that was approved: `sha256:` and hex over the SPKI. */
  grantedKey: 'granted-key',
} as const;

/** So long after its claim a token is good, in milliseconds, whether its node comes with its certificate or not. */
export const CLAIM_LIFETIME_MS = 15 * 60_000;

export interface TokenClaim {
  readonly node: string;
  /** The beginning of time where the Secret holds something else. */
  readonly at: Date;
  /** Of the request that was approved; absent until one is. */
  readonly key?: string;
}

export interface TokenBinding {
  /** At its birth, by an administrator; never by a claim. */
  readonly node?: string;
  /** As they stand there: IP addresses and CIDRs; what is none of them matches nothing. Empty: from everywhere. */
  readonly addresses: readonly string[];
  /** Good for one certificate: marked so, or meant for one node. */
  readonly oneShot: boolean;
  readonly claim?: TokenClaim;
}

/** What binds the token in a Secret to a node. */
export function nodeBindingOf(secret: Secret): TokenBinding {
  const [node, addresses, oneShot, claimedNode, claimedAt, key] = [
    TOKEN_BINDING_KEYS.node,
    TOKEN_BINDING_KEYS.addresses,
    TOKEN_BINDING_KEYS.oneShot,
    TOKEN_BINDING_KEYS.claimedNode,
    TOKEN_BINDING_KEYS.claimedAt,
    TOKEN_BINDING_KEYS.grantedKey,
  ].map((name) => secretText(secret, name));
  const isSet = (text: string | undefined): text is string => text !== undefined && text !== '';
  const claimed = [claimedNode, claimedAt, key].some(isSet);
  return {
    ...(isSet(node) ? { node } : {}),
    addresses: isSet(addresses) ? addresses.split(',').map((one) => one.trim()) : [],
    // Whatever is meant for one node is: a key that somebody has left out opens nothing.
    oneShot: oneShot === 'true' || isSet(node) || isSet(addresses) || claimed,
    ...(claimed
      ? {
          claim: {
            node: claimedNode ?? '',
            at: parseRfc3339(claimedAt ?? '') ?? new Date(0),
            ...(isSet(key) ? { key } : {}),
          },
        }
      : {}),
  };
}

/** The keys of a Secret for a token that is made so. Without a claim: those are written later. */
export function encodeTokenBinding({
  node,
  addresses,
  oneShot,
}: Omit<TokenBinding, 'claim'>): Readonly<Record<string, string>> {
  return {
    ...(node === undefined ? {} : { [TOKEN_BINDING_KEYS.node]: node }),
    ...(addresses.length === 0 ? {} : { [TOKEN_BINDING_KEYS.addresses]: addresses.join(',') }),
    ...(oneShot ? { [TOKEN_BINDING_KEYS.oneShot]: 'true' } : {}),
  };
}

/** @param address where a request comes from; absent: not known, which is good for no token that is bound */
export function acceptsAddress({ addresses }: TokenBinding, address: string | undefined): boolean {
  if (addresses.length === 0) return true;
  const bytes = address === undefined ? undefined : ipToBytes(address);
  if (bytes === undefined) return false;
  return addresses.some((text) => {
    const block = parseIpBlock(text);
    return block !== undefined && blockCovers(block, bytes);
  });
}

/** How many milliseconds a claimed token is still good for, none or fewer where it is not; undefined without a claim. */
export const claimLeft = ({ claim }: TokenBinding, now: Date): number | undefined =>
  claim === undefined ? undefined : claim.at.getTime() + CLAIM_LIFETIME_MS - now.getTime();

/** A request for a node's certificate, as far as a token is concerned. */
export interface Claimant {
  readonly node: string;
  /** `sha256:` and hex over the SPKI. */
  readonly key: string;
}

/** Why a token does not serve a request; undefined where it does. Holds the names of nodes, and no secret. */
export function claimProblem(
  { node, claim }: TokenBinding,
  claimant: Claimant,
): { readonly reason: string; readonly for: string } | undefined {
  if (node !== undefined && node !== claimant.node) {
    return { reason: 'its bootstrap token is for another node', for: node };
  }
  if (claim === undefined) return undefined;
  if (claim.node !== claimant.node) {
    return { reason: 'its bootstrap token was first used for another node', for: claim.node };
  }
  if (claim.key === undefined || claim.key === claimant.key) return undefined;
  return { reason: 'its bootstrap token is used up: another request was granted', for: claim.node };
}

/** The Secret with a claim for this node. Without a problem as above. */
export function withClaim(secret: Secret, { node }: Pick<Claimant, 'node'>, now: Date): Secret {
  if (nodeBindingOf(secret).claim !== undefined) return secret;
  return withTexts(secret, {
    [TOKEN_BINDING_KEYS.claimedNode]: node,
    [TOKEN_BINDING_KEYS.claimedAt]: formatRfc3339(now),
  });
}

/** The Secret with a claim for this node, whose only certificate is for this key. Without a problem as above. */
export function withGrant(secret: Secret, claimant: Claimant, now: Date): Secret {
  const claimed = withClaim(secret, claimant, now);
  if (nodeBindingOf(claimed).claim?.key === claimant.key) return claimed;
  return withTexts(claimed, { [TOKEN_BINDING_KEYS.grantedKey]: claimant.key });
}

const withTexts = (secret: Secret, texts: Readonly<Record<string, string>>): Secret => ({
  ...secret,
  data: { ...secret.data, ...secretData(texts) },
});
