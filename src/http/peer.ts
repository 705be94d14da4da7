/** Who is at the other end of a TLS connection: asked once a connection. */
import type { TLSSocket } from 'node:tls';
import type { HttpPeer } from './types.ts';

/** Certificates that a client can send along; a real chain has two or three. */
const MOST_CERTIFICATES = 10;

/** What the requests of a connection hold in memory, in bytes. */
export interface Held {
  /** Of bodies that are being sent to us. */
  bodies: number;
  /** Of answers that are not read yet. */
  answers: number;
  /** Ends the connection at once. */
  end(): void;
}

const held = new WeakMap<HttpPeer, Held>();

/** One for all requests of a connection: they share their peer. */
export function heldOf(peer: HttpPeer): Held {
  const known = held.get(peer);
  if (known !== undefined) return known;
  const none: Held = { bodies: 0, answers: 0, end: () => undefined };
  held.set(peer, none);
  return none;
}

const peers = new WeakMap<object, HttpPeer>();

/**
 * Reads who is there. To be called as soon as the connection stands, and once: Node takes the chain out of
 * the connection when it is read, and address and certificates are gone when it ends.
 *
 * @param connection what requests will be asked from: a session of HTTP/2, a socket of HTTP/1.1
 * @param end ends the connection at once
 * @param source whose connection it is, where a balancer in between has said so
 */
export function rememberPeer(
  connection: object,
  socket: TLSSocket,
  end: () => void,
  source?: string,
): void {
  const address = source ?? socket.remoteAddress;
  const peer: HttpPeer = {
    ...(address === undefined ? {} : { address: withoutMapping(address) }),
    certificates: certificatesOf(socket),
  };
  peers.set(connection, peer);
  held.set(peer, { bodies: 0, answers: 0, end });
}

/** Undefined for a connection that is not known. */
export const peerOf = (connection: object | undefined): HttpPeer | undefined =>
  connection === undefined ? undefined : peers.get(connection);

/** An IPv4 address on a socket for both families reads `::ffff:192.0.2.1`. */
export const withoutMapping = (address: string): string =>
  address.startsWith('::ffff:') && address.includes('.')
    ? address.slice('::ffff:'.length)
    : address;

function certificatesOf(socket: TLSSocket): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  let certificate = socket.getPeerX509Certificate();
  while (certificate !== undefined && chain.length < MOST_CERTIFICATES) {
    chain.push(certificate.raw);
    certificate = certificate.issuerCertificate;
  }
  return chain;
}
