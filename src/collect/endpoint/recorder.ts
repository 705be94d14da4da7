/** A connection that keeps what it receives: the handshake is read from it afterwards. */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** A chain of certificates with keys of 4096 bits has 20 kB; the names of all public CAs 20 kB. */
const MOST_BYTES = 1024 * 1024;

export class Recorder extends Duplex {
  readonly #socket: Socket;
  readonly #chunks: Buffer[] = [];
  #length = 0;

  constructor(socket: Socket) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  /** What has been received so far. */
  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** True where it was more than is kept; the connection is then closed. */
  get isFull(): boolean {
    return this.#length > MOST_BYTES;
  }

  #receive(chunk: Buffer): void {
    this.#length += chunk.length;
    if (this.isFull) {
      this.destroy();
      return;
    }
    this.#chunks.push(chunk);
    if (!this.push(chunk)) this.#socket.pause();
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error?: Error | null) => void,
  ): void {
    this.#socket.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}
