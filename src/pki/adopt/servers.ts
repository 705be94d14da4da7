/** What kubeconfigs say of a cluster: its name, and where its kube-apiserver is. */

import { isIP } from 'node:net';
import type { KubeconfigCluster } from '../../collect/index.ts';
import type { Assigned } from './assigned.ts';
import type { KubeconfigFile } from './inventory.ts';
import { mostFrequent } from './lifetimes.ts';
import { isHostName } from './names.ts';

export interface Servers {
  readonly clusterName: string | undefined;
  /** `host:port` that clients everywhere use. */
  readonly endpoint: { readonly host: string; readonly port: number } | undefined;
  /** The port of the kube-apiserver beside its clients on a control plane. */
  readonly localPort: number | undefined;
}

/** Those who run beside kube-apiserver, and may well call it over loopback. */
const LOCAL: readonly string[] = ['controller-manager', 'scheduler'];

export function readServers(assigned: readonly Assigned[]): Servers {
  const known = assigned.flatMap(({ id, kubeconfig }) => {
    const cluster = kubeconfig === undefined ? undefined : clusterOf(kubeconfig);
    const at = cluster === undefined ? undefined : parse(cluster.server);
    return cluster === undefined || at === undefined ? [] : [{ id, name: cluster.name, at }];
  });
  const local = known.filter(({ id }) => LOCAL.includes(id)).map(({ at }) => at);
  const remote = known.filter(({ id, at }) => !LOCAL.includes(id) && !isLoopback(at.host));
  const endpoint = mostFrequent(remote.map(({ at }) => text(at)));
  const names = known.map(({ name }) => name).filter(isHostName);
  return {
    clusterName: mostFrequent(names),
    endpoint: remote.find(({ at }) => text(at) === endpoint)?.at,
    localPort: mostFrequent(local.map(({ port }) => port)),
  };
}

const text = ({ host, port }: { host: string; port: number }): string =>
  isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;

export const endpointText = text;

/** The cluster that a kubeconfig speaks to: the current context's, or the only one. */
function clusterOf({ config }: KubeconfigFile): KubeconfigCluster | undefined {
  const context = config.contexts.find(({ name }) => name === config.currentContext);
  if (context !== undefined) return config.clusters.find(({ name }) => name === context.cluster);
  return config.clusters.length === 1 ? config.clusters[0] : undefined;
}

function parse(server: string): { host: string; port: number } | undefined {
  const url = URL.parse(server);
  if (url?.protocol !== 'https:') return undefined;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return host === '' ? undefined : { host, port: url.port === '' ? 443 : Number(url.port) };
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host.startsWith('127.');
