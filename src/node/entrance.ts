/**
 * With which credentials a node asks for its client certificate at this moment: with the one it has,
 * as long as the server takes it; else with the bootstrap kubeconfig, read anew each time. So a node
 * whose certificate has expired, or is refused, comes back as soon as somebody gives it a new bootstrap
 * kubeconfig. (A kubelet looks for one when it starts, and never again.)
 */
import { createHash } from 'node:crypto';
import { type Clock, isUntrusted, type KubernetesClient } from '../client/index.ts';
import type { KubepkiError } from '../errors.ts';
import { refusedFor } from '../kubernetes/index.ts';
import { rereadBootstrap } from './bootstrap.ts';
import type { Connections } from './connections.ts';
import type { Disk } from './disk.ts';
import type { LoadedKubeconfig } from './kubeconfig.ts';
import type { ApiTarget } from './types.ts';

export interface EntranceOptions {
  /** Absolute. */
  readonly bootstrapKubeconfig?: string | undefined;
  /** As it was read at the start, where the node starts with it. */
  readonly bootstrap?: LoadedKubeconfig | undefined;
  readonly connections: Connections;
  readonly disk: Disk;
  readonly clock: Clock;
}

/** A certificate that is refused as soon as it is there is not replaced more often than that. */
const REFUSAL_REST_MS = 5 * 60_000;

export class Entrance {
  readonly #options: EntranceOptions;
  #bootstrap: LoadedKubeconfig | undefined;
  #isFirst: boolean;
  #refused = false;
  #lastRefusal = Number.NEGATIVE_INFINITY;

  constructor(options: EntranceOptions) {
    this.#options = options;
    this.#bootstrap = options.bootstrap;
    this.#isFirst = options.bootstrap !== undefined;
  }

  /**
   * Chooses, before each attempt.
   *
   * @param holds what the node holds: nothing, a certificate that has expired, or a valid one
   * @returns the file, where it is now that the node bootstraps again
   */
  choose(holds: 'nothing' | 'expired' | 'valid'): string | undefined {
    if (this.#isFirst) {
      this.#isFirst = false;
      return undefined;
    }
    if (holds === 'valid' && !this.#refused) {
      this.#bootstrap = undefined;
      return undefined;
    }
    const { connections, disk } = this.#options;
    const found = rereadBootstrap(this.#options.bootstrapKubeconfig, disk);
    if (found === undefined) {
      // By the server's clock it may be valid all the same.
      if (holds === 'expired') this.#bootstrap = undefined;
      return undefined;
    }
    const before = this.#bootstrap;
    this.#bootstrap = found;
    connections.startWith(found.target);
    return before === undefined && holds !== 'nothing' ? found.path : undefined;
  }

  /** The bootstrap kubeconfig that counts; undefined: the node's own certificate does, if it has one. */
  get bootstrap(): LoadedKubeconfig | undefined {
    return this.#bootstrap;
  }

  client(): KubernetesClient {
    const { connections } = this.#options;
    return this.#bootstrap === undefined ? connections.own() : connections.starting();
  }

  /** Tells those credentials from others, and nothing else. */
  requester(): string {
    const { connections } = this.#options;
    return this.#bootstrap === undefined && connections.hasOwn
      ? 'itself'
      : `bootstrap-${fingerprint(connections.initial)}`;
  }

  /**
   * Hears of every request of the node that has failed.
   *
   * @returns whether another certificate has to be asked for, with the bootstrap kubeconfig that is there
   */
  noteFailure(error: KubepkiError): boolean {
    if (this.#refused || this.#bootstrap !== undefined) return false;
    if (!refusedFor(error, 'Unauthorized') && !isUntrusted(error)) return false;
    const { clock, disk } = this.#options;
    const now = clock.now().getTime();
    if (Math.abs(now - this.#lastRefusal) < REFUSAL_REST_MS) return false;
    if (rereadBootstrap(this.#options.bootstrapKubeconfig, disk) === undefined) return false;
    this.#lastRefusal = now;
    this.#refused = true;
    return true;
  }

  /** The node has a certificate that nobody has refused yet. */
  succeeded(): void {
    this.#refused = false;
    this.#bootstrap = undefined;
  }
}

const fingerprint = ({ server, token, certificate }: ApiTarget): string =>
  createHash('sha256')
    .update(JSON.stringify([server, token, certificate]))
    .digest('hex')
    .slice(0, 16);
