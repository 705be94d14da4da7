/**
 * Client certificates (kubernetes, apiserver/pkg/authentication/request/x509/x509.go): who holds one that
 * leads to the client CA and is meant for clients is the user in its common name, in the groups of its
 * organizations. Revocation is not looked at, as upstream does not.
 */
import { createHash } from 'node:crypto';
import { KubepkiError } from '../../errors.ts';
import type { UserInfo } from '../../kubernetes/index.ts';
import {
  type Certificate,
  commonName,
  fingerprintHex,
  organizations,
  parseCertificate,
  verifyChain,
} from '../../x509/index.ts';
import type { Peer } from '../types.ts';
import { TimedCache } from './cache.ts';
import { asAuthenticated, CREDENTIAL_ID } from './identities.ts';

/** What a credential came to: a user, nothing (`none`), or that it is wrong and why. */
export type Verdict =
  | { readonly kind: 'user'; readonly user: UserInfo }
  | { readonly kind: 'none' }
  | { readonly kind: 'wrong'; readonly reason: string };

const NONE: Verdict = { kind: 'none' };
const wrong = (reason: string): Verdict => ({ kind: 'wrong', reason });

/** The attribute of a subject that holds the user's UID (apimachinery, pkg/apis/asn1). */
const UID_ATTRIBUTE = '1.3.6.1.4.1.57683.2';
/** Connections that a large cluster has at once. */
const CACHE_SIZE = 10_000;
/** A refusal is kept for a moment only: it may be a matter of time, and many requests come over one connection. */
const REFUSAL_MS = 1000;
/** More certificates than a chain has. Each costs parsing, before anybody is known. */
const MOST_CERTIFICATES = 20;

export type CertificateAuthenticator = (peer: Peer, at: Date) => Verdict;

/**
 * @param clientCa the certificates that are trusted; another array when they have changed. With none of
 *   them, client certificates are not looked at.
 */
export function createCertificateAuthenticator(
  clientCa: () => readonly Certificate[],
): CertificateAuthenticator {
  const verdicts = new TimedCache<Verdict>(CACHE_SIZE);
  /** A connection's certificates stay the same, so their hash is computed once. */
  const keys = new WeakMap<readonly Uint8Array[], string>();
  let trusted: readonly Certificate[] = [];
  return ({ certificates }, at) => {
    if (certificates.length === 0) return NONE;
    const roots = clientCa();
    if (roots.length === 0) return NONE;
    if (roots !== trusted) {
      trusted = roots;
      verdicts.clear();
    }
    let key = keys.get(certificates);
    if (key === undefined) {
      key = keyOf(certificates);
      keys.set(certificates, key);
    }
    const known = verdicts.get(key, at.getTime());
    if (known !== undefined) return known;
    const { verdict, from, until } = judge(certificates, roots, at);
    verdicts.set(key, verdict, from, until);
    return verdict;
  };
}

/** The whole chain, for the same leaf with other intermediates may be refused. */
function keyOf(certificates: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  const length = Buffer.alloc(4);
  for (const der of certificates) {
    length.writeUInt32BE(der.length);
    hash.update(length).update(der);
  }
  return hash.digest('base64');
}

interface Judged {
  readonly verdict: Verdict;
  /** The time that it holds for, in milliseconds. */
  readonly from: number;
  readonly until: number;
}

function judge(
  certificates: readonly Uint8Array[],
  roots: readonly Certificate[],
  at: Date,
): Judged {
  const chain = verifiedChain(certificates, roots, at);
  if (typeof chain === 'string') {
    return { verdict: wrong(chain), from: at.getTime(), until: at.getTime() + REFUSAL_MS };
  }
  const [leaf] = chain;
  return {
    verdict: leaf === undefined ? NONE : userOf(leaf),
    from: Math.max(...chain.map(({ notBefore }) => notBefore.getTime())),
    // The last second belongs to the validity.
    until: Math.min(...chain.map(({ notAfter }) => notAfter.getTime())) + 1,
  };
}

/** The chain from the leaf to the CA, or why there is none. */
function verifiedChain(
  certificates: readonly Uint8Array[],
  roots: readonly Certificate[],
  at: Date,
): readonly Certificate[] | string {
  if (certificates.length > MOST_CERTIFICATES) {
    return `more than ${MOST_CERTIFICATES} certificates were sent`;
  }
  try {
    const [leaf, ...intermediates] = certificates.map(parseCertificate);
    if (leaf === undefined) return 'no certificate was sent';
    const result = verifyChain({ leaf, intermediates, roots, at, purpose: 'clientAuth' });
    if (result.ok) return result.chain;
    const [rejection] = result.rejections;
    return `the client certificate does not verify: ${rejection?.reason ?? 'no path to the client CA'}`;
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    return `a client certificate cannot be read: ${error.message}`;
  }
}

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
