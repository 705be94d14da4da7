/** Brings together what belongs together: a certificate with its key, its copies, the kubeconfigs that hold it, and the CA that issued it. */
import { posix } from 'node:path';
import type { Entry, KubeconfigMaterial, KubeconfigUser } from '../../collect/index.ts';
import {
  type Certificate,
  commonName,
  fingerprintHex,
  formatName,
  signatureVerifies,
} from '../../x509/index.ts';
import { deniedKeys } from './hidden.ts';
import { purposesOf } from './identity.ts';
import type { CertificateFile, Inventory, KeyFile, KubeconfigFile } from './inventory.ts';
import { isArchive, isToolsArchive, stemOf } from './names.ts';
import type { Remarks } from './remarks.ts';

/** `locked`: encrypted or not to be read, so nobody can tell; `wrong`: the key beside it is another's. */
export type KeyState = 'there' | 'missing' | 'locked' | 'wrong';

/** A certificate's file and its key's. */
export interface Pair {
  readonly certificate: string;
  readonly key: string | undefined;
  readonly state: KeyState;
}

/** A certificate, wherever it lies. */
export interface Held {
  readonly certificate: Certificate;
  /** Best first. */
  readonly pairs: readonly Pair[];
  readonly kubeconfigs: readonly KubeconfigFile[];
  readonly isAuthority: boolean;
  /** The CA that has signed it, where its certificate is here too; never itself. */
  readonly issuer: Held | undefined;
}

export interface Holdings {
  readonly held: readonly Held[];
  /** Keys that belong to no certificate. */
  readonly looseKeys: readonly KeyFile[];
}

interface Gathered {
  readonly certificate: Certificate;
  readonly pairs: Pair[];
  readonly kubeconfigs: KubeconfigFile[];
  readonly isAuthority: boolean;
  issuer: Held | undefined;
}

export function gather(inventory: Inventory, remarks: Remarks): Holdings {
  const keys = new KeyRing(inventory);
  const all = new Map<string, Gathered>();
  const of = (certificate: Certificate): Gathered => {
    const id = fingerprintHex(certificate.der);
    const known = all.get(id);
    if (known !== undefined) return known;
    const isAuthority = certificate.basicConstraints?.ca === true;
    const gathered = { certificate, pairs: [], kubeconfigs: [], isAuthority, issuer: undefined };
    all.set(id, gathered);
    return gathered;
  };
  for (const file of inventory.certificates)
    of(file.certificate).pairs.push(keys.pairOf(file, remarks));
  const byPath = new Map(inventory.certificates.map((file) => [file.path, file.certificate]));
  for (const file of inventory.kubeconfigs) {
    const certificate = certificateOf(file, byPath, inventory.root);
    if (certificate !== undefined) of(certificate).kubeconfigs.push(file);
  }
  const held = [...all.values()];
  for (const { pairs, kubeconfigs } of held) {
    pairs.sort(byWorth);
    kubeconfigs.sort((a, b) => pathOrder(a.path, b.path));
  }
  findIssuers(held);
  return { held, looseKeys: keys.loose() };
}

/** A key that is there first, archives last, then the shorter path. */
const byWorth = (a: Pair, b: Pair): number =>
  Number(isArchive(a.certificate)) - Number(isArchive(b.certificate)) ||
  Number(b.state === 'there') - Number(a.state === 'there') ||
  pathOrder(a.certificate, b.certificate);

function pathOrder(a: string, b: string): number {
  const depth = a.split('/').length - b.split('/').length || a.length - b.length;
  return depth || (a < b ? -1 : a > b ? 1 : 0);
}

const keyText = (spki: Uint8Array): string => Buffer.from(spki).toString('base64');

/** The private keys, by what they open and by what they are called. */
class KeyRing {
  readonly #bySpki = new Map<string, KeyFile[]>();
  readonly #byStem = new Map<string, KeyFile[]>();
  readonly #keys: readonly KeyFile[];
  /** Those of certificates that are here. */
  readonly #fitting: ReadonlySet<string>;
  readonly #used = new Set<string>();

