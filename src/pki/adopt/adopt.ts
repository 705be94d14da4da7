/**
 * Adopts a PKI that others have made: looks at a directory, recognises what each file is, and writes
 * the cluster file that describes it. Nothing is touched.
 *
 * What a certificate is for says the certificate: whom it names, who issued it, what it covers. File
 * names decide only where that leaves a choice.
 */
import {
  type AuthorityId,
  type Cluster,
  CREDENTIAL_IDS,
  type CustomFile,
  readCluster,
} from '../../cluster/index.ts';
import { KubepkiError } from '../../errors.ts';
import type { Place } from '../place.ts';
import { type Assigned, mainPath, pathsOf } from './assigned.ts';
import { type ChosenAuthorities, chooseAuthorities } from './authorities.ts';
import { findAwaiting, keysWaiting } from './awaiting.ts';
import { chooseCredentials } from './choose.ts';
import { draft } from './draft.ts';
import { formatDate, headOf } from './head.ts';
import { UNNAMED } from './held-files.ts';
import { countDenied, Hidden, tellOfDenied } from './hidden.ts';
import { gather, type Holdings, userOf } from './holdings.ts';
import { type Inventory, type PartOfDirectory, takeInventory } from './inventory.ts';
import { findKeyPair } from './keys.ts';
import { findKnown } from './known.ts';
import { findLeftOvers } from './leftover.ts';
import { type Listing, listFiles } from './listing.ts';
import { type Recognised, recognise } from './recognise.ts';
import { Remarks } from './remarks.ts';
import { type Style, styleOf } from './style.ts';
import { formatClusterFile } from './text.ts';
import type { AdoptOptions, Match, Proposal } from './types.ts';

/**
 * @throws KubepkiError `NOT_FOUND` where nothing of a PKI is there or no such directory,
 *   `FILE_SYSTEM` where it cannot be read, `INVALID_CLUSTER` where what is given and what is there make no cluster
 */
export function adopt(directory: string, options: AdoptOptions): Proposal {
  const place = recognise(directory);
  const remarks = new Remarks();
  const inventory = takeInventory(place.root, partsOf(place), options);
  requireSomething(directory, inventory);
  tellOfDenied(inventory, remarks);
  const holdings = gather(inventory, remarks);
  const found =
    place.kind === 'custom'
      ? findByContent(inventory, holdings, options, remarks)
      : { assigned: findKnown(place, inventory, holdings) };
  if (found.assigned.length === 0) throw nothing(directory, inventory);
  warnOfState(found.assigned, options.now, remarks);
  const locked = isLocked(found.assigned, inventory, remarks);
  for (const { path, reason } of inventory.unfit) if (path === '.') remarks.warn(reason);
  const drafted = draft({ place, inventory, ...found, given: options.given ?? {} }, remarks);
  const comments = {
    ...drafted.comments,
    head: headOf(place, directory, inventory, remarks),
    ...(found.listing === undefined ? {} : { below: { files: found.listing.leftOut } }),
  };
  const text = formatClusterFile(drafted.file, comments);
  // What is handed out is what will be read: never a text that only looks like it.
  const cluster = readCluster(text, 'the proposal');
  const { certificates, keys, kubeconfigs, files, unrelated } = inventory;
  return {
    recognised: describe(place, inventory),
    root: place.root,
    text,
    cluster,
    isLocked: locked,
    place: placeOf(place, drafted.node ?? cluster.hosts[0]?.name ?? ''),
    matched: matchesOf(found.assigned, cluster, inventory),
    missing: (found.listing?.missing ?? []).filter((id) => cluster.files?.[id] !== undefined),
    untold: remarks.untold,
    problems: remarks.problems,
    leftOver: findLeftOvers(
      { inventory, holdings, assigned: found.assigned, cluster },
      options.now,
      remarks,
    ),
    counts: {
      files,
      unrelated,
      certificates: certificates.length,
      keys: keys.length,
      kubeconfigs: kubeconfigs.length,
    },
  };
}

/** Where the files of a known place lie; a machine has a million others. */
function partsOf(place: Recognised): PartOfDirectory[] {
  if (place.kind === 'machine') {
    const parts = ['etc/kubernetes', 'etc/etcd', 'var/lib/kubelet/pki'];
    return parts.map((path) => ({ path }));
  }
  if (place.kind === 'k3s') {
    return [
      { path: 'server/tls' },
      { path: 'server/cred', isFlat: true },
      { path: 'agent', isFlat: true },
    ];
  }
  return [{ path: '' }];
}

function requireSomething(directory: string, inventory: Inventory): void {
  const { certificates, keys, kubeconfigs, publicKeys } = inventory;
  if (certificates.length + keys.length + kubeconfigs.length + publicKeys.length === 0) {
    throw nothing(directory, inventory);
  }
}

function nothing(directory: string, { files, denied, combined }: Inventory): KubepkiError {
  const seen = files === 0 ? 'no file' : files === 1 ? '1 file' : `${files} files`;
  const why =
    denied.length > 0
      ? `; cannot be read: ${countDenied(denied)}`
      : combined.length > 0
        ? ', only certificates with their key in one file'
        : '';
  const hint =
    denied.length > 0
      ? 'run it as a user who may read them'
      : 'name the directory that holds the CA; kubepki init without --from starts from nothing';
  return new KubepkiError(
    'NOT_FOUND',
    `${directory}: nothing of a cluster's PKI is in it (${seen}${why})`,
    { hint },
  );
}

