/**
 * Where kubepki's files differ from kubeadm's on purpose: each with its reason, and with what makes
 * it out. The test holds every difference it sees against this list, and every line of this list
 * against what it sees; `docs/operations/kubeadm.md` shows the list.
 */
import type { Found } from './facts.ts';
import type { Scenario } from './scenario.ts';

export interface Difference {
  readonly what: string;
  readonly kubeadm: string;
  readonly kubepki: string;
  readonly why: string;
  /** Whether this is the difference that was found: the file, the field and both values. */
  readonly covers: (found: Found, scenario: Scenario) => boolean;
}

const pki = (...names: readonly string[]): string[] =>
  names.map((name) => `etc/kubernetes/pki/${name}`);

/** Common names by file. */
const AUTHORITIES: Readonly<Record<string, string>> = {
  'etc/kubernetes/pki/ca.crt': 'kubernetes',
  'etc/kubernetes/pki/front-proxy-ca.crt': 'front-proxy-ca',
  'etc/kubernetes/pki/etcd/ca.crt': 'etcd-ca',
};
const SERVERS = pki('apiserver.crt', 'etcd/server.crt', 'etcd/peer.crt');

const CA_EXTENSIONS = 'keyUsage (critical), basicConstraints (critical), subjectKeyIdentifier';

const isAuthority = (path: string): boolean => Object.hasOwn(AUTHORITIES, path);
const says = (found: Found, kubeadm: string, kubepki: string): boolean =>
  found.kubeadm === kubeadm && found.kubepki === kubepki;
const madeByUsOnly = (found: Found, paths: readonly string[]): boolean =>
  found.field === 'file' && found.kubeadm === undefined && paths.includes(found.path);

export const DIFFERENCES: readonly Difference[] = [
  {
    what: 'key usage, leaves with EC keys',
    kubeadm: 'digitalSignature, keyEncipherment',
    kubepki: 'digitalSignature',
    why: 'RFC 8813, section 3: EC keys must not have it; an EC key cannot encipher a key',
    covers: (found, { keyAlgorithm }) =>
      found.field === 'key usage' &&
      keyAlgorithm.startsWith('ECDSA') &&
      !isAuthority(found.path) &&
      says(found, 'digitalSignature, keyEncipherment', 'digitalSignature'),
  },
  {
    what: 'key usage, CAs',
    kubeadm: 'digitalSignature, keyEncipherment, keyCertSign',
    kubepki: 'digitalSignature, keyCertSign, cRLSign',
    why: 'a CA enciphers nothing; the right to sign a revocation list, which etcd reads, cannot be added later',
    covers: (found) =>
      found.field === 'key usage' &&
      isAuthority(found.path) &&
      says(
        found,
        'digitalSignature, keyEncipherment, keyCertSign',
        'digitalSignature, keyCertSign, cRLSign',
      ),
  },
  {
    what: 'subject alternative name, CAs',
    kubeadm: 'a DNS name equal to the common name',
    kubepki: 'none',
    why: "a side effect of kubeadm's generator; no CA answers on a name",
    covers: (found) =>
      isAuthority(found.path) &&
      (found.field === 'DNS names'
        ? says(found, AUTHORITIES[found.path] ?? '', '')
        : found.field === 'extensions' &&
          says(found, `${CA_EXTENSIONS}, subjectAltName`, CA_EXTENSIONS)),
  },
  {
    what: 'addresses of apiserver, etcd-server and etcd-peer, dual stack',
    kubeadm: "the advertise address and the first subnet's service address",
    kubepki: 'every address of the host, the service address of both subnets',
    why: 'clients of the second family fail otherwise',
    covers: (found, { secondFamily }) =>
      found.field === 'addresses' &&
      SERVERS.includes(found.path) &&
      secondFamily !== undefined &&
      withoutAddresses(found.kubepki, secondFamily) === found.kubeadm,
  },
  {
    what: 'begin of the client certificates in kubeconfigs',
    kubeadm: 'that of the CA',
    kubepki: 'five minutes before it was made, as of all others',
    why: 'a side effect of kubeadm leaving it out; a certificate should not claim to be older than its key',
    covers: (found) =>
      found.field === 'begins' &&
      found.path.endsWith('.conf') &&
      says(found, 'with its CA', 'five minutes before it was made'),
  },
  {
    what: 'end of a leaf that would outlive its CA',
    kubeadm: 'after the CA, with a warning',
    kubepki: 'with the CA',
    why: 'it would die early, unannounced',
    covers: (found, { validity }) =>
      found.field === 'ends' &&
      !isAuthority(found.path) &&
      says(found, `${validity.leaf} days after it was made`, 'with its CA'),
  },
  {
    what: 'serial numbers',
    kubeadm: '63 bits',
    kubepki: '128 bits',
    why: 'as kube-controller-manager; collisions stay out of reach for fleets',
    covers: (found) =>
      found.field === 'serial number' && says(found, 'up to 63 bits', 'up to 128 bits'),
  },
  {
    what: 'mode of `sa.pub`',
    kubeadm: '0600',
    kubepki: '0644',
    why: 'a public key is no secret; `kubeadm join` writes it 0644 too',
    covers: (found) =>
      found.field === 'mode' && pki('sa.pub').includes(found.path) && says(found, '0600', '0644'),
  },
  {
    what: 'server in the `kubelet.conf` of a control plane',
    kubeadm: 'the kube-apiserver on the same host',
    kubepki: '`controlPlaneEndpoint`, as on every node',
    why: "the node stays connected while its own host's kube-apiserver is down; kubeadm rather keeps a kubelet from meeting an older kube-apiserver in the midst of an upgrade",
    covers: (found, { endpoints }) =>
      found.field === 'server' &&
      found.path === 'etc/kubernetes/kubelet.conf' &&
      says(found, endpoints.local, endpoints.shared),
  },
  {
    what: '`kube-proxy.conf`',
    kubeadm: "not made: kube-proxy is a pod with a service account's token",
    kubepki: 'made, with a client certificate',
    why: 'kube-proxy as a service of the host has no service account',
    covers: (found) => madeByUsOnly(found, ['etc/kubernetes/kube-proxy.conf']),
  },
  {
    what: '`/var/lib/kubelet/pki/kubelet.crt` and `.key`',
    kubeadm: 'not made: the kubelet signs one for itself',
    kubepki: 'made with `kubeletCertificates: files`',
    why: '`--kubelet-certificate-authority` can only verify what a CA has signed',
    covers: (found) =>
      madeByUsOnly(found, ['var/lib/kubelet/pki/kubelet.crt', 'var/lib/kubelet/pki/kubelet.key']),
  },
];

const withoutAddresses = (list: string | undefined, without: readonly string[]): string =>
  (list ?? '')
    .split(', ')
    .filter((address) => !without.includes(address))
    .join(', ');