  constructor({ keys, certificates, denied }: Inventory) {
    this.#keys = keys;
    this.#fitting = new Set(certificates.map(({ certificate }) => keyText(certificate.spki)));
    for (const key of keys) {
      if (key.open !== undefined) push(this.#bySpki, keyText(key.open.spki), key);
      push(this.#byStem, stemOf(key.path).toLowerCase(), key);
    }
    for (const path of deniedKeys(denied)) push(this.#byStem, stemOf(path).toLowerCase(), { path });
  }

  pairOf({ path, certificate }: CertificateFile, remarks: Remarks): Pair {
    const fitting = this.#bySpki.get(keyText(certificate.spki)) ?? [];
    const own = closest(fitting, path);
    // A key whose certificate is in an archive only waits for it.
    if (!isToolsArchive(path)) for (const { path: key } of fitting) this.#used.add(key);
    const namesake = closest(this.#byStem.get(stemOf(path).toLowerCase()) ?? [], path);
    if (own !== undefined) {
      const isSwapped =
        namesake?.open !== undefined &&
        !fitting.includes(namesake) &&
        posix.dirname(namesake.path) === posix.dirname(path);
      if (isSwapped && !isArchive(path)) {
        remarks.warn(
          `${namesake.path} is not the key of ${path}, beside which it lies: that is ${own.path}`,
        );
      }
      return { certificate: path, key: own.path, state: 'there' };
    }
    if (namesake === undefined || !this.#isMeant(namesake, path)) {
      return { certificate: path, key: undefined, state: 'missing' };
    }
    if (namesake.open === undefined) {
      this.#used.add(namesake.path);
      return { certificate: path, key: namesake.path, state: 'locked' };
    }
    if (isArchive(path)) return { certificate: path, key: undefined, state: 'missing' };
    remarks.warn(`${namesake.path} is not the key of ${path}, beside which it lies`);
    return { certificate: path, key: namesake.path, state: 'wrong' };
  }

  /**
   * Whether a key of the same name can only be meant for this certificate. `ca.crt` whose key is kept
   * elsewhere, beside `etcd/` with a `ca.key`, is what every external CA looks like.
   */
  #isMeant({ path: key, open }: KeyFile, certificate: string): boolean {
    if (posix.dirname(key) === posix.dirname(certificate)) return true;
    const fits = open !== undefined && this.#fitting.has(keyText(open.spki));
    return !fits && closeness(key, certificate) >= NEAR;
  }

  /** Keys of no certificate; those that lie beside one and do not fit it among them. */
  loose(): KeyFile[] {
    return this.#keys.filter(({ path }) => !this.#used.has(path));
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

/** The same name, in a directory of keys beside the certificate's own. */
const NEAR = 3;

/** How much speaks for a key's file being meant for a certificate's: the same name, the same or a neighbouring directory. */
function closeness(key: string, certificate: string): number {
  const sameStem = stemOf(key).toLowerCase() === stemOf(certificate).toLowerCase() ? 2 : 0;
  const [a, b] = [posix.dirname(key), posix.dirname(certificate)];
  if (a === b) return sameStem + 2;
  // easy-rsa: ca.crt and private/ca.key, issued/x.crt and private/x.key; others have certs/ and keys/.
  const neighbours = posix.dirname(a) === b || posix.dirname(a) === posix.dirname(b);
  return neighbours && /^(?:private|keys?)$/.test(posix.basename(a))
    ? sameStem + 1
    : neighbours
      ? sameStem
      : sameStem - 1;
}

function closest(keys: readonly KeyFile[], certificate: string): KeyFile | undefined {
  return keys.toSorted(
    (a, b) =>
      closeness(b.path, certificate) - closeness(a.path, certificate) || pathOrder(a.path, b.path),
  )[0];
}

/** The user whom a kubeconfig speaks for: the current context's, or the only one. */
export function userOf({
  users,
  contexts,
  currentContext,
}: KubeconfigMaterial): KubeconfigUser | undefined {
  const context = contexts.find(({ name }) => name === currentContext);
  if (context !== undefined) return users.find(({ name }) => name === context.user);
  return users.length === 1 ? users[0] : undefined;
}

export const certificateIn = (entries: readonly Entry[]): Certificate | undefined =>
  entries.find((entry) => entry.kind === 'certificate')?.certificate;

/** The client certificate that a kubeconfig holds, or names by its path. */
function certificateOf(
  { path, config }: KubeconfigFile,
  byPath: ReadonlyMap<string, Certificate>,
  root: string,
): Certificate | undefined {
  const user = userOf(config);
  const embedded = certificateIn(user?.clientCertificate ?? []);
  const file = user?.clientCertificateFile;
  if (embedded !== undefined || file === undefined) return embedded;
  const below = file.startsWith('/')
    ? posix.relative(root, file)
    : posix.join(posix.dirname(path), file);
  return byPath.get(below);
}

const nameText = (der: Uint8Array): string => Buffer.from(der).toString('latin1');

/** CAs of one name that are tried for one certificate. */
const MOST_NAMESAKES = 8;

function findIssuers(held: readonly Gathered[]): void {
  const authorities = new Map<string, Gathered[]>();
  for (const one of held) {
    if (one.isAuthority) push(authorities, nameText(one.certificate.subjectDer), one);
  }
  for (const one of held) {
    const { certificate } = one;
    const named = authorities.get(nameText(certificate.issuerDer)) ?? [];
    one.issuer = named
      .filter((other) => other !== one)
      .toSorted((a, b) => Number(names(certificate, b)) - Number(names(certificate, a)))
      .slice(0, MOST_NAMESAKES)
      .find((other) => signatureVerifies(certificate, other.certificate));
  }
}

/** Whether a certificate names this CA's key as its issuer's. */
function names({ authorityKeyId }: Certificate, { certificate }: Gathered): boolean {
  const { subjectKeyId } = certificate;
  if (authorityKeyId === undefined || subjectKeyId === undefined) return false;
  return Buffer.compare(authorityKeyId, subjectKeyId) === 0;
}

/** A certificate as a message names it: by its common name, or by its whole name. */
export const nameOfCertificate = (certificate: Certificate): string =>
  commonName(certificate.subject) ?? formatName(certificate.subject);

export const isValidAt = ({ notBefore, notAfter }: Certificate, now: Date): boolean =>
  notBefore <= now && now <= notAfter;

/** Where a certificate is found, for a message: its file, or a kubeconfig that holds it. */
export const placeOf = ({ pairs, kubeconfigs }: Held): string =>
  pairs[0]?.certificate ?? kubeconfigs[0]?.path ?? '';

export const hasKey = ({ pairs, kubeconfigs }: Held): boolean =>
  pairs.some(({ state }) => state === 'there' || state === 'locked') || kubeconfigs.length > 0;

/** What has signed itself, as kubelets and programs do at their first start, misses no CA. */
export const isSelfSigned = ({ certificate }: Held): boolean =>
  Buffer.compare(certificate.issuerDer, certificate.subjectDer) === 0;

/** Whether only tools' archives have it: a copy of what was issued once. */
export const isArchived = ({ pairs, kubeconfigs }: Held): boolean =>
  kubeconfigs.length === 0 &&
  pairs.length > 0 &&
  pairs.every(({ certificate }) => isToolsArchive(certificate));

/** Whether one certificate could serve a server and its client at once. */
export function hasBothPurposes({ certificate }: Held): boolean {
  const { server, client } = purposesOf(certificate);
  return server && client;
}
