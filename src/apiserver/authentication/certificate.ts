/**
 * Client certificates (kubernetes, apiserver/pkg/authentication/request/x509/x509.go): who holds one that
 * leads to the client CA and is meant for clients is the user in its common name, in the groups of its
 * organizations. Revocation lists are not looked at, as upstream does not; what is revoked at this server the
 * authenticator refuses.
 */
import { UID_ATTRIBUTE } from '../../kubernetes/index.ts';
import { type Certificate, commonName, fingerprintHex, organizations } from '../../x509/index.ts';
import type { Peer } from '../types.ts';
import { createChainVerifier } from './chain-verifier.ts';
import { asAuthenticated, CREDENTIAL_ID } from './identities.ts';
import { NONE, type Verdict, wrong } from './verdict.ts';

export type CertificateAuthenticator = (peer: Peer, at: Date) => Verdict;

/**
 * @param clientCa the certificates that are trusted; another array when they have changed. With none of
 *   them, client certificates are not looked at.
 */
export const createCertificateAuthenticator = (
  clientCa: () => readonly Certificate[],
): CertificateAuthenticator =>
  createChainVerifier<Verdict>(clientCa, { none: NONE, wrong, verified: userOf });

function userOf(leaf: Certificate): Verdict {
  const name = commonName(leaf.subject) ?? '';
  if (name === '') return NONE;
  const uids = leaf.subject
    .flat()
    .filter(({ type }) => type === UID_ATTRIBUTE)
    .map(({ value }) => value);
  if (uids.length > 1) return wrong('the client certificate names several UIDs');
  const [uid] = uids;
  if (uid === '') return wrong('the UID in the client certificate is empty');
  return {
    kind: 'user',
    user: asAuthenticated({
      name,
      ...(uid === undefined ? {} : { uid }),
      groups: organizations(leaf.subject),
      extra: { [CREDENTIAL_ID]: [`X509SHA256=${fingerprintHex(leaf.der)}`] },
    }),
  };
}
