/**
 * What `kubeadm join` reads of a cluster (cmd/kubeadm/app/util/config/cluster.go): ConfigMaps kubeadm-config and
 * kubelet-config, which `kubeadm init` writes. Here they are made where there are none, with kubeadm's defaults.
 */
import type { KubernetesClient } from '../../client/index.ts';
import { KubepkiError } from '../../errors.ts';
import { type ConfigMap, refusedFor, SERVICES } from '../../kubernetes/index.ts';
import { bytesToIp, ipToBytes } from '../../x509/index.ts';
import { formatData } from '../serialise.ts';
import type { Endpoint } from './cluster.ts';
import { sorted } from './dry-run.ts';

const DOMAIN = 'cluster.local';
const PKI = '/etc/kubernetes/pki';
/** Where a cluster has its DNS by kubeadm's habit: at the tenth address of the Services, `kubernetes` has the first. */
const DNS_OFFSET = 9;

/** @throws StatusError where the server refuses to show its Service `kubernetes`, KubepkiError API_REFUSED where it has no version */
export async function joinConfigMaps(
  client: KubernetesClient,
  { entry }: Endpoint,
): Promise<readonly ConfigMap[]> {
  const dns = await clusterDns(client);
  return [
    await configMap('kubeadm-config', 'ClusterConfiguration', {
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      kind: 'ClusterConfiguration',
      certificatesDir: PKI,
      clusterName: 'kubernetes',
      controlPlaneEndpoint: entry.server.replace(/^https:\/\//, ''),
      kubernetesVersion: await versionOf(client),
      networking: { dnsDomain: DOMAIN },
    }),
    await configMap('kubelet-config', 'kubelet', {
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      authentication: {
        anonymous: { enabled: false },
        webhook: { enabled: true },
        x509: { clientCAFile: `${PKI}/ca.crt` },
      },
      authorization: { mode: 'Webhook' },
      cgroupDriver: 'systemd',
      ...(dns === undefined ? {} : { clusterDNS: [dns] }),
      clusterDomain: DOMAIN,
      healthzBindAddress: '127.0.0.1',
      healthzPort: 10248,
      rotateCertificates: true,
      // kubeadm leaves it out, and then kubelets sign their serving certificates themselves.
      serverTLSBootstrap: true,
      staticPodPath: '/etc/kubernetes/manifests',
    }),
  ];
}

const configMap = async (name: string, key: string, document: object): Promise<ConfigMap> => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'kube-system' },
  data: { [key]: await formatData('yaml', sorted(document)) },
});

/** Of the server, without what a distribution has added: kubeadm joins no cluster that is far from its own version. */
async function versionOf(client: KubernetesClient): Promise<string> {
  const { status, body } = await client.raw({ method: 'GET', url: '/version', headers: {} });
  const [, version] = GIT_VERSION.exec(Buffer.from(body).toString('utf8')) ?? [];
  if (status === 200 && version !== undefined) return version;
  throw new KubepkiError('API_REFUSED', 'the server does not tell its version (GET /version)');
}

const GIT_VERSION = /"gitVersion":\s*"(v\d{1,5}\.\d{1,5}\.\d{1,5})[^"]*"/;

async function clusterDns(client: KubernetesClient): Promise<string | undefined> {
  try {
    const { spec } = await client.get(SERVICES, { namespace: 'default', name: 'kubernetes' });
    const first = ipToBytes(spec?.clusterIP ?? '');
    return first === undefined ? undefined : bytesToIp(plus(first, DNS_OFFSET));
  } catch (error) {
    if (refusedFor(error, 'NotFound')) return undefined;
    throw error;
  }
}

function plus(address: Uint8Array, offset: number): Uint8Array {
  const sum = Uint8Array.from(address);
  let carry = offset;
  for (let i = sum.length - 1; i >= 0 && carry > 0; i--) {
    const value = (sum[i] ?? 0) + carry;
    sum[i] = value & 0xff;
    carry = value >> 8;
  }
  return sum;
}
