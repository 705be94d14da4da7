/** Connections that come through a balancer, which says first whose they are. */
import type { Socket } from 'node:net';
import { readProxyHeader } from './proxy-header.ts';

/** Balancers in front of the server. */
export interface Proxies {
  /** Whether who connects from this address has to send the header, and is believed. */
  trusts(address: string): boolean;
  /** Hears why a connection of theirs was ended. */
  refused(address: string, reason: string): void;
}

/**
 * Takes the header off a connection and leaves what is behind it. Where it does not come, or is none, the
 * connection is ended.
 *
 * @param from the address that the connection comes from
 * @param done hears whose it is; of nobody where the balancer does not say
 */
export function receiveProxyHeader(
  socket: Socket,
  { from, timeoutMs, proxies }: { from: string; timeoutMs: number; proxies: Proxies },
  done: (source: string | undefined) => void,
): void {
  let bytes: Buffer = Buffer.alloc(0);
  const end = (): void => {
    clearTimeout(timer);
    socket.off('readable', read);
    socket.off('close', end);
  };
  const refuse = (reason: string): void => {
    end();
    socket.destroy();
    proxies.refused(from, reason);
  };
  const read = (): void => {
    for (;;) {
      const chunk: unknown = socket.read();
      if (!Buffer.isBuffer(chunk)) return;
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const header = readProxyHeader(bytes);
      if (header.kind === 'wrong') {
        refuse(header.reason);
        return;
      }
      if (header.kind === 'more') continue;
      end();
      if (bytes.length > header.length) socket.unshift(bytes.subarray(header.length));
      done(header.source);
      return;
    }
  };
  const timer = setTimeout(() => refuse(`it did not come within ${timeoutMs} ms`), timeoutMs);
  socket.on('readable', read);
  socket.once('close', end);
}
