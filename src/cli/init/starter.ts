/** A cluster file for a cluster that is not there yet. */
import { type Cluster, type Host, readCluster } from '../../cluster/index.ts';
import { type ClusterFile, formatClusterFile, type GivenFacts } from '../../pki/index.ts';

export interface StarterFacts extends GivenFacts {
  readonly layout?: string;
  readonly keyAlgorithm?: string;
  readonly kubeletCertificates?: string;
}

/** Hosts that say how it is done, and make a cluster as they stand. */
const EXAMPLE_HOSTS: readonly Host[] = [
  { name: 'cp-1', addresses: ['172.16.10.11'], roles: ['control-plane', 'etcd'] },
  { name: 'worker-1', addresses: ['172.16.10.21'], roles: ['worker'] },
];

const COMMENTS: Readonly<Record<string, readonly string[]>> = {
  controlPlaneEndpoint: [
    'Where clients find kube-apiserver: a name or address, best one that can move (a load balancer).',
  ],
  serviceSubnets: ['As kube-apiserver --service-cluster-ip-range; dual stack takes two.'],
  keyAlgorithm: ['RSA-2048, RSA-3072, RSA-4096, ECDSA-P256 or ECDSA-P384.'],
  validity: ['A year has 365 days; renew leaves in time, CAs take a rotation.'],
  layout: [
    "File names: kubeadm's, or binary's (ca.pem, *.kubeconfig) as in installations from binaries.",
  ],
  kubeletCertificates: [
    'bootstrap: kubelets ask for theirs (TLS bootstrapping); files: made ahead.',
  ],
  caKeys: [
    "offline: CA keys stay in authorities/, but for the one that signs kubelets'; controlPlane: as kubeadm leaves them.",
  ],
  apiServer: ['More names and addresses for the certificates of kube-apiserver: extraSANs.'],
  hosts: [
    'Roles: control-plane, etcd, worker. The first address is the one that a host advertises.',
  ],
};

const HEAD = [
  'A cluster file of kubepki. Every field: docs/reference/cluster-file.md.',
  'kubepki plan says what is missing, kubepki apply makes it.',
];

/** @throws KubepkiError `INVALID_CLUSTER` where the facts make no cluster */
export function starter(facts: StarterFacts): { readonly text: string; readonly cluster: Cluster } {
  const hosts = facts.hosts ?? EXAMPLE_HOSTS;
  const [first] = hosts.filter(({ roles }) => roles.includes('control-plane'));
  const endpoint = facts.endpoint ?? endpointOf(first, hosts);
  const file: ClusterFile = {
    name: facts.name ?? 'kubernetes',
    spec: {
      kubernetesVersion: (facts.kubernetesVersion ?? '1.36').replace(/^v/, ''),
      ...(endpoint === undefined ? {} : { controlPlaneEndpoint: endpoint }),
      dnsDomain: facts.dnsDomain ?? 'cluster.local',
      serviceSubnets: facts.serviceSubnets ?? ['10.96.0.0/12'],
      keyAlgorithm: facts.keyAlgorithm ?? 'ECDSA-P256',
      validity: { ca: '10y', leaf: '1y' },
      layout: facts.layout ?? 'kubeadm',
      kubeletCertificates: facts.kubeletCertificates ?? 'bootstrap',
      caKeys: 'offline',
      apiServer: { port: 6443, extraSANs: facts.extraSANs ?? [] },
      hosts: hosts.map(({ name, addresses, roles }) => ({ name, addresses, roles })),
    },
  };
  const text = formatClusterFile(file, { head: HEAD, above: COMMENTS });
  return { text, cluster: readCluster(text, 'the cluster file from these flags') };
}

/** Of one control plane its address; of several nobody can tell what stands before them. */
function endpointOf(first: Host | undefined, hosts: readonly Host[]): string | undefined {
  const address = first?.addresses[0];
  const several = hosts.filter(({ roles }) => roles.includes('control-plane')).length > 1;
  if (address === undefined || several) return undefined;
  return address.includes(':') ? `[${address}]:6443` : `${address}:6443`;
}
