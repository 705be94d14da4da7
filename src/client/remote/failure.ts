/** Why a server did not answer, in plain words. */
import { KubepkiError, quoted, systemCode } from '../../errors.ts';

export const CONNECT_TIMEOUT_MS = 10_000;
export const HEADERS_TIMEOUT_MS = 60_000;
/** Without a byte of a body that is not a watch's. */
export const BODY_TIMEOUT_MS = 60_000;

/** A reason, and what to do about it. */
type Reason = readonly [reason: string, hint?: string];

const UNTRUSTED: Reason = [
  'its certificate was not issued by an authority that is trusted here',
  'check the certificate authority in the kubeconfig',
];
const CLOSED: Reason = ['it closed the connection before the answer was complete'];
const PLAIN = 'is it https:// in place of http://?';
const NO_ROUTE: Reason = ['there is no route to it', 'check the network'];
const NOT_HTTP: Reason = ['what it answers is not HTTP', 'is this a Kubernetes API server?'];
const REFUSED_CERTIFICATE: Reason = [
  'it refused our client certificate',
  'check that the certificate has not expired and was issued by an authority that the server knows',
];

const seconds = (ms: number): string => `${ms / 1000} seconds`;

const REASONS: ReadonlyMap<string, Reason> = new Map<string, Reason>([
  ['ECONNREFUSED', ['nothing listens there', 'check the address, and that the server runs']],
  ['ENOTFOUND', ['no address is known for this name', 'check the name']],
  ['EAI_AGAIN', ['the name server does not answer', 'check the network']],
  ['EHOSTUNREACH', NO_ROUTE],
  ['ENETUNREACH', NO_ROUTE],
  ['ETIMEDOUT', [`no connection within ${seconds(CONNECT_TIMEOUT_MS)}`, 'check the network']],
  [
    'UND_ERR_CONNECT_TIMEOUT',
    [`no connection within ${seconds(CONNECT_TIMEOUT_MS)}`, 'check the network'],
  ],
  ['UND_ERR_HEADERS_TIMEOUT', [`no answer within ${seconds(HEADERS_TIMEOUT_MS)}`]],
  ['UND_ERR_BODY_TIMEOUT', [`its answer stood still for ${seconds(BODY_TIMEOUT_MS)}`]],
  ['ECONNRESET', CLOSED],
  ['EPIPE', CLOSED],
  ['UND_ERR_SOCKET', CLOSED],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', CLOSED],
  ['UND_ERR_HEADERS_OVERFLOW', ['the headers of its answer are too large']],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UNTRUSTED],
  ['UNABLE_TO_GET_ISSUER_CERT', UNTRUSTED],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', UNTRUSTED],
  ['SELF_SIGNED_CERT_IN_CHAIN', UNTRUSTED],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', UNTRUSTED],
  ['CERT_SIGNATURE_FAILURE', UNTRUSTED],
  ['CERT_UNTRUSTED', UNTRUSTED],
  ['INVALID_CA', UNTRUSTED],
  ['INVALID_PURPOSE', ["its certificate is not a server's"]],
  ['CERT_HAS_EXPIRED', ['its certificate has expired', 'renew it, or check the clock']],
  ['CERT_NOT_YET_VALID', ['its certificate is not valid yet', 'check the clocks']],
  [
    'ERR_SSL_WRONG_VERSION_NUMBER',
    ['it does not speak TLS', 'is it http:// in place of https://?'],
  ],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', ['it does not speak TLS']],
]);

/**
 * The error for a request that was not answered.
 *
 * @param address of the server, without credentials
 */
export function unreachable(address: string, cause: unknown): Error {
  if (cause instanceof KubepkiError) return cause;
  // A mistake in the program is none of the server's.
  if (cause instanceof TypeError && systemCode(cause) === undefined) return cause;
  const [reason, usual] = reasonOf(cause);
  const hint = reason === CLOSED[0] && address.startsWith('http:') ? PLAIN : usual;
  return new KubepkiError('UNREACHABLE', `${address} does not answer: ${reason}`, {
    ...(hint === undefined ? {} : { hint }),
    cause,
  });
}

/** Whether it is the server's certificate that no authority of ours has issued. */
export const isUntrusted = (error: unknown): boolean =>
  error instanceof KubepkiError && REASONS.get(systemCode(error.cause) ?? '') === UNTRUSTED;

function reasonOf(error: unknown): Reason {
  const code = systemCode(error) ?? '';
  const known = REASONS.get(code);
  if (known !== undefined) return known;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return wrongName(error);
  if (/^ERR_SSL_.*ALERT_(.*CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR)/.test(code)) {
    return REFUSED_CERTIFICATE;
  }
  if (error instanceof Error && error.name === 'HTTPParserError') return NOT_HTTP;
  // The last word of a proxy: its status, which undici has nowhere else.
  const proxy =
    error instanceof Error ? /^Proxy response \((\d{3})\)/.exec(error.message)?.[1] : undefined;
  if (proxy !== undefined) return [`the proxy refused to connect (HTTP status ${proxy})`];
  return [code === '' ? 'the connection failed' : `the connection failed (${code})`];
}

function wrongName(error: unknown): Reason {
  const names =
    error instanceof Error && 'reason' in error && typeof error.reason === 'string'
      ? `: ${quoted(error.reason)}`
      : '';
  return [
    `its certificate is for another name${names}`,
    'use a name or address that the certificate holds, or have it issued anew',
  ];
}
