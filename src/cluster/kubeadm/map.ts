/** From kubeadm's fields to those of a cluster, with kubeadm's defaults. What kubeadm would refuse is refused here. */
import { posix } from 'node:path';
import { quoted } from '../../errors.ts';
import type { KeyAlgorithm } from '../../x509/index.ts';
import {
  canonicalIp,
  isCertificateDnsName,
  isDnsName,
  parseEndpoint,
  parseSubnet,
} from '../address.ts';
import type { Path } from '../document.ts';
import { formatDuration } from '../duration.ts';
import type { Cluster, CredentialOverride, Endpoint, Machine, Role } from '../types.ts';
import type { Found } from './documents.ts';
import { filesOf, workerFiles } from './files.ts';
import { findHost, type Here, type Report } from './host.ts';
import { type ClusterConfiguration, SCHEMAS } from './schema.ts';

export interface Listener {
  /** What is wrong: there will be no cluster. */
  readonly report: Report;
  /** What should be known. */
  readonly note: Report;
}

/** Undefined where something has been reported, and perhaps a cluster even so: every problem is to be found at once. */
export function toCluster(
  found: Found,
  machine: Machine | undefined,
  { report, note }: Listener,
): Cluster | undefined {
  const configuration = found.cluster ?? SCHEMAS.v1beta4.ClusterConfiguration.parse({});
  if (found.cluster === undefined && found.init === undefined) {
    report(
      ['ClusterConfiguration'],
      'missing: a JoinConfiguration does not say what the cluster is like; add what `kubectl -n kube-system get configmap kubeadm-config -o jsonpath={.data.ClusterConfiguration}` prints, behind a line ---',
    );
  }
  const here = findHost(found, machine, report);
  const endpoint = checkEndpoint(configuration, found, here, report);
  const subnet = checkSubnets(configuration.networking.serviceSubnet, report);
  const { dnsDomain } = configuration.networking;
  if (!isDnsName(dnsDomain)) report(at('networking', 'dnsDomain'), 'not a DNS name in lower case');
  const directory = checkPath(configuration.certificatesDir, at('certificatesDir'), report);
  const caCertPath = checkPath(
    found.join?.caCertPath ?? '/etc/kubernetes/pki/ca.crt',
    ['JoinConfiguration', 'caCertPath'],
    report,
  );
  const extraSANs = checkNames(
    // kubeadm's LowercaseSANs: load balancers of clouds have capitals in their names.
    configuration.apiServer.certSANs.map((name) => name.toLowerCase()),
    at('apiServer', 'certSANs'),
    report,
  );
  const credentials = etcdNames(configuration, report);
  const externalEtcd = isExternal(configuration, report);
  const validity = validityOf(configuration, note);
  if (here === undefined || endpoint === undefined) return undefined;
  return {
    name: configuration.clusterName,
    kubernetesVersion: versionOf(configuration.kubernetesVersion),
    endpoint,
    dnsDomain,
    // The Service `kubernetes` has an address of the first subnet only, and kubeadm's certificates cover no other.
    serviceSubnets: subnet === undefined ? [] : [subnet],
    keyAlgorithm: keyAlgorithmOf(configuration, note),
    validity,
    layout: 'kubeadm',
    files:
      here.standing === 'worker'
        ? workerFiles(caCertPath)
        : filesOf({ standing: here.standing, directory, externalEtcd }),
    authorities: 'separate',
    frontProxy: true,
    kubeletCertificates: 'files',
    caKeys: 'controlPlane',
    apiServer: { port: here.port, extraSANs },
    hosts: [{ ...here.host, roles: rolesOf(here, externalEtcd) }],
    credentials,
  };
}

const at = (...path: Path): Path => ['ClusterConfiguration', ...path];

function rolesOf({ standing }: Here, externalEtcd: boolean): Role[] {
  if (standing === 'worker') return ['worker'];
  return externalEtcd ? ['control-plane'] : ['control-plane', 'etcd'];
}

/** kubeadm's `GetControlPlaneEndpoint`: without a port that of the host, without anything the host itself. */
function checkEndpoint(
  { controlPlaneEndpoint: text }: ClusterConfiguration,
  found: Found,
  here: Here | undefined,
  report: Report,
): Endpoint | undefined {
  const path = at('controlPlaneEndpoint');
  if (text !== undefined) {
    const endpoint = parseEndpoint(text, here?.port ?? 6443);
    if (endpoint !== undefined) return endpoint;
    report(path, `${quoted(text)} is not host:port; no certificate could cover it`);
    return undefined;
  }
  if (here === undefined) return undefined;
  const { standing, host, port } = here;
  if (standing === 'worker') {
    const server = found.join?.discovery?.bootstrapToken?.apiServerEndpoint ?? '';
    const endpoint = parseEndpoint(server, port);
    if (endpoint === undefined) {
      report(path, 'missing: without it nothing says where this worker finds kube-apiserver');
    }
    return endpoint;
  }
  if (standing === 'join') {
    report(path, 'missing: kubeadm lets no second control plane join a cluster without it');
  }
  const [address = ''] = host.addresses;
  return { host: address, port };
}

