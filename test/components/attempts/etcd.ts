/** Attempts at etcd, and by etcd. */

import { join } from 'node:path';
import type { Host } from '../../../src/cluster/index.ts';
import { entriesOf, type Pair } from '../../system/etcd-cluster.ts';
import { type Program, waitFor } from '../../system/program.ts';
import { templateIn } from '../certificates.ts';
import type { Cluster } from '../cluster.ts';
import { startApiserver, startComponent } from '../components.ts';
import { hostFile, hostPair } from '../credentials.ts';
import { ask, type Question } from '../probes/ask.ts';
import type { StandIn } from '../probes/stand-in.ts';
import { addressOf, CP_1, CP_2, STRANGER } from '../topology.ts';
import { alertName, type Observed, type Prepare, type Trial } from './attempt.ts';
import { OWN_NAMES, portOf, SERVER_KINDS, startVariants, verdict } from './stand-ins.ts';
import { makeVariations } from './variations.ts';

/** Somebody on another host comes to the port for peers, with a certificate of their own address. */
export const peerToEtcd: Prepare = async (cluster, mint) => {
  const pairs = await makeVariations(
    mint,
    {
      name: 'peer-to-etcd',
      template: templateIn(hostFile(cluster.files, CP_1, 'etcd-peer', 'certificate')),
      authority: 'etcd-ca',
      side: 'client',
      names: OWN_NAMES,
      otherRole: hostPair(cluster.files, CP_1, 'apiserver-etcd-client'),
    },
    new Date(),
  );
  const url = `https://${addressOf(CP_2)}:2380/members`;
  return {
    observe: async (kind) => observeEtcd(cluster, { url, client: pairs[kind] }, /"name":"etcd-3"/),
  };
};

