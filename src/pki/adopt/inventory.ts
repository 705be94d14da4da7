/** Looks at a directory and sorts what is in it: certificates, keys, kubeconfigs, requests. Bounded, and touches nothing. */
import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import {
  type Entry,
  identify,
  type KubeconfigMaterial,
  lookAtFile,
  type Material,
  WALK_LIMITS,
  walkDirectory,
} from '../../collect/index.ts';
import type { Certificate, CertificationRequest } from '../../x509/index.ts';

/** All paths are relative to the inventory's root. */
export interface CertificateFile {
  readonly path: string;
  /** The first; what stands behind it is its chain. */
  readonly certificate: Certificate;
  readonly chain: readonly Certificate[];
}

export interface KeyFile {
  readonly path: string;
  /** Absent of an encrypted key that stays closed. */
  readonly open?: { readonly type: string; readonly spki: Uint8Array };
}

export interface PublicKeyFile {
  readonly path: string;
  readonly type: string;
  readonly spki: Uint8Array;
}

export interface KubeconfigFile {
  readonly path: string;
  readonly config: KubeconfigMaterial;
}

export interface RequestFile {
  readonly path: string;
  readonly request: CertificationRequest;
}

/** A file or a directory that this user may not read. */
export interface Denied {
  readonly path: string;
  readonly isDirectory: boolean;
}

/** A file that cannot be used, and why. */
export interface Unfit {
  readonly path: string;
  readonly reason: string;
}

export interface Inventory {
  readonly root: string;
  readonly certificates: readonly CertificateFile[];
  /** Certificates whose key is in the same file, as the kubelet keeps its own. */
  readonly combined: readonly CertificateFile[];
  readonly keys: readonly KeyFile[];
  readonly publicKeys: readonly PublicKeyFile[];
  readonly kubeconfigs: readonly KubeconfigFile[];
  readonly requests: readonly RequestFile[];
  readonly unfit: readonly Unfit[];
  readonly denied: readonly Denied[];
  /** Files that have nothing to do with a PKI. */
  readonly unrelated: number;
  readonly files: number;
  /** The files by which a tool is known, by their names without directories. */
  readonly marks: ReadonlySet<string>;
  /** What a kube-apiserver's manifest, unit or script says, by flag without its dashes. */
  readonly flags: ReadonlyMap<string, string>;
}

export interface InventoryOptions {
  readonly passphrase?: Uint8Array;
  /** Called after each file that was looked at. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** A bundle of hundreds of certificates has less; larger files are no part of a PKI. */
const MOST_FILE_BYTES = 1024 * 1024;
/** All files together: a home directory full of pictures is not read to its end. */
const MOST_BYTES = 512 * 1024 * 1024;
/** Certificates stay in memory: ten thousand nodes with three each are 30,000. */
const MOST_CERTIFICATES = 60_000;

/** What files of a PKI are called; these are read before all others. */
const LIKELY =
  /\.(?:crt|cert|cer|pem|key|pub|csr|req|conf|kubeconfig|der|inline)$|kubeconfig|kube-?api-?server/i;

/** As collect says it. */
const DENIED = 'permission denied';

/** What easy-rsa, cfssl and openssl's `ca` leave beside their certificates. */
const MARKS = new Set(['openssl-easyrsa.cnf', 'ca-config.json', 'ca-csr.json', 'index.txt']);

/** A part of a directory; with its own files only, where the rest of it is none of ours. */
export interface PartOfDirectory {
  readonly path: string;
  readonly isFlat?: boolean;
}

/** @param root an existing directory */
export function takeInventory(
  root: string,
  parts: readonly PartOfDirectory[],
  options: InventoryOptions,
): Inventory {
  const sorter = new Sorter(root, options);
  sorter.run(parts);
  return sorter;
}

class Sorter implements Inventory {
  readonly root: string;
  readonly certificates: CertificateFile[] = [];
  readonly combined: CertificateFile[] = [];
  readonly keys: KeyFile[] = [];
  readonly publicKeys: PublicKeyFile[] = [];
  readonly kubeconfigs: KubeconfigFile[] = [];
  readonly requests: RequestFile[] = [];
  readonly unfit: Unfit[] = [];
  readonly denied: Denied[] = [];
  readonly flags = new Map<string, string>();
  readonly marks = new Set<string>();
  unrelated = 0;
  files = 0;
  readonly #options: InventoryOptions;
  #bytes = 0;

  constructor(root: string, options: InventoryOptions) {
    this.root = root;
    this.#options = options;
  }

