/** Secrets that a file holds beside the one of its credential: nobody else's are carried to a host. */
import { entriesOf, identify } from '../collect/index.ts';

/**
 * Why a file is not for a host, whatever its first key or its current context says: components read
 * those and pass over all that stands behind.
 */
export function excessProblem(bytes: Buffer, isKubeconfig: boolean): string | undefined {
  const inText = bytes.toString('latin1').match(PRIVATE_KEY)?.length ?? 0;
  if (!isKubeconfig) return inText > 1 ? tooMany(inText, 'private keys') : undefined;
  // In a comment: what is in use is base64.
  if (inText > 0) return 'it holds a private key in its text';
  const material = identify(bytes);
  if (material.format === 'kubeconfig' && material.users.length > 1) {
    return tooMany(material.users.length, 'users');
  }
  const keys = entriesOf(material).filter(
    ({ kind }) => kind === 'privateKey' || kind === 'lockedKey',
  );
  return keys.length > 1 ? tooMany(keys.length, 'private keys') : undefined;
}

const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/g;

const tooMany = (count: number, what: string): string =>
  `it holds ${count} ${what}, where one is of this host`;
