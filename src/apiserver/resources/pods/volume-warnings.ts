/** Volumes that nothing mounts any more, and files that hide each other in one volume. */
import {
  goQuote,
  isJsonObject,
  type Volume,
  type VolumeProjection,
} from '../../../kubernetes/index.ts';
import { quantityNanos } from '../quantity.ts';

/** Kinds of volumes by the name of their field (k8s.io/kubernetes, pkg/api/pod/warnings.go). */
const REMOVED: readonly (readonly [field: string, why: string])[] = [
  ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
];
/** Of those two the path in a message is that of Go's field. */
const NAMES: ReadonlyMap<string, string> = new Map([['storageos', 'storageOS']]);

/** @param at what stands before the path of the spec */
export const volumeWarnings = (volumes: readonly Volume[], at: string): string[] => [
  ...volumes.flatMap((volume, index) => [
    ...REMOVED.filter(([field]) => Object.hasOwn(volume, field)).map(
      ([field, why]) => `${at}spec.volumes[${index}].${NAMES.get(field) ?? field}: ${why}`,
    ),
    ...claimWarnings(
      volume.ephemeral?.volumeClaimTemplate?.spec,
      `${at}spec.volumes[${index}].ephemeral.volumeClaimTemplate.spec`,
    ),
  ]),
  ...volumes.flatMap(overlapWarnings),
];

/** Of the spec of a claim (k8s.io/kubernetes, pkg/api/persistentvolumeclaim). */
export function claimWarnings(spec: object | undefined, path: string): string[] {
  const resources = isJsonObject(spec) ? spec['resources'] : undefined;
  return ['requests', 'limits'].flatMap((kind) => {
    const list = isJsonObject(resources) ? resources[kind] : undefined;
    const storage = isJsonObject(list) ? list['storage'] : undefined;
    if (typeof storage !== 'string') return [];
    const isWhole = (quantityNanos(storage) ?? 0n) % 1_000_000_000n === 0n;
    return isWhole
      ? []
      : [
          `${path}.resources.${kind}[storage]: fractional byte value ${goQuote(storage)} is invalid, must be an integer`,
        ];
  });
}

interface Sourced {
  readonly path: string;
  /** Empty where the volume has one source. */
  readonly source: string;
}

function overlapWarnings(volume: Volume): string[] {
  const { name, configMap, secret, downwardAPI, projected } = volume;
  const told =
    (what: string) =>
    (overlap: string): string =>
      `volume ${goQuote(name)} (${what}): overlapping paths: ${overlap}`;
  const ofItems = (items: Items | undefined, what: string): string[] =>
    overlaps(sourced(items, '')).map(told(what));
  if (projected !== undefined) {
    const sources = projected.sources ?? [];
    const empty = sources.filter((source) => Object.keys(source).length === 0);
    return [
      ...empty.map(() => `volume ${goQuote(name)} (Projected) has no sources provided`),
      ...overlaps(sources.flatMap(projectedPaths)).map(told('Projected')),
    ];
  }
  return [
    ...ofItems(configMap?.items, `ConfigMap ${goQuote(configMap?.name ?? '')}`),
    ...ofItems(secret?.items, `Secret ${goQuote(secret?.secretName ?? '')}`),
    ...ofItems(downwardAPI?.items, 'DownwardAPI'),
  ];
}

type Items = readonly { readonly path: string }[];

const sourced = (items: Items | undefined, source: string): Sourced[] =>
  (items ?? []).map(({ path }) => ({ path: path.replace(/\/+$/, ''), source }));

function projectedPaths(projection: VolumeProjection): Sourced[] {
  const { configMap, secret, downwardAPI, serviceAccountToken } = projection;
  if (configMap?.items !== undefined) {
    return sourced(configMap.items, `ConfigMap ${goQuote(configMap.name ?? '')}`);
  }
  if (secret?.items !== undefined) {
    return sourced(secret.items, `Secret ${goQuote(secret.name ?? '')}`);
  }
  if (downwardAPI?.items !== undefined) return sourced(downwardAPI.items, 'DownwardAPI');
  return serviceAccountToken === undefined
    ? []
    : sourced([serviceAccountToken], 'ServiceAccountToken');
}

/** Where one path is another's, or above it. */
const overlaps = (paths: readonly Sourced[]): string[] =>
  paths.flatMap((one, index) =>
    paths
      .slice(0, index)
      .filter((other) => other.path !== '' && one.path !== '' && meet(one.path, other.path))
      .map((other) => `${shown(one)} with ${shown(other)}`),
  );

const meet = (one: string, other: string): boolean =>
  `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`);

const shown = ({ path, source }: Sourced): string =>
  source === '' ? goQuote(path) : `${goQuote(path)} (${source})`;
