/** What volumes and the claims for them have in common. */
import type { KubernetesObject } from '../../../kubernetes/index.ts';

/** Where the class stood before there was a field for it; it counts first where it is there. */
export const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

/** The class of a volume or a claim; empty where it is of none. */
export const classOf = ({
  metadata,
  spec,
}: KubernetesObject & { readonly spec: { readonly storageClassName?: string } }): string =>
  metadata.annotations?.[CLASS_ANNOTATION] ?? spec.storageClassName ?? '';

const SHORT: readonly (readonly [mode: string, short: string])[] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
];

/** For a cell of a table: `RWO,ROX`. */
export const accessModes = (modes: readonly string[] = []): string =>
  SHORT.filter(([mode]) => modes.includes(mode))
    .map(([, short]) => short)
    .join(',');

/** An amount that is not there is none. */
export const amountCell = (quantity = '0'): string => quantity;

export function withFinalizer<T extends KubernetesObject>(object: T, finalizer: string): T {
  const { finalizers = [] } = object.metadata;
  if (finalizers.includes(finalizer)) return object;
  return { ...object, metadata: { ...object.metadata, finalizers: [...finalizers, finalizer] } };
}
