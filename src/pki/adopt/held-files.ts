/** In which of its files a certificate is a credential. */
import { CATALOGUE, type CredentialId } from '../../cluster/index.ts';
import type { Assigned } from './assigned.ts';
import type { Held, Pair } from './holdings.ts';

/** What is still to be named where a file is missing beside one that is there. */
export const UNNAMED = '';

/** How a certificate is held: what its component takes comes first, the other form is its raw material. */
export function filesOf(
  id: CredentialId,
  held: Held,
): Pick<Assigned, 'certificate' | 'keyType' | 'file' | 'kubeconfig'> {
  const [kubeconfig] = held.kubeconfigs;
  const asKubeconfig = CATALOGUE[id].stored === 'kubeconfig' || held.pairs.length === 0;
  if (kubeconfig === undefined || !asKubeconfig) return pairOf(held);
  const { certificate } = held;
  return {
    certificate,
    keyType: certificate.keyType,
    file: { kubeconfig: kubeconfig.path },
    kubeconfig,
  };
}

export function pairOf({
  certificate,
  pairs,
}: Held): Pick<Assigned, 'certificate' | 'keyType' | 'file'> {
  const [pair] = pairs;
  if (pair === undefined) throw new TypeError('expected a certificate in a file of its own');
  return { certificate, keyType: certificate.keyType, file: pairFile(pair) };
}

const pairFile = ({ certificate, key }: Pair): Assigned['file'] => ({
  certificate,
  key: key ?? UNNAMED,
});
