/** The service accounts' key pair, and keys whose certificates are still to be made. */
import type { CredentialId, CustomFile } from '../../cluster/index.ts';
import type { Assigned } from './assigned.ts';
import type { Held, Holdings } from './holdings.ts';
import type { Inventory, KeyFile } from './inventory.ts';
import { hasWord, isArchive, stemOf } from './names.ts';
import type { Remarks } from './remarks.ts';
import type { Style } from './style.ts';

const WORDS = [
  'sa',
  'service-account',
  'service-accounts',
  'serviceaccount',
  'serviceaccounts',
  'service',
];

const isNamed = (path: string): boolean => hasWord(path.split('/').at(-1) ?? '', ...WORDS);

/** A key pair for `sa`: two files of one key, a certificate with its key as guides have it, or a key alone. */
export function findKeyPair(
  inventory: Inventory,
  holdings: Holdings,
  style: Style,
  remarks: Remarks,
): Assigned | undefined {
  const found =
    twoFiles(inventory) ?? asCertificate(holdings) ?? keyAlone(inventory, holdings, style, remarks);
  return found === undefined ? undefined : { id: 'sa', ...found };
}

type Found = Pick<Assigned, 'file' | 'why' | 'keyType'>;

function twoFiles({ publicKeys, keys }: Inventory): Found | undefined {
  const pairs = publicKeys.map((publicKey) => ({
    publicKey,
    key: keys.find(
      ({ open, path }) =>
        open !== undefined && !isArchive(path) && Buffer.compare(open.spki, publicKey.spki) === 0,
    ),
  }));
  const order = (one: (typeof pairs)[number]): number =>
    Number(isArchive(one.publicKey.path)) * 4 +
    Number(one.key === undefined) * 2 +
    Number(!isNamed(one.publicKey.path));
  const [best] = pairs.sort((a, b) => order(a) - order(b));
  if (best === undefined || (best.key === undefined && !isNamed(best.publicKey.path)))
    return undefined;
  const { publicKey, key } = best;
  const file = { publicKey: publicKey.path, key: key?.path ?? '' };
  return {
    file,
    keyType: publicKey.type,
    why: key === undefined ? 'its name' : 'public key and key',
  };
}

/** kube-apiserver takes a certificate for its key, and guides have the same tool make it as all others. */
function asCertificate({ held }: Holdings): Found | undefined {
  const isCandidate = ({ isAuthority, pairs }: Held): boolean =>
    !isAuthority &&
    pairs[0]?.key !== undefined &&
    pairs[0].state === 'there' &&
    isNamed(pairs[0].certificate);
  const one = held.find(isCandidate);
  const pair = one?.pairs[0];
  if (one === undefined || pair?.key === undefined) return undefined;
  const file = { publicKey: pair.certificate, key: pair.key };
  return {
    file,
    keyType: one.certificate.keyType,
    why: 'its name; a certificate for the public key',
  };
}

function keyAlone(
  { requests }: Inventory,
  { looseKeys }: Holdings,
  style: Style,
  remarks: Remarks,
): Found | undefined {
  const awaited = new Set(requests.map(({ spki }) => Buffer.from(spki).toString('base64')));
  const free = looseKeys.filter(
    ({ path, open }) =>
      !isArchive(path) &&
      open !== undefined &&
      !awaited.has(Buffer.from(open.spki).toString('base64')),
  );
  const named = free.find(({ path }) => isNamed(path));
  const unnamed = free.filter(({ path }) => credentialOf(path) === undefined);
  const key = named ?? (unnamed.length === 1 ? unnamed[0] : undefined);
  if (key === undefined) return undefined;
  if (named === undefined) {
    remarks.tell(
      `whether ${key.path}, a key of no certificate, signs the tokens of service accounts; it was taken for that`,
    );
  }
  return {
    file: { publicKey: publicKeyName(key.path, style), key: key.path },
    ...(key.open === undefined ? {} : { keyType: key.open.type }),
    why: named === undefined ? 'a key of no certificate' : 'its name',
  };
}

/** Beside a key that stands alone its public key gets the same name. */
function publicKeyName(key: string, style: Style): string {
  const stem = stemOf(key);
  const proposed = style.fileFor('sa');
  const own = 'publicKey' in proposed ? proposed.publicKey : 'sa.pub';
  const directory = own.slice(0, own.lastIndexOf('/') + 1);
  return `${directory}${stem}.pub`;
}

const NAMED: readonly CredentialId[] = [
  'etcd-peer',
  'etcd-server',
  'etcd-healthcheck-client',
  'apiserver-etcd-client',
  'apiserver-kubelet-client',
  'apiserver',
  'controller-manager',
  'scheduler',
  'kube-proxy',
  'front-proxy-client',
  'super-admin',
  'admin',
];

/** The credential that a key's file is named for. */
function credentialOf(path: string): CredentialId | undefined {
  const stem = stemOf(path).toLowerCase();
  return NAMED.find((id) => stem === id || stem === `kube-${id}` || stem === `system:kube-${id}`);
}

/** A key that waits for its certificate, by its file's name: the pair it will be. */
export function keyAwaiting(
  id: CredentialId,
  keys: readonly KeyFile[],
  style: Style,
): CustomFile | undefined {
  const key = keys.find(({ path }) => !isArchive(path) && credentialOf(path) === id);
  const beside = style.pairFor(stemOf(key?.path ?? ''));
  return key === undefined ? undefined : { certificate: beside.certificate, key: key.path };
}
