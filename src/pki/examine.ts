/**
 * Reads what lies on disk, to be compared with what the cluster file asks for. Nothing here writes.
 *
 * Two degrees of difference: what would make a component fail or trust the wrong thing is refused,
 * with the reason; what only differs (a longer list of names, another key algorithm) is kept, with
 * a note.
 */
import { type FileState, identify, lookAtFile } from '../collect/index.ts';
import { KubepkiError } from '../errors.ts';
import {
  type Certificate,
  decodePem,
  decodePrivateKey,
  decodePublicKeys,
  fingerprintHex,
  formatName,
  keysMatch,
  type PrivateKey,
  type PublicKey,
  readCertificates,
} from '../x509/index.ts';

/** What examining one credential found. */
export type Verdict =
  | { readonly verdict: 'missing' }
  /** A run was cut short, or somebody else made the key: the certificate is still to be made for it. */
  | {
      readonly verdict: 'key-only';
      readonly key: PrivateKey;
      readonly owner: Owner;
      readonly notes: readonly string[];
    }
  | {
      readonly verdict: 'kept';
      readonly certificate?: Certificate;
      readonly key?: PrivateKey;
      /** A CA's issuers, nearest first. */
      readonly issuers?: readonly Certificate[];
      /** A key pair's public keys, written anew: what hosts get. */
      readonly text?: string;
      readonly notes: readonly string[];
    }
  | { readonly verdict: 'refused'; readonly reason: string };

export const refused = (reason: string): Extract<Verdict, { verdict: 'refused' }> => ({
  verdict: 'refused',
  reason,
});

/** Reads a file's content with a reader of `x509`, turning what is wrong into a reason. */
export function attempt<T>(read: () => T): { readonly value: T } | { readonly reason: string } {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof KubepkiError) return { reason: error.message };
    throw error;
  }
}

/** Who else may come to know a secret, as notes: by the permissions of its file, or by another name of that. */
export function modeNotes(file: FileState, name: string): string[] {
  if (file.state !== 'there') return [];
  const notes: string[] = [];
  if ((file.mode & 0o077) !== 0) {
    notes.push(`${name} has mode ${octal(file.mode)}, others can read it (chmod 0600)`);
  }
  if (file.links > 1) notes.push(`${name} ${LINKED}`);
  return notes;
}

/** How a note ends on a file with a secret that has other names: who finds it by one of those holds the same. */
export const LINKED = 'is a hard link: the same file has another name elsewhere';

/** Another user, by number, to whom a file belongs: neither the one who runs this nor root. */
export type Owner = number | undefined;

/** Whose a file is, where it is another user's: whoever owns a key knows it. */
export function strangerOf(file: FileState): Owner {
  // Windows knows no numbers of users.
  const own = process.geteuid?.();
  if (file.state !== 'there' || own === undefined) return undefined;
  return file.uid === own || file.uid === 0 ? undefined : file.uid;
}

export const ownerNotes = (owner: Owner, name: string): string[] =>
  owner === undefined ? [] : [`${name} belongs to another user (uid ${owner})`];

/** Why no certificate is made for a key that lies there: it may have been put there to get one. */
export const ownerProblem = (owner: Owner): string | undefined =>
  owner === undefined
    ? undefined
    : `its key belongs to another user (uid ${owner}), who knows it: chown it where that is as it shall be, or remove it, and another one is made`;

/** A file that others can write is theirs to replace. */
export function writableNotes(file: FileState): string[] {
  if (file.state !== 'there' || (file.mode & 0o022) === 0) return [];
  return [`it has mode ${octal(file.mode)}, others can write it (chmod 0644)`];
}

const octal = (mode: number): string => mode.toString(8).padStart(4, '0');

/** Whether a file that everybody may read holds a private key as well. */
const holdsPrivateKey = (bytes: Buffer): boolean =>
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(bytes.toString('latin1'));

const FOR_EVERYBODY = 'it holds a private key as well, and is a file for everybody to read';

