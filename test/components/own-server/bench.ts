/**
 * `kubepki server` on a host of its own network, for unmodified components and clients; or, to see what
 * they do there, etcd and kube-apiserver in its place (`KUBEPKI_AGAINST=kube-apiserver`).
 */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../../../src/cluster/index.ts';
import { openSqliteStorage, type Storage } from '../../../src/storage/index.ts';
import { type PeerName, peers } from '../../peers/peers.ts';
import { KUBEPKI } from '../../spawn.ts';
import { applyCluster } from '../../system/kubepki.ts';
import { createNetwork } from '../../system/network.ts';
import { type Program, waitFor } from '../../system/program.ts';
import { auditLog, type Bench, startApiserver, startComponent } from '../components.ts';
import { adminKubeconfig, hostFile } from '../credentials.ts';
import { kubectl } from '../kubectl.ts';
import { ADMIN, API_PORT, addressOf, CP_1, clusterYaml, type Variant } from '../topology.ts';

const VARIANT: Variant = { layout: 'kubeadm', keyAlgorithm: 'ECDSA-P256', endpoint: 'address' };

/** What the components are tried on, and compared with. */
export type Against = 'kubepki' | 'kube-apiserver';
export const AGAINST: Against =
  process.env['KUBEPKI_AGAINST'] === 'kube-apiserver' ? 'kube-apiserver' : 'kubepki';

