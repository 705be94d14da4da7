/**
 * Looks at what a server shows in a TLS handshake, without trusting it: OpenSSL does the handshake, and what the
 * server has said in it is read from the bytes that came in, for Node tells neither the chain as it was
 * presented nor which client certificates are asked for.
 */
import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { KubepkiError, systemCode } from '../../errors.ts';
import { decodeName, type Name } from '../../x509/index.ts';
import { BlockReader } from '../block.ts';
import type { Entry } from '../types.ts';
import type { EndpointAddress } from './address.ts';
import { certificateAskOf, certificatesOf, type ServerHello, serverHelloOf } from './handshake.ts';
import { Recorder } from './recorder.ts';
import { handshakeDecrypter, readFlight, type ServerFlight } from './records.ts';
import { alertName, describeNoTls, networkReason, protocolName, suiteName } from './words.ts';

export interface ProbeOptions {
  /** The name that is asked for (SNI); the endpoint's own where absent. An address is never asked for. */
  readonly servername?: string;
  /** Milliseconds that everything together may take. */
  readonly timeout: number;
}

/** What an endpoint has shown. */
export interface EndpointMaterial {
  readonly format: 'endpoint';
  /** The name that was asked for (SNI), if one was. */
  readonly servername: string | undefined;
  /** `TLSv1.3` */
  readonly protocol: string;
  /** The name of the cipher suite as IANA has it. */
  readonly cipher: string;
  /** Of `h2` and `http/1.1`, which were offered; undefined where it has chosen none. */
  readonly alpn: string | undefined;
  /** The chain as it was presented, leaf first. */
  readonly entries: readonly Entry[];
  /** Undefined where it asks for no client certificate. */
  readonly clientCertificates: ClientCertificates | undefined;
  /** Why the handshake was not finished, where it was not: most often for want of a client certificate. */
  readonly ended: string | undefined;
}

export interface ClientCertificates {
  /** The CAs whose certificates it says to accept; none means that it does not say. */
  readonly authorities: readonly Name[];
}

/** See `probeEndpoint` in `index.ts`. */
export async function probe(
  address: EndpointAddress,
  options: ProbeOptions,
): Promise<EndpointMaterial | { readonly reason: string }> {
  const wanted = options.servername ?? address.host;
  const servername = isIP(wanted) === 0 ? wanted : undefined;
  const deadline = performance.now() + options.timeout;
  const first = await shakeHands(address, servername, ['h2', 'http/1.1'], options.timeout);
  // It speaks something else than HTTP and insists on it.
  const again =
    first.alert === NO_APPLICATION_PROTOCOL && deadline > performance.now()
      ? await shakeHands(address, servername, [], deadline - performance.now())
      : first;
  return materialOf(again, servername, options.timeout);
}

const NO_APPLICATION_PROTOCOL = 120;

/** What came of one connection. */
interface Outcome {
  readonly received: Buffer;
  readonly serverSecret: Buffer | undefined;
  readonly alpn: string | undefined;
  readonly cipher: string | undefined;
  readonly alert: number | undefined;
  /** How it ended: undefined is with a finished handshake. */
  readonly end: Ending | undefined;
}

type Ending =
  | { readonly kind: 'timeout'; readonly isConnected: boolean }
  | { readonly kind: 'closed' | 'flood' }
  | { readonly kind: 'error'; readonly error: unknown; readonly isConnected: boolean };

/** Never rejects, and leaves nothing open. */
async function shakeHands(
  { host, port }: EndpointAddress,
  servername: string | undefined,
  ALPNProtocols: string[],
  timeout: number,
): Promise<Outcome> {
  const socket = connectTcp({
    host,
    port,
    autoSelectFamilyAttemptTimeout: Math.max(250, Math.floor(timeout / 4)),
  });
  const recorder = new Recorder(socket);
  let serverSecret: Buffer | undefined;
  let alpn: string | undefined;
  let cipher: string | undefined;
  const end = await new Promise<Ending | undefined>((resolve) => {
    let isConnected = false;
    const timer = setTimeout(() => resolve({ kind: 'timeout', isConnected }), timeout);
    const ended = (ending: Ending | undefined): void => {
      clearTimeout(timer);
      resolve(ending);
    };
    const failed = (error: unknown): void => {
      ended(recorder.isFull ? { kind: 'flood' } : { kind: 'error', error, isConnected });
    };
    recorder.on('error', failed);
    recorder.on('close', () => ended({ kind: recorder.isFull ? 'flood' : 'closed' }));
    socket.once('connect', () => {
      isConnected = true;
      const tls = startTls(recorder, servername, ALPNProtocols);
      tls.on('keylog', (line: Buffer) => (serverSecret ??= serverSecretOf(line)));
      tls.on('error', failed);
      tls.once('secureConnect', () => {
        alpn = tls.alpnProtocol === false ? undefined : (tls.alpnProtocol ?? undefined);
        cipher = tls.getCipher().standardName;
        ended(undefined);
      });
    });
  });
  const { received } = recorder;
  recorder.destroy();
  const { alert } = readFlight(received, () => undefined);
  return { received, serverSecret, alpn, cipher, alert, end };
}

