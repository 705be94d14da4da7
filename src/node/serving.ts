/** The node's serving certificate, and the endpoint that proves it. */
import type { Clock, KubernetesClient } from '../client/index.ts';
import type { KubepkiError } from '../errors.ts';
import type { NodeAddress } from '../kubernetes/index.ts';
import type { Certificate } from '../x509/index.ts';
import { AccessReviewer, ClientAuthorities } from './access.ts';
import type { Disk } from './disk.ts';
import { type Endpoint, openEndpoint } from './endpoint.ts';
import { CertificateKeeper } from './rotation.ts';
import { CertificateStore } from './store.ts';
import type { CertificateKind, NodeAgentOptions, NodeEvent } from './types.ts';
import { wantedServing } from './wanted.ts';

type Options = Pick<NodeAgentOptions, 'nodeName' | 'certDir' | 'address' | 'port' | 'clientCaFile'>;

export interface ServingWorld {
  readonly clock: Clock;
  readonly random: () => number;
  readonly disk: Disk;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
  readonly onEvent: (event: NodeEvent) => void;
  /** The node's own client, asked for anew for each request. */
  readonly client: () => KubernetesClient;
  /** What the Node has at this moment. */
  readonly addresses: () => readonly NodeAddress[];
  readonly explain: (error: KubepkiError) => string;
}

export class Serving {
  readonly keeper: CertificateKeeper;
  readonly #options: Options;
  readonly #world: ServingWorld;
  #endpoint: Endpoint | undefined;

  /** @throws KubepkiError DAMAGED_STATE for a certificate store that cannot be read */
  constructor(options: Options, world: ServingWorld) {
    this.#options = options;
    this.#world = world;
    const { certDir: directory, nodeName } = options;
    const { clock, random, disk, onEvent, client, addresses, explain } = world;
    const now = (): Date => clock.now();
    const store = new CertificateStore({ directory, prefix: 'kubelet-server', now, disk });
    const found = store.current();
    const expired = found !== undefined && now() > found.certificates[0].notAfter;
    this.keeper = new CertificateKeeper({
      kind: 'serving',
      store,
      pair: expired ? undefined : found,
      renewNow: false,
      wanted: () => wantedServing(nodeName, addresses()),
      client,
      requester: () => 'itself',
      clock,
      random,
      onEvent,
      explain,
      onPair: (pair) => {
        this.#endpoint?.use(pair);
        this.tell();
      },
    });
  }

  /** The endpoint's, once it is open. */
  get port(): number | undefined {
    return this.#endpoint?.port;
  }

  /**
   * Before anything is asked for: a port in use is better known early.
   *
   * @param others certificates that the node has besides, for who asks the endpoint
   * @throws KubepkiError CONFLICT, INVALID_VALUE
   */
  async open(others: () => readonly (readonly [CertificateKind, Certificate])[]): Promise<void> {
    const { nodeName, address = '0.0.0.0', port, clientCaFile } = this.#options;
    const { clock, log, disk, signal, client } = this.#world;
    const authorities =
      clientCaFile === undefined ? undefined : new ClientAuthorities(clientCaFile, { disk, log });
    this.#endpoint = await openEndpoint({
      address,
      port,
      authorities,
      reviewer: new AccessReviewer({ nodeName, client, clock, signal }),
      clock,
      certificates: () => [...others(), ...this.keeper.held],
      log,
    });
    // At once; it is told when its turn in the story comes.
    if (this.keeper.current !== undefined) this.#endpoint.use(this.keeper.current);
  }

  /** Says with which certificate it serves, if it does. */
  tell(): void {
    const pair = this.keeper.current;
    if (this.#endpoint === undefined || pair === undefined) return;
    const { address, port } = this.#endpoint;
    this.#world.onEvent({ type: 'serving', address, port, serial: pair.serial });
  }

  async close(): Promise<void> {
    await this.#endpoint?.close();
  }
}
