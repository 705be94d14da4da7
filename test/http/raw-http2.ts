/** HTTP/2 frames by hand, for what no client would send. */
import { once } from 'node:events';
import tls from 'node:tls';
import { onTestFinished } from 'vitest';

export const FRAME = {
  data: 0x0,
  headers: 0x1,
  priority: 0x2,
  reset: 0x3,
  settings: 0x4,
  ping: 0x6,
  goaway: 0x7,
  windowUpdate: 0x8,
  continuation: 0x9,
} as const;
export const FLAG = { none: 0, ack: 0x1, endStream: 0x1, endHeaders: 0x4 } as const;

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
export const INITIAL_WINDOW = 0x4;

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export function setting(id: number, value: number): Buffer {
  const payload = Buffer.alloc(6);
  payload.writeUInt16BE(id, 0);
  payload.writeUInt32BE(value, 2);
  return frame(FRAME.settings, FLAG.none, 0, payload);
}

export function uint32(value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value, 0);
  return payload;
}

/** Names and values without compression (RFC 7541, 6.2.2), each shorter than 127 bytes. */
export const headerBlock = (fields: readonly (readonly [string, string])[]): Buffer =>
  Buffer.concat(
    fields.flatMap(([name, value]) => [
      Buffer.of(0, name.length),
      Buffer.from(name),
      Buffer.of(value.length),
      Buffer.from(value),
    ]),
  );

export const requestBlock = (method: string, path: string): Buffer =>
  headerBlock([
    [':method', method],
    [':scheme', 'https'],
    [':path', path],
    [':authority', 'localhost'],
  ]);

export interface RawConnection {
  readonly socket: tls.TLSSocket;
  /** Resolves when the other side has ended the connection. */
  readonly ended: Promise<void>;
  /** Sends until everything is with the system, or the connection has ended. */
  send(bytes: Uint8Array): Promise<void>;
}

/** @param reads whether what comes is read (and thrown away) */
export async function rawHttp2(
  port: number,
  options: tls.ConnectionOptions,
  { reads = true, settings = frame(FRAME.settings, FLAG.none, 0) } = {},
): Promise<RawConnection> {
  const socket = tls.connect({ port, host: '127.0.0.1', ALPNProtocols: ['h2'], ...options });
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  if (reads) socket.resume();
  socket.write(Buffer.concat([PREFACE, settings]));
  return {
    socket,
    ended,
    async send(bytes) {
      if (socket.destroyed) return;
      const written = new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
      await Promise.race([written, ended]);
    },
  };
}
