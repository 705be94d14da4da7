/**
 * TCP connections that are not through with their TLS handshake. Whoever opens many and says nothing takes
 * the places of those before it, oldest first: a client that means it is through in milliseconds.
 */
import { BlockList, isIPv6 } from 'node:net';

/** What is known of a connection, here and once it is a TLS socket. */
export interface Endpoint {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localAddress?: string | undefined;
}

export interface PendingConnection extends Endpoint {
  destroy(): unknown;
}

/** Of all places one address can have this part, and this many at least. */
const PART_OF_ADDRESS = 10;
const LEAST_OF_ADDRESS = 64;

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

interface Pending {
  readonly connection: PendingConnection;
  /** Absent for that of a balancer, which has not said yet whose it is. */
  readonly address: string | undefined;
}

export class PendingHandshakes {
  readonly #most: number;
  readonly #mostOfAddress: number;
  /** In the order in which they came, by both ends of the connection: node:tls does not tell the socket below. */
  readonly #pending = new Map<string, Pending>();
  readonly #byAddress = new Map<string, Map<string, Pending>>();

  constructor(most: number) {
    this.#most = most;
    this.#mostOfAddress = Math.max(LEAST_OF_ADDRESS, Math.ceil(most / PART_OF_ADDRESS));
  }

  /**
   * Makes room for it by ending the oldest: of its address where that has too many, or of all.
   *
   * @param address whose it is, where that is not the other end
   */
  add(connection: PendingConnection, address = connection.remoteAddress): void {
    this.#add(connection, address ?? '');
  }

  /** Of a balancer that has not said yet for whom: one among all. */
  addUntold(connection: PendingConnection): void {
    this.#add(connection, undefined);
  }

  #add(connection: PendingConnection, address: string | undefined): void {
    const id = idOf(connection);
    const pending: Pending = { connection, address };
    this.#end(id);
    this.#pending.set(id, pending);
    if (address !== undefined) this.#addToAddress(id, pending, address);
    if (this.#pending.size > this.#most) this.#endOldest(this.#pending);
  }

  #addToAddress(id: string, pending: Pending, address: string): void {
    const siblings = this.#byAddress.get(address) ?? new Map<string, Pending>();
    this.#byAddress.set(address, siblings.set(id, pending));
    // This machine may run hundreds of nodes that start at once; the bound on all holds for them too.
    if (siblings.size > this.#mostOfAddress && !isLoopback(address)) this.#endOldest(siblings);
  }

  /** A balancer has said whose it is. */
  told(connection: PendingConnection, address: string | undefined): void {
    this.#take(idOf(connection));
    this.add(connection, address);
  }

  /** It is through. */
  finished(endpoint: Endpoint): void {
    this.#take(idOf(endpoint));
  }

  /** It is no more. @param id what `idOf` has said while it stood */
  closed(id: string, connection: PendingConnection): void {
    if (this.#pending.get(id)?.connection === connection) this.#take(id);
  }

  #endOldest(among: ReadonlyMap<string, Pending>): void {
    const [oldest] = among.keys();
    if (oldest !== undefined) this.#end(oldest);
  }

  #end(id: string): void {
    this.#take(id)?.connection.destroy();
  }

  #take(id: string): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined) return undefined;
    this.#pending.delete(id);
    if (pending.address === undefined) return pending;
    const siblings = this.#byAddress.get(pending.address);
    siblings?.delete(id);
    if (siblings?.size === 0) this.#byAddress.delete(pending.address);
    return pending;
  }
}

/** Both ends of a connection, as far as they differ between two of this server. */
export const idOf = ({ remoteAddress, remotePort, localAddress }: Endpoint): string =>
  `${remoteAddress} ${remotePort} ${localAddress}`;

const isLoopback = (address: string): boolean =>
  LOOPBACK.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
