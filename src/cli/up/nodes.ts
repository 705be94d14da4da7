/** The nodes of `kubepki up`: each on a loopback address of its own, with files of its own. */
import { readFileSync } from 'node:fs';
import { type KubernetesClient, systemClock } from '../../client/index.ts';
import { KubepkiError } from '../../errors.ts';
import { NODES, type Node } from '../../kubernetes/index.ts';
import {
  connectToServer,
  isOfAgent,
  type MachineInfo,
  type NodeEvent,
  type OwnState,
  prepareOwnFiles,
  readMachineInfo,
  runNodeAgent,
} from '../../node/index.ts';
import { readCertificates } from '../../x509/index.ts';
import type { RunningServer } from '../server/start.ts';
import { aborted } from '../signals.ts';
import { VERSION } from '../version.ts';
import { approveOwn } from './approve.ts';
import { type Layout, makeOwnDirectory, type NodeFiles, requireOwn } from './directory.ts';
import { here } from './here.ts';
import {
  bootstrapKubeconfig,
  makeToken,
  TOKEN_HOURS,
  type Token,
  writeBootstrapKubeconfig,
} from './join.ts';
import { Patience } from './patience.ts';
import type { Story } from './story.ts';

interface UpNode {
  readonly name: string;
  readonly address: string;
  readonly files: NodeFiles;
  readonly state: OwnState;
  /** Its Node is there, and it has no certificate to show that it is its own. */
  readonly returns: boolean;
}

export interface NodesOptions {
  readonly layout: Layout;
  readonly story: Story;
  readonly signal: AbortSignal;
  /** Ends in an error when nothing has happened for so long; absent: waits on. */
  readonly patienceMs?: number;
}

export class Nodes {
  readonly #options: NodesOptions;
  readonly #machine: MachineInfo = readMachineInfo();
  readonly #running: Promise<void>[] = [];
  readonly #patience = new Patience(systemClock);
  #arrived = 0;
  #identity = '';
  readonly #failure = Promise.withResolvers<never>();

  constructor(options: NodesOptions) {
    this.#options = options;
    // Whoever waits for it hears of it; nobody has to.
    this.#failure.promise.catch(() => undefined);
  }

  /** Rejects as soon as a node cannot go on. */
  get failed(): Promise<never> {
    return this.#failure.promise;
  }

  /** How many prove their serving certificates. */
  get arrived(): number {
    return this.#arrived;
  }

  /** Who nodes without a certificate are to the server; empty: there are none. */
  get identity(): string {
    return this.#identity;
  }

  /**
   * Resolves when all of them have both certificates; a token is made for those that need one, and taken
   * away after.
   *
   * @throws KubepkiError CONFLICT for a Node that is somebody else's, UNREACHABLE where nothing happens
   *   any more
   */
  async bringIn(server: RunningServer, count: number): Promise<void> {
    const { story, signal, patienceMs } = this.#options;
    const nodes = await this.#prepare(server.client, count);
    const newcomers = nodes.filter(({ state }) => state.bootstrapsBecause !== undefined);
    const token = newcomers.length > 0 ? await makeToken(server.client, new Date()) : undefined;
    if (token !== undefined) await this.#give(newcomers, token);
    this.#patience.progress();
    const arrivals = nodes.map(async (node) => this.#start(node, server.client));
    const done = new AbortController();
    const stalled =
      patienceMs === undefined
        ? []
        : [this.#patience.exhausted(patienceMs, AbortSignal.any([signal, done.signal]))];
    try {
      await Promise.race([
        Promise.all(arrivals),
        this.failed,
        aborted(signal),
        server.failed,
        ...stalled,
      ]);
    } catch (error) {
      // What has failed is told, not what comes of it.
      await token?.release().catch(() => undefined);
      throw error;
    } finally {
      done.abort();
    }
    await token?.release();
    if (token === undefined || signal.aborted) return;
    story.tell('token', `${token.id} is deleted: nobody can join with it any more`);
  }

  async #prepare(client: KubernetesClient, count: number): Promise<UpNode[]> {
    const { layout, story } = this.#options;
    const cluster = {
      server: serverOf(layout),
      roots: readCertificates(readFileSync(layout.clientCa)),
      now: new Date(),
    };
    const prepared: Omit<UpNode, 'returns'>[] = [];
    for (let i = 1; i <= count; i++) {
      const name = `node-${i}`;
      const address = `127.0.${1 + Math.floor(i / 250)}.${i % 250}`;
      const files = layout.node(name);
      makeOwnDirectory(files.directory);
      requireOwn(files.certDir);
      const state = await prepareOwnFiles({ nodeName: name, ...files }, cluster);
      if (state.movedFrom !== undefined) {
        story.aside(name, `its files led to ${here(state.movedFrom)}: they lead here again`);
      }
      if (!state.isNew && state.bootstrapsBecause !== undefined) {
        story.tell(name, `bootstraps anew, because of its kubeconfig: ${state.bootstrapsBecause}`);
      }
      prepared.push({ name, address, files, state });
    }
    const returning = prepared.some(({ state }) => state.needsCertificate);
    const known = returning ? await nodesByName(client) : new Map<string, Node>();
    return prepared.map((node) => {
      const there = node.state.needsCertificate ? known.get(node.name) : undefined;
      if (there !== undefined && !isOfAgent(there, node.address)) throw foreign(node.name);
      return { ...node, returns: there !== undefined };
    });
  }

  async #give(nodes: readonly UpNode[], token: Token): Promise<void> {
    const { layout, story } = this.#options;
    this.#identity = `system:bootstrap:${token.id}`;
    const ca = readFileSync(layout.clientCa);
    const text = bootstrapKubeconfig(serverOf(layout), ca, token.text);
    for (const { files } of nodes) writeBootstrapKubeconfig(files, text);
    story.tell(
      'token',
      `${token.id}, a bootstrap token for ${TOKEN_HOURS} h: good for asking for a node's certificate and nothing else`,
    );
    const [first] = nodes;
    if (first === undefined) return;
    const file = here(first.files.bootstrapKubeconfig);
    const only = first.state.isNew ? ' and nothing else' : '';
    story.tell(
      nodes.length === 1 ? first.name : 'nodes',
      nodes.length === 1
        ? `owns ${file}${only}`
        : `${nodes.length} of them: each owns a file like ${file}${only}`,
    );
  }

