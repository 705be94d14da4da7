/** The CAs and the service accounts' key pair: examined first, and made first, because everything else hangs on them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AuthorityItem,
  authorityItems,
  type Cluster,
  type CredentialId,
  filePath,
  type Host,
} from '../cluster/index.ts';
import {
  type Certificate,
  encodePem,
  encodePrivateKey,
  encodePublicKey,
  generatePrivateKeyAsync,
  keysMatch,
  type PrivateKey,
  parseCertificate,
} from '../x509/index.ts';
import { examineCertificateAuthority, examineKeyPair } from './authority-check.ts';
import { authoritiesOnHost, authoritiesRoot, hostRoot, type Place } from './place.ts';
import { makeAuthority } from './profile.ts';
import type { Step } from './step.ts';
import { type NewFile, writeNewFiles } from './write.ts';

/** One authority as the rest of a run needs it. */
export interface Authority {
  readonly id: CredentialId;
  /** `planned`: it does not exist yet and plan only says so; `refused`: what is there cannot be used. */
  readonly state: 'there' | 'planned' | 'refused';
  readonly certificate?: Certificate;
  readonly key?: PrivateKey;
  /** The certificate or public keys, written anew: what else a file holds goes to no host. */
  readonly publicText?: string;
  /** Where its files lie: a host that holds them in the same place needs no copy. */
  readonly publicPath: string;
  readonly keyPath: string;
}

export type Authorities = ReadonlyMap<CredentialId, Authority>;

export interface AuthoritiesResult {
  readonly steps: readonly Step[];
  readonly authorities: Authorities;
}

interface AuthorityWork {
  readonly item: AuthorityItem;
  readonly step: Step;
  readonly authority: Authority;
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
  const examined = authorityItems(cluster, authoritiesOnHost(place))
    .filter((item) => needed?.has(item.credential) !== false)
    .map((item) => examineAuthority(item, place, cluster, now));
  const works = examined.map((work) => refuseShared(work, examined));
  const steps = works.map(({ step }) => step);
  const authorities = new Map(works.map(({ authority }) => [authority.id, authority]));
  if (mode === 'apply') {
    const missing = works.filter(({ step }) => step.action === 'create');
    for (const made of await createAuthorities(missing, now, directoryMode(place)))
      authorities.set(made.id, made);
  }
  return { steps, authorities };
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
      : examineCertificateAuthority(item, publicPath, keyPath, cluster, now);
  const base = { id: item.credential, publicPath, keyPath };
  const step = { credential: item.credential, place: 'authorities', path: publicPath };
  if (verdict.verdict === 'kept') {
    const { certificate, key, text, notes } = verdict;
    const authority: Authority = {
      ...base,
      state: 'there',
      ...(certificate === undefined ? {} : { certificate }),
      ...(key === undefined ? {} : { key }),
      ...(text === undefined ? {} : { publicText: text }),
    };
    return { item, step: { ...step, action: 'keep', notes }, authority };
  }
  const reason =
    verdict.verdict === 'refused'
      ? verdict.reason
      : verdict.verdict === 'missing'
        ? (whyNotHere(item, place, cluster) ?? whereItWas(item, place, cluster))
        : undefined;
  if (reason !== undefined) {
    return {
      item,
      step: { ...step, action: 'refuse', reason, notes: [] },
      authority: { ...base, state: 'refused' },
    };
  }
  const own = verdict.verdict === 'key-only' ? verdict : undefined;
  return {
    item,
    step: {
      ...step,
      action: 'create',
      reason: own === undefined ? 'not there' : 'its key is there, the rest is not',
      notes: own?.notes ?? [],
    },
    authority: { ...base, state: 'planned', ...(own === undefined ? {} : { key: own.key }) },
  };
}

