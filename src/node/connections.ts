/**
 * The clients that a node speaks through: one as the holder of its certificate, one with which it
 * starts. When the certificate changes, the connections of the old one are closed, as the kubelet
 * does it (pkg/kubelet/certificate/transport.go), and made again with the new one.
 */
import type { KubernetesClient } from '../client/index.ts';
import { type StartingCredentials, targetWith } from './bootstrap.ts';
import type { StoredPair } from './store.ts';
import type { Connect } from './types.ts';

export class Connections {
  readonly #connect: Connect;
  readonly #credentials: Pick<StartingCredentials, 'initial' | 'server'>;
  readonly #closing = new Set<Promise<void>>();
  #starting: KubernetesClient | undefined;
  #own: KubernetesClient | undefined;
  #pair: StoredPair | undefined;

  constructor(connect: Connect, credentials: Pick<StartingCredentials, 'initial' | 'server'>) {
    this.#connect = connect;
    this.#credentials = credentials;
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
    this.#own ??= this.#connect(targetWith(this.#credentials.server, this.#pair));
    return this.#own;
  }

  /** With what the node started with. */
  starting(): KubernetesClient {
    this.#starting ??= this.#connect(this.#credentials.initial);
    return this.#starting;
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
