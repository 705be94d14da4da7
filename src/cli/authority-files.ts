/** The files of a CA that signs, for `WatchedFiles`. */
import { readAuthority } from '../controllers/index.ts';
import { KubepkiError } from '../errors.ts';
import { formatRfc3339 } from '../tokens/index.ts';
import type { Certificate, Issuer } from '../x509/index.ts';
import type { FileSet } from './watched-files.ts';

export const authorityFiles = (
  certFile: string,
  keyFile: string,
  now: () => Date,
): FileSet<Issuer> => ({
  name: 'signing CA',
  paths: [certFile, keyFile],
  read: () => readAuthority(certFile, keyFile),
  check: ({ certificate }) => requireInTime(certificate, certFile, now()),
});

/**
 * What is taken in the place of another must be of use now.
 *
 * @throws KubepkiError INVALID_VALUE
 */
export function requireInTime({ notBefore, notAfter }: Certificate, path: string, at: Date): void {
  if (at > notAfter) {
    throw new KubepkiError(
      'INVALID_VALUE',
      `${path}: the certificate has expired on ${formatRfc3339(notAfter)}`,
    );
  }
  if (at < notBefore) {
    throw new KubepkiError(
      'INVALID_VALUE',
      `${path}: the certificate is valid from ${formatRfc3339(notBefore)} on`,
    );
  }
}
