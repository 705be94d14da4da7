/** Which files a custom layout lists: what was found, what is missing under names that fit in, and what better stays out. */
import {
  type AuthorityId,
  CATALOGUE,
  CREDENTIAL_IDS,
  type CredentialId,
  type CustomFile,
  issuerOf,
} from '../../cluster/index.ts';
import { type Assigned, mainPath } from './assigned.ts';
import type { ChosenAuthorities } from './authorities.ts';
import type { Awaiting } from './awaiting.ts';
import type { Hidden } from './hidden.ts';
import { purposesOf } from './identity.ts';
import { mostFrequent } from './lifetimes.ts';
import { hasWord, isUsableAddress } from './names.ts';
import { templateFor } from './owners.ts';
import type { Remarks } from './remarks.ts';
import type { Style } from './style.ts';
import { flow } from './text.ts';

export interface Listing {
  readonly files: ReadonlyMap<CredentialId, CustomFile>;
  /** Listed, and not there. */
  readonly missing: readonly CredentialId[];
  /** Lines for comments: what is left out and why, as it could be taken in. */
  readonly leftOut: readonly string[];
}

export interface ListingSources {
  readonly assigned: readonly Assigned[];
  readonly authorities: ChosenAuthorities;
  readonly style: Style;
  readonly awaiting: ReadonlyMap<CredentialId, Awaiting>;
  readonly hidden: Hidden;
}

export function listFiles(sources: ListingSources, remarks: Remarks): Listing {
  const { assigned, style, awaiting, hidden } = sources;
  const files = new Map<CredentialId, CustomFile>();
  const missing: CredentialId[] = [];
  const leftOut = new Map<string, { readonly ids: CredentialId[]; readonly lines: string[] }>();
  const wanted = new Wanted(sources);
  for (const id of CREDENTIAL_IDS) {
    const mine = assigned.filter((one) => one.id === id);
    const unfit = mine.length > 0 ? wanted.unfit(id) : undefined;
    if (unfit !== undefined) {
      const [first] = mine;
      if (first !== undefined) {
        remarks.warn(`${mainPath(first.file)} was left out of files: ${unfit}`);
        remarks.leave(mainPath(first.file), unfit);
      }
      continue;
    }
    if (mine.length > 0) {
      const pattern = patternOf(mine, style, remarks);
      if (pattern !== undefined) files.set(id, pattern);
      continue;
    }
    const file = fileAwaited(id, awaiting.get(id), style);
    const place = hidden.placeOf(id);
    const whyNot = wanted.whyNot(id);
    const isUnseen = place !== undefined && (whyNot === undefined || whyNot.startsWith(NOTHING));
    const why = isUnseen ? `${place} cannot be read, and may hold it` : whyNot;
    if (why === undefined) {
      files.set(id, file);
      // What only its own owner can put back is not made.
      if (!wanted.isLost(id)) missing.push(id);
      nameCopy(awaiting.get(id), mainPath(file), remarks);
    } else if (id === 'ca') {
      // No cluster file is without it.
      files.set(id, file);
    } else if (why !== '') {
      const group = leftOut.get(why) ?? { ids: [], lines: [] };
      group.ids.push(id);
      group.lines.push(`${id}: ${flow(file)}`);
      leftOut.set(why, group);
    }
  }
  for (const [why, { ids }] of leftOut) {
    if (why.endsWith(MAY_SERVE))
      remarks.warn(`${why} (${ids.join(', ')}): nothing else is asked for there`);
  }
  const lines = Array.from(leftOut, ([why, group]) => [
    `Left out, since ${why}:`,
    ...group.lines.map((line) => `  ${line}`),
  ]);
  return { files, missing, leftOut: lines.flat() };
}

/** Under the name that it had, where something of it is still there, and beside that. */
function fileAwaited(id: CredentialId, awaiting: Awaiting | undefined, style: Style): CustomFile {
  if (awaiting?.key === undefined || id === 'sa') return style.fileFor(id, awaiting?.name);
  return { certificate: style.certificateBeside(id, awaiting.key), key: awaiting.key };
}

