/** The CAs and the service accounts' key pair: examined first, and made first, because everything else hangs on them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AuthorityItem,
  authorityItems,
  type Cluster,
  type CredentialId,
  type Host,
  hostItems,
} from '../cluster/index.ts';
import { KubepkiError } from '../errors.ts';
import {
  type Certificate,
  encodePrivateKey,
  encodePublicKey,
  generatePrivateKeyAsync,
  type PrivateKey,
  parseCertificate,
} from '../x509/index.ts';
import { examineCertificateAuthority, examineKeyPair } from './authority-check.ts';
import { authorityKeys } from './authority-keys.ts';
import { writeClusterName } from './cluster-name.ts';
import type { Verdict } from './examine.ts';
import { authorityTexts } from './issuers.ts';
import { MADE_BY_ADMINISTRATOR, mayMake } from './making.ts';
import { authoritiesOnHost, authoritiesRoot, isFlat, type Place } from './place.ts';
import { makeAuthority } from './profile.ts';
import { sharedProblem } from './shared-authorities.ts';
import type { SignerCommand } from './signer-command.ts';
import { create, keep, type Mode, refuse, type Step } from './step.ts';
import { findTrace } from './trace.ts';
import { type NewFile, type Tally, writeNewFiles } from './write.ts';

/** One authority as the rest of a run needs it. */
export interface Authority {
  readonly id: CredentialId;
  /** `planned`: it does not exist yet and plan only says so; `refused`: what is there cannot be used. */
  readonly state: 'there' | 'planned' | 'refused';
  readonly certificate?: Certificate;
  readonly key?: PrivateKey;
  /** Signs for a CA whose key is not here. */
  readonly signer?: SignerCommand;
  /** Who has issued the CA, nearest first, as far as its file says. */
  readonly issuers?: readonly Certificate[];
  /** The certificate or public keys, written anew: what else a file holds goes to no host. */
  readonly publicText?: string;
  /** Of a CA: with its issuers, and what a server sends behind its own certificate. */
  readonly trustText?: string;
  readonly intermediatesText?: string;
  /** Every key in its files, usable or not (SubjectPublicKeyInfo): nothing else may hold one of them. */
  readonly keys: readonly Uint8Array[];
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

/** What a run is about. */
export interface Scope {
  readonly cluster: Cluster;
  readonly place: Place;
  readonly hosts: readonly Host[];
  readonly now: Date;
  readonly passphrase?: Uint8Array;
  readonly signer?: SignerCommand;
}

/** The authorities that a run needs: on a machine only those whose files it holds or whose signatures it needs. */
function neededItems({ cluster, place, hosts }: Scope): AuthorityItem[] {
  const all = authorityItems(cluster, authoritiesOnHost(place));
  if (place.kind === 'directory') return all;
  const needed = new Set(
    hosts
      .flatMap((host) => hostItems(cluster, host))
      .map((item) => (item.kind === 'copy' ? item.credential : item.profile.issuer)),
  );
  return all.filter(({ credential }) => needed.has(credential));
}

/**
 * Says at once what is missing where a machine only reads the authorities (`--root` with `-d`): without
 * them nothing could be made, and all that it would take for a second PKI is the name of a wrong directory.
 *
 * @throws KubepkiError `NOT_FOUND`
 */
export function requireAuthorities(scope: Scope): void {
  const { place } = scope;
  if (place.kind === 'directory' || place.directory === undefined) return;
  const root = authoritiesRoot(place);
  const missing = neededItems(scope)
    .filter(({ publicPath }) => !existsSync(join(root, publicPath)))
    .map(({ credential }) => credential);
  if (missing.length === 0) return;
  const lacks = `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not there`;
  throw new KubepkiError('NOT_FOUND', `${root}: ${lacks}, and ${MADE_BY_ADMINISTRATOR}`, {
    hint: "mount the administrator's directory or name it with -d, or run apply -d there first",
  });
}

/** Examines the authorities and, when applying, makes those that are missing; durable on return. */
export async function prepareAuthorities(
  scope: Scope,
  mode: Mode,
  tally: Tally,
): Promise<AuthoritiesResult> {
  const examined = neededItems(scope).map((item) => examineAuthority(item, scope));
  const all = examined.map(({ authority }) => authority);
  const works = examined.map((work) => refuseShared(work, all));
  const steps = works.map(({ step }) => step);
  const authorities = new Map(works.map(({ authority }) => [authority.id, authority]));
  if (mode === 'apply' && steps.some(({ action }) => action !== 'refuse')) {
    const { cluster, place } = scope;
    // First, so that no authority is ever there without it.
    await writeClusterName(place, cluster.name, tally);
    const missing = works.filter(({ step }) => step.action === 'create');
    const made = await createAuthorities(missing, scope, tally);
    for (const authority of made) authorities.set(authority.id, authority);
  }
  return { steps, authorities };
}

/** Whether components may read the authorities' own files; those of k3s get files of their own from it. */
const isReadInPlace = ({ place, cluster }: Scope): boolean =>
  authoritiesOnHost(place) || (isFlat(place) && cluster.layout !== 'k3s');

function examineAuthority(item: AuthorityItem, scope: Scope): AuthorityWork {
  const { place, cluster, hosts } = scope;
  const root = authoritiesRoot(place);
  const publicPath = join(root, item.publicPath);
  const keyPath = join(root, item.keyPath);
  const reading = { ...scope, isRead: isReadInPlace(scope) };
  const verdict: Verdict =
    item.kind === 'key-pair'
      ? examineKeyPair(item, publicPath, keyPath, reading)
      : examineCertificateAuthority(item, publicPath, keyPath, reading);
  const keys = authorityKeys(publicPath, keyPath);
  // An encrypted one.
  if ('key' in verdict && verdict.key !== undefined) keys.push(verdict.key.spki);
  const base = { id: item.credential, publicPath, keyPath, keys };
  const subject = { credential: item.credential, place: 'authorities', path: publicPath };
  const refused = (reason: string): AuthorityWork => ({
    item,
    step: refuse(subject, reason),
    authority: { ...base, state: 'refused' },
  });
  switch (verdict.verdict) {
    case 'kept': {
      return {
        item,
        step: keep(subject, verdict.notes),
        authority: { ...base, state: 'there', ...kept(verdict, scope) },
      };
    }
    case 'refused':
      return refused(verdict.reason);
    case 'missing':
    case 'key-only':
    default: {
      const own = verdict.verdict === 'key-only' ? verdict : undefined;
      const trace = findTrace(item, cluster, place, hosts);
      const decision = mayMake({ item, keyIsThere: own !== undefined, trace }, place, cluster);
      if (!decision.make) return refused(decision.reason);
      const key = own === undefined ? {} : { key: own.key };
      return {
        item,
        step: create(subject, decision.reason, own?.notes ?? []),
        authority: { ...base, state: 'planned', ...key },
      };
    }
  }
}

type Kept = Omit<Authority, 'id' | 'state' | 'publicPath' | 'keyPath' | 'keys'>;

/** What a run knows of an authority that is there. */
function kept(
  { certificate, key, issuers, text }: Extract<Verdict, { verdict: 'kept' }>,
  { signer }: Scope,
): Kept {
  const own = key === undefined ? {} : { key };
  if (certificate === undefined)
    return { ...own, ...(text === undefined ? {} : { publicText: text }) };
  return {
    ...own,
    certificate,
    ...(issuers === undefined ? {} : { issuers }),
    ...authorityTexts(certificate, issuers),
    ...(key === undefined && signer !== undefined ? { signer } : {}),
  };
}

function refuseShared(work: AuthorityWork, all: readonly Authority[]): AuthorityWork {
  const problem = sharedProblem(work.authority, all);
  if (problem === undefined) return work;
  const { item, step, authority } = work;
  if ('note' in problem)
    return { ...work, step: { ...step, notes: [...step.notes, problem.note] } };
  const { id, publicPath, keyPath, keys } = authority;
  return {
    item,
    step: refuse(step, problem.reason),
    authority: { id, publicPath, keyPath, keys, state: 'refused' },
  };
}

/** `authorities/` is nobody else's business; on a host its files lie among others, as in a directory that holds everything. */
const directoryMode = (place: Place): Pick<NewFile, 'directoryMode'> =>
  authoritiesOnHost(place) || isFlat(place) ? {} : { directoryMode: 0o700 };

/** The keys first, durable, then what is made from them: so nothing ever lies beside another's key. */
async function createAuthorities(
  missing: readonly AuthorityWork[],
  { place, now, passphrase }: Scope,
  tally: Tally,
): Promise<Authority[]> {
  const keyed = await Promise.all(
    missing.map(async ({ item, authority }) => ({
      item,
      authority,
      made: authority.key === undefined,
      key: authority.key ?? (await generatePrivateKeyAsync(item.keyAlgorithm)),
    })),
  );
  const directory = directoryMode(place);
  await writeNewFiles(
    keyed
      .filter(({ made }) => made)
      .map(({ authority, key }) => ({
        path: authority.keyPath,
        content: encodePrivateKey(key, encryption(authority.id, place, passphrase)),
        mode: 0o600,
        ...directory,
      })),
    tally,
  );
  const complete = keyed.map(({ item, authority, key }) => ({
    ...authority,
    state: 'there' as const,
    key,
    ...publicPart(item, key, now),
  }));
  await writeNewFiles(
    complete
      // The key's own file may stand for the public one.
      .filter(({ publicPath, keyPath }) => publicPath !== keyPath)
      .map(({ publicPath, publicText }) => ({
        path: publicPath,
        content: publicText,
        mode: 0o644,
        ...directory,
      })),
    tally,
  );
  return complete;
}

/**
 * A key that a component reads where it lies stays in the clear: no component asks for a passphrase.
 * In a directory of somebody else's arrangement kube-controller-manager need not be the one to read it.
 */
function encryption(
  id: CredentialId,
  place: Place,
  passphrase: Uint8Array | undefined,
): { passphrase?: Uint8Array } {
  if (passphrase === undefined) return {};
  const onHost = authoritiesOnHost(place);
  const isRead = id === 'sa' ? onHost || isFlat(place) : id === 'ca' && onHost;
  return isRead ? {} : { passphrase };
}

function publicPart(
  item: AuthorityItem,
  key: PrivateKey,
  now: Date,
): Kept & { publicText: string } {
  if (item.kind === 'key-pair') return { publicText: encodePublicKey(key) };
  const certificate = parseCertificate(makeAuthority(item, key, now));
  return { certificate, ...authorityTexts(certificate) };
}
