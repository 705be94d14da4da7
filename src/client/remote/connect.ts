/** The transport without a kubeconfig: for who has address and credentials at hand, as the node agent. */
import { KubepkiError, quoted } from '../../errors.ts';
import { bearer, type ClientCertificate, checkedAuthorities, checkedPair } from './material.ts';
import { createRemoteTransport, type RemoteTransport } from './transport.ts';

export type { RemoteTransport } from './transport.ts';

export interface ConnectOptions {
  /** `https://host:port`, with a path where the API lies behind one. */
  readonly server: string;
  /** `kubepki/<version> (…)`. */
  readonly userAgent: string;
  /** PEM; the system's authorities unless given. */
  readonly ca?: string | Uint8Array;
  /** PEM; comes with `key`. */
  readonly certificate?: string | Uint8Array;
  /** PEM. */
  readonly key?: string | Uint8Array;
  /** Bearer token. */
  readonly token?: string;
  /** Name to verify the server's certificate against, instead of the host of `server`. */
  readonly serverName?: string;
  readonly insecureSkipTlsVerify?: boolean;
}

export interface SwappableTransport extends RemoteTransport {
  /**
   * Presents another client certificate (or none) on new connections, and ends those with the old one
   * as `reconnect` does.
   *
   * @throws KubepkiError where certificate and key do not belong together
   */
  useClientCertificate(pair: ClientCertificate | undefined): void;
}

/**
 * A transport to one server. Connects with the first request.
 *
 * @throws KubepkiError INVALID_VALUE for an address that is none, and what is wrong with credentials
 */
export function connectTransport(options: ConnectOptions): SwappableTransport {
  const { userAgent, ca, certificate, key, token, serverName, insecureSkipTlsVerify } = options;
  const where = 'connecting';
  const server = serverUrl(options.server, where, true);
  let pair =
    certificate === undefined && key === undefined
      ? undefined
      : checkedPair({ certificate: certificate ?? '', key: key ?? '' }, 'client certificate');
  const authorities =
    ca === undefined ? undefined : checkedAuthorities(ca, 'certificate authority');
  const authorization = token === undefined ? undefined : bearer(token, where);
  const transport = createRemoteTransport({
    server,
    userAgent,
    serverName,
    insecureSkipTlsVerify,
    authorities: () => authorities,
    certificate: () => pair,
    authorization: () => authorization,
  });
  return {
    ...transport,
    useClientCertificate(next) {
      pair = next === undefined ? undefined : checkedPair(next, 'client certificate');
      transport.reconnect();
    },
  };
}

/**
 * A server's address. Without a scheme it is https where there is anything about TLS, else http, as
 * client-go has it (rest/url_utils.go).
 *
 * @throws KubepkiError INVALID_VALUE
 */
export function serverUrl(text: string, where: string, tls: boolean): URL {
  const full = text.includes('://') ? text : `${tls ? 'https' : 'http'}://${text}`;
  const url = URL.parse(full);
  if (url === null || !['https:', 'http:'].includes(url.protocol) || url.hostname === '') {
    throw new KubepkiError(
      'INVALID_VALUE',
      `${where}: expected the server's address as https://host:port, got ${quoted(withoutUser(text))}`,
    );
  }
  return url;
}

/** Nobody should write a password into an address, but some do. */
const withoutUser = (text: string): string => text.replace(/\/\/[^/]*@/, '//…@');
