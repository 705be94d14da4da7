/**
 * The real programs that tests compare kubepki with and run on its files: etcd, cfssl, Kubernetes'
 * own, and small Go programs of ours.
 *
 * Each is built once from a pinned Go module (its folder here holds go.mod and go.sum) into
 * `${KUBEPKI_CACHE:-$HOME/.cache/kubepki}/<module>-<version>-<digest of what it is built from>/`,
 * outside the checkout, so the next run finds it there.
 */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { access, constants, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, delimiter, join, resolve } from 'node:path';
import { runTied, withFileLock } from './process.ts';

/** Kubernetes' own, each `k8s.io/kubernetes/cmd/<name>`. */
const KUBERNETES_NAMES = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'kubelet',
  'kubemark',
  'kubectl',
  'kubeadm',
] as const;

/** The programs, by the names of their binaries. */
export const PEER_NAMES = [
  'etcd',
  'etcdctl',
  'cfssl',
  'cfssljson',
  ...KUBERNETES_NAMES,
  'fakecri',
  'oracle',
  'objects',
  'api-user',
  'library',
  'fleet-go',
  'load-go',
] as const;

export type PeerName = (typeof PEER_NAMES)[number];

export interface PeerModule {
  /** The folder with go.mod and go.sum, and the name in the cache. */
  module: string;
  /** Where that folder lies; here unless said. */
  parent?: string;
  /** What upstream calls this version; what is our own has none. */
  version: string;
  /** Binary name -> Go package. */
  binaries: Readonly<Partial<Record<PeerName, string>>>;
  ldflags: string;
  /** Programs that building takes, by their name on the PATH. */
  needs: readonly (keyof typeof INSTALL)[];
  /** An environment variable that names a folder with these binaries, to be used instead where it is set. */
  given?: { variable: string; binaries: readonly PeerName[] };
}

/** What to do where a needed program is missing. */
const INSTALL = {
  go: 'install Go 1.26 or later and put its bin folder on the PATH',
  flock: "install util-linux (Debian: 'apt-get install util-linux')",
  setpriv: "install util-linux (Debian: 'apt-get install util-linux')",
} as const;

/** Without symbol tables: nobody debugs these, and linking is faster. */
const STRIP = '-s -w';

const KUBERNETES = 'v1.36.3';
/** As upstream's own build stamps it (hack/lib/version.sh): `--version`, and the user agent of requests. */
const KUBERNETES_STAMP = [
  ['gitVersion', KUBERNETES],
  ['gitMajor', '1'],
  ['gitMinor', '36'],
  ['gitTreeState', 'clean'],
]
  .flatMap(([name, value]) =>
    ['component-base/version', 'client-go/pkg/version'].map(
      (folder) => `-X k8s.io/${folder}.${name}=${value}`,
    ),
  )
  .join(' ');

const needs = ['go', 'flock', 'setpriv'] as const;

export const PEER_MODULES: readonly PeerModule[] = [
  {
    module: 'etcd',
    version: 'v3.6.16',
    binaries: { etcd: 'go.etcd.io/etcd/server/v3', etcdctl: 'go.etcd.io/etcd/etcdctl/v3' },
    ldflags: STRIP,
    needs,
  },
  {
    module: 'cfssl',
    version: 'v1.6.5',
    binaries: {
      cfssl: 'github.com/cloudflare/cfssl/cmd/cfssl',
      cfssljson: 'github.com/cloudflare/cfssl/cmd/cfssljson',
    },
    ldflags: STRIP,
    needs,
  },
  {
    module: 'kubernetes',
    version: KUBERNETES,
    binaries: {
      ...Object.fromEntries(
        KUBERNETES_NAMES.map((name) => [name, `k8s.io/kubernetes/cmd/${name}`]),
      ),
      fakecri: './fakecri',
    },
    ldflags: `${STRIP} ${KUBERNETES_STAMP}`,
    needs,
    given: { variable: 'KUBEPKI_KUBERNETES_BIN', binaries: KUBERNETES_NAMES },
  },
  { module: 'oracle', version: '', binaries: { oracle: '.' }, ldflags: STRIP, needs },
  {
    module: 'client-go',
    version: '',
    binaries: { objects: './objects', 'api-user': './api-user', library: './library' },
    ldflags: STRIP,
    needs,
  },
  {
    module: 'fleet-go',
    parent: join(import.meta.dirname, '../../bench/peers'),
    version: '',
    binaries: { 'fleet-go': '.' },
    ldflags: STRIP,
    needs,
  },
  {
    module: 'load-go',
    parent: join(import.meta.dirname, '../../bench/peers'),
    version: '',
    binaries: { 'load-go': '.' },
    ldflags: STRIP,
    needs,
  },
];

export interface FoundPeer {
  name: PeerName;
  path: string;
  /** `given` by the environment, in the `cache`, or `built` just now. */
  from: 'given' | 'cache' | 'built';
}

/**
 * The path of a program, built when the cache does not have it. Throws an Error of one line when a
 * tool is missing, and one with the compiler's output when the build fails.
 */
export async function peer(name: PeerName): Promise<string> {
  return (await peers([name]))[name];
}

/** As `peer` for many at once, which is faster: programs of one module share most of their packages. */
export async function peers<Name extends PeerName>(
  names: readonly Name[],
): Promise<Record<Name, string>> {
  const found = await findPeers(names);
  return Object.fromEntries(found.map(({ name, path }) => [name, path])) as Record<Name, string>;
}

/**
 * As `peers`, and tells where each came from, module by module. Two calls or processes never build
 * one twice: whoever comes second waits.
 */
