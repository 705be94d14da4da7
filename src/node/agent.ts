/**
 * The node agent: the kubelet's part in TLS bootstrapping, from the first start of a machine to the
 * renewal of its certificates. Nothing is global, so that one process can run many of them.
 */
import { KubepkiError } from '../errors.ts';
import type { NodeAddress } from '../kubernetes/index.ts';
import { AccessReviewer, ClientAuthorities } from './access.ts';
import { adviceOnBootstrap, adviceOnOwn } from './advice.ts';
import {
  chooseCredentials,
  deleteBootstrapKubeconfig,
  requireOwnCertificate,
  rereadBootstrap,
  type StartingCredentials,
} from './bootstrap.ts';
import { Connections } from './connections.ts';
import { DISK } from './disk.ts';
import { type Endpoint, openEndpoint } from './endpoint.ts';
import { LeaseKeeper } from './lease.ts';
import { nodeAddresses, readMachineInfo } from './machine.ts';
import { checkLabels } from './names.ts';
import { type NodeFacts, sameAddresses } from './node-object.ts';
import {
  proveCredentials,
  type RegisteredNode,
  type RegistrationContext,
  register,
  reportStatus,
} from './registration.ts';
import { CertificateKeeper, type KeeperOptions } from './rotation.ts';
import { CertificateStore, type StoredPair } from './store.ts';
import type { MachineInfo, NodeAgentOptions, NodeAgentWorld, NodeEvent } from './types.ts';
import { aborted, ENDED, pause } from './waiting.ts';
import { wantedClient, wantedServing } from './wanted.ts';

/** The kubelet ends after so long without a usable certificate where the server answers. */
const GIVE_UP_MS = 5 * 60_000;
/** How often addresses that nobody has given are looked up (upstream's nodeStatusUpdateFrequency). */
const ADDRESSES_MS = 10_000;

/**
 * Runs until the signal aborts, or, with `exitAfterBootstrap`, until the node is one of the cluster's.
 * Then everything it holds open is closed and it returns.
 *
 * @throws KubepkiError where it cannot start (no credentials, a damaged store, a port in use) or go
 *   on (5 minutes without a valid certificate although the server answers)
 */
export async function runNodeAgent(
  options: NodeAgentOptions,
  world: NodeAgentWorld,
): Promise<void> {
  checkLabels(options.nodeLabels ?? {});
  if (world.signal.aborted) return;
  const { clock } = world;
  const now = (): Date => clock.now();
  const credentials = await chooseCredentials(options, { now, disk: DISK });
  requireOwnCertificate(credentials.pair, options.nodeName);
  const { because, written } = credentials;
  if (because !== undefined && options.bootstrapKubeconfig !== undefined) {
    world.onEvent?.({ type: 'bootstrapping', file: options.bootstrapKubeconfig, because });
  }
  if (written) world.onEvent?.({ type: 'kubeconfig-written', file: options.kubeconfig });
  const addresses = await nodeAddresses(options.nodeName, options.nodeIps);
  await new NodeAgent(options, world, { credentials, addresses }).run();
}

interface Start {
  readonly credentials: StartingCredentials;
  readonly addresses: readonly NodeAddress[];
}

class NodeAgent {
  readonly #options: NodeAgentOptions;
  readonly #world: NodeAgentWorld;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #machine: MachineInfo;
  readonly #connections: Connections;
  readonly #client: CertificateKeeper;
  readonly #serving: CertificateKeeper | undefined;
  /** Resolves when there is a client certificate that says who this node is. */
  readonly #identified = Promise.withResolvers<void>();
  #endpoint: Endpoint | undefined;
  #failure: { readonly error: unknown } | undefined;
  #addresses: readonly NodeAddress[];
  #addressesChanged = new AbortController();

  constructor(options: NodeAgentOptions, world: NodeAgentWorld, { credentials, addresses }: Start) {
    this.#options = options;
    this.#world = world;
    this.#signal = AbortSignal.any([world.signal, this.#stop.signal]);
    this.#machine = world.machine ?? readMachineInfo();
    this.#addresses = addresses;
    this.#connections = new Connections(world.connect, credentials);
    this.#client = this.#clientKeeper(credentials);
    const serves = options.rotateServerCertificates && options.exitAfterBootstrap !== true;
    this.#serving = serves ? this.#servingKeeper() : undefined;
  }

