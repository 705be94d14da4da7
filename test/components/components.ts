/**
 * The command lines of the components: the flags of kubeadm's static pods, credentials as the
 * catalogue gives them, and little else.
 */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from '../../src/cluster/index.ts';
import { peer } from '../peers/peers.ts';
import type { Network } from '../system/network.ts';
import type { Program } from '../system/program.ts';
import { type Component, type Files, flagsOf } from './credentials.ts';
import { API_PORT, addressOf, ISSUER, MEMBERS, SERVICE_SUBNET } from './topology.ts';

/** What it takes to start something. */
export interface Bench {
  readonly network: Network;
  readonly files: Files;
  /** A folder that everything but the PKI is kept in. */
  readonly data: string;
}

/** Names without dashes. */
export type Flags = Readonly<Record<string, string>>;
/** Of a configuration file: `a.b: value` for `{a: {b: value}}`. */
export type Settings = Readonly<Record<string, unknown>>;

export interface Start {
  /** Whose files it takes. */
  readonly host: Host;
  /** Where it runs, when that is another host. */
  readonly at?: Host;
  /** On top of what it is always started with. */
  readonly flags?: Flags;
  /** The folder that it runs in; that of the tests when not given. */
  readonly cwd?: string;
}

/** The components that are programs here; an extension API server is a stand-in of ours. */
export type Runnable = Exclude<Component, 'extension-apiserver'>;

/** Two processors carry a dozen processes: more threads each would only get in each other's way. */
const LEAN = { GOMAXPROCS: '2', GOGC: '200' };

/** Starts a component with the catalogue's flags, then `usual` ones, then those of `start`. */
export async function startComponent(
  { network, files }: Bench,
  component: Runnable,
  { host, at = host, flags = {}, cwd }: Start,
  usual: Flags,
): Promise<Program> {
  const all = new Map(
    [...flagsOf(files, component, host)].filter(([flag]) => flag.startsWith('--')),
  );
  for (const [flag, value] of Object.entries({ ...usual, ...flags })) all.set(`--${flag}`, value);
  const args = [...all].map(([flag, value]) => `${flag}=${value}`);
  return network.start(at.name, await peer(component), args, {
    name: component,
    env: LEAN,
    ...(cwd === undefined ? {} : { cwd }),
  });
}

export async function startEtcd(bench: Bench, member: Host): Promise<Program> {
  const url = (host: Host, port: number) => `https://${addressOf(host)}:${port}`;
  const cluster = MEMBERS.map((other) => `${other.name}=${url(other, 2380)}`);
  return startComponent(
    bench,
    'etcd',
    { host: member },
    {
      name: member.name,
      'data-dir': join(bench.data, `etcd-${member.name}`),
      'listen-client-urls': `${url(member, 2379)},https://127.0.0.1:2379`,
      'advertise-client-urls': url(member, 2379),
      'listen-peer-urls': url(member, 2380),
      'initial-advertise-peer-urls': url(member, 2380),
      'initial-cluster': cluster.join(','),
      'client-cert-auth': 'true',
      'peer-client-cert-auth': 'true',
      // The data are worth nothing, and the disk is shared.
      'unsafe-no-fsync': 'true',
    },
  );
}

/**
 * Every request, before it is answered. Of access reviews the body too: there kubelets ask about
 * those who call them, and say which certificate they came with.
 */
const AUDIT_POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Request
    resources: [{ group: authorization.k8s.io, resources: [subjectaccessreviews] }]
  - level: Metadata
`;

export const auditLog = (bench: Bench, host: Host): string =>
  join(bench.data, `audit-${host.name}.log`);

export async function startApiserver(bench: Bench, start: Start): Promise<Program> {
  const at = start.at ?? start.host;
  const policy = join(bench.data, 'audit-policy.yaml');
  await writeFile(policy, AUDIT_POLICY);
  return startComponent(bench, 'kube-apiserver', start, {
    'advertise-address': addressOf(at),
    'bind-address': addressOf(at),
    'secure-port': String(API_PORT),
    'allow-privileged': 'true',
    'authorization-mode': 'Node,RBAC',
    'enable-admission-plugins': 'NodeRestriction',
    'enable-bootstrap-token-auth': 'true',
    'etcd-servers': MEMBERS.map((member) => `https://${addressOf(member)}:2379`).join(','),
    'kubelet-preferred-address-types': 'InternalIP,ExternalIP,Hostname',
    'requestheader-allowed-names': 'front-proxy-client',
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-username-headers': 'X-Remote-User',
    'service-account-issuer': ISSUER,
    'service-cluster-ip-range': SERVICE_SUBNET,
    // No kube-proxy on control planes, so Services of extension API servers have no address there.
    'enable-aggregator-routing': 'true',
    'audit-policy-file': policy,
    'audit-log-path': auditLog(bench, at),
    'audit-log-mode': 'blocking',
  });
}

export async function startControllerManager(bench: Bench, start: Start): Promise<Program> {
  return startComponent(bench, 'kube-controller-manager', start, {
    'bind-address': '127.0.0.1',
    // The default lies on the machine's own disk.
    'flex-volume-plugin-dir': join(bench.data, 'volume-plugins'),
    controllers: '*,bootstrapsigner,tokencleaner',
    'leader-elect': 'true',
    'use-service-account-credentials': 'true',
  });
}

export async function startScheduler(bench: Bench, start: Start): Promise<Program> {
  return startComponent(bench, 'kube-scheduler', start, {
    'bind-address': '127.0.0.1',
    'leader-elect': 'true',
  });
}

/** Needs nft on the PATH. */
export async function startProxy(
  bench: Bench,
  start: Start,
  settings: Settings = {},
): Promise<Program> {
  const config = await writeConfig(bench, 'kube-proxy', start, {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    hostnameOverride: start.host.name,
    mode: 'nftables',
    // These belong to the whole machine.
    'conntrack.maxPerCore': 0,
    'conntrack.min': 0,
    ...settings,
  });
  return startComponent(bench, 'kube-proxy', start, { config });
}

/** Writes a component's configuration (JSON is YAML): the catalogue's settings, then those given. Answers with the file's path. */
export async function writeConfig(
  { files, data }: Bench,
  component: Runnable,
  { host, at = host }: Start,
  settings: Settings,
): Promise<string> {
  const all = new Map<string, unknown>();
  for (const [name, file] of flagsOf(files, component, host)) {
    if (!name.startsWith('--')) all.set(name, file);
  }
  for (const [name, value] of Object.entries(settings)) all.set(name, value);
  const folder = join(data, 'config');
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${at.name}-${component}.json`);
  await writeFile(file, JSON.stringify(nested(all), undefined, 2));
  return file;
}

function nested(settings: ReadonlyMap<string, unknown>): object {
  const root: Record<string, unknown> = {};
  for (const [name, value] of settings) {
    const path = name.split('.');
    const last = path.pop() ?? '';
    let at = root;
    for (const key of path) at = (at[key] ??= {}) as Record<string, unknown>;
    at[last] = value;
  }
  return root;
}
