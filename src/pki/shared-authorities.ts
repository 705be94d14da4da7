/** Authorities that are not apart from each other: one key for two of them, or one of them above another. */
import type { CredentialId } from '../cluster/index.ts';
import { type Certificate, keysMatch, signatureVerifies } from '../x509/index.ts';
import type { Authority } from './authorities.ts';

/** What a certificate of another authority would be worth, if one of these accepted it. */
const OPENED: ReadonlyMap<CredentialId, string> = new Map([
  ['front-proxy-ca', 'could speak for any user'],
  ['etcd-ca', 'could read and write all of etcd'],
  ['etcd-peer-ca', 'could join etcd as a member'],
]);

/**
 * A front-proxy CA that is any other CA as well is refused, and so is one of it or of etcd that stands
 * above another: every certificate below would be accepted by what trusts it. etcd's CA being just the
 * cluster's is noted: `authorities: single` exists for those who want it.
 */
export function sharedProblem(
  authority: Authority,
  all: readonly Authority[],
): { readonly reason: string } | { readonly note: string } | undefined {
  const others = all.filter(({ id }) => id !== authority.id);
  const opened = OPENED.get(authority.id);
  const own = authority.certificate ?? authority.key;
  if (own === undefined) return undefined;
  const twin = others.find((other) => {
    const its = other.certificate ?? other.key;
    return its !== undefined && keysMatch(own, its);
  });
  if (twin !== undefined) {
    const note = `its key is that of ${twin.id} as well`;
    return authority.id === 'front-proxy-ca'
      ? { reason: `${note}: whoever holds a certificate of that ${opened}` }
      : { note };
  }
  if (opened === undefined || authority.certificate === undefined) return undefined;
  const { certificate } = authority;
  const below = others.find((other) => isAbove(certificate, other));
  return below === undefined
    ? undefined
    : {
        reason: `it is an issuer of ${below.id}: whoever holds a certificate of that ${opened}`,
      };
}

/** Whether an authority hangs on a CA, as far as its file says who its issuers are. */
function isAbove(
  upper: Certificate,
  { certificate, issuers = [] }: Pick<Authority, 'certificate' | 'issuers'>,
): boolean {
  return (
    issuers.some((issuer) => keysMatch(issuer, upper)) ||
    (certificate !== undefined &&
      [certificate, ...issuers].some((below) => signatureVerifies(below, upper)))
  );
}
