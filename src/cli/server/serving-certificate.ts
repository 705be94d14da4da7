/** What the server's own certificate is for, and why clients may refuse it. */
import type { Certificate } from '../../x509/index.ts';

/** Its names and addresses. */
export function servingNames({ subjectAltNames }: Certificate): string[] {
  return [...(subjectAltNames?.dns ?? []), ...(subjectAltNames?.ip ?? [])];
}

/** Why clients will refuse the server. Told, not refused: kube-apiserver serves with such a certificate, too. */
export function servingWarnings(
  { extendedKeyUsage = [], subjectAltNames }: Certificate,
  path: string,
): string[] {
  const warnings: string[] = [];
  const isServer =
    extendedKeyUsage.length === 0 ||
    extendedKeyUsage.some((usage) => usage === 'serverAuth' || usage === 'any');
  if (!isServer) warnings.push('lacks the extended key usage serverAuth: clients refuse it');
  const names = (subjectAltNames?.dns?.length ?? 0) + (subjectAltNames?.ip?.length ?? 0);
  if (names === 0)
    warnings.push('has no subject alternative names: no client finds its host there');
  return warnings.map((warning) => `${path}: the certificate ${warning}`);
}
