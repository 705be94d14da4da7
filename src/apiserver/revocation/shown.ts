/** By what somebody who makes a request could be revoked: who they are, and everything that they show. */
import {
  CREDENTIAL_ID,
  certificateCredentialId,
  type RevokedSubject,
  type UserInfo,
} from '../../kubernetes/index.ts';
import { BOOTSTRAP_USER_PREFIX, parseBootstrapToken } from '../../tokens/index.ts';
import { signatureTwins } from '../../x509/index.ts';
import type { Peer, Shown } from '../types.ts';

/** A connection's certificates stay the same, so their ids are computed once. */
const known = new WeakMap<Peer['certificates'], readonly string[]>();

/**
 * The ids of the certificate that the other side has proven: of a client, or of a proxy in front. Also those
 * that the same certificate would have with the other signature that ECDSA has for it: whoever holds it can
 * write it so, but it was revoked as it was issued.
 */
export function peerCredentialIds({ certificates }: Peer): readonly string[] {
  const [leaf] = certificates;
  if (leaf === undefined) return [];
  const computed = known.get(certificates);
  if (computed !== undefined) return computed;
  const ids = [leaf, ...signatureTwins(leaf)].map(certificateCredentialId);
  known.set(certificates, ids);
  return ids;
}

/** As somebody in front has found them out: a proxy that passes them on, a kubelet that asks. */
export function credentialIdsOf({ extra }: UserInfo): readonly string[] {
  if (extra === undefined || !Object.hasOwn(extra, CREDENTIAL_ID)) return [];
  return extra[CREDENTIAL_ID] ?? [];
}

/** The id of a token in the form of a bootstrap token, wherever it is from: a static one may look so, too. */
export const tokenIdOf = (token: string): string | undefined => parseBootstrapToken(token)?.id;

/** The id of the bootstrap token that has made somebody this user. */
export const tokenIdOfUser = ({ name }: UserInfo): string | undefined =>
  name.startsWith(BOOTSTRAP_USER_PREFIX) ? name.slice(BOOTSTRAP_USER_PREFIX.length) : undefined;

/** Everything that it is looked up by. */
export const valuesOf = ({ value, twins = [] }: RevokedSubject): readonly string[] =>
  twins.length === 0 ? [value] : [value, ...twins];

/** Whether the revocation of this would refuse a request that shows that. */
export function isHit(subject: RevokedSubject, { peer, token, users }: Shown): boolean {
  const { kind, value } = subject;
  switch (kind) {
    case 'user':
      return users.some(({ name }) => name === value);
    case 'tokenId':
      return (
        (token !== undefined && tokenIdOf(token) === value) ||
        users.some((user) => tokenIdOfUser(user) === value)
      );
    case 'credentialId': {
      const revoked = valuesOf(subject);
      return (
        (peer !== undefined && peerCredentialIds(peer).includes(value)) ||
        users.some((user) => credentialIdsOf(user).some((id) => revoked.includes(id)))
      );
    }
  }
}