function nameCopy(awaiting: Awaiting | undefined, path: string, remarks: Remarks): void {
  const { copy, key } = awaiting ?? {};
  if (copy === undefined || key === undefined) return;
  remarks.warn(
    `${path} is not here, a copy of it is: ${copy}; put it back, or apply makes another for the same key`,
  );
}

/** How a reason begins that holds as far as one could see. */
const NOTHING = 'nothing of ';

/** How a reason ends that says of another certificate that it stands in. */
const MAY_SERVE = 'is made for servers and clients, and may serve here too';

/** The files of a credential with `{host}` where each host has its own. */
function patternOf(
  mine: readonly Assigned[],
  style: Style,
  remarks: Remarks,
): CustomFile | undefined {
  const [first] = mine;
  if (first?.host === undefined) return first?.file;
  if (mine.length === 1) return templated(first.file, first.host);
  const patterns = mine.map(({ file, host = '' }) => JSON.stringify(templated(file, host)));
  const best = mostFrequent(patterns.filter((text) => text.includes('{host}')));
  const at = best === undefined ? -1 : patterns.indexOf(best);
  const chosen = mine[at];
  // Names that do not say whose they are cannot be described: then they get some that do.
  const pattern =
    chosen === undefined ? style.fileFor(first.id) : templated(chosen.file, chosen.host ?? '');
  for (const [i, { file, host = '', id }] of mine.entries()) {
    if (patterns[i] === best) continue;
    remarks.warn(
      `${mainPath(file)} (${id} of ${host}) is not named as the others: kubepki looks for ${mainPath(pattern).replaceAll('{host}', host)}`,
    );
    for (const path of Object.values(file))
      remarks.leave(path, `${id} of ${host}, not named as the others are`);
  }
  return pattern;
}

function templated(file: CustomFile, host: string): CustomFile {
  const of = (path: string): string => templateFor(path, host) ?? path;
  if ('kubeconfig' in file) return { kubeconfig: of(file.kubeconfig) };
  if ('publicKey' in file) return file;
  return { certificate: of(file.certificate), key: of(file.key) };
}

const ETCD_MEMBER: readonly CredentialId[] = [
  'etcd-peer',
  'etcd-server',
  'etcd-healthcheck-client',
];

/** Which credentials this directory is to have, beyond those that it has. */
class Wanted {
  readonly #there: ReadonlyMap<CredentialId, Assigned>;
  readonly #scheme: ChosenAuthorities['scheme'];
  readonly #lost: ChosenAuthorities['lost'];
  readonly #hidden: Hidden;
  readonly #isBare: boolean;
  /** Whether certificates of kubelets cover an address that others reach them at. */
  readonly #coversAddresses: boolean;

