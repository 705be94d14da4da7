/** Finds the files of a directory that belong together: a certificate and its key. */
import { basename, dirname, join } from 'node:path';
import type { Entry } from '../../collect/index.ts';
import { publicKeyPin } from '../../x509/index.ts';
import type { Item } from './item.ts';
import { isCa, isPrivateKey } from './notes.ts';

/**
 * Remarks that need the whole directory: whether the key beside a certificate is its own, by the
 * names that pairs have (X.crt and X.key, X.pem and X-key.pem, cert.pem and key.pem).
 */
export function pairNotes(items: readonly Item[]): Map<Item, PairNotes> {
  const keys = new Map<string, Half>();
  const keyFiles = new Map<string, string>();
  for (const item of items) {
    for (const pin of archivedPins(item)) keyFiles.set(pin, keyFiles.get(pin) ?? item.path);
    const key = privateHalf(item);
    if (key === undefined) continue;
    keys.set(item.path, { item, pin: key.pin });
    if (key.pin !== undefined && !keyFiles.has(key.pin)) keyFiles.set(key.pin, item.path);
  }
  const notes = new Map<Item, PairNotes>();
  const add = (item: Item, note: string, more: Pick<Item, 'mismatch'> = {}): void => {
    const { remarks = [], ...others } = notes.get(item) ?? {};
    notes.set(item, { ...others, ...more, remarks: [...remarks, note] });
  };
  for (const item of items) {
    const half = publicHalf(item);
    if (half === undefined) continue;
    const beside = keyPaths(item.path).flatMap((path) => keys.get(path) ?? []);
    // A key that stays closed gets the benefit of the doubt.
    if (beside.some(({ pin }) => pin === undefined || pin === half.pin)) continue;
    const [partner] = beside;
    const elsewhere = keyFiles.get(half.pin);
    if (partner !== undefined) {
      const mismatch = `does not match its key ${basename(partner.item.path)}`;
      add(item, mismatch, { mismatch });
      add(partner.item, `does not match its ${half.what} ${basename(item.path)}`);
    }
    if (!half.needsKey) continue;
    if (elsewhere !== undefined) add(item, `its key is in ${elsewhere}`);
    else if (partner === undefined) add(item, 'no key');
  }
  return notes;
}

type PairNotes = Pick<Item, 'remarks' | 'mismatch'>;

interface Half {
  readonly item: Item;
  /** Undefined of a key that is encrypted and stays closed. */
  readonly pin: string | undefined;
}

function entriesOf({ content }: Item): readonly Entry[] {
  return content.format === 'pem' || content.format === 'der' ? content.entries : [];
}

/** The keys of a PKCS#12 archive: it has no partner by name, and may be where a key is. */
function archivedPins({ content }: Item): string[] {
  if (content.format !== 'pkcs12') return [];
  return content.entries.flatMap((entry) =>
    entry.kind === 'privateKey' ? [publicKeyPin(entry.spki)] : [],
  );
}

function privateHalf(item: Item): { readonly pin: string | undefined } | undefined {
  const key = entriesOf(item).find(isPrivateKey);
  if (key === undefined) return undefined;
  return { pin: key.kind === 'privateKey' ? publicKeyPin(key.spki) : undefined };
}

/** What of a file without a private key should have one in a file beside it: its first certificate, request or public key. */
function publicHalf(item: Item): { pin: string; what: string; needsKey: boolean } | undefined {
  const entries = entriesOf(item);
  if (entries.some(isPrivateKey)) return undefined;
  for (const entry of entries) {
    if (entry.kind === 'certificate') {
      const { certificate } = entry;
      // CA certificates are everywhere, their keys are not.
      return {
        pin: publicKeyPin(certificate.spki),
        what: 'certificate',
        needsKey: !isCa(certificate),
      };
    }
    if (entry.kind === 'request') {
      return { pin: publicKeyPin(entry.request.spki), what: 'request', needsKey: false };
    }
    if (entry.kind === 'publicKey') {
      return { pin: publicKeyPin(entry.spki), what: 'public key', needsKey: false };
    }
  }
  return undefined;
}

/** Where the key of a file lies by the names that pairs have, likeliest first. */
function keyPaths(path: string): string[] {
  const [, stem, extension] = /^(.*)\.(crt|cer|cert|pem|pub|csr)$/.exec(basename(path)) ?? [];
  if (stem === undefined) return [];
  const names = [`${stem}.key`];
  if (extension === 'pem' || extension === 'csr') names.unshift(`${stem}-key.pem`);
  if (/(?:^|[-_])cert$/.test(stem)) names.push(`${stem.slice(0, -4)}key.${extension}`);
  return names.map((name) => join(dirname(path), name));
}
