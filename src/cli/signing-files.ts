/** Who signs with which CA: what the flags say of it, and the CAs themselves. */
import type { CertificateAuthority } from '../controllers/index.ts';
import { KubepkiError, quoted } from '../errors.ts';
import {
  type IssuingSigner,
  KUBE_APISERVER_CLIENT_POD_SIGNER,
  KUBE_APISERVER_CLIENT_SIGNER,
  KUBELET_CLIENT_SIGNER,
  KUBELET_SERVING_SIGNER,
  LEGACY_UNKNOWN_SIGNER,
  parseGoDuration,
  SIGNER_NAMES,
} from '../kubernetes/index.ts';
import type { Issuer } from '../x509/index.ts';
import { authorityFiles } from './authority-files.ts';
import type { SigningFlags } from './signing-flags.ts';
import type { WatchedFiles } from './watched-files.ts';

/** The files of a CA. */
export interface SigningFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** By signer; one without files signs nothing. */
export type SignersFiles = ReadonlyMap<IssuingSigner, SigningFiles>;

type SpecificFiles = [
  signer: IssuingSigner,
  flag: string,
  certFile: string | undefined,
  keyFile: string | undefined,
];

/** The signers, the flags of each, and what they say. */
function specificFiles(flags: SigningFlags): SpecificFiles[] {
  return [
    [
      KUBELET_SERVING_SIGNER,
      'kubelet-serving',
      flags.clusterSigningKubeletServingCertFile,
      flags.clusterSigningKubeletServingKeyFile,
    ],
    [
      KUBELET_CLIENT_SIGNER,
      'kubelet-client',
      flags.clusterSigningKubeletClientCertFile,
      flags.clusterSigningKubeletClientKeyFile,
    ],
    [
      KUBE_APISERVER_CLIENT_SIGNER,
      'kube-apiserver-client',
      flags.clusterSigningKubeApiserverClientCertFile,
      flags.clusterSigningKubeApiserverClientKeyFile,
    ],
    [
      LEGACY_UNKNOWN_SIGNER,
      'legacy-unknown',
      flags.clusterSigningLegacyUnknownCertFile,
      flags.clusterSigningLegacyUnknownKeyFile,
    ],
    [
      KUBE_APISERVER_CLIENT_POD_SIGNER,
      'kube-apiserver-client-pod',
      flags.clusterSigningKubeApiserverClientPodCertFile,
      flags.clusterSigningKubeApiserverClientPodKeyFile,
    ],
  ];
}

/** The same CA for everything that is signed. */
export const forAllSigners = (files: SigningFiles): SignersFiles =>
  new Map(ALL_SIGNERS.map((signer) => [signer, files]));

const ALL_SIGNERS: readonly IssuingSigner[] = [...SIGNER_NAMES, KUBE_APISERVER_CLIENT_POD_SIGNER];

/**
 * One CA for all, or for each its own: never both (kube-controller-manager, csrsigningcontroller.go).
 *
 * @throws KubepkiError USAGE naming the flags
 */
export function signingFiles(flags: SigningFlags): SignersFiles {
  const files = new Map<IssuingSigner, SigningFiles>();
  for (const [signer, flag, cert, key] of specificFiles(flags)) {
    const pair = pairOf(`--cluster-signing-${flag}`, cert, key);
    if (pair !== undefined) files.set(signer, pair);
  }
  const { clusterSigningCertFile: cert, clusterSigningKeyFile: key } = flags;
  const common = pairOf('--cluster-signing', cert, key);
  if (common === undefined) return files;
  if (files.size > 0) {
    throw new KubepkiError(
      'USAGE',
      '--cluster-signing-cert-file is for all signers and excludes the flags of single ones',
      { hint: 'give every signer its own files, or all of them the same' },
    );
  }
  return forAllSigners(common);
}

function pairOf(flag: string, cert = '', key = ''): SigningFiles | undefined {
  if (cert === '' && key === '') return undefined;
  if (cert === '' || key === '') {
    const [given, missing] = cert === '' ? ['key', 'cert'] : ['cert', 'key'];
    throw new KubepkiError(
      'USAGE',
      `${flag}-${given}-file needs ${flag}-${missing}-file beside it`,
    );
  }
  return { certFile: cert, keyFile: key };
}

/**
 * `--cluster-signing-duration` in milliseconds.
 *
 * @throws KubepkiError INVALID_VALUE where it is no duration, USAGE where it is not above 0
 */
export function signingDurationOf(text: string): number {
  const duration = parseGoDuration(text);
  if (duration > 0) return duration;
  throw new KubepkiError('USAGE', `--cluster-signing-duration: ${quoted(text, 80)} is not above 0`);
}

/** By signer: each answers what was read last. */
export type Authorities = Partial<Record<IssuingSigner, CertificateAuthority>>;

/**
 * Each file is read once, and again when it has changed, however many signers sign with it; undefined where
 * there is no CA at all.
 *
 * @throws as `readAuthority`
 */
export async function readAuthorities(
  signing: SignersFiles,
  files: WatchedFiles,
  now: () => Date,
): Promise<Authorities | undefined> {
  const read = new Map<string, () => Issuer>();
  const authorities: Authorities = {};
  for (const [signer, { certFile, keyFile }] of signing) {
    const id = JSON.stringify([certFile, keyFile]);
    const issuer = read.get(id) ?? (await files.add(authorityFiles(certFile, keyFile, now)));
    read.set(id, issuer);
    authorities[signer] = async () => issuer();
  }
  return signing.size === 0 ? undefined : authorities;
}
