/** Judges an authority that is there: whether what it signs would be accepted, and whether its files are what they should be. */
import {
  type AuthorityItem,
  type Cluster,
  type CredentialId,
  hostItems,
  type LeafProfile,
  ROLES,
  sharedItems,
} from '../cluster/index.ts';
import { type FileState, lookAtFile } from '../collect/index.ts';
import { KubepkiError, quoted } from '../errors.ts';
import {
  type Certificate,
  createIssuer,
  decodePrivateKey,
  decodePublicKeys,
  encodePublicKey,
  formatName,
  generatePrivateKey,
  keysMatch,
  type PrivateKey,
  parseCertificate,
} from '../x509/index.ts';
import {
  attempt,
  modeNotes,
  ownerNotes,
  ownerProblem,
  readPair,
  readPublicKeyFile,
  refused,
  strangerNotes,
  strangerOf,
  type Verdict,
} from './examine.ts';
import { judgeIssuers } from './issuers.ts';
import { chainProblem, dateProblem, expiryNotes, type IssuingPath } from './leaf.ts';
import { leafTemplate } from './profile.ts';
import type { SignerCommand } from './signer-command.ts';

const SMALLEST_RSA = 2048;

/** Why no component could work with an authority's key, if none could. */
function keyProblem(type: string): string | undefined {
  if (type.startsWith('RSA-')) {
    return Number(type.slice(4)) < SMALLEST_RSA
      ? `its key is ${type}, too short to be trusted`
      : undefined;
  }
  // client-go's keyutil and the service accounts' JWTs know no other.
  return type.startsWith('ECDSA-')
    ? undefined
    : `its key is ${type}; Kubernetes takes RSA and ECDSA only`;
}

/** How an authority's files are read, and what the judgement depends on. */
export interface AuthorityReading {
  readonly cluster: Cluster;
  readonly now: Date;
  readonly passphrase?: Uint8Array;
  /** Signs where the key is not there. */
  readonly signer?: SignerCommand;
  /** Whether components read these very files, and not copies of them. */
  readonly isRead: boolean;
}

/**
 * Judges a CA's certificate and key.
 *
 * @throws KubepkiError `PASSPHRASE_NEEDED`, `WRONG_PASSPHRASE` of an encrypted key
 */
export function examineCertificateAuthority(
  item: AuthorityItem,
  certificatePath: string,
  keyPath: string,
  reading: AuthorityReading,
): Verdict {
  const { now } = reading;
  const keyFile = authorityKeyFile(item, keyPath, reading);
  const pair = readPair(certificatePath, keyPath, keyFile.read);
  if ('verdict' in pair) return pair.verdict === 'key-only' ? judgeKeyOnly(pair) : pair;
  const { certificate, key, behind, owner } = pair;
  const reason =
    authorityProblem(certificate) ??
    dateProblem(certificate, now) ??
    signingFileProblem(item, behind.length, key !== undefined && reading.isRead);
  if (reason !== undefined) return refused(reason);
  const judged = judgeIssuers(certificate, behind, now);
  if ('reason' in judged) return refused(judged.reason);
  const { issuers } = judged;
  const exposed = reading.isRead ? proxyFileProblem(item, issuers) : undefined;
  if (exposed !== undefined) return refused(exposed);
  const refusal = probe(item, { issuer: certificate, above: issuers }, reading);
  if (refusal !== undefined) return refused(refusal);
  const notes = [
    ...pair.notes,
    ...ownerNotes(owner, 'the key'),
    ...keyFile.notes(),
    ...expiryNotes(certificate, now),
  ];
  if (key === undefined) notes.push(keylessNote(reading));
  if (certificate.keyType !== item.keyAlgorithm) {
    notes.push(`its key is ${certificate.keyType}, the cluster file says ${item.keyAlgorithm}`);
  }
  notes.push(...(reading.isRead ? strangerNotes(behind, certificate) : judged.notes));
  return {
    verdict: 'kept',
    certificate,
    issuers,
    notes,
    ...(key === undefined ? {} : { key }),
  };
}

