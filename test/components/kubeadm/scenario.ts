/** The same cluster, said to kubepki and to kubeadm: what the side by side comparison starts from. */

export interface Scenario {
  readonly name: string;
  /** The host whose files are compared; the first control plane. */
  readonly host: string;
  readonly keyAlgorithm: 'ECDSA-P256' | 'RSA-2048';
  /** Where clients find kube-apiserver: on the host itself, and all of them. */
  readonly endpoints: { readonly local: string; readonly shared: string };
  /** What serving certificates cover because the cluster has a second address family. */
  readonly secondFamily?: readonly string[];
  /** Days. */
  readonly validity: { readonly ca: number; readonly leaf: number };
  /** For `kubepki -f`. */
  readonly clusterFile: string;
  /** For `kubeadm --config`. */
  readonly configuration: string;
}

/** Several control planes behind a load balancer, IPv4 and IPv6, EC keys, the usual lifetimes. */
export const HIGHLY_AVAILABLE: Scenario = {
  name: 'ECDSA-P256, dual stack, behind a load balancer',
  host: 'cp-1',
  keyAlgorithm: 'ECDSA-P256',
  endpoints: {
    local: 'https://172.16.10.11:6443',
    shared: 'https://api.prod.example.com:6443',
  },
  secondFamily: ['fd00:10:96::1', 'fd00:10::11'],
  validity: { ca: 3650, leaf: 365 },
  clusterFile: `apiVersion: kubepki.dev/v1alpha1
kind: Cluster
metadata: { name: prod }
spec:
  controlPlaneEndpoint: api.prod.example.com:6443
  serviceSubnets: [10.96.0.0/12, "fd00:10:96::/108"]
  keyAlgorithm: ECDSA-P256
  layout: kubeadm
  kubeletCertificates: files
  caKeys: controlPlane
  apiServer: { extraSANs: [api.example.com, 203.0.113.10] }
  hosts:
    - { name: cp-1, addresses: [172.16.10.11, "fd00:10::11"], roles: [control-plane, etcd] }
    - { name: cp-2, addresses: [172.16.10.12, "fd00:10::12"], roles: [control-plane, etcd] }
`,
  configuration: `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: { advertiseAddress: 172.16.10.11 }
nodeRegistration: { name: cp-1, criSocket: unix:///run/containerd/containerd.sock }
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.36.3
clusterName: prod
controlPlaneEndpoint: api.prod.example.com:6443
networking: { serviceSubnet: "10.96.0.0/12,fd00:10:96::/108" }
encryptionAlgorithm: ECDSA-P256
apiServer: { certSANs: [api.example.com, 203.0.113.10] }
`,
};

/** One control plane, IPv4 only, RSA keys, every period and name another than the default. */
export const SINGLE: Scenario = {
  name: 'RSA-2048, one control plane',
  host: 'cp-1',
  keyAlgorithm: 'RSA-2048',
  endpoints: { local: 'https://172.16.20.11:7443', shared: 'https://172.16.20.11:7443' },
  validity: { ca: 1825, leaf: 90 },
  clusterFile: `apiVersion: kubepki.dev/v1alpha1
kind: Cluster
metadata: { name: lab }
spec:
  dnsDomain: lab.internal
  serviceSubnets: [10.100.0.0/16]
  keyAlgorithm: RSA-2048
  validity: { ca: 5y, leaf: 90d }
  layout: kubeadm
  kubeletCertificates: files
  caKeys: controlPlane
  apiServer: { port: 7443 }
  hosts:
    - { name: cp-1, addresses: [172.16.20.11], roles: [control-plane, etcd] }
`,
  configuration: `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: { advertiseAddress: 172.16.20.11, bindPort: 7443 }
nodeRegistration: { name: cp-1, criSocket: unix:///run/containerd/containerd.sock }
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.36.3
clusterName: lab
networking: { serviceSubnet: 10.100.0.0/16, dnsDomain: lab.internal }
encryptionAlgorithm: RSA-2048
certificateValidityPeriod: 2160h
caCertificateValidityPeriod: 43800h
`,
};

export const SCENARIOS: readonly Scenario[] = [HIGHLY_AVAILABLE, SINGLE];

/** The same with CA keys that stay with the administrator. */
export const offline = (scenario: Scenario): Scenario => ({
  ...scenario,
  clusterFile: scenario.clusterFile.replace('caKeys: controlPlane', 'caKeys: offline'),
});
