/** Runs `kubepki up`: the directory, the server, the nodes, and what is told of them. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { systemClock } from '../../client/index.ts';
import { EXIT, KubepkiError } from '../../errors.ts';
import {
  connectToServer,
  type MachineInfo,
  type NodeEvent,
  readMachineInfo,
  runNodeAgent,
} from '../../node/index.ts';
import {
  type Certificate,
  commonName,
  publicKeyPin,
  readCertificates,
  serialHex,
} from '../../x509/index.ts';
import { print, visible } from '../output.ts';
import type { ServerConfig } from '../server/config.ts';
import { type RunningServer, startServer } from '../server/start.ts';
import { aborted, untilSignal } from '../signals.ts';
import { VERSION } from '../version.ts';
import { type Layout, type NodeFiles, prepareDirectory } from './directory.ts';
import {
  makeToken,
  needsToken,
  prepareBootstrapping,
  TOKEN_HOURS,
  type Token,
  writeBootstrapKubeconfig,
} from './join.ts';
import { Story } from './story.ts';

export interface UpFlags {
  readonly dataDir: string;
  readonly securePort?: number;
  readonly nodes: number;
  readonly exit?: true;
}

export async function runUp(flags: UpFlags): Promise<void> {
  await untilSignal(async (signal) => {
    const story = new Story(flags.nodes);
    if (flags.dataDir === '') throw new KubepkiError('USAGE', '--data-dir is empty');
    const { layout, made, total } = await prepareDirectory(
      flags.dataDir,
      flags.securePort,
      new Date(),
    );
    story.tell('PKI', pkiSentence(layout, made, total));
    const server = await startServer(configOf(layout), { log: say });
    try {
      story.tell(
        'API server',
        `https://127.0.0.1:${layout.cluster.endpoint.port} is ready, ${identityIn(layout.serverCertificate)}`,
      );
      await prepareBootstrapping(server.client);
      const stop = new AbortController();
      const nodes = new Nodes(layout, story, AbortSignal.any([signal, stop.signal]));
      await nodes.bringIn(server, flags.nodes);
      print(`\n${nodes.arrived} of ${flags.nodes} nodes are in, after ${story.seconds} s.`);
      if (signal.aborted) {
        process.exitCode = EXIT.failed;
      } else if (flags.exit !== true) {
        tellHow(layout);
        await Promise.race([aborted(signal), nodes.failed, server.failed]);
        print(`\nEnded; everything is kept in ${here(layout.directory)}.`);
      }
      stop.abort();
      await nodes.ended();
    } finally {
      await server.close();
    }
  });
}

const say = (line: string): void => void process.stderr.write(`kubepki: ${visible(line)}\n`);

function configOf(layout: Layout): ServerConfig {
  return {
    database: layout.database,
    clusterId: publicKeyPin(certificateIn(layout.clientCa).spki),
    bindAddress: '127.0.0.1',
    securePort: layout.cluster.endpoint.port,
    tlsCertFile: layout.serverCertificate,
    tlsPrivateKeyFile: layout.serverKey,
    clientCaFile: layout.clientCa,
    bootstrapTokenAuth: true,
    anonymousAuth: true,
    signing: { certFile: layout.clientCa, keyFile: layout.clientCaKey },
    controllers: ['*'],
    serving: { allowedCidrs: ['127.0.0.0/8'], allowedDnsSuffixes: [], reservedNames: [] },
  };
}

const certificateIn = (file: string): Certificate => readCertificates(readFileSync(file))[0];

/** `CN=kubernetes, serial 3f…` of the first certificate in a file. */
function identityIn(file: string): string {
  const certificate = certificateIn(file);
  return `CN=${commonName(certificate.subject) ?? ''}, serial ${serialHex(certificate)}`;
}

function pkiSentence(layout: Layout, made: number, total: number): string {
  const done =
    made === 0 ? `${total} credentials, all there` : `${made} credentials made, of ${total}`;
  return `${done} in ${here(layout.directory)}/pki, CA ${identityIn(layout.clientCa)}`;
}

/** A path as short as it goes without leaving the working directory. */
function here(path: string): string {
  const short = relative('', path);
  return short.startsWith('..') ? path : short || '.';
}

/** How the program was called: what is told here can be copied. */
const PROGRAM = process.env['KUBEPKI_PROGRAM'] ?? 'kubepki';

