/**
 * Whether the certificates of a connection lead to trusted ones and are meant for clients; what that means
 * is judged by who asks. Verdicts are kept for as long as they hold: a connection has many requests.
 */
import { createHash } from 'node:crypto';
import { KubepkiError } from '../../errors.ts';
import { type Certificate, parseCertificate, verifyChain } from '../../x509/index.ts';
import type { Peer } from '../types.ts';
import { TimedCache } from './cache.ts';

/** Connections that a large cluster has at once. */
const CACHE_SIZE = 10_000;
/** A refusal is kept for a moment only: it may be a matter of time, and many requests come over one connection. */
const REFUSAL_MS = 1000;
/** More certificates than a chain has. Each costs parsing, before anybody is known. */
const MOST_CERTIFICATES = 20;

/** What is made of it. */
export interface Judge<T> {
  /** No certificate was sent, or nothing is trusted. */
  readonly none: T;
  wrong(reason: string): T;
  /** The certificate that was proven; its chain holds. */
  verified(leaf: Certificate): T;
}

/** @param roots the certificates that are trusted; another array when they have changed */
export function createChainVerifier<T>(
  roots: () => readonly Certificate[],
  judge: Judge<T>,
): (peer: Peer, at: Date) => T {
  const verdicts = new TimedCache<{ readonly verdict: T }>(CACHE_SIZE);
  /** A connection's certificates stay the same, so their hash is computed once. */
  const keys = new WeakMap<readonly Uint8Array[], string>();
  let trusted: readonly Certificate[] = [];
  return ({ certificates }, at) => {
    if (certificates.length === 0) return judge.none;
    const current = roots();
    if (current.length === 0) return judge.none;
    if (current !== trusted) {
      trusted = current;
      verdicts.clear();
    }
    let key = keys.get(certificates);
    if (key === undefined) {
      key = keyOf(certificates);
      keys.set(certificates, key);
    }
    const known = verdicts.get(key, at.getTime());
    if (known !== undefined) return known.verdict;
    const { verdict, from, until } = judged(judge, certificates, current, at);
    verdicts.set(key, { verdict }, from, until);
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

interface Judged<T> {
  readonly verdict: T;
  /** The time that it holds for, in milliseconds. */
  readonly from: number;
  readonly until: number;
}

function judged<T>(
  judge: Judge<T>,
  certificates: readonly Uint8Array[],
  roots: readonly Certificate[],
  at: Date,
): Judged<T> {
  const chain = verifiedChain(certificates, roots, at);
  if (typeof chain === 'string') {
    return { verdict: judge.wrong(chain), from: at.getTime(), until: at.getTime() + REFUSAL_MS };
  }
  const [leaf] = chain;
  return {
    verdict: leaf === undefined ? judge.none : judge.verified(leaf),
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
