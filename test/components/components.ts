/**
 * The command lines of the components: the flags of kubeadm's static pods, credentials as the
 * catalogue gives them, and little else.
 */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from '../../src/cluster/index.ts';
import type { Network } from '../system/network.ts';
import type { Program } from '../system/program.ts';
import { type Component, type Files, flagsOf } from './credentials.ts';
import { programPath } from './programs.ts';
import { addressOf, API_PORT, ISSUER, MEMBERS, SERVICE_SUBNET } from './topology.ts';

/** What it takes to start something. */
export interface Bench {
  readonly network: Network;
  readonly files: Files;
  /** A folder that everything but the PKI is kept in. */
  readonly data: string;
}

export type Flags = Readonly<Record<string, string>>;

/** Two processors carry a dozen processes: more threads each would only get in each other's way. */
const LEAN = { GOMAXPROCS: '2', GOGC: '200' };

/** Starts a component with the catalogue's flags; flags given here come on top of them. */
export async function startComponent(
  bench: Bench,
  component: Component,
  host: Host,
  flags: Flags,
): Promise<Program> {
  const all = new Map([...flagsOf(bench.files, component, host)].filter(([flag]) => flag.startsWith('--')));
  for (const [flag, value] of Object.entries(flags)) all.set(`--${flag}`, value);
  const args = [...all].map(([flag, value]) => `${flag}=${value}`);
  return bench.network.start(host.name, await programPath(component), args, { name: component, env: LEAN });
}

export async function startEtcd(bench: Bench, member: Host): Promise<Program> {
  const url = (port: number) => `https://${addressOf(member)}:${port}`;
  return startComponent(bench, 'etcd', member, {
    name: member.name,
    'data-dir': join(bench.data, `etcd-${member.name}`),
    'listen-client-urls': `${url(2379)},https://127.0.0.1:2379`,
    'advertise-client-urls': url(2379),
    'listen-peer-urls': url(2380),
    'initial-advertise-peer-urls': url(2380),
    'initial-cluster': MEMBERS.map((other) => `${other.name}=https://${addressOf(other)}:2380`).join(','),
    'client-cert-auth': 'true',
    'peer-client-cert-auth': 'true',
    // The data are worth nothing, and the disk is shared.
    'unsafe-no-fsync': 'true',
  });
}

/** Every request is in the audit log before it is answered. */
const AUDIT_POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{ level: Metadata }]
`;

export const auditLog = (bench: Bench, host: Host): string =>
  join(bench.data, `audit-${host.name}.log`);

export async function startApiserver(bench: Bench, host: Host, flags: Flags = {}): Promise<Program> {
  const policy = join(bench.data, 'audit-policy.yaml');
  await writeFile(policy, AUDIT_POLICY);
  return startComponent(bench, 'kube-apiserver', host, {
    'advertise-address': addressOf(host),
    'bind-address': addressOf(host),
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
    'audit-log-path': auditLog(bench, host),
    'audit-log-mode': 'blocking',
    ...flags,
  });
}

export async function startControllerManager(bench: Bench, host: Host): Promise<Program> {
  return startComponent(bench, 'kube-controller-manager', host, {
    'bind-address': '127.0.0.1',
    controllers: '*,bootstrapsigner,tokencleaner',
    'leader-elect': 'true',
    'use-service-account-credentials': 'true',
  });
}

export async function startScheduler(bench: Bench, host: Host): Promise<Program> {
  return startComponent(bench, 'kube-scheduler', host, {
    'bind-address': '127.0.0.1',
    'leader-elect': 'true',
  });
}

export async function startProxy(bench: Bench, host: Host): Promise<Program> {
  const config = await writeConfig(bench, host, 'kube-proxy', {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    hostnameOverride: host.name,
    mode: 'nftables',
    // These belong to the whole machine.
    'conntrack.maxPerCore': 0,
    'conntrack.min': 0,
  });
  return startComponent(bench, 'kube-proxy', host, { config });
}

/**
 * Writes a component's configuration (JSON is YAML) and answers with the file's path: the settings
 * given, `a.b: value` for `{a: {b: value}}`, and the catalogue's.
 */
export async function writeConfig(
  bench: Bench,
  host: Host,
  component: Component,
  settings: Readonly<Record<string, unknown>>,
): Promise<string> {
  const all = new Map(Object.entries(settings));
  for (const [name, file] of flagsOf(bench.files, component, host)) {
    if (!name.startsWith('--')) all.set(name, file);
  }
  const folder = join(bench.data, 'config');
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${host.name}-${component}.json`);
  await writeFile(file, JSON.stringify(nested(all), undefined, 2));
  return file;
}

interface Nested {
  [key: string]: Nested | unknown;
}

function nested(settings: ReadonlyMap<string, unknown>): Nested {
  const root: Nested = {};
  for (const [name, value] of settings) {
    const path = name.split('.');
    const last = path.pop() ?? '';
    let at = root;
    for (const key of path) at = (at[key] ??= {}) as Nested;
    at[last] = value;
  }
  return root;
}
