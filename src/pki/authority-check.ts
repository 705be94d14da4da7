/** Judges an authority that is there: whether what it signs would be accepted, and whether its files are what they should be. */
import {
  type AuthorityItem,
  type Cluster,
  hostItems,
  type LeafProfile,
  ROLES,
} from '../cluster/index.ts';
import { type FileState, lookAtFile } from '../collect/index.ts';
import {
  type Certificate,
  createIssuer,
  decodePrivateKey,
  encodePem,
  encodePublicKey,
  generatePrivateKey,
  keysMatch,
  type PrivateKey,
  parseCertificate,
} from '../x509/index.ts';
import {
  attempt,
  modeNotes,
  readPair,
  readPublicKeyFile,
  refused,
  type Verdict,
} from './examine.ts';
import { chainProblem, dateProblem, expiryNotes } from './leaf.ts';
import { leafTemplate } from './profile.ts';

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

/** Judges a CA's certificate and key. */
export function examineCertificateAuthority(
  item: AuthorityItem,
  certificatePath: string,
  keyPath: string,
  cluster: Cluster,
  now: Date,
): Verdict {
  const pair = readPair(certificatePath, keyPath);
  if ('verdict' in pair) return pair.verdict === 'key-only' ? judgeKeyOnly(pair) : pair;
  const { certificate, key, others } = pair;
  const reason = authorityProblem(certificate) ?? dateProblem(certificate, now);
  if (reason !== undefined) return refused(reason);
  const notes = [...pair.notes, ...expiryNotes(certificate, now)];
  if (key === undefined) notes.push('its key is not here: nothing new can be issued from it');
  else {
    const refusal = probe(item, certificate, key, cluster, now);
    if (refusal !== undefined) return refused(refusal);
  }
  if (certificate.keyType !== item.keyAlgorithm) {
    notes.push(`its key is ${certificate.keyType}, the cluster file says ${item.keyAlgorithm}`);
  }
  if (others > 0)
    notes.push(`${others} more certificates stand behind it; hosts get the first only`);
  const text = encodePem('CERTIFICATE', certificate.der);
  return { verdict: 'kept', certificate, text, notes, ...(key === undefined ? {} : { key }) };
}

function judgeKeyOnly(verdict: Extract<Verdict, { verdict: 'key-only' }>): Verdict {
  const problem = keyProblem(verdict.key.type);
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
 * of the CA that forbid it, and extensions that nobody understands, before anything is made.
 */
function probe(
  item: AuthorityItem,
  certificate: Certificate,
  key: PrivateKey,
  cluster: Cluster,
  now: Date,
): string | undefined {
  const issuer = createIssuer(certificate, key);
  const { type, spki } = generatePrivateKey('ECDSA-P256');
  for (const profile of sampleProfiles(cluster)) {
    if (profile.issuer !== item.credential) continue;
    const leaf = parseCertificate(
      issuer.issue(leafTemplate(profile, certificate, type, now), spki),
    );
    const problem = chainProblem(leaf, profile.usages, certificate, now);
    if (problem !== undefined)
      return `what it signs for ${profile.commonName} would be refused: ${problem}`;
  }
  return undefined;
}

/** Every kind of leaf, of one host of each role. */
function sampleProfiles(cluster: Cluster): LeafProfile[] {
  return ROLES.flatMap((role) => {
    const host = cluster.hosts.find(({ roles }) => roles.includes(role));
    return host === undefined ? [] : hostItems(cluster, host);
  }).flatMap((item) => (item.kind === 'copy' ? [] : [item.profile]));
}

/** Judges the service accounts' key pair. */
export function examineKeyPair(item: AuthorityItem, publicPath: string, keyPath: string): Verdict {
  const publicFile = lookAtFile(publicPath);
  const keyFile = lookAtFile(keyPath);
  if (publicFile.state === 'unreadable') return refused(`public key: ${publicFile.reason}`);
  if (keyFile.state === 'unreadable') return refused(`key: ${keyFile.reason}`);
  const key =
    keyFile.state === 'there' ? attempt(() => decodePrivateKey(keyFile.bytes)) : undefined;
  if (key !== undefined && 'reason' in key) return refused(`key: ${key.reason}`);
  const notes = modeNotes(keyFile, 'the key');
  if (publicFile.state === 'missing') {
    return key === undefined
      ? { verdict: 'missing' }
      : judgeKeyOnly({ verdict: 'key-only', key: key.value, notes });
  }
  return judgeKeyPair(item, publicFile, key?.value, notes);
}

function judgeKeyPair(
  item: AuthorityItem,
  publicFile: FileState & { state: 'there' },
  key: PrivateKey | undefined,
  modes: readonly string[],
): Verdict {
  const keys = readPublicKeyFile(publicFile.bytes);
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
