/**
 * Where a node keeps a certificate and its key: client-go's certificate store
 * (util/certificate/certificate_store.go), file for file.
 *
 * Each pair is one file `<prefix>-<local time>.pem`, certificates first, then the key; the symbolic
 * link `<prefix>-current.pem` leads to the one in use. Dated files are never changed. Kept are the one
 * in use and the one before it, which whoever has read it may still show; upstream never deletes any,
 * and a key that nobody needs any more is one that can be stolen. Upstream removes the link before it renames the new one into its place; here the rename
 * replaces it, so at every instant the link leads to a whole pair. The state in between, which a
 * kubelet may have left, is put right when the store is opened.
 */
import { basename, join, resolve } from 'node:path';
import { KubepkiError, shellWord } from '../errors.ts';
import {
  type Certificate,
  decodePrivateKey,
  encodePem,
  encodePrivateKey,
  keysMatch,
  type PrivateKey,
  readCertificates,
  serialHex,
} from '../x509/index.ts';
import { DISK, type Disk, temporaryPath } from './disk.ts';
import { PendingFile } from './pending.ts';

export interface StoredPair {
  /** Leaf first. */
  readonly certificates: readonly [Certificate, ...Certificate[]];
  readonly certificatePem: string;
  readonly key: PrivateKey;
  readonly keyPem: string;
  /** Of the leaf, in hex. */
  readonly serial: string;
  /** Where it lies: the dated file where it was just stored, else the path that it was found at. */
  readonly file: string;
}

export interface StoreOptions {
  readonly directory: string;
  readonly prefix: 'kubelet-client' | 'kubelet-server';
  readonly now: () => Date;
  /** Looked at after the store's own file: those that a kubeconfig names. */
  readonly configured?: { readonly certificateFile: string; readonly keyFile: string };
  readonly disk?: Disk;
}

export class CertificateStore {
  /** `<prefix>-current.pem`, absolute. */
  readonly currentPath: string;
  /** What is asked for and not there yet. */
  readonly pending: PendingFile;
  readonly #directory: string;
  readonly #prefix: string;
  readonly #updatedPath: string;
  readonly #now: () => Date;
  readonly #configured: StoreOptions['configured'];
  readonly #disk: Disk;

