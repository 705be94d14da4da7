/** Node's own bounds on what clients can do, set. */
import type { ServerOptions as Http1Options } from 'node:http';
import type { SecureServerOptions } from 'node:http2';
import type { ServerOpts as NetOptions } from 'node:net';
import { secureContextOptions } from './context.ts';
import type { HttpLimits, ServingCertificate } from './types.ts';

/** Interval in which connections are checked for being too slow. */
export const CHECK_MS = 5000;
/** What one HTTP/2 connection may hold in memory: bodies of several streams at once. */
const SESSION_MEGABYTES = 64;
/**
 * Node's own 128 for HTTP/2 and 1,000 for HTTP/1.1 are too few for a proxy that names a user's groups; their size is
 * bounded anyway.
 */
export const MOST_HEADERS = 2000;
const KEEP_ALIVE_MS = 15_000;
/** As Node's own defaults, said aloud since they are what stands against CVE-2023-44487. */
const RESETS_AT_ONCE = 1000;
const RESETS_PER_SECOND = 33;

/** The options of HTTP/1.1 are read by Node though its types do not name them here. */
export function serverOptions(
  serving: ServingCertificate,
  { headers, streams, handshakeMs, idleMs, bodyMs }: HttpLimits,
): SecureServerOptions & Http1Options & NetOptions {
  return {
    ...secureContextOptions(serving),
    allowHTTP1: true,
    requestCert: true,
    rejectUnauthorized: false,
    handshakeTimeout: handshakeMs,
    settings: { maxConcurrentStreams: streams, maxHeaderListSize: headers },
    maxHeaderListPairs: MOST_HEADERS,
    // Node leaves out a header whose value begins or ends with a blank, and tells nobody: without its
    // `Impersonate-User: bob ` the request of a proxy in front is the proxy's own. As Go: blanks are part of the value.
    strictFieldWhitespaceValidation: false,
    maxSessionMemory: SESSION_MEGABYTES,
    streamResetBurst: RESETS_AT_ONCE,
    streamResetRate: RESETS_PER_SECOND,
    maxHeaderSize: headers,
    headersTimeout: handshakeMs,
    requestTimeout: handshakeMs + bodyMs,
    keepAliveTimeout: idleMs,
    connectionsCheckingInterval: Math.min(CHECK_MS, handshakeMs),
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  };
}
