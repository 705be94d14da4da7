/** The CA that signs requests: read from its files, judged, and ready to sign. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AuthorityId,
  authorityItems,
  type Cluster,
  type CredentialId,
  filePath,
} from '../../cluster/index.ts';
import { lookAtFile } from '../../collect/index.ts';
import { KubepkiError } from '../../errors.ts';
import {
  type Certificate,
  createIssuer,
  decodePrivateKey,
  type Issuer,
  type PrivateKey,
} from '../../x509/index.ts';
import { checkClusterName } from '../cluster-name.ts';
import { readCertificateFile } from '../examine.ts';
import { authorityTexts, judgeIssuers } from '../issuers.ts';
import { dateProblem } from '../leaf.ts';
import { authoritiesRoot, type DirectoryPlace, resolvePlace } from '../place.ts';
import { commandSigner, type SignerCommand } from '../signer-command.ts';

/** The files of a CA. */
export interface AuthorityFiles {
  /** Its id in the catalogue, or `ca`. */
  readonly id: CredentialId;
  readonly certificatePath: string;
  /** Undefined where only a command signs. */
  readonly keyPath: string | undefined;
}

export interface SigningAuthority {
  readonly id: CredentialId;
  readonly issuer: Issuer;
  /** Its issuers, nearest first. */
  readonly above: readonly Certificate[];
  /** What stands behind a certificate that it has signed: itself and its issuers, without the root. */
  readonly chainText: string;
}

/** Opens the key, or signs in its place. */
export interface KeySource {
  readonly passphrase?: Uint8Array | undefined;
  readonly signer?: SignerCommand | undefined;
}

/**
 * Reads a CA and makes sure that what it signs would be accepted.
 *
 * @throws KubepkiError `NOT_FOUND`, `FILE_SYSTEM`; `CONFLICT` for a CA that cannot be used, or a key
 *   that is not its own; `PASSPHRASE_NEEDED`, `WRONG_PASSPHRASE` of its key
 */
export function readAuthority(
  files: AuthorityFiles,
  source: KeySource,
  now: Date,
): SigningAuthority {
  const { id, certificatePath } = files;
  const read = readCertificateFile(readFile(certificatePath));
  if ('reason' in read) throw unusable(certificatePath, read.reason);
  const [certificate, ...behind] = read.value;
  const expired = dateProblem(certificate, now);
  if (expired !== undefined) throw unusable(certificatePath, expired);
  const judged = judgeIssuers(certificate, behind, now);
  if ('reason' in judged) throw unusable(certificatePath, judged.reason);
  const { issuers: above } = judged;
  const signer = readSigner(files, certificate, source);
  return {
    id,
    issuer: createIssuer(certificate, signer),
    above,
    chainText: authorityTexts(certificate, above).intermediatesText,
  };
}

function readSigner(
  { id, certificatePath, keyPath }: AuthorityFiles,
  certificate: Certificate,
  { passphrase, signer }: KeySource,
): PrivateKey | ReturnType<typeof commandSigner> {
  // As with apply: a key that is there signs itself.
  const isHere = keyPath !== undefined && existsSync(keyPath);
  if (signer !== undefined && !isHere)
    return commandSigner(signer, { id, certificate, certificatePath });
  if (keyPath === undefined) {
    throw new KubepkiError('USAGE', `nothing signs for ${certificatePath}`, {
      hint: 'name its key with --ca-key, or what signs in its place with --signer-command',
    });
  }
  const bytes = readFile(keyPath);
  try {
    return decodePrivateKey(bytes, {
      where: keyPath,
      ...(passphrase === undefined ? {} : { passphrase }),
    });
  } catch (error) {
    if (!(error instanceof KubepkiError) || error.code !== 'PASSPHRASE_NEEDED') throw error;
    throw new KubepkiError(error.code, error.message, {
      hint: 'give its passphrase with --ca-passphrase-file FILE or in KUBEPKI_CA_PASSPHRASE',
    });
  }
}

function readFile(path: string): Buffer {
  const file = lookAtFile(path);
  if (file.state === 'there') return file.bytes;
  if (file.state === 'missing') throw new KubepkiError('NOT_FOUND', `${path}: no such file`);
  throw new KubepkiError('FILE_SYSTEM', `${path}: ${file.reason}`);
}

const unusable = (path: string, reason: string): KubepkiError =>
  new KubepkiError('CONFLICT', `${path}: ${reason}`);

/**
 * Where an authority lies in a directory that `apply` has made, by the cluster file.
 *
 * @throws KubepkiError `USAGE` for an authority that this cluster does not have; `CONFLICT` where the
 *   directory is of another cluster
 */
export function authorityOfCluster(
  cluster: Cluster,
  place: DirectoryPlace,
  id: CredentialId,
): AuthorityFiles {
  const item = authorityItems(cluster).find(
    ({ kind, credential }) => kind === 'authority' && credential === id,
  );
  if (item === undefined) throw new KubepkiError('USAGE', `this cluster has no ${id}`);
  const resolved = resolvePlace(place, cluster);
  checkClusterName(resolved, cluster.name);
  const root = authoritiesRoot(resolved);
  return {
    id,
    certificatePath: join(root, item.publicPath),
    keyPath: join(root, item.keyPath),
  };
}

/** Where an authority lies in a directory that `apply` has made, whichever of the layouts it has. */
export function authorityOfDirectory(directory: string, id: AuthorityId): AuthorityFiles {
  const [kubeadm, binary] = (['kubeadm', 'binary'] as const).map((layout): AuthorityFiles => {
    const at = (part: 'certificate' | 'key'): string =>
      join(
        directory,
        'authorities',
        filePath(layout, id, part).replace(/^etc\/(kubernetes\/pki|etcd\/ssl)\//, ''),
      );
    return { id, certificatePath: at('certificate'), keyPath: at('key') };
  });
  if (kubeadm === undefined || binary === undefined) throw new TypeError('expected two layouts');
  return existsSync(binary.certificatePath) ? binary : kubeadm;
}
