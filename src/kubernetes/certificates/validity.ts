/**
 * From when to when a signed certificate is valid (kubernetes,
 * pkg/controller/certificates/signer/signer.go and authority/policies.go). All times in milliseconds.
 */
import { KubepkiError } from '../../errors.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** `--cluster-signing-duration` where nothing is said. */
export const DEFAULT_SIGNING_DURATION = 8760 * HOUR;

/** So much earlier a certificate begins than now: clocks differ. */
const BACKDATE = 5 * MINUTE;
/** A certificate for less than this does not end earlier for beginning earlier. */
const SHORT = 8 * HOUR;
/** Nothing shorter is issued, unless it is what the signer issues at most. */
const LEAST = 10 * MINUTE;

/**
 * How long a certificate is issued for: what is asked for, but not longer than the signer issues, and
 * otherwise at least ten minutes.
 *
 * @param expirationSeconds `spec.expirationSeconds`
 * @param longest what the signer issues at most, and where nothing is asked for
 */
export function signingDuration(
  expirationSeconds: number | null | undefined,
  longest: number,
): number {
  if (typeof expirationSeconds !== 'number') return longest;
  const asked = expirationSeconds * 1000;
  return asked > longest ? longest : Math.max(asked, LEAST);
}

/**
 * The validity of a certificate that is issued now: it begins five minutes ago, and never ends after
 * the CA's certificate.
 *
 * @throws KubepkiError INVALID_VALUE once the CA's certificate has expired.
 */
export function certificateValidity(
  now: Date,
  duration: number,
  caNotAfter: Date,
): { readonly notBefore: Date; readonly notAfter: Date } {
  const at = now.getTime();
  const end = caNotAfter.getTime();
  if (at >= end) {
    throw new KubepkiError(
      'INVALID_VALUE',
      `the certificate of the CA has expired (${caNotAfter.toISOString()}): nothing is signed`,
      { hint: 'give the signer a CA certificate that is valid' },
    );
  }
  const notAfter = at + (duration < SHORT ? duration : duration - BACKDATE);
  return { notBefore: new Date(at - BACKDATE), notAfter: new Date(Math.min(notAfter, end)) };
}