  /** Resolves when the node proves its serving certificate. */
  async #start(node: UpNode, client: KubernetesClient): Promise<void> {
    const { name, address, files, state } = node;
    const { layout, story, signal } = this.#options;
    const identity = state.bootstrapsBecause === undefined ? '' : this.#identity;
    const arrived = Promise.withResolvers<void>();
    const options = {
      nodeName: name,
      kubeconfig: files.kubeconfig,
      bootstrapKubeconfig: files.bootstrapKubeconfig,
      certDir: files.certDir,
      nodeIps: [address],
      address,
      // Another kubepki up, or a kubelet, may have the kubelet's own port.
      port: 0,
      clientCaFile: layout.clientCa,
      registerNode: true,
      rotateCertificates: true,
      rotateServerCertificates: true,
      version: VERSION,
    };
    const world = {
      clock: systemClock,
      random: Math.random,
      connect: connectToServer,
      signal,
      log: (line: string) => {
        this.#patience.trouble(`${name}: ${line}`);
        story.aside(name, line);
      },
      onEvent: (event: NodeEvent) => {
        if (event.type === 'attempt-failed') this.#patience.trouble(`${name}: ${event.message}`);
        else if (event.type !== 'waiting') this.#patience.progress();
        story.node(name, event, identity);
        if (event.type === 'serving') arrived.resolve();
        else if (event.type === 'csr-created' && event.kind === 'client' && node.returns) {
          void this.#approve(client, name, event);
        }
      },
      machine: this.#machine,
    };
    this.#running.push(
      runNodeAgent(options, world).catch((error: unknown) => this.#failure.reject(error)),
    );
    await arrived.promise;
    this.#arrived++;
  }

  async #approve(
    client: KubernetesClient,
    name: string,
    event: NodeEvent & { type: 'csr-created' },
  ): Promise<void> {
    try {
      await approveOwn(client, event, this.#identity);
      this.#options.story.aside(
        name,
        `${event.name} is approved by kubepki up, for its Node is there already: key and request are the node's own`,
      );
    } catch (error) {
      this.#failure.reject(error);
    }
  }

  /** Resolves when all have ended. */
  async ended(): Promise<void> {
    await Promise.all(this.#running);
  }
}

const serverOf = ({ cluster }: Layout): string => `https://127.0.0.1:${cluster.endpoint.port}`;

async function nodesByName(client: KubernetesClient): Promise<ReadonlyMap<string, Node>> {
  const { items } = await client.list(NODES);
  return new Map(items.map((node) => [node.metadata.name ?? '', node]));
}

const foreign = (name: string): KubepkiError =>
  new KubepkiError('CONFLICT', `Node ${name} is there already, and kubepki up has not made it`, {
    hint: `run with fewer --nodes, and kubectl delete node ${name} if nothing needs it`,
  });