/** The key file of an authority: how it is read, and what there is to say about it afterwards. */
function authorityKeyFile(
  { credential }: AuthorityItem,
  path: string,
  { passphrase, isRead }: AuthorityReading,
): { read: (bytes: Buffer) => ReturnType<typeof readAuthorityKey>; notes: () => string[] } {
  let encrypted = false;
  const reader = KEY_READERS.get(credential);
  return {
    read: (bytes) => {
      encrypted = bytes.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----');
      return readAuthorityKey(bytes, path, passphrase);
    },
    notes: () =>
      encrypted && isRead && reader !== undefined
        ? [`its key is encrypted, and ${reader} could not read it`]
        : [],
  };
}

/** Who reads the key of an authority from its own file, where it lies on a machine of the cluster. */
const KEY_READERS: ReadonlyMap<CredentialId, string> = new Map([
  ['ca', 'kube-controller-manager'],
  ['sa', 'kube-apiserver'],
]);

/** The key of an authority may be encrypted. What stops a whole run is no verdict on a file: the passphrase is to be corrected. */
function readAuthorityKey(
  bytes: Buffer,
  path: string,
  passphrase: Uint8Array | undefined,
): { readonly value: PrivateKey } | { readonly reason: string } {
  try {
    return { value: decodePrivateKey(bytes, passphrase === undefined ? {} : { passphrase }) };
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    const { code, message } = error;
    if (code === 'PASSPHRASE_NEEDED') {
      throw new KubepkiError(code, `${path}: ${message}`, {
        hint: 'give its passphrase with --ca-passphrase-file FILE or in KUBEPKI_CA_PASSPHRASE',
      });
    }
    if (code === 'WRONG_PASSPHRASE') {
      throw new KubepkiError(code, `${path}: ${message}`, {
        hint: 'all keys of authorities that are encrypted share one passphrase; if it is right, the file is damaged',
      });
    }
    return { reason: message };
  }
}

/** pkg/controller/certificates/signer/ca_provider.go: "expected 1 certificate, found …". */
function signingFileProblem(
  { credential }: AuthorityItem,
  behind: number,
  signs: boolean,
): string | undefined {
  if (credential !== 'ca' || !signs || behind === 0) return undefined;
  return `it holds ${behind + 1} certificates; kube-controller-manager signs with this file and takes exactly one`;
}

/** kube-apiserver trusts all of `--requestheader-client-ca-file`, not only the CA that signs for front proxies. */
function proxyFileProblem(
  { credential }: AuthorityItem,
  issuers: readonly Certificate[],
): string | undefined {
  const [issuer] = issuers;
  if (credential !== 'front-proxy-ca' || issuer === undefined) return undefined;
  return `${formatName(issuer.subject)} stands behind it in the file that kube-apiserver trusts: whoever holds a certificate of that could speak for any user; leave the CA alone in it`;
}

function keylessNote({ signer }: AuthorityReading): string {
  return signer === undefined
    ? 'its key is not here: what it shall issue goes out as requests'
    : `its key is not here: ${quoted(signer.program)} signs for it`;
}

function judgeKeyOnly(verdict: Extract<Verdict, { verdict: 'key-only' }>): Verdict {
  const problem = keyProblem(verdict.key.type) ?? ownerProblem(verdict.owner);
  return problem === undefined ? verdict : refused(problem);
}

function authorityProblem(certificate: Certificate): string | undefined {
  if (certificate.basicConstraints?.ca !== true)
    return 'not a CA: its basic constraints do not say CA:TRUE';
  if (certificate.keyUsage !== undefined && !certificate.keyUsage.includes('keyCertSign')) {
    return 'its key usage lacks keyCertSign: nothing that it signs would verify';
  }
  return keyProblem(certificate.keyType);
}

/**
 * Signs what the CA is there to sign and verifies it as Go would: finds usages and name constraints
 * of the CA or its issuers that forbid it, and extensions that nobody understands, before anything is
 * made. With another key in the CA's place: its own may be elsewhere, and costs somebody a signature.
 */
