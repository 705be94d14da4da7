/** The cluster that is made: one control plane with etcd, and many workers. */

import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';

const NAME = 'fleet';
const ENDPOINT = 'api.fleet.example.com';
const DNS_DOMAIN = 'cluster.local';
/** The first address of the service subnet, where pods reach the API server. */
const SERVICE_ADDRESS = '10.96.0.1';

interface Host {
  readonly name: string;
  readonly address: string;
  readonly controlPlane: boolean;
}

/** Names and addresses of `workers` machines and their control plane; at most 65,000. */
export function fleetHosts(workers: number): Host[] {
  if (!(Number.isInteger(workers) && workers >= 0 && workers <= 65_000)) {
    throw new RangeError(`expected 0 to 65000 workers, got ${workers}`);
  }
  return [
    { name: 'cp-1', address: address(1), controlPlane: true },
    ...Array.from({ length: workers }, (_, index) => ({
      name: `worker-${index + 1}`,
      address: address(index + 2),
      controlPlane: false,
    })),
  ];
}

const address = (number: number): string => `10.128.${number >> 8}.${number & 255}`;

/** The cluster file for kubepki: as JSON where it is compared with the Go program, which reads JSON too, else as YAML. */
export function writeClusterFile(path: string, workers: number, format: 'json' | 'yaml'): void {
  const document = {
    apiVersion: 'kubepki.dev/v1alpha1',
    kind: 'Cluster',
    metadata: { name: NAME },
    spec: {
      kubernetesVersion: '1.36',
      controlPlaneEndpoint: `${ENDPOINT}:6443`,
      dnsDomain: DNS_DOMAIN,
      keyAlgorithm: 'ECDSA-P256',
      layout: 'kubeadm',
      kubeletCertificates: 'files',
      hosts: fleetHosts(workers).map(({ name, address: ip, controlPlane }) => ({
        name,
        addresses: [ip],
        roles: controlPlane ? ['control-plane', 'etcd'] : ['worker'],
      })),
    },
  };
  writeFileSync(path, format === 'json' ? JSON.stringify(document) : stringify(document));
}

/** The same cluster for the Go program, with what kubepki works out by itself. */
export function writeHostsFile(path: string, workers: number): void {
  const fleet = {
    cluster: NAME,
    endpoint: `https://${ENDPOINT}:6443`,
    apiServerNames: [
      ENDPOINT,
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
      `kubernetes.default.svc.${DNS_DOMAIN}`,
    ],
    apiServerAddresses: [SERVICE_ADDRESS],
    hosts: fleetHosts(workers).map(({ name, address: ip, controlPlane }) => ({
      name,
      addresses: [ip],
      controlPlane,
    })),
  };
  writeFileSync(path, JSON.stringify(fleet));
}