const shellWord = (text: string): string =>
  /^[-\w./:=@]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

function tellHow(layout: Layout): void {
  const admin = shellWord(here(layout.admin));
  const again = `${PROGRAM} up --data-dir ${shellWord(here(layout.directory))}`;
  print(`
Look:   kubectl --kubeconfig ${admin} get csr,nodes      (NotReady: no kubelet runs on them)
Join:   ${PROGRAM} token create --kubeconfig ${admin} --kubeconfig-out bootstrap.conf
        ${PROGRAM} node --bootstrap-kubeconfig bootstrap.conf --kubeconfig other/kubelet.conf \\
          --cert-dir other/pki --hostname-override other --node-ip 127.0.2.1 --address 127.0.2.1
Ctrl-C ends it; ${again} goes on from here.`);
}

/** The nodes of this process: each on a loopback address of its own, with files of its own. */
class Nodes {
  readonly #layout: Layout;
  readonly #story: Story;
  readonly #signal: AbortSignal;
  readonly #machine: MachineInfo = readMachineInfo();
  readonly #running: Promise<void>[] = [];
  #arrived = 0;
  readonly #failure = Promise.withResolvers<never>();

  constructor(layout: Layout, story: Story, signal: AbortSignal) {
    this.#layout = layout;
    this.#story = story;
    this.#signal = signal;
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

  /** Resolves when all of them have both certificates; a token is made for those that need one, and taken away after. */
  async bringIn(server: RunningServer, count: number): Promise<void> {
    const nodes = Array.from({ length: count }, (_, i) => ({
      name: `node-${i + 1}`,
      address: `127.0.${1 + Math.floor((i + 1) / 250)}.${(i + 1) % 250}`,
      files: this.#layout.node(`node-${i + 1}`),
    }));
    const newcomers = nodes.filter(({ files }) => needsToken(files));
    const token = newcomers.length > 0 ? await makeToken(server.client, new Date()) : undefined;
    if (token !== undefined) this.#give(newcomers, token);
    const identity = token === undefined ? '' : `system:bootstrap:${token.id}`;
    const arrivals = nodes.map(async ({ name, address, files }) =>
      this.#start(name, address, files, identity),
    );
    await Promise.race([Promise.all(arrivals), this.failed, aborted(this.#signal), server.failed]);
    if (token === undefined || this.#signal.aborted) return;
    await token.release();
    this.#story.tell('token', `${token.id} is deleted: nobody can join with it any more`);
  }

  #give(
    nodes: readonly { readonly name: string; readonly files: NodeFiles }[],
    token: Token,
  ): void {
    const { clientCa, cluster } = this.#layout;
    const ca = readFileSync(clientCa);
    const url = `https://127.0.0.1:${cluster.endpoint.port}`;
    for (const { files } of nodes) writeBootstrapKubeconfig(files, url, ca, token.text);
    this.#story.tell(
      'token',
      `${token.id}, a bootstrap token for ${TOKEN_HOURS} h: good for asking for a node's certificate and nothing else`,
    );
    const [first] = nodes;
    if (first === undefined) return;
    const file = here(first.files.bootstrapKubeconfig);
    this.#story.tell(
      nodes.length === 1 ? first.name : 'nodes',
      nodes.length === 1
        ? `owns ${file} and nothing else`
        : `${nodes.length} of them: each owns a file like ${file} and nothing else`,
    );
  }

  /** Resolves when the node proves its serving certificate. */
  async #start(name: string, address: string, files: NodeFiles, identity: string): Promise<void> {
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
      clientCaFile: this.#layout.clientCa,
      registerNode: true,
      rotateCertificates: true,
      rotateServerCertificates: true,
      version: VERSION,
    };
    const world = {
      clock: systemClock,
      random: Math.random,
      connect: connectToServer,
      signal: this.#signal,
      log: (line: string) => this.#story.aside(name, line),
      onEvent: (event: NodeEvent) => {
        this.#story.node(name, event, identity);
        if (event.type === 'serving') arrived.resolve();
      },
      machine: this.#machine,
    };
    this.#running.push(
      runNodeAgent(options, world).catch((error: unknown) => this.#failure.reject(error)),
    );
    await arrived.promise;
    this.#arrived++;
  }

  /** Resolves when all have ended. */
  async ended(): Promise<void> {
    await Promise.all(this.#running);
  }
}