/** The first of the subnets, whose first address is that of the Service `kubernetes`. */
function checkSubnets(text: string, report: Report): string | undefined {
  const path = at('networking', 'serviceSubnet');
  const subnets = text.split(',').map(parseSubnet);
  for (const [index, subnet] of subnets.entries()) {
    if ('refused' in subnet) {
      report(path, `${quoted(text.split(',')[index] ?? '', 80)}: ${subnet.refused}`);
    }
  }
  const families = subnets.flatMap((subnet) => ('family' in subnet ? [subnet.family] : []));
  if (subnets.length > 2 || new Set(families).size < families.length) {
    report(path, 'more than one subnet of each address family');
  }
  const [first] = subnets;
  return first === undefined || 'refused' in first ? undefined : first.text;
}

/** Cleaned as Go's `filepath.Join` does, and without the slash at its begin. */
function checkPath(text: string, path: Path, report: Report): string {
  if (!posix.isAbsolute(text)) report(path, `${quoted(text)} is not absolute`);
  return posix.resolve('/', text).slice(1);
}

/** Addresses in canonical form, DNS names as they are. */
function checkNames(names: readonly string[], path: Path, report: Report): string[] {
  return names.map((name, index) => {
    const address = canonicalIp(name);
    if (address === undefined && !isCertificateDnsName(name)) {
      report(
        [...path, index],
        `${quoted(name)} is neither an address nor a DNS name in lower case`,
      );
    }
    return address ?? name;
  });
}

function etcdNames(
  { etcd: { local } }: ClusterConfiguration,
  report: Report,
): Cluster['credentials'] {
  if (local === undefined) return {};
  const override = (field: 'serverCertSANs' | 'peerCertSANs'): CredentialOverride => ({
    extraSANs: checkNames(local[field], at('etcd', 'local', field), report),
  });
  const credentials: { 'etcd-server'?: CredentialOverride; 'etcd-peer'?: CredentialOverride } = {};
  if (local.serverCertSANs.length > 0) credentials['etcd-server'] = override('serverCertSANs');
  if (local.peerCertSANs.length > 0) credentials['etcd-peer'] = override('peerCertSANs');
  return credentials;
}

/** Whether etcd is somebody else's. */
function isExternal({ etcd }: ClusterConfiguration, report: Report): boolean {
  if (etcd.local !== undefined && etcd.external !== undefined) {
    report(at('etcd'), 'local and external exclude each other');
  }
  return etcd.external !== undefined;
}

function validityOf(
  {
    certificateValidityPeriod: leaf,
    caCertificateValidityPeriod: ca,
  }: Pick<ClusterConfiguration, 'certificateValidityPeriod' | 'caCertificateValidityPeriod'>,
  note: Report,
): Cluster['validity'] {
  if (leaf <= ca) return { ca, leaf };
  note(
    at('certificateValidityPeriod'),
    `${formatDuration(leaf)} would outlive the CAs (${formatDuration(ca)}): certificates end with their CA`,
  );
  return { ca, leaf: ca };
}

/** kubeadm's `EncryptionAlgorithmType`: the feature gate of old decides where it is given at all. */
function keyAlgorithmOf(
  { featureGates = {}, encryptionAlgorithm }: ClusterConfiguration,
  note: Report,
): KeyAlgorithm {
  const gates = new Map(Object.entries(featureGates));
  if (gates.get('RootlessControlPlane') === true) {
    note(
      at('featureGates', 'RootlessControlPlane'),
      'keys that kubepki makes are readable for root only; kubeadm gives them to the users of the components when it writes their manifests',
    );
  }
  const ecdsa = gates.get('PublicKeysECDSA');
  if (ecdsa === undefined) return encryptionAlgorithm;
  return ecdsa ? 'ECDSA-P256' : 'RSA-2048';
}

/** Labels such as `stable-1` are resolved by kubeadm on the network; nothing here depends on what they are. */
function versionOf(text = ''): string {
  const [, version = '1.36'] = /^v?(1\.\d{1,3}\.\d{1,3})(?:[-+]|$)/.exec(text) ?? [];
  return version;
}
