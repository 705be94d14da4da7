/** The flags of kube-controller-manager about who signs with which CA, for the commands that have them. */
import type { Command } from 'commander';

/** As commander reads them. */
export interface SigningFlags {
  readonly clusterSigningCertFile?: string;
  readonly clusterSigningKeyFile?: string;
  readonly clusterSigningKubeletServingCertFile?: string;
  readonly clusterSigningKubeletServingKeyFile?: string;
  readonly clusterSigningKubeletClientCertFile?: string;
  readonly clusterSigningKubeletClientKeyFile?: string;
  readonly clusterSigningKubeApiserverClientCertFile?: string;
  readonly clusterSigningKubeApiserverClientKeyFile?: string;
  readonly clusterSigningLegacyUnknownCertFile?: string;
  readonly clusterSigningLegacyUnknownKeyFile?: string;
  readonly clusterSigningKubeApiserverClientPodCertFile?: string;
  readonly clusterSigningKubeApiserverClientPodKeyFile?: string;
  readonly clusterSigningDuration?: string;
}

/** The signers that can have a CA of their own, as the flags name them; of pods, there is none upstream. */
const SIGNERS = [
  ['kubelet-serving', 'kubernetes.io/kubelet-serving'],
  ['kubelet-client', 'kubernetes.io/kube-apiserver-client-kubelet'],
  ['kube-apiserver-client', 'kubernetes.io/kube-apiserver-client'],
  ['legacy-unknown', 'kubernetes.io/legacy-unknown'],
  ['kube-apiserver-client-pod', 'kubernetes.io/kube-apiserver-client-pod'],
] as const;

export function addSigningFlags(command: Command): void {
  command
    .option(
      '--cluster-signing-cert-file <file>',
      'CA that signs for all signers; excludes the flags of single signers',
    )
    .option('--cluster-signing-key-file <file>', 'its key, not encrypted');
  for (const [flag, signer] of SIGNERS) {
    command
      .option(`--cluster-signing-${flag}-cert-file <file>`, `CA that signs for ${signer}`)
      .option(`--cluster-signing-${flag}-key-file <file>`, 'its key, not encrypted');
  }
  command.option(
    '--cluster-signing-duration <duration>',
    'longest life of what is signed: 8760h, 1h30m',
    '8760h',
  );
}
