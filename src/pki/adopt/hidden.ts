/** What may be behind files and directories that this user cannot read. */
import { posix } from 'node:path';
import { CATALOGUE, type CredentialId } from '../../cluster/index.ts';
import { credentialOf, isOfEtcd } from './file-names.ts';
import type { Denied, Inventory } from './inventory.ts';
import { hasWord, stemOf } from './names.ts';
import type { Remarks } from './remarks.ts';

const isKeyName = (path: string): boolean =>
  /\.key$|[-_.]key\.pem$/i.test(path) || isKeyDirectory(posix.dirname(path));

const isKeyDirectory = (path: string): boolean => /^(?:private|keys?)$/.test(posix.basename(path));

/** Files that could be keys, by their names. */
export const deniedKeys = (denied: readonly Denied[]): string[] =>
  denied.flatMap(({ path, isDirectory }) => (!isDirectory && isKeyName(path) ? [path] : []));

export class Hidden {
  readonly #denied: readonly Denied[];
  /** The certificates that can be read, without their endings. */
  readonly #known: ReadonlySet<string>;

  constructor({ denied, certificates }: Pick<Inventory, 'denied' | 'certificates'>) {
    this.#denied = denied;
    this.#known = new Set(certificates.map(({ path }) => nameIn(path)));
  }

  get isEmpty(): boolean {
    return this.#denied.length === 0;
  }

  /** Whether it is there and cannot be read, or lies in a directory that cannot. */
  has(path: string): boolean {
    return this.#denied.some(
      (one) => one.path === path || (one.isDirectory && path.startsWith(`${one.path}/`)),
    );
  }

  /** What may hold a credential that was not found; undefined where everything that could was read. */
  placeOf(id: CredentialId): string | undefined {
    return this.#denied.find((one) => this.#mayHold(one, id))?.path;
  }

  #mayHold({ path, isDirectory }: Denied, id: CredentialId): boolean {
    if (isDirectory) {
      if (isKeyDirectory(path)) return id === 'sa';
      return !hasWord(posix.basename(path), 'etcd') || isOfEtcd(id);
    }
    const named = credentialOf(path);
    if (named !== undefined) return named === id;
    // `worker-1.kubeconfig` beside `worker-1.crt` is no other's.
    if (this.#known.has(nameIn(path))) return false;
    if (isKeyName(path)) return id === 'sa';
    if (/\.(?:conf|kubeconfig)$/i.test(path)) return CATALOGUE[id].stored === 'kubeconfig';
    return /\.(?:crt|cert|cer|pem)$/i.test(path) && id !== 'sa';
  }
}

const nameIn = (path: string): string => `${posix.dirname(path)}/${stemOf(path)}`;

const MOST_NAMES = 3;

/** Said first: what else is said holds only as far as one could see. */
export function tellOfDenied({ denied }: Inventory, remarks: Remarks): void {
  if (denied.length === 0) return;
  const shown = [...denied]
    .sort((a, b) => weight(a) - weight(b) || (a.path < b.path ? -1 : 1))
    .slice(0, MOST_NAMES)
    .map(({ path }) => path)
    .join(', ');
  remarks.tell(
    denied.length <= MOST_NAMES
      ? `what is in ${shown}: permission denied; run it as a user who may read that`
      : `what is in ${countDenied(denied)} that cannot be read (permission denied), ${shown} among them: run it as a user who may`,
  );
}

/** CAs and whole directories weigh most, requests least. */
function weight({ path, isDirectory }: Denied): number {
  if (isDirectory || /(?:^|[-_.])ca$/i.test(stemOf(path))) return path.split('/').length;
  return /\.(?:csr|req|srl)$/i.test(path) ? 200 : 100;
}

export function countDenied(denied: readonly Denied[]): string {
  const directories = denied.filter(({ isDirectory }) => isDirectory).length;
  const files = denied.length - directories;
  const parts = [
    ...(files === 0 ? [] : [files === 1 ? '1 file' : `${files} files`]),
    ...(directories === 0
      ? []
      : [directories === 1 ? '1 directory' : `${directories} directories`]),
  ];
  return parts.join(' and ');
}
