/** What of a PKI is in a directory and was not taken. */
import type { Cluster } from '../../cluster/index.ts';
import { type Assigned, pathsOf } from './assigned.ts';
import { type Held, type Holdings, isValidAt, nameOfCertificate } from './holdings.ts';
import type { Inventory } from './inventory.ts';
import { isArchive } from './names.ts';
import type { Remarks } from './remarks.ts';

export interface LeftOver {
  readonly path: string;
  readonly what: string;
}

export interface LeftOvers {
  readonly files: readonly LeftOver[];
  /** Further copies of what was taken, its requests, and the tools' own archives of it. */
  readonly copies: number;
}

export interface LeftOverSources {
  readonly inventory: Inventory;
  readonly holdings: Holdings;
  readonly assigned: readonly Assigned[];
  /** What it lists is used, be it all there or not. */
  readonly cluster: Cluster;
}

export function findLeftOvers(
  { inventory, holdings, assigned, cluster }: LeftOverSources,
  now: Date,
  remarks: Remarks,
): LeftOvers {
  const { held } = holdings;
  const used = new Set([...assigned.flatMap(({ file }) => pathsOf(file)), ...listedIn(cluster)]);
  const taken = new Set(
    assigned.flatMap(({ certificate }) => (certificate === undefined ? [] : [certificate])),
  );
  const keys = takenKeys(inventory, held, taken, used);
  const files: LeftOver[] = [];
  let copies = 0;
  const add = (path: string, what: string): void => {
    if (!used.has(path)) files.push({ path, what: remarks.leftOver.get(path) ?? what });
  };
  for (const one of held) {
    const isTaken = taken.has(one.certificate);
    for (const path of placesOf(one)) {
      if (used.has(path)) continue;
      if (isTaken || (isArchive(path) && one.pairs.length > 1)) copies++;
      else add(path, described(one, now));
    }
  }
  for (const { path, open } of inventory.keys) {
    if (used.has(path)) continue;
    if (open !== undefined && keys.has(text(open.spki))) copies++;
    else add(path, 'a key of no certificate here');
  }
  for (const { path, spki } of inventory.publicKeys) {
    if (!used.has(path) && keys.has(text(spki))) copies++;
    else add(path, 'a public key');
  }
  const holders = new Set(held.flatMap(({ kubeconfigs }) => kubeconfigs.map(({ path }) => path)));
  for (const { path } of inventory.kubeconfigs) {
    if (!holders.has(path)) add(path, 'a kubeconfig without a client certificate');
  }
  for (const { path, request } of inventory.requests) {
    if (keys.has(text(request.spki))) copies++;
    else add(path, 'a request whose certificate is not here');
  }
  for (const { path } of inventory.combined) {
    add(path, 'a certificate and its key in one file; kubepki keeps them in two');
  }
  for (const { path, reason } of inventory.unfit) if (path !== '.') add(path, reason);
  return { files: files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)), copies };
}

function listedIn({ files = {}, hosts }: Cluster): string[] {
  const paths = Object.values(files).flatMap(pathsOf);
  return paths.flatMap((path) =>
    path.includes('{host}') ? hosts.map(({ name }) => path.replaceAll('{host}', name)) : [path],
  );
}

const text = (spki: Uint8Array): string => Buffer.from(spki).toString('base64');

/** The keys of what was taken, wherever else they lie. */
function takenKeys(
  { keys, publicKeys }: Inventory,
  held: readonly Held[],
  taken: ReadonlySet<unknown>,
  used: ReadonlySet<string>,
): Set<string> {
  return new Set([
    ...held
      .filter(({ certificate }) => taken.has(certificate))
      .map(({ certificate }) => text(certificate.spki)),
    ...keys.flatMap(({ path, open }) =>
      open !== undefined && used.has(path) ? [text(open.spki)] : [],
    ),
    ...publicKeys.filter(({ path }) => used.has(path)).map(({ spki }) => text(spki)),
  ]);
}

const placesOf = ({ pairs, kubeconfigs }: Held): string[] => [
  ...pairs.map(({ certificate }) => certificate),
  ...kubeconfigs.map(({ path }) => path),
];

function described({ certificate }: Held, now: Date): string {
  const state = isValidAt(certificate, now)
    ? ''
    : certificate.notAfter < now
      ? ', expired'
      : ', not valid yet';
  return `a certificate for ${nameOfCertificate(certificate)}${state}`;
}
