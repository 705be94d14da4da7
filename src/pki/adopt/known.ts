/** Finds the credentials where a layout has laid down their names. */
import { join } from 'node:path';
import {
  administratorItems,
  authorityItems,
  type Cluster,
  type CredentialId,
  type CustomFile,
  hostItems,
  type KubeconfigItem,
  type Layout,
  type PairItem,
  readCluster,
} from '../../cluster/index.ts';
import type { Assigned } from './assigned.ts';
import type { Held, Holdings } from './holdings.ts';
import type { Inventory, KubeconfigFile } from './inventory.ts';
import type { Recognised } from './recognise.ts';

interface Expected {
  readonly id: CredentialId;
  readonly file: CustomFile;
  readonly host?: string;
}

/** Where a credential would lie, and is looked for. */
export function findKnown(
  place: Exclude<Recognised, { kind: 'custom' }>,
  inventory: Inventory,
  holdings: Holdings,
): Assigned[] {
  const files = indexOf(inventory, holdings);
  return expectedIn(place).flatMap((one) => found(one, files) ?? []);
}

function expectedIn(place: Exclude<Recognised, { kind: 'custom' }>): Expected[] {
  if (place.kind === 'k3s') return expectedBelow('k3s', '', 'offline');
  if (place.kind === 'machine') return expectedBelow(place.layout, '', 'controlPlane');
  const offline = provisional(place.layout, 'offline');
  return [
    ...authorityItems(offline).map((item) => ({
      id: item.credential,
      file: filesOfAuthority(item, 'authorities'),
    })),
    ...administratorItems(offline).map((item) => leaf(item, 'admin')),
    ...place.hosts.flatMap((host) =>
      leavesOf(provisional(place.layout, 'controlPlane')).map((item) => ({
        ...leaf(item, join('hosts', host)),
        host,
      })),
    ),
  ];
}

function expectedBelow(layout: Layout, root: string, caKeys: Cluster['caKeys']): Expected[] {
  const cluster = provisional(layout, caKeys);
  return [
    ...authorityItems(cluster, true).map((item) => ({
      id: item.credential,
      file: filesOfAuthority(item, root),
    })),
    ...administratorItems(cluster).map((item) => leaf(item, root)),
    ...leavesOf(cluster).map((item) => leaf(item, root)),
  ];
}

type Leaf = PairItem | KubeconfigItem;

const leavesOf = (cluster: Cluster): Leaf[] =>
  cluster.hosts.flatMap((host) => hostItems(cluster, host)).filter((item) => item.kind !== 'copy');

/** A cluster of one host with every role, which has every file that the layout knows. */
function provisional(layout: Layout, caKeys: Cluster['caKeys']): Cluster {
  const hosts = [
    { name: 'host', addresses: ['192.0.2.1'], roles: ['control-plane', 'etcd', 'worker'] },
  ];
  const spec = { layout, caKeys, kubeletCertificates: 'files', hosts };
  const document = {
    apiVersion: 'kubepki.dev/v1alpha1',
    kind: 'Cluster',
    metadata: { name: 'c' },
    spec,
  };
  return readCluster(JSON.stringify(document), 'layout');
}

function filesOfAuthority(
  { kind, publicPath, keyPath }: ReturnType<typeof authorityItems>[number],
  root: string,
): CustomFile {
  const [shared, key] = [join(root, publicPath), join(root, keyPath)];
  return kind === 'key-pair' ? { publicKey: shared, key } : { certificate: shared, key };
}

function leaf(item: Leaf, root: string): Expected {
  const id = item.credential;
  if (item.kind === 'kubeconfig') return { id, file: { kubeconfig: join(root, item.path) } };
  const { certificatePath, keyPath } = item;
  return { id, file: { certificate: join(root, certificatePath), key: join(root, keyPath) } };
}

interface Index {
  readonly certificates: ReadonlyMap<string, Held>;
  readonly kubeconfigs: ReadonlyMap<
    string,
    { readonly file: KubeconfigFile; readonly held: Held | undefined }
  >;
  readonly keys: ReadonlyMap<string, string>;
}

function indexOf(inventory: Inventory, { held }: Holdings): Index {
  const certificates = new Map<string, Held>();
  const holders = new Map<string, Held>();
  for (const one of held) {
    for (const { certificate } of one.pairs) certificates.set(certificate, one);
    for (const { path } of one.kubeconfigs) holders.set(path, one);
  }
  return {
    certificates,
    kubeconfigs: new Map(
      inventory.kubeconfigs.map((file) => [file.path, { file, held: holders.get(file.path) }]),
    ),
    keys: new Map([
      ...inventory.publicKeys.map(({ path, type }) => [path, type] as const),
      ...inventory.keys.map(({ path, open }) => [path, open?.type ?? ''] as const),
    ]),
  };
}

function found({ id, file, host }: Expected, files: Index): Assigned | undefined {
  const base = { id, file, why: 'its place', ...(host === undefined ? {} : { host }) };
  if ('kubeconfig' in file) {
    const one = files.kubeconfigs.get(file.kubeconfig);
    if (one === undefined) return undefined;
    const certificate = one.held?.certificate;
    return {
      ...base,
      kubeconfig: one.file,
      ...(certificate === undefined ? {} : { certificate, keyType: certificate.keyType }),
    };
  }
  if ('publicKey' in file) {
    const keyType = files.keys.get(file.publicKey) || files.keys.get(file.key);
    const isThere = files.keys.has(file.publicKey) || files.keys.has(file.key);
    return isThere ? { ...base, ...(keyType ? { keyType } : {}) } : undefined;
  }
  const certificate = files.certificates.get(file.certificate)?.certificate;
  if (certificate !== undefined) return { ...base, certificate, keyType: certificate.keyType };
  return files.keys.has(file.key) ? base : undefined;
}
