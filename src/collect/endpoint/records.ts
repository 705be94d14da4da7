/**
 * The records of a TLS connection (RFC 5246, section 6.2.1; RFC 8446, section 5): takes the
 * handshake messages that the server has sent out of them. Those of TLS 1.3 are encrypted; the secret comes
 * from our own side of the connection.
 */
import { createDecipheriv, createHmac } from 'node:crypto';

export interface HandshakeMessage {
  readonly type: number;
  readonly body: Buffer;
}

export interface ServerFlight {
  readonly messages: readonly HandshakeMessage[];
  /** The number of the alert with which the server has ended the handshake. */
  readonly alert: number | undefined;
  /** True where the first bytes are a record of TLS. */
  readonly isTls: boolean;
}

const ALERT = 21;
const HANDSHAKE = 22;
const APPLICATION_DATA = 23;
const HEADER_BYTES = 5;
/** A record has at most 2^14 bytes, and what encryption adds. */
const MOST_RECORD_BYTES = 2 ** 14 + 2048;

interface TlsRecord {
  readonly type: number;
  readonly header: Buffer;
  readonly fragment: Buffer;
}

/**
 * @param decrypt for records of TLS 1.3 that are encrypted, in order; undefined where a record cannot be
 *   decrypted, for it then belongs to what follows the handshake
 */
export function readFlight(
  received: Buffer,
  decrypt: (record: TlsRecord) => { type: number; content: Buffer } | undefined,
): ServerFlight {
  let handshake = Buffer.alloc(0);
  let alert: number | undefined;
  const parts: Buffer[] = [];
  const records = recordsOf(received);
  for (const record of records) {
    let { type, fragment } = record;
    if (type === APPLICATION_DATA) {
      const inner = decrypt(record);
      if (inner === undefined) break;
      type = inner.type;
      fragment = inner.content;
    }
    if (type === ALERT && fragment.length === 2) alert = fragment[1];
    if (type === HANDSHAKE) parts.push(fragment);
  }
  handshake = Buffer.concat(parts);
  return { messages: messagesOf(handshake), alert, isTls: startsAsTls(received) };
}

/** Content type handshake or alert, and the major version that every TLS has. */
const startsAsTls = (received: Buffer): boolean =>
  (received[0] === HANDSHAKE || received[0] === ALERT) && received[1] === 3;

function recordsOf(received: Buffer): TlsRecord[] {
  const records: TlsRecord[] = [];
  for (let at = 0; at + HEADER_BYTES <= received.length; ) {
    const header = received.subarray(at, at + HEADER_BYTES);
    const length = header.readUInt16BE(3);
    const end = at + HEADER_BYTES + length;
    if (length > MOST_RECORD_BYTES || end > received.length || header[1] !== 3) break;
    records.push({
      type: header[0] ?? 0,
      header,
      fragment: received.subarray(at + HEADER_BYTES, end),
    });
    at = end;
  }
  return records;
}

/** Type, length in 24 bits, body; what is cut off or encrypted (the end of TLS 1.2's) is left away. */
function messagesOf(handshake: Buffer): HandshakeMessage[] {
  const messages: HandshakeMessage[] = [];
  for (let at = 0; at + 4 <= handshake.length; ) {
    const end = at + 4 + handshake.readUIntBE(at + 1, 3);
    if (end > handshake.length) break;
    messages.push({ type: handshake[at] ?? 0, body: handshake.subarray(at + 4, end) });
    at = end;
  }
  return messages;
}

interface Suite {
  readonly cipher: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305';
  readonly keyBytes: number;
  readonly hash: 'sha256' | 'sha384';
}

/** The cipher suites of TLS 1.3 (RFC 8446, appendix B.4) that OpenSSL offers. */
const SUITES = new Map<number, Suite>([
  [0x1301, { cipher: 'aes-128-gcm', keyBytes: 16, hash: 'sha256' }],
  [0x1302, { cipher: 'aes-256-gcm', keyBytes: 32, hash: 'sha384' }],
  [0x1303, { cipher: 'chacha20-poly1305', keyBytes: 32, hash: 'sha256' }],
]);
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Decrypts the server's records of the handshake (RFC 8446, sections 5.2, 5.3 and 7.3).
 *
 * @param secret server_handshake_traffic_secret
 */
export function handshakeDecrypter(
  suiteNumber: number,
  secret: Buffer,
): (record: TlsRecord) => { type: number; content: Buffer } | undefined {
  const suite = SUITES.get(suiteNumber);
  if (suite === undefined) return () => undefined;
  const key = expandLabel(suite.hash, secret, 'key', suite.keyBytes);
  const iv = expandLabel(suite.hash, secret, 'iv', IV_BYTES);
  let sequence = 0;
  return ({ header, fragment }) => {
    if (fragment.length <= TAG_BYTES) return undefined;
    const nonce = Buffer.from(iv);
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ sequence) >>> 0, 8);
    sequence++;
    // Three algorithms with one call: what their types differ in is set alike.
    const options = { authTagLength: TAG_BYTES };
    const decipher =
      suite.cipher === 'chacha20-poly1305'
        ? createDecipheriv(suite.cipher, key, nonce, options)
        : createDecipheriv(suite.cipher, key, nonce, options);
    decipher.setAuthTag(fragment.subarray(-TAG_BYTES));
    decipher.setAAD(header, { plaintextLength: fragment.length - TAG_BYTES });
    let inner: Buffer;
    try {
      inner = Buffer.concat([decipher.update(fragment.subarray(0, -TAG_BYTES)), decipher.final()]);
    } catch {
      return undefined;
    }
    // Zeros at the end are padding; the last byte before them is the type.
    let end = inner.length - 1;
    while (end > 0 && inner[end] === 0) end--;
    return { type: inner[end] ?? 0, content: inner.subarray(0, end) };
  };
}

/** HKDF-Expand-Label with an empty context, of at most one block of the hash. */
function expandLabel(
  hash: 'sha256' | 'sha384',
  secret: Buffer,
  label: string,
  size: number,
): Buffer {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Buffer.from([0, size, name.length]), name, Buffer.from([0, 1])]);
  return createHmac(hash, secret).update(info).digest().subarray(0, size);
}
