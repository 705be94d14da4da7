/** The service accounts' key pair. */
import type { Assigned } from './assigned.ts';
import { credentialOf, isNamedForServiceAccounts } from './file-names.ts';
import type { Held, Holdings } from './holdings.ts';
import type { Inventory } from './inventory.ts';
import { isArchive, stemOf } from './names.ts';
import type { Remarks } from './remarks.ts';
import type { Style } from './style.ts';

/**
 * A key pair for `sa`: two files of one key, a certificate with its key as guides have it, or a key alone.
 *
 * @param waiting keys whose certificates are lost
 */
export function findKeyPair(
  inventory: Inventory,
  holdings: Holdings,
  waiting: ReadonlySet<string>,
  style: Style,
  remarks: Remarks,
): Assigned | undefined {
  const found =
    twoFiles(inventory) ?? asCertificate(holdings) ?? keyAlone(holdings, waiting, style, remarks);
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
    Number(!isNamedForServiceAccounts(one.publicKey.path));
  const [best] = pairs.sort((a, b) => order(a) - order(b));
  if (
    best === undefined ||
    (best.key === undefined && !isNamedForServiceAccounts(best.publicKey.path))
  )
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
    isNamedForServiceAccounts(pairs[0].certificate);
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
  { held, looseKeys }: Holdings,
  waiting: ReadonlySet<string>,
  style: Style,
  remarks: Remarks,
): Found | undefined {
  const free = looseKeys.filter(
    ({ path, open }) => !isArchive(path) && open !== undefined && !waiting.has(path),
  );
  const named = free.find(({ path }) => isNamedForServiceAccounts(path));
  const unnamed = free.filter(({ path }) => credentialOf(path) === undefined);
  // Among nothing but keys one says as little as another.
  const key = named ?? (unnamed.length === 1 && held.length > 0 ? unnamed[0] : undefined);
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
