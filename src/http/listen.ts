/** Binds a server to an address, and says in words why it cannot. */
import { createServer, type Server } from 'node:net';
import { KubepkiError, quoted, systemCode } from '../errors.ts';

export interface ListenAddress {
  /** An IP address of this machine: `127.0.0.1`, `::`. */
  readonly address: string;
  /** 0 for one that is free. */
  readonly port: number;
}

/** @throws KubepkiError where the system does not let it */
export function listen(server: Server, { address, port }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    const refused = (error: Error): void => {
      server.off('listening', ready);
      reject(refusal(error, { address, port }));
    };
    const ready = (): void => {
      server.off('error', refused);
      resolve();
    };
    server.once('error', refused).once('listening', ready);
    server.listen({ host: address, port });
  });
}

/**
 * Makes sure that an address could be listened on just now.
 *
 * @throws KubepkiError as a server would on it
 */
export async function requireFreePort(address: ListenAddress): Promise<void> {
  const server = createServer();
  await listen(server, address);
  await new Promise((resolve) => server.close(resolve));
}

function refusal(cause: Error, { address, port }: ListenAddress): KubepkiError {
  const where = `${address.includes(':') ? `[${address}]` : address}:${port}`;
  switch (systemCode(cause)) {
    case 'EADDRINUSE':
      return new KubepkiError('CONFLICT', `${where} is taken by another program`, {
        hint: `end that program (ss -ltnp 'sport = :${port}' shows it) or choose another port`,
        cause,
      });
    case 'EACCES':
      return new KubepkiError(
        'CONFLICT',
        `the system does not allow this user to listen on ${where}`,
        {
          hint: 'choose a port of 1024 or above',
          cause,
        },
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EINVAL':
      return new KubepkiError('INVALID_VALUE', `${quoted(address)} is no address of this machine`, {
        hint: "give one that 'ip address' shows, or 0.0.0.0 for all",
        cause,
      });
    case undefined:
    default:
      return new KubepkiError('CONFLICT', `cannot listen on ${where}`, { cause });
  }
}
