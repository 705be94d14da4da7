/** Checks `spec.files` of layout `custom`: that every entry has the form of its credential, and that each file is in one place of its own. */
import { quoted } from '../errors.ts';
import { CATALOGUE, CREDENTIAL_IDS, type CredentialId } from './catalogue.ts';
import { HOST } from './custom.ts';
import { isHeldBy, issuerOf, serverAuthority, subjectOf } from './parts.ts';
import type { Problem } from './read.ts';
import type { ClusterDocument } from './schema.ts';
import type { AuthorityScheme, Cluster, CustomFile, CustomFiles, Host } from './types.ts';

type Report = (path: Problem['path'], message: string) => void;
type Entry = NonNullable<NonNullable<ClusterDocument['spec']['files']>[CredentialId]>;
type Key = keyof Entry;
type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** What else of the cluster decides whether its files can be what is listed. */
export interface Surroundings {
  readonly authorities: AuthorityScheme;
  readonly frontProxy: boolean;
  readonly hosts: readonly Host[];
  readonly credentials: Cluster['credentials'];
}

const FILES = ['spec', 'files'];

/** The files that are listed, or what is wrong with them; undefined with a layout that has names of its own. */
export function checkFiles(
  { layout, files }: ClusterDocument['spec'],
  surroundings: Surroundings,
  report: Report,
): CustomFiles | undefined {
  if (layout !== 'custom') {
    if (files !== undefined) report(FILES, `only with layout custom; ${layout} has its own names`);
    return undefined;
  }
  if (files === undefined) {
    report(FILES, 'missing: with layout custom this is the list of what lies where');
    return undefined;
  }
  const result: Writable<CustomFiles> = {};
  for (const id of CREDENTIAL_IDS) {
    const entry = files[id];
    if (entry === undefined) continue;
    checkPlaceInCluster(id, files, surroundings, report);
    const file = checkForm(id, entry, report);
    if (file === undefined) continue;
    checkHolders(id, file, surroundings, report);
    result[id] = file;
  }
  if (files.ca === undefined) report([...FILES, 'ca'], 'missing: no cluster is without it');
  checkOverlaps(result, surroundings, report);
  return result;
}

/** That this cluster has the credential at all, and the CAs that it needs. */
function checkPlaceInCluster(
  id: CredentialId,
  files: Readonly<Partial<Record<CredentialId, Entry | undefined>>>,
  { authorities, frontProxy }: Surroundings,
  report: Report,
): void {
  const refuse = (why: string): void => report([...FILES, id], why);
  if ((id === 'server-ca' || id === 'etcd-peer-ca') && authorities !== 'split') {
    refuse(`only with authorities: split; here they are ${authorities}`);
  }
  if (id === 'etcd-ca' && authorities === 'single') {
    refuse('with authorities: single the cluster CA signs for etcd too');
  }
  if (id.startsWith('front-proxy-') && !frontProxy) refuse('frontProxy is false');
  const issuer = issuerOf({ authorities }, id);
  if (issuer === null) return;
  if (issuer !== 'ca' && files[issuer] === undefined) {
    refuse(`${issuer}, which signs it, is not listed`);
  }
  const trust = serverAuthority({ authorities });
  if (files[id]?.kubeconfig !== undefined && trust !== 'ca' && files[trust] === undefined) {
    refuse(`${trust}, which a kubeconfig trusts, is not listed`);
  }
}

/** The parts of each kind of entry. */
const PAIR = ['certificate', 'key'] as const;
const KEY_PAIR = ['publicKey', 'key'] as const;
const KUBECONFIG = ['kubeconfig'] as const;

function checkForm(id: CredentialId, entry: Entry, report: Report): CustomFile | undefined {
  const { kind } = CATALOGUE[id];
  const asKubeconfig = kind === 'client' && entry.kubeconfig !== undefined;
  const wanted: readonly Key[] = kind === 'key-pair' ? KEY_PAIR : asKubeconfig ? KUBECONFIG : PAIR;
  let sound = true;
  const refuse = (key: Key, why: string): void => {
    sound = false;
    report([...FILES, id, key], why);
  };
  for (const key of [...PAIR, ...KUBECONFIG, 'publicKey'] as const) {
    const path = entry[key];
    if (!wanted.includes(key)) {
      if (path !== undefined) refuse(key, strayReason(id, key));
    } else if (path === undefined) {
      const also = kind === 'client' ? ', or kubeconfig alone' : '';
      refuse(key, `missing: ${id} takes ${wanted.join(' and ')}${also}`);
    } else {
      const problem = pathProblem(path);
      if (problem !== undefined) refuse(key, `${quoted(path)}: ${problem}`);
    }
  }
  const { certificate, key = '', publicKey, kubeconfig } = entry;
  if (sound && certificate !== undefined && certificate === key) {
    refuse(
      'key',
      'the certificate is for everybody to read, its key is not: they take a file each',
    );
  }
  if (!sound) return undefined;
  if (kubeconfig !== undefined) return { kubeconfig };
  if (publicKey !== undefined) return { publicKey, key };
  return certificate === undefined ? undefined : { certificate, key };
}

