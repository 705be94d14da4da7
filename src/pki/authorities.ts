/** The CAs and the service accounts' key pair: examined first, and made first, because everything else hangs on them. */
import { join } from 'node:path';
import {
  type AuthorityItem,
  authorityItems,
  type Cluster,
  type CredentialId,
  type Host,
} from '../cluster/index.ts';
import { type FileState, lookAtFile } from '../collect/index.ts';
import {
  type Certificate,
  decodePrivateKey,
  decodePublicKeys,
  encodePem,
  encodePrivateKey,
  encodePublicKey,
  generatePrivateKeyAsync,
  keysMatch,
  type PrivateKey,
  parseCertificate,
} from '../x509/index.ts';
import { attempt, dateProblem, modeNotes, readPair, refused, type Verdict } from './examine.ts';
import { authoritiesOnHost, authoritiesRoot, type Place } from './place.ts';
import { makeAuthority } from './profile.ts';
import type { Step } from './step.ts';
import { writeNewFiles } from './write.ts';

/** One authority as the rest of a run needs it. */
export interface Authority {
  readonly id: CredentialId;
  /** `planned`: it does not exist yet and plan only says so; `refused`: what is there cannot be used. */
  readonly state: 'there' | 'planned' | 'refused';
  readonly certificate?: Certificate;
  readonly key?: PrivateKey;
  /** The files as they stand, for the hosts' copies. */
  readonly publicText?: string;
  readonly keyText?: string;
  /** Where its public file lies: a host that holds it in the same place needs no copy. */
  readonly publicPath: string;
  readonly keyPath: string;
}

export type Authorities = ReadonlyMap<CredentialId, Authority>;

export interface AuthoritiesResult {
  readonly steps: readonly Step[];
  readonly authorities: Authorities;
}

/**
 * Examines the authorities and, when applying, makes those that are missing; durable on return.
 *
 * @param needed only these, where given: a machine of its own need not know of the others
 */
export async function prepareAuthorities(
  cluster: Cluster,
  place: Place,
  now: Date,
  mode: 'plan' | 'apply',
  needed?: ReadonlySet<CredentialId>,
): Promise<AuthoritiesResult> {
  const works = authorityItems(cluster, authoritiesOnHost(place))
    .filter((item) => needed?.has(item.credential) !== false)
    .map((item) => ({ item, ...examineAuthority(item, place, cluster, now) }));
  const steps = works.map(({ step }) => step);
  const authorities = new Map(works.map(({ authority }) => [authority.id, authority]));
  if (mode === 'apply') {
    const missing = works.filter(({ step }) => step.action === 'create');
    for (const made of await createAuthorities(missing, now)) authorities.set(made.id, made);
  }
  return { steps, authorities };
}

interface AuthorityWork {
  readonly step: Step;
  readonly authority: Authority;
}

function examineAuthority(
  item: AuthorityItem,
  place: Place,
  cluster: Cluster,
  now: Date,
): AuthorityWork {
  const root = authoritiesRoot(place);
  const publicPath = join(root, item.publicPath);
  const keyPath = join(root, item.keyPath);
  const verdict =
    item.kind === 'key-pair'
      ? examineKeyPair(item, publicPath, keyPath)
      : examineCertificateAuthority(item, publicPath, keyPath, now);
  const base = { id: item.credential, publicPath, keyPath };
  const step = { credential: item.credential, place: 'authorities', path: publicPath };
  switch (verdict.verdict) {
    case 'refused':
      return {
        step: { ...step, action: 'refuse', reason: verdict.reason, notes: [] },
        authority: { ...base, state: 'refused' },
      };
    case 'kept': {
      const { certificate, key, text, notes } = verdict;
      const keyFile = key === undefined ? undefined : lookAtFile(keyPath);
      return {
        step: { ...step, action: 'keep', notes },
        authority: {
          ...base,
          state: 'there',
          ...(certificate === undefined ? {} : { certificate }),
          ...(key === undefined ? {} : { key }),
          ...(text === undefined ? {} : { publicText: text }),
          ...(keyFile?.state === 'there' ? { keyText: keyFile.bytes.toString('utf8') } : {}),
        },
      };
    }
    case 'key-only':
    case 'missing': {
      const forbidden =
        verdict.verdict === 'missing' ? whyNotHere(item, place, cluster) : undefined;
      if (forbidden !== undefined) {
        return {
          step: { ...step, action: 'refuse', reason: forbidden, notes: [] },
          authority: { ...base, state: 'refused' },
        };
      }
      const key = verdict.verdict === 'key-only' ? verdict.key : undefined;
      const reason = key === undefined ? 'not there' : 'its key is there, the rest is not';
      return {
        step: { ...step, action: 'create', reason, notes: [] },
        authority: { ...base, state: 'planned', ...(key === undefined ? {} : { key }) },
      };
    }
  }
}

/** On a machine of its own, a CA is made only where kubeadm would make it too; elsewhere a second one would appear unseen. */
function whyNotHere(item: AuthorityItem, place: Place, cluster: Cluster): string | undefined {
  if (place.kind !== 'machine' || place.directory !== undefined) return undefined;
  const roles: Host['roles'] = cluster.hosts.find((host) => host.name === place.host)?.roles ?? [];
  const holder = item.credential === 'etcd-ca' ? 'etcd' : 'control-plane';
  const first = cluster.hosts.find((host) => host.roles.includes(holder))?.name;
  if (cluster.caKeys === 'controlPlane' && roles.includes(holder) && first === place.host)
    return undefined;
  const remedy =
    'copy it from where it was made, or name the directory that holds authorities/ with -d';
  return `not on this machine, and not made here (caKeys: ${cluster.caKeys}${
    cluster.caKeys === 'controlPlane' && first !== undefined ? `, made on ${first}` : ''
  }); ${remedy}`;
}