export interface OwnServer extends Bench {
  /** The file of its audit log. */
  readonly audit: string;
  /** The API server as it runs now. */
  server(): Program;
  /** kubectl as super-admin; throws where it ends with an error. */
  admin(...args: readonly string[]): Promise<string>;
  /** kubepki as super-admin, on the administrator's host; what it prints, and throws where it ends with an error. */
  kubepki(...args: readonly string[]): Promise<string>;
  /** kubectl, with this on its input. */
  feed(input: string, ...args: readonly string[]): Promise<string>;
  /** The same, to create objects. */
  create(...objects: readonly object[]): Promise<void>;
  /** The same as somebody else: `--as=…`. */
  createAs(who: readonly string[], ...objects: readonly object[]): Promise<void>;
  /** What `kubectl get … -o json` answers. */
  get<T>(...args: readonly string[]): Promise<T>;
  /** Ends the server and starts it again, on its own data, with which something may be done in between. */
  restart(meanwhile?: (storage: Storage) => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

export interface OwnServerOptions {
  /** Other hosts than the control plane's and the administrator's. */
  readonly hosts?: readonly Host[];
  /** Of `kubepki server`. */
  readonly flags?: readonly string[];
  /** Lines of its `--token-auth-file`. */
  readonly tokens?: readonly string[];
  readonly programs: readonly PeerName[];
  /** Where a test has both. */
  readonly against?: Against;
}

/** One etcd and one kube-apiserver alone, in the place of `kubepki server`. */
export const startUpstreamServer = async (...hosts: readonly Host[]): Promise<OwnServer> =>
  startOwnServer({ against: 'kube-apiserver', hosts, programs: [] });

/** Needs root and iproute2. */
export async function startOwnServer(options: OwnServerOptions): Promise<OwnServer> {
  const { against = AGAINST } = options;
  const needed: readonly PeerName[] =
    against === 'kubepki' ? ['kubectl'] : ['kubectl', 'etcd', 'kube-apiserver'];
  await peers([...needed, ...options.programs]);
  const data = await mkdtemp(join(tmpdir(), 'kubepki-own-'));
  const pki = await applyCluster(data, clusterYaml(VARIANT));
  const network = await createNetwork({
    hosts: [CP_1, ADMIN, ...(options.hosts ?? [])],
    logs: join(data, 'logs'),
  });
  const bench: Bench = { network, files: { layout: VARIANT.layout, pki }, data };
  const flags = [...(options.flags ?? []), ...(await tokenFile(bench, options.tokens))];
  const start = async (): Promise<Program> =>
    against === 'kubepki' ? startKubepki(bench, flags) : startUpstream(bench);
  let server = await start();

  const superAdmin = adminKubeconfig(bench.files, 'super-admin');
  const run = async (args: readonly string[], input?: string): Promise<string> => {
    const { code, stdout, stderr } = await kubectl(
      network,
      {
        host: ADMIN.name,
        kubeconfig: superAdmin,
        ...(input === undefined ? {} : { input }),
      },
      ...args,
    );
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}`);
    return stdout;
  };
  const ready = async (): Promise<true> =>
    waitFor(
      'the server is ready',
      async () => ((await run(['get', '--raw', '/readyz'])) === 'ok' ? true : undefined),
      { deadline: 120_000, programs: [server] },
    );
  const own: OwnServer = {
    ...bench,
    audit: auditLog(bench, CP_1),
    server: () => server,
    admin: async (...args) => run(args),
    async kubepki(...args) {
      const all = [...args, `--kubeconfig=${superAdmin}`];
      const { code, stdout, stderr } = await network.run(ADMIN.name, KUBEPKI, all);
      if (code !== 0) throw new Error(`kubepki ${args.join(' ')}: ${stderr.trim()}`);
      return stdout.trimEnd();
    },
    feed: async (input, ...args) => run(args, input),
    create: async (...items) => own.createAs([], ...items),
    async createAs(who, ...items) {
      const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
      await run(['create', '--validate=false', ...who, '-f-'], list);
    },
    get: async (...args) => JSON.parse(await run(['get', ...args, '-o=json'])),
    async restart(meanwhile) {
      await server.stop();
      if (meanwhile !== undefined) await withStorage(bench, meanwhile);
      server = await start();
      await ready();
    },
    async stop() {
      await network.stop();
      if (process.env['KUBEPKI_KEEP'] === undefined) {
        await rm(data, { recursive: true, force: true });
      }
    },
  };
  try {
    await ready();
  } catch (error) {
    await own.stop();
    throw error;
  }
  return own;
}

async function tokenFile({ data }: Bench, tokens?: readonly string[]): Promise<string[]> {
  if (tokens === undefined) return [];
  const file = join(data, 'token.csv');
  await writeFile(file, `${tokens.join('\n')}\n`, { mode: 0o600 });
  return [`--token-auth-file=${file}`];
}

/** @param use of `kubepki server`'s data, while it does not run */
async function withStorage({ data }: Bench, use: (storage: Storage) => Promise<void>) {
  const storage = await openSqliteStorage(databaseOf(data), { now: () => new Date() });
  try {
    await use(storage);
  } finally {
    await storage.close();
  }
}

const stateOf = (data: string): string => join(data, 'state');
const databaseOf = (data: string): string => join(stateOf(data), 'state.db');

async function startKubepki(bench: Bench, flags: readonly string[]): Promise<Program> {
  const { network, files, data } = bench;
  const of = (id: Parameters<typeof hostFile>[2], part: 'certificate' | 'key'): string =>
    hostFile(files, CP_1, id, part);
  await mkdir(stateOf(data), { recursive: true, mode: 0o700 });
  return network.start(
    CP_1.name,
    KUBEPKI,
    [
      'server',
      `--data-dir=${stateOf(data)}`,
      `--bind-address=${addressOf(CP_1)}`,
      `--secure-port=${API_PORT}`,
      `--tls-cert-file=${of('apiserver', 'certificate')}`,
      `--tls-private-key-file=${of('apiserver', 'key')}`,
      `--client-ca-file=${of('ca', 'certificate')}`,
      `--requestheader-client-ca-file=${of('front-proxy-ca', 'certificate')}`,
      '--requestheader-allowed-names=front-proxy-client',
      '--requestheader-extra-headers-prefix=X-Remote-Extra-',
      '--requestheader-group-headers=X-Remote-Group',
      '--requestheader-username-headers=X-Remote-User',
      `--cluster-signing-cert-file=${of('ca', 'certificate')}`,
      `--cluster-signing-key-file=${of('ca', 'key')}`,
      '--enable-bootstrap-token-auth',
      `--audit-log-path=${auditLog(bench, CP_1)}`,
      ...flags,
    ],
    { name: 'kubepki-server' },
  );
}

async function startUpstream(bench: Bench): Promise<Program> {
  const url = (port: number): string => `https://${addressOf(CP_1)}:${port}`;
  await startComponent(
    bench,
    'etcd',
    { host: CP_1 },
    {
      name: CP_1.name,
      'data-dir': join(bench.data, 'etcd'),
      'listen-client-urls': url(2379),
      'advertise-client-urls': url(2379),
      'listen-peer-urls': url(2380),
      'initial-advertise-peer-urls': url(2380),
      'initial-cluster': `${CP_1.name}=${url(2380)}`,
      'client-cert-auth': 'true',
      'peer-client-cert-auth': 'true',
      'unsafe-no-fsync': 'true',
    },
  );
  return startApiserver(bench, { host: CP_1, flags: { 'etcd-servers': url(2379) } });
}

/** Writes a kubeconfig for the server. */
export async function writeKubeconfig(
  { files }: Bench,
  file: string,
  user: Readonly<Record<string, string>>,
): Promise<string> {
  const cluster = {
    server: `https://${addressOf(CP_1)}:${API_PORT}`,
    'certificate-authority': hostFile(files, CP_1, 'ca', 'certificate'),
  };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'kubernetes', cluster }],
    users: [{ name: 'user', user }],
    contexts: [{ name: 'user', context: { cluster: 'kubernetes', user: 'user' } }],
    'current-context': 'user',
  };
  await writeFile(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}