/** On a machine of its own, a CA is made only where kubeadm would make it too; elsewhere a second one would appear unseen. */
function whyNotHere(item: AuthorityItem, place: Place, cluster: Cluster): string | undefined {
  if (place.kind !== 'machine' || place.directory !== undefined) return undefined;
  const roles: Host['roles'] = cluster.hosts.find((host) => host.name === place.host)?.roles ?? [];
  const holder = item.credential === 'etcd-ca' ? 'etcd' : 'control-plane';
  const first = cluster.hosts.find((host) => host.roles.includes(holder))?.name;
  const kubeadmWould = cluster.caKeys === 'controlPlane' && roles.includes(holder);
  if (kubeadmWould && first === place.host) return undefined;
  const made = cluster.caKeys === 'controlPlane' && first !== undefined ? `, made on ${first}` : '';
  const remedy =
    'copy it from where it was made, or name the directory that holds authorities/ with -d';
  return `not on this machine, and not made here (caKeys: ${cluster.caKeys}${made}); ${remedy}`;
}

/** A host that holds an authority's file proves that it existed: a new one would be another, and fit nothing. */
function whereItWas(item: AuthorityItem, place: Place, cluster: Cluster): string | undefined {
  if (place.kind !== 'directory') return undefined;
  const part = item.kind === 'key-pair' ? 'publicKey' : 'certificate';
  const name = filePath(cluster.layout, item.credential, part);
  const holder = cluster.hosts.find((host) => existsSync(join(hostRoot(place, host.name), name)));
  if (holder === undefined) return undefined;
  return `lost: ${holder.name} holds a copy (${join(hostRoot(place, holder.name), name)}); put it and its key back from there or from a backup`;
}

/**
 * A front-proxy CA that is any other CA as well is refused: every certificate of that CA could speak
 * for any user. etcd's CA being the cluster's opens etcd to every client of the cluster: noted, since
 * `authorities: single` exists for those who want it.
 */
function refuseShared(work: AuthorityWork, all: readonly AuthorityWork[]): AuthorityWork {
  const own = work.authority.certificate ?? work.authority.key;
  if (own === undefined) return work;
  const twin = all.find(({ authority }) => {
    const other = authority.certificate ?? authority.key;
    return authority.id !== work.authority.id && other !== undefined && keysMatch(own, other);
  });
  if (twin === undefined) return work;
  const text = `its key is that of ${twin.authority.id} as well`;
  if (work.authority.id !== 'front-proxy-ca') {
    return { ...work, step: { ...work.step, notes: [...work.step.notes, text] } };
  }
  const reason = `${text}: whoever holds a certificate of that could speak for any user`;
  return {
    ...work,
    step: { ...work.step, action: 'refuse', reason, notes: [] },
    authority: {
      id: work.authority.id,
      publicPath: work.authority.publicPath,
      keyPath: work.authority.keyPath,
      state: 'refused',
    },
  };
}

/** `authorities/` is nobody else's business; on a host its files lie among others. */
const directoryMode = (place: Place): Pick<NewFile, 'directoryMode'> =>
  authoritiesOnHost(place) ? {} : { directoryMode: 0o700 };

/** The keys first, durable, then what is made from them: so nothing ever lies beside another's key. */
async function createAuthorities(
  missing: readonly AuthorityWork[],
  now: Date,
  directory: Pick<NewFile, 'directoryMode'>,
): Promise<Authority[]> {
  const keyed = await Promise.all(
    missing.map(async ({ item, authority }) => ({
      item,
      authority,
      made: authority.key === undefined,
      key: authority.key ?? (await generatePrivateKeyAsync(item.keyAlgorithm)),
    })),
  );
  await writeNewFiles(
    keyed
      .filter(({ made }) => made)
      .map(({ authority, key }) => ({
        path: authority.keyPath,
        content: encodePrivateKey(key),
        mode: 0o600,
        ...directory,
      })),
  );
  const complete = keyed.map(({ item, authority, key }): Authority & { publicText: string } => {
    const der = item.kind === 'key-pair' ? undefined : makeAuthority(item, key, now);
    return {
      ...authority,
      state: 'there',
      key,
      publicText: der === undefined ? encodePublicKey(key) : encodePem('CERTIFICATE', der),
      ...(der === undefined ? {} : { certificate: parseCertificate(der) }),
    };
  });
  await writeNewFiles(
    complete.map(({ publicPath, publicText }) => ({
      path: publicPath,
      content: publicText,
      mode: 0o644,
      ...directory,
    })),
  );
  return complete;
}