function examineCertificateAuthority(
  item: AuthorityItem,
  certificatePath: string,
  keyPath: string,
  now: Date,
): Verdict {
  const pair = readPair(certificatePath, keyPath);
  if ('verdict' in pair) return pair;
  const { certificate, key, text } = pair;
  const ca = certificate.basicConstraints?.ca === true;
  if (!ca) return refused('not a CA: its basic constraints do not say CA:TRUE');
  if (certificate.keyUsage !== undefined && !certificate.keyUsage.includes('keyCertSign')) {
    return refused('its key usage lacks keyCertSign: nothing that it signs would verify');
  }
  const date = dateProblem(certificate, now);
  if (date !== undefined) return refused(date);
  const notes = [...pair.notes];
  if (key === undefined) notes.push('its key is not here: nothing new can be issued from it');
  if (certificate.keyType !== item.keyAlgorithm) {
    notes.push(`its key is ${certificate.keyType}, the cluster file says ${item.keyAlgorithm}`);
  }
  return { verdict: 'kept', certificate, text, notes, ...(key === undefined ? {} : { key }) };
}

function examineKeyPair(item: AuthorityItem, publicPath: string, keyPath: string): Verdict {
  const publicFile = lookAtFile(publicPath);
  const keyFile = lookAtFile(keyPath);
  if (publicFile.state === 'unreadable') return refused(`public key: ${publicFile.reason}`);
  if (keyFile.state === 'unreadable') return refused(`key: ${keyFile.reason}`);
  const key =
    keyFile.state === 'there' ? attempt(() => decodePrivateKey(keyFile.bytes)) : undefined;
  if (key !== undefined && 'reason' in key) return refused(`key: ${key.reason}`);
  if (publicFile.state === 'missing') {
    if (key === undefined) return { verdict: 'missing' };
    return { verdict: 'key-only', key: key.value, notes: modeNotes(keyFile, 'the key') };
  }
  return judgeKeyPair(item, publicFile, key?.value, modeNotes(keyFile, 'the key'));
}

function judgeKeyPair(
  item: AuthorityItem,
  publicFile: FileState & { state: 'there' },
  key: PrivateKey | undefined,
  modes: readonly string[],
): Verdict {
  const text = publicFile.bytes.toString('utf8');
  const keys = attempt(() => decodePublicKeys(text));
  if ('reason' in keys) return refused(`public key: ${keys.reason}`);
  // Several public keys are how a key is replaced with overlap: one of them has to be ours.
  if (key !== undefined && !keys.value.some((publicKey) => keysMatch(publicKey, key))) {
    return refused('public key and key do not belong together');
  }
  const notes = [...modes];
  if (key === undefined) notes.push('its key is not here: no host can get it from here');
  else if (key.type !== item.keyAlgorithm) {
    notes.push(`the key is ${key.type}, the cluster file says ${item.keyAlgorithm}`);
  }
  return { verdict: 'kept', text, notes, ...(key === undefined ? {} : { key }) };
}

interface MissingAuthority {
  readonly item: AuthorityItem;
  readonly authority: Authority;
}

/** The keys first, durable, then what is made from them: so nothing ever lies beside another's key. */
async function createAuthorities(
  missing: readonly MissingAuthority[],
  now: Date,
): Promise<Authority[]> {
  const keyed = await Promise.all(missing.map(withKey));
  await writeNewFiles(
    keyed.flatMap(({ made, keyText, authority }) =>
      made ? [{ path: authority.keyPath, content: keyText, mode: 0o600 as const }] : [],
    ),
  );
  const complete = keyed.map(
    ({ item, authority, key, keyText }): Authority & { publicText: string } => {
      const der = item.kind === 'key-pair' ? undefined : makeAuthority(item, key, now);
      return {
        ...authority,
        state: 'there',
        key,
        keyText,
        publicText: der === undefined ? encodePublicKey(key) : encodePem('CERTIFICATE', der),
        ...(der === undefined ? {} : { certificate: parseCertificate(der) }),
      };
    },
  );
  await writeNewFiles(
    complete.map(({ publicPath, publicText }) => ({
      path: publicPath,
      content: publicText,
      mode: 0o644,
    })),
  );
  return complete;
}

/** The key that is there, or a new one. */
async function withKey({
  item,
  authority,
}: MissingAuthority): Promise<
  MissingAuthority & { readonly key: PrivateKey; readonly keyText: string; readonly made: boolean }
> {
  if (authority.key !== undefined) {
    const file = lookAtFile(authority.keyPath);
    const keyText =
      file.state === 'there' ? file.bytes.toString('utf8') : encodePrivateKey(authority.key);
    return { item, authority, key: authority.key, keyText, made: false };
  }
  const key = await generatePrivateKeyAsync(item.keyAlgorithm);
  return { item, authority, key, keyText: encodePrivateKey(key), made: true };
}
