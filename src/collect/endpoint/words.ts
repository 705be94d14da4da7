/** Numbers and errors of a handshake in words. */
import { systemCode } from '../../errors.ts';

const VERSIONS = new Map([
  [0x0300, 'SSLv3'],
  [0x0301, 'TLSv1'],
  [0x0302, 'TLSv1.1'],
  [0x0303, 'TLSv1.2'],
  [0x0304, 'TLSv1.3'],
]);

export const protocolName = (version: number): string => VERSIONS.get(version) ?? hex(version);

/** Cipher suites by their IANA numbers: those that Go's and OpenSSL's servers choose. */
const SUITES = new Map([
  [0x1301, 'TLS_AES_128_GCM_SHA256'],
  [0x1302, 'TLS_AES_256_GCM_SHA384'],
  [0x1303, 'TLS_CHACHA20_POLY1305_SHA256'],
  [0xc02b, 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
  [0xc02c, 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'],
  [0xc02f, 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
  [0xc030, 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'],
  [0xcca8, 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256'],
  [0xcca9, 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256'],
  [0xc009, 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'],
  [0xc00a, 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA'],
  [0xc013, 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA'],
  [0xc014, 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA'],
  [0x009c, 'TLS_RSA_WITH_AES_128_GCM_SHA256'],
  [0x009d, 'TLS_RSA_WITH_AES_256_GCM_SHA384'],
  [0x002f, 'TLS_RSA_WITH_AES_128_CBC_SHA'],
  [0x0035, 'TLS_RSA_WITH_AES_256_CBC_SHA'],
]);

export const suiteName = (suite: number): string => SUITES.get(suite) ?? hex(suite);

/** RFC 8446, section 6, and what older versions have. */
const ALERTS = new Map([
  [0, 'close_notify'],
  [10, 'unexpected_message'],
  [20, 'bad_record_mac'],
  [22, 'record_overflow'],
  [40, 'handshake_failure'],
  [42, 'bad_certificate'],
  [43, 'unsupported_certificate'],
  [44, 'certificate_revoked'],
  [45, 'certificate_expired'],
  [46, 'certificate_unknown'],
  [47, 'illegal_parameter'],
  [48, 'unknown_ca'],
  [49, 'access_denied'],
  [50, 'decode_error'],
  [51, 'decrypt_error'],
  [70, 'protocol_version'],
  [71, 'insufficient_security'],
  [80, 'internal_error'],
  [86, 'inappropriate_fallback'],
  [109, 'missing_extension'],
  [110, 'unsupported_extension'],
  [112, 'unrecognized_name'],
  [116, 'certificate_required'],
  [120, 'no_application_protocol'],
]);

export const alertName = (alert: number): string => ALERTS.get(alert) ?? `alert ${alert}`;

const hex = (number: number): string => `0x${number.toString(16).padStart(4, '0')}`;

const PROTOCOLS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/^HTTP\/1\.[01] |^<(?:!doctype )?html/i, 'it answers in HTTP'],
  [/^SSH-/, 'it is an SSH server'],
  [/^220[ -]/, 'it is a mail or FTP server'],
  [/^\* OK/, 'it is a mail server'],
  [/^-(?:ERR|DENIED)/, 'it is a Redis server'],
];

/** Of the first bytes of a server that does not speak TLS, which are not shown. */
export function describeNoTls(received: Buffer): string {
  const start = received.toString('latin1', 0, 32);
  const known = PROTOCOLS.find(([pattern]) => pattern.test(start))?.[1];
  return known === undefined ? 'it speaks no TLS' : `it speaks no TLS: ${known}`;
}

const NETWORK = new Map([
  ['ECONNREFUSED', 'connection refused: nothing listens there'],
  ['ENOTFOUND', 'there is no host of this name'],
  ['EAI_AGAIN', 'the name of the host could not be looked up'],
  ['EHOSTUNREACH', 'no route to the host'],
  ['ENETUNREACH', 'no route to the network'],
  ['EADDRNOTAVAIL', 'the address cannot be reached from here'],
  ['ETIMEDOUT', 'no connection: the host does not answer'],
  ['ECONNRESET', 'it closes the connection at once: it may not speak TLS'],
  ['EPIPE', 'it closes the connection at once: it may not speak TLS'],
  ['EINVAL', 'the address cannot be connected to'],
]);

/** An error of the network in words, without the address, which the caller names. */
export function networkReason(error: unknown): string {
  // Of several addresses that were tried, the first one tells.
  const [first] = error instanceof AggregateError ? error.errors : [];
  const code = systemCode(first) ?? systemCode(error);
  return (code === undefined ? undefined : NETWORK.get(code)) ?? code ?? 'the connection failed';
}
