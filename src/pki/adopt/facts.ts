/** Single facts of a cluster, each from what tells it best. */
import { join } from 'node:path';
import type { CredentialId } from '../../cluster/index.ts';
import { lookAtFile } from '../../collect/index.ts';
import { commonName } from '../../x509/index.ts';
import { type Assigned, pathsOf } from './assigned.ts';
import type { Inventory } from './inventory.ts';
import type { Listing } from './listing.ts';
import { dnsDomainOf, hasWord, isHostName } from './names.ts';
import type { Recognised } from './recognise.ts';
import type { Remarks } from './remarks.ts';
import type { Value } from './text.ts';

interface Sources {
  readonly place: Recognised;
  readonly inventory: Inventory;
  readonly assigned: readonly Assigned[];
}

const NODE = 'system:node:';

/** The names of nodes, where the place itself or what lies on it says them. */
export function nodesOf({ place, inventory, assigned }: Sources): string[] {
  if (place.kind === 'kubepki') return place.hosts.filter(isHostName);
  if (place.kind === 'custom') return [];
  // A kubelet that has bootstrapped keeps certificate and key in one file.
  const certificates = [
    ...assigned.flatMap(({ certificate }) => certificate ?? []),
    ...inventory.combined.map(({ certificate }) => certificate),
  ];
  for (const { subject } of certificates) {
    const name = commonName(subject) ?? '';
    const node = name.slice(NODE.length);
    if (name.startsWith(NODE) && isHostName(node)) return [node];
  }
  if (place.kind !== 'machine') return [];
  const member = assigned.find(({ id }) => id === 'etcd-server');
  const names = member?.certificate?.subjectAltNames?.dns ?? [];
  return names.filter((name) => isHostName(name) && name !== 'localhost').slice(0, 1);
}

/** Files that lie on control planes only where all keys do. */
const EVERY_KEY = [
  'etc/kubernetes/admin.conf',
  'etc/kubernetes/admin.kubeconfig',
  'etc/kubernetes/pki/front-proxy-ca.key',
  'etc/kubernetes/pki/front-proxy-ca-key.pem',
];

/** The optional parts of a cluster whose layout has names of its own: of those that are not listed. */
export function partsOf({ place, inventory, assigned }: Sources): Record<string, Value> {
  const has = (id: CredentialId): boolean => assigned.some((one) => one.id === id);
  const ca = assigned.find(({ id }) => id === 'ca')?.certificate;
  const kubelet = assigned.find(({ id }) => id === 'kubelet-server')?.certificate;
  // A kubelet without one signs one for itself, in the same place.
  const isOurs =
    ca !== undefined &&
    kubelet !== undefined &&
    Buffer.compare(kubelet.issuerDer, ca.subjectDer) === 0;
  const isControlPlane = has('apiserver');
  const { keys, kubeconfigs, denied } = inventory;
  const isEtcdSeen = !denied.some(({ path, isDirectory }) => isDirectory && hasWord(path, 'etcd'));
  const everyKey =
    place.kind === 'machine'
      ? [...keys, ...kubeconfigs, ...denied].some(({ path }) => EVERY_KEY.includes(path))
      : assigned.some(({ id, host }) => id === 'admin' && host !== undefined);
  return {
    ...(isControlPlane && isEtcdSeen && has('etcd-server') && !has('etcd-ca')
      ? { authorities: 'single' }
      : {}),
    ...(isControlPlane && !has('front-proxy-ca') ? { frontProxy: false } : {}),
    kubeletCertificates: isOurs ? 'files' : 'bootstrap',
    caKeys: everyKey ? 'controlPlane' : 'offline',
  };
}

export function dnsDomainFrom(assigned: readonly Assigned[], remarks: Remarks): string {
  const apiserver = assigned.find(({ id }) => id === 'apiserver');
  const names = apiserver?.certificate?.subjectAltNames?.dns ?? [];
  const domain = dnsDomainOf(names);
  if (domain === undefined || !isHostName(domain)) {
    remarks.tell(
      'the DNS domain of the cluster: no certificate covers kubernetes.default.svc in it',
    );
    return 'cluster.local';
  }
  // A slip that one guide has handed on to many clusters.
  const other = names.flatMap((name) => /^kubernetes\.svc\.(.+)$/.exec(name)?.[1] ?? [])[0];
  if (other !== undefined && other !== domain) {
    remarks.warn(
      `kube-apiserver's certificate covers kubernetes.default.svc.${domain} and kubernetes.svc.${other}; kubernetes.default.svc.${other} was most likely meant: with dnsDomain ${other} plan says that it is not covered`,
    );
  }
  return domain;
}

const HOST = '{host}';

/** Names that no host can have: `{host}.pem` of a host `admin` would be another credential's file. */
export function takenNames(listing: Listing | undefined): Set<string> {
  const paths = [...(listing?.files.values() ?? [])].flatMap(pathsOf);
  const literal = paths.filter((path) => !path.includes(HOST));
  const names = new Set<string>();
  for (const pattern of paths.filter((path) => path.includes(HOST))) {
    const at = pattern.indexOf(HOST);
    const before = pattern.slice(0, at);
    const after = pattern.slice(at + HOST.length);
    for (const path of literal) {
      if (path.startsWith(before) && path.endsWith(after)) {
        names.add(path.slice(before.length, path.length - after.length));
      }
    }
  }
  return names;
}

/** Where `apply` notes the name of the cluster, beside its authorities or in the one directory of a custom layout. */
const NAME_FILES = ['authorities/cluster-name', '.kubepki.cluster-name'];

/** The name of the cluster that a directory has been applied for; where none is to be read, kubeconfigs say it too. */
export function clusterNameIn(root: string): string | undefined {
  for (const path of NAME_FILES) {
    const file = lookAtFile(join(root, path), 4096);
    const name = file.state === 'there' ? file.bytes.toString('utf8').trim() : '';
    if (isHostName(name)) return name;
  }
  return undefined;
}