interface Found {
  readonly assigned: readonly Assigned[];
  readonly authorities?: ChosenAuthorities;
  readonly listing?: Listing;
}

function findByContent(
  inventory: Inventory,
  holdings: Holdings,
  { now }: AdoptOptions,
  remarks: Remarks,
): Found {
  const hidden = new Hidden(inventory);
  const isHidden = (id: AuthorityId): boolean => hidden.placeOf(id) !== undefined;
  const authorities = chooseAuthorities(holdings.held, isHidden, now, remarks);
  const chosen = chooseCredentials(holdings, authorities, hidden, now, remarks);
  const style = styleOf(chosen, inventory.marks.has('openssl-easyrsa.cnf'));
  const waiting = keysWaiting(inventory, holdings);
  const pair = findKeyPair(inventory, holdings, waiting, style, remarks);
  const assigned = (pair === undefined ? chosen : [...chosen, pair]).map((one) => ({
    ...one,
    file: withKey(one.file, style, hidden, remarks),
  }));
  const awaiting = findAwaiting(inventory, holdings);
  const listing = listFiles({ assigned, authorities, style, awaiting, hidden }, remarks);
  return { assigned: assigned.filter(({ id }) => listing.files.has(id)), authorities, listing };
}

/** Names the key that should be beside a certificate, for plan to say that it is not. */
function withKey(file: CustomFile, style: Style, hidden: Hidden, remarks: Remarks): CustomFile {
  if ('kubeconfig' in file || file.key !== UNNAMED) return file;
  const isPublic = 'publicKey' in file;
  const key = isPublic
    ? file.publicKey.replace(/\.[^./]+$/, '.key')
    : style.keyBeside(file.certificate);
  if (!hidden.has(key)) {
    remarks.warn(`${mainPath(file)}: its ${isPublic ? 'private key' : 'key'} is not here`);
  }
  return { ...file, key };
}

function warnOfState(assigned: readonly Assigned[], now: Date, remarks: Remarks): void {
  for (const { certificate, file, kubeconfig } of assigned) {
    if (kubeconfig !== undefined && userOf(kubeconfig.config)?.keyMatches === false) {
      remarks.warn(`${kubeconfig.path}: its key is another certificate's`);
    }
    if (certificate === undefined) continue;
    const { notBefore, notAfter } = certificate;
    if (notAfter < now) remarks.warn(`${mainPath(file)} has expired on ${formatDate(notAfter)}`);
    else if (notBefore > now)
      remarks.warn(`${mainPath(file)} is not valid before ${formatDate(notBefore)}`);
  }
}

function describe(place: Recognised, { marks }: Inventory): string {
  switch (place.kind) {
    case 'machine':
      return place.layout === 'kubeadm'
        ? 'a machine set up by kubeadm, or a copy of its files'
        : "a machine with files under binary installations' names, or a copy of them";
    case 'k3s':
      return `a data directory of ${place.product}`;
    case 'kubepki':
      return 'a directory that kubepki apply has made';
    case 'custom':
      if (marks.has('openssl-easyrsa.cnf')) return 'a PKI made with easy-rsa';
      if (marks.has('ca-config.json') || marks.has('ca-csr.json')) return 'a PKI made with cfssl';
      return marks.has('index.txt') ? 'a PKI made with openssl ca' : 'a PKI made by hand';
  }
}

function placeOf({ kind, root }: Recognised, host: string): Place {
  return kind === 'machine' ? { kind, host, root } : { kind: 'directory', directory: root };
}

/** Whether the keys of CAs are encrypted: then nobody can tell yet whether they are theirs. */
function isLocked(assigned: readonly Assigned[], { keys }: Inventory, remarks: Remarks): boolean {
  const closed = new Set(keys.flatMap(({ path, open }) => (open === undefined ? [path] : [])));
  const locked = assigned.filter(({ file }) => 'key' in file && closed.has(file.key));
  for (const { file } of locked) {
    if ('certificate' in file) {
      remarks.warn(
        `${file.key} is encrypted: whether it is the key of ${file.certificate} says its passphrase (--ca-passphrase-file)`,
      );
    }
  }
  return locked.length > 0;
}

/** One for each credential, however many hosts have it. */
function matchesOf(assigned: readonly Assigned[], cluster: Cluster, inventory: Inventory): Match[] {
  const there = pathsThere(inventory);
  return CREDENTIAL_IDS.flatMap((id): Match[] => {
    const group = assigned.filter((one) => one.id === id);
    const [first] = group;
    const listed = cluster.layout === 'custom' ? cluster.files?.[id] : undefined;
    if (first === undefined || (cluster.layout === 'custom' && listed === undefined)) return [];
    const ends = group.flatMap(({ certificate }) => certificate?.notAfter ?? []);
    const [end] = ends.sort((a, b) => a.getTime() - b.getTime());
    const files = pathsOf(listed ?? first.file).filter(
      (path) => path.includes('{host}') || there.has(path),
    );
    const { why } = first;
    return [
      {
        id,
        files: [...new Set(files)],
        count: group.length,
        why,
        ...(end === undefined ? {} : { notAfter: end }),
      },
    ];
  });
}

function pathsThere({ certificates, keys, publicKeys, kubeconfigs }: Inventory): Set<string> {
  return new Set([...certificates, ...keys, ...publicKeys, ...kubeconfigs].map(({ path }) => path));
}
