/**
 * The lines that join a node: kubeadm's (cmd/kubeadm/app/cmd/util/join.go), and one for `kubepki node`.
 */
import { formatKubeconfig } from '../../kubernetes/index.ts';
import { publicKeyPin, readCertificates } from '../../x509/index.ts';
import type { Endpoint } from './cluster.ts';
import { bootstrapKubeconfig } from './kubeconfig-out.ts';

interface JoinFlags {
  /** For a node of the control plane. */
  readonly certificateKey?: string | undefined;
  /** Which the token is for: the machine may be called something else. */
  readonly node?: string | undefined;
}

/**
 * `kubeadm join …`, with a pin for each CA of the kubeconfig.
 *
 * @throws KubepkiError MALFORMED_PEM or MALFORMED_DER for a CA that cannot be read
 */
export function joinCommand(
  { entry, certificateAuthority }: Endpoint,
  token: string,
  { certificateKey, node }: JoinFlags,
): string {
  const pins = readCertificates(certificateAuthority).map(({ spki }) => publicKeyPin(spki));
  return [
    `kubeadm join ${entry.server.replaceAll('https://', '')} --token ${token}`,
    ...pins.map((pin) => `--discovery-token-ca-cert-hash ${pin}`),
    ...(certificateKey ? ['--control-plane', `--certificate-key ${certificateKey}`] : []),
    ...(node === undefined ? [] : [`--node-name ${node}`]),
  ].join(' ');
}

const DIRECTORY = '/etc/kubernetes';
const BOOTSTRAP = `${DIRECTORY}/bootstrap-kubelet.conf`;

/**
 * A line for a shell of the node's root: it writes the bootstrap kubeconfig where kubelets look for it, and starts
 * `kubepki node`. Names of nodes and base64 need no quotes.
 */
export function nodeCommand(endpoint: Endpoint, token: string, node: string | undefined): string {
  const text = formatKubeconfig(bootstrapKubeconfig(endpoint, token));
  const start = [
    'kubepki node',
    `--bootstrap-kubeconfig=${BOOTSTRAP}`,
    `--kubeconfig=${DIRECTORY}/kubelet.conf`,
    ...(node === undefined ? [] : [`--hostname-override=${node}`]),
  ];
  return [
    `(umask 077; mkdir -p ${DIRECTORY}; echo ${Buffer.from(text).toString('base64')} | base64 -d > ${BOOTSTRAP})`,
    start.join(' '),
  ].join(' && ');
}
