/**
 * The real programs that tests compare kubepki with and run on its files: etcd, cfssl, kubectl, and a
 * small Go program of ours that tells what Go's crypto/x509 sees.
 *
 * Each is built once from a pinned Go module (its folder here holds go.mod and go.sum) into
 * `${KUBEPKI_CACHE:-$HOME/.cache/kubepki}/<module>-<version>-<digest of what it is built from>/`,
 * outside the checkout, so the next run finds it there.
 */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { access, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { runTied, withFileLock } from './process.ts';

/** The programs, by the names of their binaries. */
export const PEER_NAMES = [
  'etcd',
  'etcdctl',
  'cfssl',
  'cfssljson',
  'kubectl',
  'oracle',
  'fleet-go',
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
const KUBERNETES_STAMP = [
  ['gitVersion', KUBERNETES],
  ['gitMajor', '1'],
  ['gitMinor', '36'],
  ['gitTreeState', 'clean'],
]
  .map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
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
    module: 'kubectl',
    version: KUBERNETES,
    binaries: { kubectl: 'k8s.io/kubernetes/cmd/kubectl' },
    ldflags: `${STRIP} ${KUBERNETES_STAMP}`,
    needs,
  },
  { module: 'oracle', version: '', binaries: { oracle: '.' }, ldflags: STRIP, needs },
  {
    module: 'fleet-go',
    parent: join(import.meta.dirname, '../../bench/peers'),
    version: '',
    binaries: { 'fleet-go': '.' },
    ldflags: STRIP,
    needs,
  },
];

export interface BuiltPeer {
  path: string;
  /** False when it was in the cache. */
  built: boolean;
}

const asked = new Map<PeerName, Promise<BuiltPeer>>();

/**
 * The path of a program, built when the cache does not have it. Throws an Error of one line when a
 * tool is missing, and one with the compiler's output when the build fails.
 */
export async function peer(name: PeerName): Promise<string> {
  return (await ensurePeer(name)).path;
}

/** As `peer`, and tells whether it had to be built. Two calls or processes never build one twice. */
export function ensurePeer(name: PeerName): Promise<BuiltPeer> {
  const known = asked.get(name);
  if (known !== undefined) return known;
  const answer = findOrBuild(name);
  asked.set(name, answer);
  // A failure is not remembered: the caller may install what was missing and ask again.
  answer.catch(() => asked.delete(name));
  return answer;
}

/** The module that a binary is built from. */
export function moduleOf(name: PeerName): PeerModule {
  const module = PEER_MODULES.find((candidate) => Object.hasOwn(candidate.binaries, name));
  if (module === undefined) throw new Error(`no peer is called ${name}`);
  return module;
}

async function findOrBuild(name: PeerName): Promise<BuiltPeer> {
  const module = moduleOf(name);
  const folder = cacheFolder(module);
  const path = join(folder, name);
  if (await exists(path)) return { path, built: false };
  await requirePrograms(name, module.needs);
  await mkdir(folder, { recursive: true });
  return withFileLock(`${folder}.lock`, async () => {
    if (await exists(path)) return { path, built: false };
    await removeLeftovers(folder);
    await build(name, module, path);
    return { path, built: true };
  });
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
  const sources = readdirSync(folder).filter((file) => /^go\.(mod|sum)$|\.go$/.test(file));
  for (const file of sources.sort()) {
    hash.update(`\0${file}\0`).update(readFileSync(join(folder, file)));
  }
  return hash.digest('hex').slice(0, 12);
}

const sourceFolder = ({ module, parent = import.meta.dirname }: PeerModule): string =>
  join(parent, module);

/** What a killed build left; nobody else writes here while we hold the lock. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const file of await readdir(folder)) {
    if (file.endsWith('.tmp')) await rm(join(folder, file));
  }
}

async function build(name: PeerName, module: PeerModule, path: string): Promise<void> {
  const goPackage = module.binaries[name];
  if (goPackage === undefined) throw new Error(`${module.module} has no binary called ${name}`);
  const temporary = `${path}.${process.pid}.tmp`;
  const result = await runTied(
    'go',
    ['build', '-ldflags', module.ldflags, '-o', temporary, goPackage],
    { cwd: sourceFolder(module), env: goEnvironment() },
  );
  if (result.code !== 0) {
    const output = result.output.trim().split('\n').slice(-20).join('\n');
    throw new Error(`cannot build ${name} (go build in ${sourceFolder(module)}):\n${output}`);
  }
  await rename(temporary, path);
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

async function requirePrograms(name: PeerName, programs: PeerModule['needs']): Promise<void> {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  for (const program of programs) {
    const found = await Promise.all(folders.map((folder) => exists(join(folder, program))));
    if (!found.includes(true)) {
      throw new Error(`cannot build ${name}: ${program} is not on the PATH; ${INSTALL[program]}`);
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
