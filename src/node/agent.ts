/**
 * The node agent: the kubelet's part in TLS bootstrapping, from the first start of a machine to the
 * renewal of its certificates. Nothing is global, so that one process can run many of them.
 */
import { join } from 'node:path';
import type { KubernetesClient } from '../client/index.ts';
import { KubepkiError } from '../errors.ts';
import type { NodeAddress } from '../kubernetes/index.ts';
import { adviceOnBootstrap, adviceOnOwn } from './advice.ts';
import {
  anonymous,
  chooseCredentials,
  deleteBootstrapKubeconfig,
  type StartingCredentials,
} from './bootstrap.ts';
import { Connections } from './connections.ts';
import { DISK, type Disk } from './disk.ts';
import { Entrance } from './entrance.ts';
import { followAddresses, lookRegularly } from './follow.ts';
import { FollowedFiles } from './followed-files.ts';
import { type LoadedKubeconfig, writeNodeKubeconfig } from './kubeconfig.ts';
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
import { CertificateKeeper } from './rotation.ts';
import { Serving } from './serving.ts';
import type { StoredPair } from './store.ts';
import type { MachineInfo, NodeAgentOptions, NodeAgentWorld, NodeEvent } from './types.ts';
import { aborted, ENDED } from './waiting.ts';
import { wantedClient } from './wanted.ts';

/** The kubelet ends after so long without a usable certificate where the server answers. */
const GIVE_UP_MS = 5 * 60_000;
/** How often files are looked at, and the clock (upstream's fileCheckFrequency). */
const FILE_CHECK_MS = 20_000;

/**
 * Runs until the signal aborts, or, with `exitAfterBootstrap`, until the node is one of the cluster's.
 * Then everything it holds open is closed and it returns.
 *
 * @param onJoined hears of the node's way to the server as soon as that has taken its certificate: each call
 *   gives the client of that moment, which may be used for one request
 * @throws KubepkiError where it cannot start (no credentials, a damaged store, a port in use) or go
 *   on (5 minutes without a valid certificate although the server answers, before it has joined or where
 *   there is no place for a bootstrap kubeconfig)
 */
export async function runNodeAgent(
  options: NodeAgentOptions,
  world: NodeAgentWorld,
  onJoined?: (client: () => KubernetesClient) => void,
): Promise<void> {
  checkLabels(options.nodeLabels ?? {});
  if (world.signal.aborted) return;
  const { clock, disk = DISK } = world;
  const now = (): Date => clock.now();
  const credentials = await chooseCredentials(options, { now, disk });
  const { because, written } = credentials;
  if (because !== undefined && options.bootstrapKubeconfig !== undefined) {
    world.onEvent?.({ type: 'bootstrapping', file: options.bootstrapKubeconfig, because });
  }
  if (written) world.onEvent?.({ type: 'kubeconfig-written', file: options.kubeconfig });
  const addresses = await nodeAddresses(options.nodeName, options.nodeIps);
  await new NodeAgent(options, world, { credentials, addresses, onJoined }).run();
}

interface Start {
  readonly credentials: StartingCredentials;
  readonly addresses: readonly NodeAddress[];
  readonly onJoined: ((client: () => KubernetesClient) => void) | undefined;
}

class NodeAgent {
  readonly #options: NodeAgentOptions;
  readonly #world: NodeAgentWorld;
  readonly #disk: Disk;
  readonly #onJoined: Start['onJoined'];
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #machine: MachineInfo;
  readonly #connections: Connections;
  readonly #entrance: Entrance;
  readonly #client: CertificateKeeper;
  readonly #serving: Serving | undefined;
  /** Resolves when there is a client certificate that says who this node is. */
  readonly #identified = Promise.withResolvers<void>();
  #failure: { readonly error: unknown } | undefined;
  #hasJoined = false;
  #addresses: readonly NodeAddress[];
  #addressesChanged = new AbortController();
  /** Resolves with the bootstrap kubeconfig that the certificate in use came by. */
  #bootstrapped = Promise.withResolvers<LoadedKubeconfig>();