  run(parts: readonly PartOfDirectory[]): void {
    const paths = parts.flatMap((part) => this.#list(part));
    // The budget goes to what looks like a PKI first.
    const likely = paths.filter((path) => LIKELY.test(path));
    const others = paths.filter((path) => !LIKELY.test(path));
    const all = [...likely, ...others];
    this.files = all.length;
    for (const path of all) this.#mark(path);
    for (const [index, path] of all.entries()) {
      if (this.#bytes > MOST_BYTES || this.certificates.length > MOST_CERTIFICATES) {
        const left = all.length - index;
        this.unfit.push({
          path: '.',
          reason: `too much for one look: ${left} files were left out`,
        });
        break;
      }
      this.#look(path);
      this.#options.onProgress?.(index + 1, all.length);
    }
  }

  /** Links are passed over: what they lead to is listed itself. */
  #list({ path: part, isFlat = false }: PartOfDirectory): string[] {
    const directory = join(this.root, part);
    if (!existsSync(directory)) return [];
    const under = (path: string): string => (part === '' ? path : join(part, path));
    const depth = isFlat ? 1 : WALK_LIMITS.depth;
    const limits = { ...WALK_LIMITS, depth, fileBytes: MOST_FILE_BYTES };
    const paths: string[] = [];
    for (const entry of walkDirectory(directory, limits)) {
      if (isFlat && entry.state === 'unreadable' && entry.reason.startsWith('nested deeper'))
        continue;
      if (entry.state === 'file') paths.push(under(entry.path));
      else if (entry.state === 'unreadable' && entry.reason === DENIED) {
        // What the walk cannot read is a directory, or a name in one that may be listed and no more.
        this.denied.push({ path: under(entry.path), isDirectory: !LIKELY.test(entry.path) });
      } else if (entry.state === 'unreadable') {
        // Large files, sockets, links that lead out: no loss, unless their name promises something.
        if (
          /^\d+ bytes|regular file$|out of the directory/.test(entry.reason) &&
          !LIKELY.test(entry.path)
        ) {
          this.unrelated++;
        } else this.unfit.push({ path: under(entry.path), reason: entry.reason });
      }
    }
    return paths;
  }

  #mark(path: string): void {
    const name = posix.basename(path);
    if (MARKS.has(name)) this.marks.add(name);
    if (path.includes('certs_by_serial/')) this.marks.add('openssl-easyrsa.cnf');
  }

  #look(path: string): void {
    const file = lookAtFile(join(this.root, path), MOST_FILE_BYTES);
    if (file.state === 'missing') return;
    if (file.state === 'unreadable') {
      if (file.reason === DENIED) this.denied.push({ path, isDirectory: false });
      else this.unfit.push({ path, reason: file.reason });
      return;
    }
    this.#bytes += file.bytes.length;
    const { passphrase } = this.#options;
    const material = identify(file.bytes, passphrase === undefined ? {} : { passphrase });
    if (material.format === 'unknown') this.#unknown(path, material, file.bytes);
    else if (material.format === 'kubeconfig') this.kubeconfigs.push({ path, config: material });
    else if ('entries' in material)
      this.#entries(path, material.format === 'der', material.entries);
    else this.unrelated++;
  }

  #unknown(path: string, material: Material & { format: 'unknown' }, bytes: Buffer): void {
    if (material.isDamaged) this.unfit.push({ path, reason: material.reason });
    else this.unrelated++;
    if (/kube-?api-?server/i.test(path)) readFlags(bytes, this.flags);
  }

  #entries(path: string, der: boolean, entries: readonly Entry[]): void {
    const certificates = entries.flatMap((entry) =>
      entry.kind === 'certificate' ? [entry.certificate] : [],
    );
    const key = entries.find(({ kind }) => kind === 'privateKey' || kind === 'lockedKey');
    const malformed = entries.find(({ kind }) => kind === 'malformed');
    const [certificate, ...chain] = certificates;
    if (der) this.#refuse(path, 'in DER, where Kubernetes components read PEM');
    else if (malformed?.kind === 'malformed') this.#refuse(path, malformed.reason);
    else if (certificate !== undefined && key !== undefined) {
      this.combined.push({ path, certificate, chain });
    } else if (certificate !== undefined) this.certificates.push({ path, certificate, chain });
    else if (key?.kind === 'lockedKey') this.keys.push({ path });
    else if (key?.kind === 'privateKey') {
      this.keys.push({ path, open: { type: key.type, spki: key.spki } });
    } else this.#rest(path, entries);
  }

  #rest(path: string, entries: readonly Entry[]): void {
    const [first] = entries;
    if (first?.kind === 'publicKey') {
      this.publicKeys.push({ path, type: first.type, spki: first.spki });
    } else if (first?.kind === 'request') {
      this.requests.push({ path, request: first.request });
    } else this.unrelated++;
  }

  #refuse(path: string, reason: string): void {
    this.unfit.push({ path, reason });
  }
}

const FLAG = /--([a-z][a-z-]{1,60})[= ]["']?([^\s"'\\]{1,500})/g;

/** The flags in a manifest, a systemd unit or a script. The first mention counts. */
function readFlags(bytes: Buffer, flags: Map<string, string>): void {
  const text = bytes.toString('utf8', 0, 65_536);
  for (const [, name = '', value = ''] of text.matchAll(FLAG)) {
    if (!flags.has(name)) flags.set(name, value);
  }
  const image = /kube-apiserver(?:-[a-z0-9]+)?:v(\d+\.\d+)/.exec(text)?.[1];
  if (image !== undefined && !flags.has('version')) flags.set('version', image);
}
