/** The keys that authorities sign with, so that nothing else is ever issued for one of them or carried to a host. */
import { lookAtFile } from '../collect/index.ts';
import { decodePrivateKey, decodePublicKeys, readCertificates } from '../x509/index.ts';
import { attempt } from './examine.ts';

/**
 * Every key that an authority's two files name, as SubjectPublicKeyInfo: whatever else is wrong with
 * them, and of all certificates in them. What cannot be read names none.
 */
export function authorityKeys(publicPath: string, keyPath: string): Uint8Array[] {
  const own = read(keyPath, (bytes) => [decodePrivateKey(bytes)]);
  const shown =
    read(publicPath, readCertificates) ?? read(publicPath, (bytes) => decodePublicKeys(bytes));
  return [...(own ?? []), ...(shown ?? [])].map(({ spki }) => spki);
}

type WithKey = { readonly spki: Uint8Array };

function read(
  path: string,
  reader: (bytes: Buffer) => readonly WithKey[],
): readonly WithKey[] | undefined {
  const file = lookAtFile(path);
  if (file.state !== 'there') return undefined;
  const found = attempt(() => reader(file.bytes));
  return 'reason' in found ? undefined : found.value;
}
