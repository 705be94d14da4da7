/**
 * The clients that a node speaks through: one as the holder of its certificate, one with which it
 * starts. When the certificate, the server's address or its CAs change, requests from now on get new
 * connections; those of before are closed when what is under way on them is answered. (The kubelet
 * closes them at once, pkg/kubelet/certificate/transport.go, and its requests under way fail.)
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock, KubernetesClient } from '../client/index.ts';
import { type StartingCredentials, targetWith } from './bootstrap.ts';
import { type CountedClient, countedClient } from './counted-client.ts';
import type { StoredPair } from './store.ts';
import type { ApiTarget, Connect } from './types.ts';

/** For a request under way, as long as the client waits for an answer. */
const PATIENCE_MS = 60_000;

export class Connections {
  readonly #connect: Connect;
  readonly #clock: Clock;
  readonly #closing = new Map<CountedClient, Promise<void>>();
  #server: ApiTarget;
  #initial: ApiTarget;
  #starting: CountedClient | undefined;
  #own: CountedClient | undefined;
  #pair: StoredPair | undefined;

  constructor(
    { connect, clock }: { readonly connect: Connect; readonly clock: Clock },
    { initial, server }: Pick<StartingCredentials, 'initial' | 'server'>,
  ) {
    this.#connect = connect;
    this.#clock = clock;
    this.#server = server;
    this.#initial = initial;
  }

  /** The server without credentials. */
  get server(): ApiTarget {
    return this.#server;
  }

  /** Whether there is a certificate of its own. */
  get hasOwn(): boolean {
    return this.#pair !== undefined;
  }

  /** With what the node starts. */
  get initial(): ApiTarget {
    return this.#initial;
  }

  /** As whom requests are made from now on. */
  use(pair: StoredPair): void {
    this.#pair = pair;
    this.#retire(this.#own);
    this.#own = undefined;
  }

  /** Where requests of the node go from now on, and which CAs prove it. @returns whether that is another one */
  serverIs(server: ApiTarget): boolean {
    if (isDeepStrictEqual(server, this.#server)) return false;
    this.#server = server;
    this.#retire(this.#own);
    this.#own = undefined;
    return true;
  }

  /** As the holder of the certificate; where there is none yet, with what the node started with. */
  own(): KubernetesClient {
    if (this.#pair === undefined) return this.starting();
    this.#own ??= countedClient(this.#connect(targetWith(this.#server, this.#pair)));
    return this.#own.client;
  }

  /** With what the node started with. */
  starting(): KubernetesClient {
    this.#starting ??= countedClient(this.#connect(this.#initial));
    return this.#starting.client;
  }

  /** With what it starts from now on. @returns whether that is something else */
  startWith(initial: ApiTarget): boolean {
    if (isDeepStrictEqual(initial, this.#initial)) return false;
    this.#initial = initial;
    this.closeStarting();
    return true;
  }

  /** Made again should it be needed after all. */
  closeStarting(): void {
    this.#retire(this.#starting);
    this.#starting = undefined;
  }

  async close(): Promise<void> {
    const open = [this.#own, this.#starting, ...this.#closing.keys()];
    this.#own = undefined;
    this.#starting = undefined;
    await Promise.all([...open.map((one) => one?.end()), ...this.#closing.values()]);
  }

  #retire(client: CountedClient | undefined): void {
    if (client === undefined) return;
    const closed = client
      .retire(this.#clock, PATIENCE_MS)
      .then(() => void this.#closing.delete(client));
    this.#closing.set(client, closed);
  }
}
