/** Puts an API server on a port. */
import {
  createHttpsServer,
  type HttpLimits,
  type ListenAddress,
  type ServingCertificate,
} from '../http/index.ts';
import type { ApiServer } from './server.ts';

export interface ServeOptions extends ListenAddress, ServingCertificate {
  readonly server: Pick<ApiServer, 'handle'>;
  readonly limits?: Partial<HttpLimits>;
}

export interface Serving {
  /** Where it listens: with the port that was given where 0 was asked for. */
  readonly address: ListenAddress;
  /** New connections get this certificate. @throws KubepkiError INVALID_VALUE and goes on with the old one */
  reload(serving: ServingCertificate): void;
  /** Takes no more requests, ends watches, finishes the rest; breaks off after `graceMs`. */
  close(graceMs?: number): Promise<void>;
}

/** @throws KubepkiError CONFLICT where the port is taken, INVALID_VALUE for a certificate that cannot serve */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { server, address, port, certificate, key, limits } = options;
  const https = createHttpsServer({
    certificate,
    key,
    handle: (request) => server.handle(request),
    ...(limits === undefined ? {} : { limits }),
  });
  const bound = await https.listen({ address, port });
  return {
    address: bound,
    reload: (serving) => https.reload(serving),
    close: (graceMs) => https.close(graceMs),
  };
}