/** Reads a file of certificates, none of which any component reads differently. */
export function readCertificateFile(
  bytes: Buffer,
): { readonly value: readonly [Certificate, ...Certificate[]] } | { readonly reason: string } {
  if (holdsPrivateKey(bytes)) return { reason: FOR_EVERYBODY };
  // Go's tls.LoadX509KeyPair counts a block with header lines, client-go passes it over.
  if (decodePem(bytes).some(({ label, headers }) => label === 'CERTIFICATE' && headers.size > 0)) {
    return {
      reason: 'a certificate with PEM headers, which some components read and others pass over',
    };
  }
  const read = attempt(() => readCertificates(bytes));
  return 'reason' in read
    ? { reason: damageOf(bytes) ?? read.reason.replace(/^certificates: /, '') }
    : read;
}

/** Why there is no certificate to be read, in the words of `inspect`; undefined of PEM that holds something else. */
function damageOf(bytes: Buffer): string | undefined {
  const material = identify(bytes);
  if (material.format === 'unknown') return material.reason;
  if (material.format === 'kubeconfig') return 'a kubeconfig';
  for (const entry of material.entries) if (entry.kind === 'malformed') return entry.reason;
  return material.format === 'der' ? 'in DER, where components read PEM' : undefined;
}

/** Reads a file of public keys. */
export function readPublicKeyFile(
  bytes: Buffer,
): { readonly value: readonly PublicKey[] } | { readonly reason: string } {
  if (holdsPrivateKey(bytes)) return { reason: FOR_EVERYBODY };
  return attempt(() => decodePublicKeys(bytes));
}

/** The certificates of a trust file that are not the one it should hold, as notes: each is trusted as much. */
export function strangerNotes(certificates: readonly Certificate[], own: Certificate): string[] {
  return certificates
    .filter(({ der }) => Buffer.compare(der, own.der) !== 0)
    .map(
      ({ der, subject }) =>
        `trusts ${formatName(subject)} as well (SHA-256 ${fingerprintHex(der).slice(0, 16)}…)`,
    );
}

/** A certificate file and its key file, whatever the certificate is for. */
export interface PairFiles {
  readonly certificate: Certificate;
  readonly key: PrivateKey | undefined;
  /** Of the key. */
  readonly owner: Owner;
  /** The certificates behind the first. */
  readonly behind: readonly Certificate[];
  /** What the certificate's file holds. */
  readonly bytes: Buffer;
  readonly notes: readonly string[];
}

type Read<T> = { readonly value: T } | { readonly reason: string };

/** Reads a key that a component reads as well: one that is encrypted is of no use to it. */
const readPlainKey = (bytes: Buffer): Read<PrivateKey> => attempt(() => decodePrivateKey(bytes));

/** Reads the two files of a pair; a verdict where they are no pair. */
export function readPair(
  certificatePath: string,
  keyPath: string,
  readKey: (bytes: Buffer) => Read<PrivateKey> = readPlainKey,
): Verdict | PairFiles {
  const certificateFile = lookAtFile(certificatePath);
  const keyFile = lookAtFile(keyPath);
  if (certificateFile.state === 'missing' && keyFile.state === 'missing')
    return { verdict: 'missing' };
  if (certificateFile.state === 'unreadable')
    return refused(`certificate: ${certificateFile.reason}`);
  if (keyFile.state === 'unreadable') return refused(`key: ${keyFile.reason}`);

  let key: PrivateKey | undefined;
  if (keyFile.state === 'there') {
    const read = readKey(keyFile.bytes);
    if ('reason' in read) return refused(`key: ${read.reason}`);
    key = read.value;
  }
  const owner = strangerOf(keyFile);
  const notes = [...modeNotes(keyFile, 'the key'), ...writableNotes(certificateFile)];
  if (certificateFile.state === 'missing') {
    return key === undefined ? { verdict: 'missing' } : { verdict: 'key-only', key, owner, notes };
  }
  const read = readCertificateFile(certificateFile.bytes);
  if ('reason' in read) return refused(`certificate: ${read.reason}`);
  // As upstream reads it: the first certificate is the one, what follows is its chain.
  const [certificate, ...behind] = read.value;
  if (key !== undefined && !keysMatch(certificate, key)) {
    return refused('certificate and key do not belong together');
  }
  return { certificate, key, owner, behind, bytes: certificateFile.bytes, notes };
}