/** Takes whatever the server has: old versions and weak keys are for the report to name. */
function startTls(
  recorder: Recorder,
  servername: string | undefined,
  ALPNProtocols: string[],
): TLSSocket {
  return connectTls({
    socket: recorder,
    rejectUnauthorized: false,
    minVersion: 'TLSv1',
    ciphers: 'DEFAULT:@SECLEVEL=0',
    ...(servername === undefined ? {} : { servername }),
    ...(ALPNProtocols.length === 0 ? {} : { ALPNProtocols }),
  });
}

/** A line of the key log: a label, the client's random, the secret (draft-ietf-tls-keylogfile). */
function serverSecretOf(line: Buffer): Buffer | undefined {
  const [label, , secret] = line.toString('latin1').trim().split(' ');
  return label === 'SERVER_HANDSHAKE_TRAFFIC_SECRET' && secret !== undefined
    ? Buffer.from(secret, 'hex')
    : undefined;
}

function materialOf(
  outcome: Outcome,
  servername: string | undefined,
  timeout: number,
): EndpointMaterial | { readonly reason: string } {
  const { flight, hello } = readServer(outcome);
  const certificates = hello === undefined ? [] : certificatesOf(flight.messages, hello.version);
  const ended = outcome.end === undefined ? undefined : reasonOf(outcome, flight, timeout);
  if (hello === undefined || certificates.length === 0) {
    return { reason: ended ?? 'it has shown no certificate' };
  }
  const reader = new BlockReader({});
  const ask = certificateAskOf(flight.messages, hello.version);
  return {
    format: 'endpoint',
    servername,
    protocol: protocolName(hello.version),
    cipher: outcome.cipher ?? suiteName(hello.suite),
    alpn: outcome.alpn,
    entries: certificates
      .slice(0, MOST_CERTIFICATES)
      .map((der) => reader.readBytes('CERTIFICATE', der)),
    clientCertificates: ask && { authorities: ask.authorities.flatMap(nameOf) },
    ended,
  };
}

/** OpenSSL gives up at 100. */
const MOST_CERTIFICATES = 100;

/** The server's messages: those in the clear first, for they say with what the others are encrypted. */
function readServer({ received, serverSecret }: Outcome): {
  flight: ServerFlight;
  hello: ServerHello | undefined;
} {
  const clear = readFlight(received, () => undefined);
  const hello = serverHelloOf(clear.messages);
  if (hello === undefined || serverSecret === undefined) return { flight: clear, hello };
  return { flight: readFlight(received, handshakeDecrypter(hello.suite, serverSecret)), hello };
}

/** A name that cannot be read is left away: it is no certificate's. */
function nameOf(der: Buffer): Name[] {
  try {
    return [decodeName(der)];
  } catch (error) {
    if (error instanceof KubepkiError) return [];
    throw error;
  }
}

/** How a handshake ended that was not finished. */
function reasonOf({ end, received }: Outcome, flight: ServerFlight, timeout: number): string {
  const within = `within ${Number((timeout / 1000).toFixed(1))} s`;
  if (received.length > 0 && !flight.isTls) return describeNoTls(received);
  if (flight.alert !== undefined) {
    return `it has refused the handshake (${alertName(flight.alert)})`;
  }
  switch (end?.kind) {
    case 'timeout':
      if (!end.isConnected) return `no connection ${within}`;
      return received.length === 0
        ? `it takes the connection and does not answer ${within}: it may not speak TLS`
        : `it has not finished the handshake ${within}`;
    case 'flood':
      return 'it sends without end, and does not finish the handshake';
    case 'error':
      if (!end.isConnected || received.length === 0) return networkReason(end.error);
      return `the handshake failed (${systemCode(end.error) ?? 'an error of TLS'})`;
    case 'closed':
    case undefined:
    default:
      return received.length === 0
        ? 'it closes the connection at once: it may not speak TLS'
        : 'it has closed the connection in the middle of the handshake';
  }
}