  constructor({ assigned, authorities, hidden }: ListingSources) {
    this.#there = new Map(assigned.map((one) => [one.id, one]));
    this.#scheme = authorities.scheme;
    this.#lost = authorities.lost;
    this.#hidden = hidden;
    this.#coversAddresses = assigned.some(
      ({ id, certificate }) =>
        id === 'kubelet-server' && certificate?.subjectAltNames?.ip.some(isUsableAddress),
    );
    this.#isBare = assigned.every(({ id }) => CATALOGUE[id].kind === 'ca' || id === 'sa');
  }

  /** Why something that was found cannot be listed. */
  unfit(id: CredentialId): string | undefined {
    const issuer = issuerOf({ authorities: this.#scheme }, id) ?? 'ca';
    const place = this.#has(issuer) || issuer === 'ca' ? undefined : this.#hidden.placeOf(issuer);
    if (place !== undefined)
      return `${issuer}, which signs it, may be in ${place}, which cannot be read`;
    if (id === 'front-proxy-client' && !this.#isOrWas('front-proxy-ca')) {
      return 'it is of no front-proxy CA; whoever holds a certificate of the CA of a front proxy may speak for any user, so kubepki gives it a CA of its own';
    }
    if (id === 'kubelet-server' && !this.#coversAddresses) {
      return 'it covers no address of its node: nobody could verify the kubelet at one, and plan only find fault with it';
    }
    if (this.#scheme === 'split' && id === 'etcd-peer' && !this.#isOrWas('etcd-peer-ca')) {
      return 'with split authorities peers of etcd have a CA of their own, and here they have not';
    }
    return undefined;
  }

  /** Why a credential that is not there is not asked for; '' where there is nothing to say, undefined where it is. */
  whyNot(id: CredentialId): string | undefined {
    if (id === 'etcd-ca' && this.#scheme === 'single') return '';
    if (id === 'server-ca' || id === 'etcd-peer-ca') return this.#isOrWas(id) ? undefined : '';
    if (this.#scheme === 'split' && id === 'etcd-peer' && !this.#isOrWas('etcd-peer-ca')) return '';
    if (id === 'front-proxy-ca' || id === 'front-proxy-client') return this.#frontProxy();
    if (id === 'etcd-ca' || id === 'apiserver-etcd-client' || ETCD_MEMBER.includes(id))
      return this.#etcd(id);
    return this.#other(id);
  }

  #has(id: CredentialId): boolean {
    return this.#there.has(id);
  }

  /** Something that it has issued is here, and it is not. */
  isLost(id: CredentialId): boolean {
    return new Set<CredentialId>(this.#lost.keys()).has(id);
  }

  #isOrWas(id: AuthorityId): boolean {
    return this.#has(id) || this.#lost.has(id);
  }

  #frontProxy(): string | undefined {
    return this.#isBare || this.#isOrWas('front-proxy-ca')
      ? undefined
      : `${NOTHING}a front proxy is here (extension API servers need it)`;
  }

  #etcd(id: CredentialId): string | undefined {
    const isMember = this.#has('etcd-server') || this.#has('etcd-peer') || this.#has('etcd-ca');
    if (id === 'etcd-ca' && this.#lost.has(id)) return undefined;
    const isThere = isMember || this.#has('apiserver-etcd-client');
    const by = this.#coveredBy(id);
    if (by !== undefined) return `${by} ${MAY_SERVE}`;
    if (this.#isBare) return undefined;
    if (!isThere || (!isMember && ETCD_MEMBER.includes(id))) return `${NOTHING}etcd is here`;
    return undefined;
  }

  #other(id: CredentialId): string | undefined {
    if (id === 'kubelet-client' || id === 'kubelet-server') {
      if (this.#isBare) return '';
      return this.#has('kubelet-client')
        ? 'kubelets sign a certificate to serve with for themselves'
        : 'kubelets get theirs by bootstrapping';
    }
    if (id === 'super-admin') return this.#has('admin') || !this.#isBare ? '' : undefined;
    if (id === 'admin' && this.#has('super-admin')) return '';
    if (id === 'kube-proxy' && this.#has('controller-manager') && this.#has('scheduler')) {
      return `${NOTHING}kube-proxy is here; as a pod it has a token`;
    }
    const by = this.#coveredBy(id);
    return by === undefined ? undefined : `${by} ${MAY_SERVE}`;
  }

  /** One certificate for several purposes, as guides have it: for servers and clients, under a name for no one of them. */
  #coveredBy(id: CredentialId): string | undefined {
    const by = (holder: CredentialId, isGeneral: (path: string) => boolean): string | undefined => {
      const one = this.#there.get(holder);
      if (one?.certificate === undefined || !isGeneral(mainPath(one.file))) return undefined;
      const { server, client } = purposesOf(one.certificate);
      return server && client ? mainPath(one.file) : undefined;
    };
    const any = (): boolean => true;
    const isOfEtcd = id === 'apiserver-etcd-client' || ETCD_MEMBER.includes(id);
    if (id === 'apiserver-kubelet-client') return by('apiserver', any);
    if (!isOfEtcd) return undefined;
    const ofEtcd = by(
      'etcd-server',
      (path) => !hasWord(path.split('/').at(-1) ?? '', 'server', 'peer', 'client'),
    );
    if (ofEtcd !== undefined) return ofEtcd;
    const isEtcdThere = this.#has('etcd-server') || this.#has('etcd-peer') || this.#has('etcd-ca');
    return isEtcdThere ? undefined : by('apiserver', any);
  }
}