export async function findPeers(names: readonly PeerName[]): Promise<FoundPeer[]> {
  const found: FoundPeer[] = [];
  // One module after the other: each build uses every core.
  for (const module of PEER_MODULES) {
    const wanted = names.filter((name) => moduleOf(name) === module);
    if (wanted.length > 0) found.push(...(await findOrBuild(module, [...new Set(wanted)])));
  }
  return found;
}

/** The module that a binary is built from. */
export function moduleOf(name: PeerName): PeerModule {
  const module = PEER_MODULES.find((candidate) => Object.hasOwn(candidate.binaries, name));
  if (module === undefined) throw new Error(`no peer is called ${name}`);
  return module;
}

async function findOrBuild(module: PeerModule, names: readonly PeerName[]): Promise<FoundPeer[]> {
  const given = await givenPeers(module, names);
  const ours = names.filter((name) => !given.some((one) => one.name === name));
  const folder = cacheFolder(module);
  const found = (from: 'cache' | 'built') => (name: PeerName) => ({
    name,
    path: join(folder, name),
    from,
  });
  if ((await missingFrom(folder, ours)).length === 0)
    return [...given, ...ours.map(found('cache'))];

  await requirePrograms(ours, module.needs);
  await mkdir(folder, { recursive: true });
  return withFileLock(`${folder}.lock`, async () => {
    const missing = await missingFrom(folder, ours);
    await removeLeftovers(folder);
    if (missing.length > 0) await build(module, missing, folder);
    const cached = ours.filter((name) => !missing.includes(name));
    return [...given, ...cached.map(found('cache')), ...missing.map(found('built'))];
  });
}

/** Those that the environment gives; a folder that lacks one is a mistake, not a reason to build it. */
async function givenPeers(module: PeerModule, names: readonly PeerName[]): Promise<FoundPeer[]> {
  const { variable, binaries } = module.given ?? { variable: '', binaries: [] };
  const folder = process.env[variable];
  if (folder === undefined || folder === '') return [];
  const wanted = names.filter((name) => binaries.includes(name));
  const missing = await missingFrom(folder, wanted);
  if (missing.length > 0) throw new Error(`${variable}=${folder} lacks ${missing.join(', ')}`);
  return wanted.map((name) => ({ name, path: resolve(folder, name), from: 'given' }));
}

async function missingFrom(folder: string, names: readonly PeerName[]): Promise<PeerName[]> {
  const there = await Promise.all(names.map(async (name) => isProgram(join(folder, name))));
  return names.filter((_, index) => there[index] !== true);
}

function cacheFolder(module: PeerModule): string {
  const cache = process.env['KUBEPKI_CACHE'] || join(homedir(), '.cache', 'kubepki');
  const version = module.version === '' ? '' : `${module.version}-`;
  return join(cache, `${module.module}-${version}${digestOf(module)}`);
}

/** Changes with everything of ours that the binaries are made from, so an old one is never taken. */
function digestOf(module: PeerModule): string {
  const hash = createHash('sha256').update(JSON.stringify([module.binaries, module.ldflags]));
  const folder = sourceFolder(module);
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const file of sources.filter((name) => /^go\.(mod|sum)$|\.go$/.test(name)).sort()) {
    hash.update(`\0${file}\0`).update(readFileSync(join(folder, file)));
  }
  return hash.digest('hex').slice(0, 12);
}

const sourceFolder = ({ module, parent = import.meta.dirname }: PeerModule): string =>
  join(parent, module);

/** What a killed build left; nobody else writes here while we hold the lock. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const file of await readdir(folder)) {
    if (file.endsWith('.tmp')) await rm(join(folder, file), { recursive: true });
  }
}

/** Builds programs in one go, so that what they share is compiled once. */
async function build(
  module: PeerModule,
  names: readonly PeerName[],
  folder: string,
): Promise<void> {
  const packages = names.map((name) => module.binaries[name] ?? '');
  const temporary = join(folder, 'build.tmp');
  await mkdir(temporary);
  const result = await runTied(
    'go',
    ['build', '-ldflags', module.ldflags, '-o', `${temporary}/`, ...packages],
    { cwd: sourceFolder(module), env: goEnvironment() },
  );
  if (result.code !== 0) {
    const what = `${names.join(', ')} (go build in ${sourceFolder(module)})`;
    const output = result.output.trim().split('\n').slice(-20).join('\n');
    throw new Error(`cannot build ${what}:\n${output}`);
  }
  for (const name of names) {
    await rename(join(temporary, outputName(module, name)), join(folder, name));
  }
  await rm(temporary, { recursive: true });
}

/** What `go build` calls a program: the last part of its import path that is no version. */
function outputName(module: PeerModule, name: PeerName): string {
  const path = module.binaries[name] ?? '';
  return path === '.' ? module.module : basename(path.replace(/\/v\d+$/, ''));
}

/** The same build whatever the user's Go settings are; go.sum is verified and never written. */
function goEnvironment(): NodeJS.ProcessEnv {
  const env = { ...process.env };
  for (const name of ['GOOS', 'GOARCH', 'GOEXPERIMENT', 'GODEBUG', 'GO111MODULE']) delete env[name];
  return {
    ...env,
    CGO_ENABLED: '0',
    GOFLAGS: '-mod=readonly -trimpath -buildvcs=false',
    GOWORK: 'off',
  };
}

async function requirePrograms(
  names: readonly PeerName[],
  programs: PeerModule['needs'],
): Promise<void> {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  for (const program of programs) {
    const found = await Promise.all(
      folders.map(async (folder) => isProgram(join(folder, program))),
    );
    if (!found.includes(true)) {
      throw new Error(
        `cannot build ${names.join(', ')}: ${program} is not on the PATH; ${INSTALL[program]}`,
      );
    }
  }
}

async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