  constructor(options: NodeAgentOptions, world: NodeAgentWorld, start: Start) {
    const { credentials, addresses, onJoined } = start;
    const { bootstrapKubeconfig } = options;
    this.#options = options;
    this.#world = world;
    this.#disk = world.disk ?? DISK;
    this.#onJoined = onJoined;
    this.#signal = AbortSignal.any([world.signal, this.#stop.signal]);
    this.#machine = world.machine ?? readMachineInfo();
    this.#addresses = addresses;
    this.#connections = new Connections(world, credentials);
    const { clock } = world;
    const { bootstrap } = credentials;
    this.#entrance = new Entrance({
      bootstrapKubeconfig,
      bootstrap,
      connections: this.#connections,
      disk: this.#disk,
      clock,
    });
    this.#client = this.#clientKeeper(credentials);
    const serves = options.rotateServerCertificates && options.exitAfterBootstrap !== true;
    this.#serving = serves ? this.#servingPart() : undefined;
  }

  async run(): Promise<void> {
    const { rotateCertificates, exitAfterBootstrap } = this.#options;
    const once = !rotateCertificates || exitAfterBootstrap === true;
    try {
      await this.#serving?.open(() => this.#client.held);
      const joined = new AbortController();
      await this.#together(
        async () => this.#client.run(this.#signal, { once }),
        async () => {
          await this.#join();
          joined.abort(ENDED);
        },
        // For as long as there is anything to do.
        async () => this.#followFiles(AbortSignal.any([this.#signal, joined.signal])),
      );
    } finally {
      this.#stop.abort(ENDED);
      await this.#serving?.close();
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

  #clientKeeper({ store, pair, renewNow }: StartingCredentials): CertificateKeeper {
    const { clock, random } = this.#world;
    const wanted = wantedClient(this.#options.nodeName);
    const entrance = this.#entrance;
    const keeper: CertificateKeeper = new CertificateKeeper({
      kind: 'client',
      clock,
      random,
      onEvent: (event) => this.#tell(event),
      store,
      pair,
      renewNow,
      wanted: () => wanted,
      client: () => entrance.client(),
      requester: () => entrance.requester(),
      onPair: (stored) => this.#useClient(stored),
      giveUpAfterMs: GIVE_UP_MS,
      // Whoever has joined takes up a bootstrap kubeconfig as soon as there is one.
      waits: () => this.#hasJoined && this.#options.bootstrapKubeconfig !== undefined,
      beforeAttempt: () => {
        const expired = keeper.held.length === 0 ? 'nothing' : 'expired';
        const file = entrance.choose(keeper.current === undefined ? expired : 'valid');
        if (file === undefined) return;
        const because = keeper.current === undefined ? 'has expired' : 'is refused by the server';
        this.#tell({ type: 'bootstrapping', file, because: `its client certificate ${because}` });
      },
      explain: (error) => this.#explain(error),
    });
    if (pair !== undefined) this.#connections.use(pair);
    if (keeper.isComplete) this.#identified.resolve();
    return keeper;
  }

  #useClient(pair: StoredPair): void {
    const { bootstrap } = this.#entrance;
    if (bootstrap !== undefined) {
      this.#connections.serverIs(anonymous(bootstrap.target));
      this.#bootstrapped.resolve(bootstrap);
    }
    this.#entrance.succeeded();
    this.#connections.use(pair);
    this.#identified.resolve();
  }

  /** What is said of an attempt at the client certificate that has failed. */
  #explain(error: KubepkiError): string | undefined {
    const { bootstrapKubeconfig: file, nodeName } = this.#options;
    const { bootstrap } = this.#entrance;
    if (bootstrap !== undefined && file !== undefined) {
      return adviceOnBootstrap(error, bootstrap.target.server, { file, nodeName });
    }
    return this.#explainOwn(error);
  }

  #explainOwn(error: KubepkiError): string {
    this.#noteFailure(error);
    const advice = adviceOnOwn(error, this.#options);
    return advice === undefined ? error.message : `${error.message} (${advice})`;
  }

  /** Of any request that was made with the node's own certificate. */
  #noteFailure(error: KubepkiError): void {
    if (this.#entrance.noteFailure(error)) this.#client.renew();
  }

  #servingPart(): Serving {
    const { clock, random, log } = this.#world;
    return new Serving(this.#options, {
      clock,
      random,
      disk: this.#disk,
      signal: this.#signal,
      log,
      onEvent: (event) => this.#tell(event),
      client: () => this.#connections.own(),
      addresses: () => this.#addresses,
      explain: (error) => this.#explainOwn(error),
    });
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
    this.#bootstrapped = Promise.withResolvers();
    this.#hasJoined = true;
    this.#onJoined?.(() => this.#connections.own());
    if (exitAfterBootstrap === true) return;
    this.#serving?.tell();
    await this.#live(registered, context);
  }

  /** One thing after the other where nothing is lost by it: then one connection does for all of them. */
  async #live(registered: RegisteredNode | undefined, context: RegistrationContext): Promise<void> {
    const { nodeName, nodeIps } = this.#options;
    const world = { clock: this.#world.clock, signal: this.#signal };
    const tasks = [
      // After the Node is there, whose addresses say what may stand in the certificate.
      async () => this.#serving?.keeper.run(this.#signal),
    ];
    if (nodeIps === undefined) {
      tasks.push(async () =>
        followAddresses(nodeName, world, (addresses) => this.#useAddresses(addresses)),
      );
    }
    if (this.#options.rotateCertificates) tasks.push(async () => this.#followBootstraps(context));
    if (registered !== undefined && !registered.foreign) {
      const { node } = registered;
      const lease = new LeaseKeeper(node, context, this.#options.nodeLeaseDurationSeconds);
      await lease.renew();
      tasks.push(
        async () => lease.keep(),
        async () =>
          reportStatus(context, node, {
            changed: () => this.#addressesChanged.signal,
            everyMs: this.#options.nodeStatusReportFrequencyMs,
          }),
      );
    }
    await this.#together(...tasks);
  }

  /** What follows when it has bootstrapped once more: its files say so, and the token goes. */
  async #followBootstraps(context: RegistrationContext): Promise<void> {
    const { kubeconfig, certDir } = this.#options;
    const pem = join(certDir, 'kubelet-client-current.pem');
    for (;;) {
      const bootstrap = await Promise.race([this.#bootstrapped.promise, aborted(this.#signal)]);
      if (bootstrap === undefined || this.#signal.aborted) return;
      this.#bootstrapped = Promise.withResolvers();
      if (!(await proveCredentials(context))) return;
      this.#connections.closeStarting();
      if (await writeNodeKubeconfig(kubeconfig, bootstrap, pem, this.#disk)) {
        this.#tell({ type: 'kubeconfig-written', file: kubeconfig });
      }
      await this.#deleteBootstrapKubeconfig();
    }
  }

  /** Only when the new credentials are durable and the server has taken them. */
  async #deleteBootstrapKubeconfig(): Promise<void> {
    const { bootstrapKubeconfig: file, keepBootstrapKubeconfig } = this.#options;
    if (file === undefined || keepBootstrapKubeconfig === true) return;
    try {
      if (await deleteBootstrapKubeconfig(file, this.#disk)) {
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
    const explain = (error: KubepkiError) => {
      this.#noteFailure(error);
      return adviceOnOwn(error, this.#options);
    };
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
      port: this.#serving?.port ?? port,
      version,
    };
  }

  /** Looks, as long as the node lives, at what others may have changed: files, and the clock. */
  async #followFiles(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#world;
    const { kubeconfig, bootstrapKubeconfig, fileCheckFrequencyMs = FILE_CHECK_MS } = this.#options;
    const files = new FollowedFiles({
      kubeconfig,
      bootstrapKubeconfig,
      disk: this.#disk,
      log,
      onServer: (server) => {
        if (!this.#connections.serverIs(server)) return;
        this.#tell({ type: 'server-changed', file: kubeconfig, server: server.server });
        this.#client.look();
      },
      onBootstrap: () => this.#client.look(),
    });
    await lookRegularly({
      clock,
      everyMs: fileCheckFrequencyMs,
      signal,
      look: () => files.look(),
      onJump: (byMs) => {
        this.#tell({ type: 'clock-jumped', byMs });
        this.#client.look();
        this.#serving?.keeper.look();
      },
    });
  }

  #useAddresses(addresses: readonly NodeAddress[]): void {
    if (sameAddresses(addresses, this.#addresses)) return;
    this.#addresses = addresses;
    const changed = this.#addressesChanged;
    this.#addressesChanged = new AbortController();
    changed.abort(ENDED);
    this.#serving?.keeper.wantedChanged();
  }
}
