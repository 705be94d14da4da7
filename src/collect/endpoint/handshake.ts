/** What a server says in its handshake messages: version, cipher suite, certificates, and which client certificates it asks for. */
import type { HandshakeMessage } from './records.ts';

export interface ServerHello {
  /** 0x0303 is TLS 1.2, 0x0304 TLS 1.3. */
  readonly version: number;
  readonly suite: number;
}

export interface CertificateAsk {
  /** The names of the CAs whose certificates it accepts, DER; none means any. */
  readonly authorities: readonly Buffer[];
}

const SERVER_HELLO = 2;
const CERTIFICATE = 11;
const CERTIFICATE_REQUEST = 13;
const TLS_1_3 = 0x0304;
const SUPPORTED_VERSIONS = 43;
const CERTIFICATE_AUTHORITIES = 47;
/** The random of a ServerHello that asks for another ClientHello (RFC 8446, section 4.1.3). */
const RETRY = Buffer.from(
  'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c',
  'hex',
);

/** Reads length-prefixed fields; what is not there is empty, for the handshake itself has been checked by OpenSSL. */
class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  take(size: number): Buffer {
    const taken = this.#bytes.subarray(this.#at, this.#at + size);
    this.#at += size;
    return taken;
  }

  number(size: number): number {
    const taken = this.take(size);
    return taken.length < size ? 0 : taken.readUIntBE(0, size);
  }

  /** A vector whose length stands before it in so many bytes. */
  vector(size: number): Buffer {
    return this.take(this.number(size));
  }
}

/** The last one that is no request for another ClientHello. */
export function serverHelloOf(messages: readonly HandshakeMessage[]): ServerHello | undefined {
  for (const { type, body } of messages) {
    if (type !== SERVER_HELLO) continue;
    const fields = new Fields(body);
    const legacyVersion = fields.number(2);
    if (fields.take(32).equals(RETRY)) continue;
    fields.vector(1);
    const suite = fields.number(2);
    fields.take(1);
    const selected = extensionsOf(fields).get(SUPPORTED_VERSIONS);
    return { version: selected?.length === 2 ? selected.readUInt16BE(0) : legacyVersion, suite };
  }
  return undefined;
}

function extensionsOf(fields: Fields): Map<number, Buffer> {
  const extensions = new Map<number, Buffer>();
  const list = new Fields(fields.vector(2));
  while (!list.done) extensions.set(list.number(2), list.vector(2));
  return extensions;
}

/** The certificates in the order in which they are presented, DER. */
export function certificatesOf(messages: readonly HandshakeMessage[], version: number): Buffer[] {
  const message = messages.find(({ type }) => type === CERTIFICATE);
  if (message === undefined) return [];
  const fields = new Fields(message.body);
  // The context of a request, which a server's certificate does not have.
  if (version === TLS_1_3) fields.vector(1);
  const list = new Fields(fields.vector(3));
  const certificates: Buffer[] = [];
  while (!list.done) {
    certificates.push(list.vector(3));
    if (version === TLS_1_3) list.vector(2);
  }
  return certificates;
}

/** Undefined where the server does not ask for a certificate. */
export function certificateAskOf(
  messages: readonly HandshakeMessage[],
  version: number,
): CertificateAsk | undefined {
  const message = messages.find(({ type }) => type === CERTIFICATE_REQUEST);
  if (message === undefined) return undefined;
  const fields = new Fields(message.body);
  fields.vector(1);
  if (version === TLS_1_3) {
    const names = extensionsOf(fields).get(CERTIFICATE_AUTHORITIES);
    return { authorities: names === undefined ? [] : namesOf(names) };
  }
  // Signature algorithms came with TLS 1.2.
  if (version >= 0x0303) fields.vector(2);
  return { authorities: namesOf(fields.take(Infinity)) };
}

function namesOf(vector: Buffer): Buffer[] {
  const list = new Fields(new Fields(vector).vector(2));
  const names: Buffer[] = [];
  while (!list.done) names.push(list.vector(2));
  return names;
}
