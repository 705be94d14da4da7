/**
 * Which clusters are started: two when nothing is said; with `KUBEPKI_CLUSTERS=all` every combination
 * of layout and key algorithm; or one by its name, as in `KUBEPKI_CLUSTERS=binary/RSA-3072`.
 */

import type { Layout } from '../../src/cluster/index.ts';
import { KEY_ALGORITHMS } from '../../src/x509/index.ts';
import type { Variant } from './topology.ts';

const LAYOUTS: readonly Layout[] = ['kubeadm', 'binary'];

/** Of the two layouts one has a name as its endpoint, the other an address, as in the seed. */
const ALL: readonly Variant[] = KEY_ALGORITHMS.flatMap((keyAlgorithm) =>
  LAYOUTS.map(
    (layout): Variant => ({
      layout,
      keyAlgorithm,
      endpoint: layout === 'kubeadm' ? 'name' : 'address',
    }),
  ),
);

export const nameOf = ({ layout, keyAlgorithm }: Variant): string => `${layout}/${keyAlgorithm}`;

export const DEFAULT = ['kubeadm/ECDSA-P256', 'binary/RSA-2048'];

export function variants(asked = process.env['KUBEPKI_CLUSTERS'] ?? ''): readonly Variant[] {
  if (asked === 'all') return ALL;
  const names = asked === '' ? DEFAULT : asked.split(',');
  return names.map((name) => {
    const found = ALL.find((variant) => nameOf(variant) === name);
    if (found === undefined) {
      throw new Error(`no cluster ${name}; there are ${ALL.map(nameOf).join(', ')}`);
    }
    return found;
  });
}
