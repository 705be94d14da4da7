/**
 * The cluster that the seed draws, small: who the hosts are, and the cluster file that kubepki gets.
 * Three etcd members, two control planes, two workers; and three hosts that are no part of it: the
 * administrator's, one that serves an extension API, and one that belongs to nobody.
 */

import type { Host, Layout } from '../../src/cluster/index.ts';
import type { KeyAlgorithm } from '../../src/x509/index.ts';

/** One way of making the files. */
export interface Variant {
  readonly layout: Layout;
  readonly keyAlgorithm: KeyAlgorithm;
  /** Where clients find kube-apiserver: a name that means both, or the address of the first. */
  readonly endpoint: 'name' | 'address';
}

export const CP_1: Host = host('cp-1', '172.16.10.11', 'control-plane', 'etcd');
export const CP_2: Host = host('cp-2', '172.16.10.12', 'control-plane', 'etcd');
export const ETCD_3: Host = host('etcd-3', '172.16.10.13', 'etcd');
export const WORKER_1: Host = host('worker-1', '172.16.10.21', 'worker');
export const WORKER_2: Host = host('worker-2', '172.16.10.22', 'worker');

export const CONTROL_PLANES = [CP_1, CP_2] as const;
export const MEMBERS = [CP_1, CP_2, ETCD_3] as const;
export const WORKERS = [WORKER_1, WORKER_2] as const;
export const HOSTS = [...MEMBERS, ...WORKERS] as const;

/** Hosts that kubepki does not know of. */
export const ADMIN: Host = host('admin', '172.16.10.5');
export const EXTENSION: Host = host('extension', '172.16.10.31');
export const STRANGER: Host = host('stranger', '172.16.10.66');
export const OUTSIDERS = [ADMIN, EXTENSION, STRANGER] as const;

/** A name that /etc/hosts of all gives both control planes' addresses for. */
export const API_NAME = 'api.cluster.test';
export const API_PORT = 6443;
export const SERVICE_SUBNET = '10.96.0.0/16';
/** Of the Service `kubernetes`. */
export const SERVICE_ADDRESS = '10.96.0.1';
export const ISSUER = 'https://kubernetes.default.svc.cluster.local';

export const addressOf = ({ addresses: [address = ''] }: Host): string => address;

export const apiUrl = (controlPlane: Host): string =>
  `https://${addressOf(controlPlane)}:${API_PORT}`;

/** `host:port` where clients find kube-apiserver. */
export const endpointOf = ({ endpoint }: Variant): string =>
  `${endpoint === 'name' ? API_NAME : addressOf(CP_1)}:${API_PORT}`;

export function clusterYaml(variant: Variant): string {
  const { layout, keyAlgorithm } = variant;
  const hosts = HOSTS.map(
    ({ name, addresses, roles }) =>
      `    - { name: ${name}, addresses: [${addresses.join(', ')}], roles: [${roles.join(', ')}] }`,
  );
  return `apiVersion: kubepki.dev/v1alpha1
kind: Cluster
metadata: { name: kubernetes }
spec:
  kubernetesVersion: "1.36"
  controlPlaneEndpoint: ${endpointOf(variant)}
  serviceSubnets: [${SERVICE_SUBNET}]
  keyAlgorithm: ${keyAlgorithm}
  layout: ${layout}
  kubeletCertificates: files
  hosts:
${hosts.join('\n')}
`;
}

function host(name: string, address: string, ...roles: Host['roles']): Host {
  return { name, addresses: [address], roles };
}