/** Why an entry cannot have this part. */
function strayReason(id: CredentialId, key: Key): string {
  const { kind } = CATALOGUE[id];
  if (key === 'publicKey') return 'only sa has a public key, all others a certificate';
  if (kind === 'key-pair') return `${id} is a key pair: it takes publicKey and key`;
  if (key === 'kubeconfig') {
    const what = kind === 'ca' ? 'a CA' : 'what a server presents';
    return `a kubeconfig holds what a client presents; ${id} is ${what}`;
  }
  return 'a kubeconfig holds certificate and key itself';
}

/** Longest name of a file on every file system that matters (NAME_MAX). */
const MAX_NAME = 255;
const OWN_FILES = /^\.kubepki[.-]|\.kubepki-tmp$/;

/** Why a path cannot be one below the directory of `-d`, if it cannot. */
function pathProblem(path: string): string | undefined {
  if (path.startsWith('/')) return 'absolute; paths are relative to the directory of -d';
  if (/[\p{Cc}\\]/u.test(path)) return 'a control character or a backslash';
  const names = path.split('/');
  if (names.includes('..')) return 'leads out of the directory of -d, or may do so';
  if (names.some((name) => name === '' || name === '.')) return 'an empty part or a dot for one';
  if (names.some((name) => Buffer.byteLength(name) > MAX_NAME))
    return `a name of more than ${MAX_NAME} bytes`;
  if (names.some((name) => OWN_FILES.test(name))) return "a name of kubepki's own files";
  const braces = path.replaceAll(HOST, '');
  return /[{}]/.test(braces) ? `braces stand in ${HOST} only` : undefined;
}

/** That files are there for those who hold them, and each holder's own where it has to be. */
function checkHolders(
  id: CredentialId,
  file: CustomFile,
  { hosts, credentials }: Surroundings,
  report: Report,
): void {
  const definition = CATALOGUE[id];
  const refuse = (key: string, why: string): void => report([...FILES, id, key], why);
  const entries = Object.entries(file);
  const named = entries.filter(([, path]) => path.includes(HOST));
  if (definition.holder === 'authority' || definition.holder === 'administrator') {
    for (const [key] of named) refuse(key, `${HOST}: no host holds ${id}, there is one for all`);
    return;
  }
  const holders = hosts.filter((host) => isHeldBy({ layout: 'custom' }, host, definition)).length;
  if (holders === 0) {
    const role = definition.holder === 'kubelet' ? 'worker' : definition.holder;
    report([...FILES, id], `no host has the role ${role}, so none holds it`);
  }
  if (holders < 2) return;
  if (named.length > 0) {
    for (const [key, path] of entries) {
      if (!path.includes(HOST)) refuse(key, `without ${HOST}, which the other file has`);
    }
    return;
  }
  const { commonName } = subjectOf({ layout: 'custom', credentials }, id);
  const isIdentity = id === 'kubelet-client' || id === 'kubelet-server';
  if (!isIdentity && !commonName.includes(HOST)) return;
  const [first = ''] = Object.keys(file);
  const how = isIdentity ? '' : `, or give it one common name with credentials.${id}.commonName`;
  refuse(first, `each of ${holders} hosts needs its own: put ${HOST} into the path${how}`);
}

/** That no file is two things, nor a file and a directory, whatever the hosts are called. */
function checkOverlaps(files: CustomFiles, { hosts }: Surroundings, report: Report): void {
  const owners = new Map<string, string>();
  const entries = Object.entries(files).flatMap(([id, file]) =>
    Object.entries(file).map(([key, path]) => ({ id, key, path })),
  );
  for (const { id, key, path } of entries) {
    const owner = `${id}.${key}`;
    for (const place of places(path, hosts)) {
      const other = owners.get(place);
      if (other === undefined) owners.set(place, owner);
      else if (other !== owner && !(id === 'sa' && other.startsWith('sa.'))) {
        report(
          [...FILES, id, key],
          `${quoted(place)} is ${other} already: two credentials in one file`,
        );
        break;
      }
    }
  }
  for (const { id, key, path } of entries) {
    for (const directory of parents(path)) {
      const inside = places(directory, hosts).find((place) => owners.has(place));
      if (inside === undefined) continue;
      const why = `${quoted(inside)} is a file (${owners.get(inside)}), not a directory`;
      report([...FILES, id, key], why);
    }
  }
}

/** Where a path leads: for all hosts, since which of them hold it may change with any role. */
const places = (path: string, hosts: readonly Host[]): string[] =>
  path.includes(HOST) ? hosts.map(({ name }) => path.replaceAll(HOST, name)) : [path];

/** The directories that a path lies in. */
function parents(path: string): string[] {
  const names = path.split('/');
  return names.slice(1).map((_, i) => names.slice(0, i + 1).join('/'));
}
