/**
 * The clients that a node speaks through: one as the holder of its certificate, one with which it
 * starts. When the certificate changes, the connections of the old one are closed, as the kubelet
 * does it (pkg/kubelet/certificate/transport.go), and made again with the new one.
 */
import { isDeepStrictEqual } from 'node:util';
import type { KubernetesClient } from '../client/index.ts';
import { type StartingCredentials, targetWith } from './bootstrap.ts';
import type { StoredPair } from './store.ts';
import type { ApiTarget, Connect } from './types.ts';

export class Connections {
  readonly #connect: Connect;
  readonly #server: ApiTarget;
  readonly #closing = new Set<Promise<void>>();
  #initial: ApiTarget;
  #starting: KubernetesClient | undefined;
  #own: KubernetesClient | undefined;
  #pair: StoredPair | undefined;

  constructor(connect: Connect, credentials: Pick<StartingCredentials, 'initial' | 'server'>) {
    this.#connect = connect;
    this.#server = credentials.server;
    this.#initial = credentials.initial;
  }

  /** As whom requests are made from now on. */
  use(pair: StoredPair): void {
    this.#pair = pair;
    this.#end(this.#own);
    this.#own = undefined;
  }

  /** As the holder of the certificate; where there is none yet, with what the node started with. */
  own(): KubernetesClient {
    if (this.#pair === undefined) return this.starting();
    this.#own ??= this.#connect(targetWith(this.#server, this.#pair));
    return this.#own;
  }

  /** With what the node started with. */
  starting(): KubernetesClient {
    this.#starting ??= this.#connect(this.#initial);
    return this.#starting;
  }

  /** With what it starts from now on. */
  startWith(initial: ApiTarget): void {
    if (isDeepStrictEqual(initial, this.#initial)) return;
    this.#initial = initial;
    this.closeStarting();
  }

  /** Made again should it be needed after all. */
  closeStarting(): void {
    this.#end(this.#starting);
    this.#starting = undefined;
  }

  async close(): Promise<void> {
    this.#end(this.#own);
    this.#own = undefined;
    this.closeStarting();
    await Promise.all(this.#closing);
  }

  /** A connection that does not close well is as good as closed. */
  #end(client: KubernetesClient | undefined): void {
    if (client === undefined) return;
    const closed = client.close().then(
      () => undefined,
      () => undefined,
    );
    this.#closing.add(closed);
    void closed.then(() => this.#closing.delete(closed));
  }
}