  /** Puts right what an interrupted switch has left. @throws KubepkiError CONFLICT, FILE_SYSTEM */
  constructor({ directory, prefix, now, configured, disk = DISK }: StoreOptions) {
    this.#directory = resolve(directory);
    this.#prefix = prefix;
    this.#now = now;
    this.#configured = configured;
    this.#disk = disk;
    this.currentPath = this.#path('current');
    this.#updatedPath = this.#path('updated');
    this.pending = new PendingFile({ directory: this.#directory, prefix, disk });
    this.#recover();
  }

  #path(qualifier: string): string {
    return join(this.#directory, `${this.#prefix}-${qualifier}.pem`);
  }

  #recover(): void {
    if (!this.#disk.exists(this.#directory)) return;
    this.#removeLeftovers();
    if (this.#disk.exists(this.currentPath)) return;
    if (!this.#isLink(this.#updatedPath)) return;
    this.#disk.rename(this.#updatedPath, this.currentPath);
  }

  /** @throws KubepkiError CONFLICT where something stands that is no symbolic link */
  #isLink(path: string): boolean {
    const kind = this.#disk.kindOf(path);
    if (kind === undefined || kind === 'link') return kind === 'link';
    throw new KubepkiError('CONFLICT', `${path}: expected a symbolic link, found something else`, {
      hint: 'move it away; the node makes the link itself',
    });
  }

  /**
   * The pair in use, expired or not: `<prefix>-current.pem`, else the configured files, else
   * `<prefix>.crt` and `<prefix>.key`. Undefined where there is none of them.
   *
   * @throws KubepkiError DAMAGED_STATE where the first that is there cannot be read
   */
  current(): StoredPair | undefined {
    const places: (readonly [certificateFile: string, keyFile: string])[] = [
      [this.currentPath, this.currentPath],
    ];
    if (this.#configured !== undefined) {
      places.push([this.#configured.certificateFile, this.#configured.keyFile]);
    }
    const plain = join(this.#directory, this.#prefix);
    places.push([`${plain}.crt`, `${plain}.key`]);
    for (const [certificateFile, keyFile] of places) {
      const certificate = this.#disk.read(certificateFile);
      const key = keyFile === certificateFile ? certificate : this.#disk.read(keyFile);
      if (certificate !== undefined && key !== undefined) {
        return this.#readPair(certificate, key, certificateFile);
      }
    }
    return undefined;
  }

  /**
   * Stores a new pair and makes it the current one. On return it is durable; whenever this is
   * interrupted, the pair before it or the new one is in use. Older ones are gone then.
   *
   * @param certificatePem leaf first; what else the text holds is left out
   * @throws KubepkiError MALFORMED_PEM, MALFORMED_DER, CONFLICT, FILE_SYSTEM
   */
  async update(certificatePem: string, key: PrivateKey): Promise<StoredPair> {
    const certificates = readCertificates(certificatePem);
    if (!keysMatch(certificates[0], key)) {
      throw new KubepkiError('CONFLICT', 'a certificate of another key than the one beside it');
    }
    const disk = this.#disk;
    disk.makeDirectory(this.#directory);
    const before = this.#isLink(this.currentPath) ? disk.linkTarget(this.currentPath) : undefined;
    const clean = certificates.map(({ der }) => encodePem('CERTIFICATE', der)).join('');
    const keyPem = encodePrivateKey(key);
    const file = await this.#writeDated(`${clean}${keyPem}`);
    // Durable before anything leads to it.
    await disk.sync(this.#directory);
    if (this.#isLink(this.#updatedPath)) disk.remove(this.#updatedPath);
    disk.link(file, this.#updatedPath);
    disk.rename(this.#updatedPath, this.currentPath);
    await disk.sync(this.#directory);
    this.#prune([file, before]);
    return {
      certificates,
      certificatePem: clean,
      key,
      keyPem,
      serial: serialHex(certificates[0]),
      file,
    };
  }

  /** Only what a store has written under names of its own. */
  #prune(kept: readonly (string | undefined)[]): void {
    const ours = new RegExp(`^${this.#prefix}-\\d{4}(-\\d{2}){5}\\.pem$`);
    const names = kept.map((path) => path !== undefined && basename(path));
    try {
      for (const name of this.#disk.list(this.#directory)) {
        if (!ours.test(name) || names.includes(name)) continue;
        if (this.#disk.kindOf(this.#pathOf(name)) === 'file') this.#disk.remove(this.#pathOf(name));
      }
    } catch (error) {
      // The next one tries again; the new pair is in use whatever becomes of the old ones.
      if (!(error instanceof KubepkiError)) throw error;
    }
  }

  #pathOf(name: string): string {
    return join(this.#directory, name);
  }

  #readPair(certificate: Buffer, key: Buffer, file: string): StoredPair {
    // With its client certificate a node can ask for another serving certificate by itself.
    const then = this.#prefix === 'kubelet-server' ? 'start again' : 'bootstrap the node again';
    return readPair(certificate, key, file, `move ${shellWord(file)} away and ${then}`);
  }

  /** Whole under its name or not there. A file of the same second is not touched: it may be in use. */
  async #writeDated(content: string): Promise<string> {
    const disk = this.#disk;
    const second = 1000;
    let time = this.#now().getTime();
    while (disk.kindOf(this.#path(localStamp(new Date(time)))) !== undefined) time += second;
    const file = this.#path(localStamp(new Date(time)));
    const temporary = temporaryPath(file);
    if (disk.kindOf(temporary) !== undefined) disk.remove(temporary);
    await disk.create(temporary, content);
    disk.rename(temporary, file);
    if (disk.read(file)?.toString('utf8') !== content) {
      throw new KubepkiError('FILE_SYSTEM', `${file}: what was written does not read back`, {
        hint: 'check the disk',
      });
    }
    return file;
  }

  /** Temporary files with keys in them that killed attempts have left. */
  #removeLeftovers(): void {
    for (const name of this.#disk.list(this.#directory)) {
      if (name.startsWith(`.${this.#prefix}-`) && name.endsWith('.kubepki-tmp')) {
        this.#disk.remove(join(this.#directory, name));
      }
    }
  }
}

function readPair(certificate: Buffer, key: Buffer, file: string, hint: string): StoredPair {
  try {
    const certificates = readCertificates(certificate);
    const privateKey = decodePrivateKey(key);
    if (!keysMatch(certificates[0], privateKey)) {
      throw new KubepkiError(
        'CONFLICT',
        'the certificate is of another key than the one beside it',
      );
    }
    return {
      certificates,
      certificatePem: certificates.map(({ der }) => encodePem('CERTIFICATE', der)).join(''),
      key: privateKey,
      keyPem: encodePrivateKey(privateKey),
      serial: serialHex(certificates[0]),
      file,
    };
  } catch (cause) {
    if (!(cause instanceof KubepkiError)) throw cause;
    throw new KubepkiError('DAMAGED_STATE', `${file}: ${cause.message}`, {
      hint,
      cause,
    });
  }
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Go's layout 2006-01-02-15-04-05, local time. */
function localStamp(time: Date): string {
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())];
  const clock = [two(time.getHours()), two(time.getMinutes()), two(time.getSeconds())];
  return [...date, ...clock].join('-');
}
