/** Reads PKCS#12 archives to the same entries that other files have. */
import { KubepkiError } from '../errors.ts';
import { type Pkcs12Bag, readPkcs12 } from '../x509/index.ts';
import type { BlockReader, IdentifyOptions } from './block.ts';
import type { Entry, Material, Tagged } from './types.ts';

export function readArchive(
  bytes: Buffer,
  { passphrase }: IdentifyOptions,
  reader: BlockReader,
): Material {
  try {
    const archive = readPkcs12(bytes, passphrase === undefined ? {} : { passphrase });
    const { mac, encryption, bags, locked } = archive;
    return {
      format: 'pkcs12',
      entries: bags.map((bag) => ({ ...readBag(bag, reader), ...tagsOf(bag) })),
      mac,
      encryption,
      ...(locked === undefined ? {} : { locked }),
    };
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    const hint = error.hint === undefined ? '' : ` (${error.hint})`;
    const isDamaged = error.code !== 'UNSUPPORTED';
    return { format: 'unknown', reason: `PKCS#12: ${error.message}${hint}`, isDamaged };
  }
}

function readBag(bag: Pkcs12Bag, reader: BlockReader): Entry {
  switch (bag.kind) {
    case 'certificate':
      return reader.readBytes('CERTIFICATE', bag.der);
    case 'crl':
      return reader.readBytes('X509 CRL', bag.der);
    case 'key': {
      const { type, spki } = bag.key;
      return { kind: 'privateKey', form: 'PKCS#8', encrypted: bag.encrypted, type, spki };
    }
    case 'lockedKey':
      return { kind: 'lockedKey', code: bag.code, reason: bag.reason };
    case 'malformed':
      return { kind: 'malformed', label: 'private key', reason: bag.reason };
    case 'other':
    default:
      return { kind: 'other', label: bag.what };
  }
}

function tagsOf({ friendlyName, localKeyId }: Pkcs12Bag): Tagged {
  return {
    ...(friendlyName === undefined ? {} : { friendlyName }),
    ...(localKeyId === undefined ? {} : { localKeyId: Buffer.from(localKeyId).toString('hex') }),
  };
}