function probe(
  item: AuthorityItem,
  path: IssuingPath,
  { cluster, now }: AuthorityReading,
): string | undefined {
  const key = generatePrivateKey('ECDSA-P256');
  const { type, spki } = key;
  const standIn = { ...path.issuer, spki, keyType: type };
  const issuer = createIssuer(standIn, key);
  for (const profile of sampleProfiles(cluster)) {
    if (profile.issuer !== item.credential) continue;
    const leaf = parseCertificate(issuer.issue(leafTemplate(profile, standIn, type, now), spki));
    const problem = chainProblem(leaf, profile.usages, { ...path, issuer: standIn }, now);
    if (problem !== undefined)
      return `what it signs for ${profile.commonName} would be refused: ${problem}`;
  }
  return undefined;
}

/** Every kind of leaf, of one host of each role, and what several share. */
function sampleProfiles(cluster: Cluster): LeafProfile[] {
  const own = ROLES.flatMap((role) => {
    const host = cluster.hosts.find(({ roles }) => roles.includes(role));
    return host === undefined ? [] : hostItems(cluster, host);
  });
  return [...own, ...sharedItems(cluster)].flatMap((item) =>
    item.kind === 'copy' ? [] : [item.profile],
  );
}

/**
 * Judges the service accounts' key pair.
 *
 * @throws KubepkiError `PASSPHRASE_NEEDED`, `WRONG_PASSPHRASE` of an encrypted key
 */
export function examineKeyPair(
  item: AuthorityItem,
  publicPath: string,
  keyPath: string,
  reading: AuthorityReading,
): Verdict {
  const publicFile = lookAtFile(publicPath);
  const keyFile = lookAtFile(keyPath);
  if (publicFile.state === 'unreadable') return refused(`public key: ${publicFile.reason}`);
  if (keyFile.state === 'unreadable') return refused(`key: ${keyFile.reason}`);
  const { read, notes: keyNotes } = authorityKeyFile(item, keyPath, reading);
  const key = keyFile.state === 'there' ? read(keyFile.bytes) : undefined;
  if (key !== undefined && 'reason' in key) return refused(`key: ${key.reason}`);
  const owner = strangerOf(keyFile);
  const notes = [...modeNotes(keyFile, 'the key'), ...keyNotes()];
  if (publicFile.state === 'missing') {
    return key === undefined
      ? { verdict: 'missing' }
      : judgeKeyOnly({ verdict: 'key-only', key: key.value, owner, notes });
  }
  return judgeKeyPair(item, publicFile, key?.value, [...notes, ...ownerNotes(owner, 'the key')]);
}

function judgeKeyPair(
  item: AuthorityItem,
  publicFile: FileState & { state: 'there' },
  key: PrivateKey | undefined,
  modes: readonly string[],
): Verdict {
  // kube-apiserver takes the file of the key as well, and then it is no file for everybody.
  const keys =
    item.publicPath === item.keyPath
      ? attempt(() => decodePublicKeys(publicFile.bytes))
      : readPublicKeyFile(publicFile.bytes);
  if ('reason' in keys) return refused(`public key: ${keys.reason}`);
  const problem = keys.value
    .map(({ type }) => keyProblem(type))
    .find((found) => found !== undefined);
  if (problem !== undefined) return refused(problem);
  // Several public keys are how a key is replaced with overlap: one of them has to be ours.
  if (key !== undefined && !keys.value.some((publicKey) => keysMatch(publicKey, key))) {
    return refused('public key and key do not belong together');
  }
  const notes = [...modes];
  if (key === undefined) notes.push('its key is not here: no host can get it from here');
  else if (key.type !== item.keyAlgorithm) {
    notes.push(`the key is ${key.type}, the cluster file says ${item.keyAlgorithm}`);
  }
  if (keys.value.length > 1)
    notes.push(`${keys.value.length} public keys: tokens of each of them are accepted`);
  const text = keys.value.map(encodePublicKey).join('');
  return { verdict: 'kept', text, notes, ...(key === undefined ? {} : { key }) };
}
