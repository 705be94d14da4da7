/** HTTPS for servers: TLS with reload, HTTP/1.1 and HTTP/2 on one port, bounded in every direction. */
export { bodyTooLarge } from './body.ts';
export { type ListenAddress, listen, requireFreePort } from './listen.ts';
export type { Proxies } from './proxied.ts';
export { createHttpsServer, type HttpsServer } from './server.ts';
export {
  DEFAULT_LIMITS,
  type HttpHandler,
  type HttpLimits,
  type HttpRequest,
  type ServingCertificate,
} from './types.ts';