/** Somebody asks etcd for a Namespace, through its gateway, which wants keys in base64. */
export const clientToEtcd: Prepare = async (cluster, mint) => {
  const pairs = await makeVariations(
    mint,
    {
      name: 'client-to-etcd',
      template: templateIn(hostFile(cluster.files, CP_1, 'apiserver-etcd-client', 'certificate')),
      authority: 'etcd-ca',
      side: 'client',
      otherRole: hostPair(cluster.files, CP_1, 'etcd-healthcheck-client'),
    },
    new Date(),
  );
  const key = Buffer.from('/registry/namespaces/default').toString('base64');
  const question = {
    url: `https://${addressOf(CP_2)}:2379/v3/kv/range`,
    method: 'POST',
    body: JSON.stringify({ key }),
  };
  return {
    observe: async (kind) => observeEtcd(cluster, { ...question, client: pairs[kind] }, /"kvs":\[/),
  };
};

/** Asks etcd on cp-2; `proof` is in the answer that only the accepted get. */
async function observeEtcd(
  { network, files, program }: Cluster,
  question: Question & { client: Pair | undefined },
  proof: RegExp,
): Promise<Observed> {
  const etcd = program(CP_2, 'etcd');
  const from = (await etcd.log()).length;
  const ca = hostFile(files, CP_1, 'etcd-ca', 'certificate');
  const answer = await ask(network, STRANGER, { ...question, ca });
  if ('status' in answer) {
    if (answer.status === 200 && proof.test(answer.body)) {
      return { layer: 'accepted', message: 'HTTP 200' };
    }
    throw new Error(`etcd answered ${answer.status}: ${answer.body}`);
  }
  const client = `${addressOf(STRANGER)}:`;
  const message = await waitFor(
    'etcd says why it refused',
    async () =>
      (await entriesOf(etcd, from)).find((entry) => entry['remote-addr']?.startsWith(client))
        ?.error,
    { programs: [etcd] },
  );
  const alert = await alertFor(network, STRANGER, { ...question, ca });
  return alert === undefined ? { layer: 'closed', message } : { layer: 'tls', message, alert };
}

const PROBE = join(import.meta.dirname, '../../system/tls-probe.ts');

/** The alert that a server sends; undefined when it ends the connection without one. */
async function alertFor(
  network: Cluster['network'],
  host: Host,
  { url, ca, client }: Question,
): Promise<string | undefined> {
  const { hostname: address, port } = new URL(url);
  const args = [PROBE, JSON.stringify({ address, port: Number(port), ca, client })];
  const { alert } = await waitFor('an alert', async () => {
    const said = (await network.run(host.name, process.execPath, args)).stdout.trim();
    if (said.startsWith('ERR_SSL_')) return { alert: alertName(said) };
    if (said === 'the end of the connection') return { alert: undefined };
    // A connection reset may overtake the alert; the next try shows it.
    throw new Error(`the probe saw ${said}`);
  });
  return alert;
}

/** One kube-apiserver that is told of an etcd for each certificate. */
export const apiserverToEtcd: Prepare = async (cluster, mint) => {
  const base = 7500;
  const original = {
    name: 'apiserver-to-etcd',
    template: templateIn(hostFile(cluster.files, CP_1, 'etcd-server', 'certificate')),
    authority: 'etcd-ca' as const,
    names: OWN_NAMES,
  };
  const standIn = await startVariants(cluster, mint, original, base);
  const address = addressOf(STRANGER);
  const servers = SERVER_KINDS.map((kind) => `https://${address}:${portOf(base, kind)}`);
  const flags = { 'etcd-servers': servers.join(',') };
  const program = await startApiserver(cluster, { host: CP_1, at: STRANGER, flags });
  return observer(standIn, base, program, (log, port) =>
    linesWith(log, `Addr: "${address}:${port}"`),
  );
};

/** An etcd of its own that is told of a peer for each certificate. */
export const etcdToPeer: Prepare = async (cluster, mint) => {
  const base = 7600;
  const original = {
    name: 'etcd-to-peer',
    template: templateIn(hostFile(cluster.files, CP_1, 'etcd-peer', 'certificate')),
    authority: 'etcd-ca' as const,
    names: OWN_NAMES,
  };
  const standIn = await startVariants(cluster, mint, original, base);
  const url = `https://${addressOf(STRANGER)}`;
  const peers = SERVER_KINDS.map((kind) => `${kind}=${url}:${portOf(base, kind)}`);
  const start = { host: CP_1, at: STRANGER };
  const program = await startComponent(cluster, 'etcd', start, {
    name: 'stranger',
    'data-dir': join(cluster.data, 'etcd-stranger'),
    'listen-client-urls': 'https://127.0.0.1:2379',
    'advertise-client-urls': 'https://127.0.0.1:2379',
    'listen-peer-urls': `${url}:2380`,
    'initial-advertise-peer-urls': `${url}:2380`,
    'initial-cluster': [`stranger=${url}:2380`, ...peers].join(','),
  });
  return observer(standIn, base, program, (log, port) => {
    // It names a peer by its number, and says once where that is.
    const pattern = `"remote-peer-id":"(\\w+)","remote-peer-urls":\\["${url}:${port}"\\]`;
    const id = new RegExp(pattern).exec(log)?.[1];
    return id === undefined ? '' : linesWith(log, `"remote-peer-id":"${id}"`);
  });
};

const linesWith = (log: string, text: string): string =>
  log
    .split('\n')
    .filter((line) => line.includes(text))
    .join('\n');

/** Reads the verdict on each port from the log of one program; `about` picks what is about a port. */
function observer(
  standIn: StandIn,
  base: number,
  program: Program,
  about: (log: string, port: number) => string,
): Trial {
  return {
    observe: async (kind) =>
      verdict({ standIn, base, kind, accepted: 'handshake' }, async () =>
        about(await program.log(), portOf(base, kind)),
      ),
    close: async () => {
      await program.kill('KILL');
      await program.exited;
      await standIn.program.stop();
    },
  };
}