  async run(): Promise<void> {
    const { rotateCertificates, exitAfterBootstrap } = this.#options;
    const once = !rotateCertificates || exitAfterBootstrap === true;
    try {
      await this.#openEndpoint();
      await this.#together(
        async () => this.#client.run(this.#signal, { once }),
        async () => this.#join(),
      );
    } finally {
      this.#stop.abort(ENDED);
      await this.#endpoint?.close();
      await this.#connections.close();
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Runs tasks until all have ended. The first that fails ends everything. */
  async #together(...tasks: readonly (() => Promise<void>)[]): Promise<void> {
    await Promise.all(
      tasks.map(async (task) => {
        try {
          await task();
        } catch (error) {
          // What comes of being told to stop is no failure.
          if (!this.#signal.aborted) this.#failure = { error };
          this.#stop.abort(ENDED);
        }
      }),
    );
  }

  #tell(event: NodeEvent): void {
    this.#world.onEvent?.(event);
  }

  /** What both keepers have in common. */
  get #keeping(): Pick<KeeperOptions, 'clock' | 'random' | 'onEvent'> {
    const { clock, random } = this.#world;
    return { clock, random, onEvent: (event) => this.#tell(event) };
  }

  #clientKeeper({ store, pair, renewNow, source, server }: StartingCredentials): CertificateKeeper {
    const wanted = wantedClient(this.#options.nodeName);
    const keeper: CertificateKeeper = new CertificateKeeper({
      ...this.#keeping,
      kind: 'client',
      store,
      pair,
      renewNow,
      wanted: () => wanted,
      // An expired certificate is none: then it is what the node started with again.
      client: () =>
        keeper.current === undefined ? this.#connections.starting() : this.#connections.own(),
      onPair: (stored) => {
        this.#connections.use(stored);
        this.#identified.resolve();
      },
      giveUpAfterMs: GIVE_UP_MS,
      onRetry: () => {
        const again = source === 'bootstrap' && rereadBootstrap(this.#options, DISK);
        if (again) this.#connections.startWith(again);
      },
      explain: (error) => {
        const { bootstrapKubeconfig: file } = this.#options;
        return source === 'bootstrap' && file !== undefined && keeper.current === undefined
          ? adviceOnBootstrap(error, server.server, file)
          : `${error.message} (${adviceOnOwn(error, this.#options) ?? ''})`.replace(/ \(\)$/, '');
      },
    });
    if (pair !== undefined) this.#connections.use(pair);
    if (keeper.isComplete) this.#identified.resolve();
    return keeper;
  }

  #servingKeeper(): CertificateKeeper {
    const { certDir: directory, nodeName } = this.#options;
    const { clock } = this.#world;
    const now = (): Date => clock.now();
    const store = new CertificateStore({ directory, prefix: 'kubelet-server', now });
    const found = store.current();
    const expired = found !== undefined && now() > found.certificates[0].notAfter;
    return new CertificateKeeper({
      ...this.#keeping,
      kind: 'serving',
      store,
      pair: expired ? undefined : found,
      renewNow: false,
      wanted: () => wantedServing(nodeName, this.#addresses),
      client: () => this.#connections.own(),
      onPair: (pair) => {
        this.#endpoint?.use(pair);
        this.#tellServing(pair);
      },
    });
  }

  /** Before anything is asked for: a port in use is better known early. */
  async #openEndpoint(): Promise<void> {
    const serving = this.#serving;
    if (serving === undefined) return;
    const { nodeName, address = '0.0.0.0', port, clientCaFile } = this.#options;
    const { clock, log } = this.#world;
    const authorities =
      clientCaFile === undefined
        ? undefined
        : new ClientAuthorities(clientCaFile, { disk: DISK, log });
    const client = () => this.#connections.own();
    this.#endpoint = await openEndpoint({
      address,
      port,
      authorities,
      reviewer: new AccessReviewer({ nodeName, client, clock, signal: this.#signal }),
      clock,
      certificates: () => [this.#client, serving].flatMap((keeper) => keeper.held),
      log,
    });
    // At once; it is told when its turn in the story comes.
    if (serving.current !== undefined) this.#endpoint.use(serving.current);
  }

  #tellServing(pair: StoredPair | undefined): void {
    if (this.#endpoint === undefined || pair === undefined) return;
    const { address, port } = this.#endpoint;
    this.#tell({ type: 'serving', address, port, serial: pair.serial });
  }

  /** Everything that needs the node's own certificate. */
  async #join(): Promise<void> {
    await Promise.race([this.#identified.promise, aborted(this.#signal)]);
    if (this.#signal.aborted) return;
    const { registerNode, nodeName, exitAfterBootstrap } = this.#options;
    const context = this.#registration();
    const registered = registerNode ? await register(context) : undefined;
    if (registered !== undefined) {
      this.#tell({ type: 'registered', node: nodeName, existed: registered.existed });
    } else if (registerNode || !(await proveCredentials(context))) {
      // Told to stop before the server has taken the certificate.
      return;
    }
    this.#connections.closeStarting();
    await this.#deleteBootstrapKubeconfig();
    if (exitAfterBootstrap === true) return;
    this.#tellServing(this.#serving?.current);
    await this.#live(registered, context);
  }

  /** One thing after the other where nothing is lost by it: then one connection does for all of them. */
  async #live(registered: RegisteredNode | undefined, context: RegistrationContext): Promise<void> {
    const tasks = [
      async () => this.#followAddresses(),
      // After the Node is there, whose addresses say what may stand in the certificate.
      async () => this.#serving?.run(this.#signal),
    ];
    if (registered !== undefined && !registered.foreign) {
      const { node } = registered;
      const lease = new LeaseKeeper(node, context);
      await lease.renew();
      tasks.push(
        async () => lease.keep(),
        async () => reportStatus(context, node, () => this.#addressesChanged.signal),
      );
    }
    await this.#together(...tasks);
  }

  /** Only when the new credentials are durable and the server has taken them. */
  async #deleteBootstrapKubeconfig(): Promise<void> {
    const { bootstrapKubeconfig: file, keepBootstrapKubeconfig } = this.#options;
    if (file === undefined || keepBootstrapKubeconfig === true) return;
    try {
      if (await deleteBootstrapKubeconfig(file, DISK)) {
        this.#tell({ type: 'bootstrap-kubeconfig-deleted', file });
      }
    } catch (error) {
      // On a read-only mount, say. The node works; who looks after it has to know.
      if (!(error instanceof KubepkiError)) throw error;
      this.#world.log(`the bootstrap kubeconfig could not be deleted: ${error.message}`);
    }
  }

  #registration(): RegistrationContext {
    const { clock, random, log } = this.#world;
    const client = () => this.#connections.own();
    const explain = (error: KubepkiError) => adviceOnOwn(error, this.#options);
    const facts = () => this.#facts();
    return { client, clock, random, signal: this.#signal, log, explain, facts };
  }

  #facts(): NodeFacts {
    const { nodeName, nodeLabels: labels = {}, version, port } = this.#options;
    return {
      nodeName,
      labels,
      addresses: this.#addresses,
      machine: this.#machine,
      port: this.#endpoint?.port ?? port,
      version,
    };
  }

  /** Where nobody has said which addresses the node has, they may change. */
  async #followAddresses(): Promise<void> {
    const { nodeName, nodeIps } = this.#options;
    if (nodeIps !== undefined) return;
    while (await pause(this.#world.clock, ADDRESSES_MS, this.#signal)) {
      let addresses: readonly NodeAddress[];
      try {
        addresses = await nodeAddresses(nodeName, nodeIps);
      } catch (error) {
        // For now it has none: what was known stays.
        if (!(error instanceof KubepkiError)) throw error;
        continue;
      }
      if (sameAddresses(addresses, this.#addresses)) continue;
      this.#addresses = addresses;
      const changed = this.#addressesChanged;
      this.#addressesChanged = new AbortController();
      changed.abort(ENDED);
      this.#serving?.wantedChanged();
    }
  }
}
