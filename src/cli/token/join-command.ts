/** The line that joins a node with kubeadm (cmd/kubeadm/app/cmd/util/join.go). */
import { publicKeyPin, readCertificates } from '../../x509/index.ts';
import type { Endpoint } from './cluster.ts';

/**
 * `kubeadm join …`, with a pin for each CA of the kubeconfig.
 *
 * @param certificateKey for a node of the control plane
 * @throws KubepkiError MALFORMED_PEM or MALFORMED_DER for a CA that cannot be read
 */
export function joinCommand(
  { entry, certificateAuthority }: Endpoint,
  token: string,
  certificateKey?: string,
): string {
  const pins = readCertificates(certificateAuthority).map(({ spki }) => publicKeyPin(spki));
  return [
    `kubeadm join ${entry.server.replaceAll('https://', '')} --token ${token}`,
    ...pins.map((pin) => `--discovery-token-ca-cert-hash ${pin}`),
    ...(certificateKey ? ['--control-plane', `--certificate-key ${certificateKey}`] : []),
  ].join(' ');
}
