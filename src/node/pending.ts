/**
 * The request that a node waits for, kept beside its certificates: `<prefix>-pending.pem`, a line that
 * names it, the request, its key. A node that is killed, or cannot write what it was given, goes on with
 * this very request when it can: none is approved and lost, and restarts make no new ones. (A kubelet
 * keeps its key in memory and asks anew.)
 */
import { join } from 'node:path';
import { KubepkiError } from '../errors.ts';
import {
  commonName,
  decodePrivateKey,
  encodePrivateKey,
  keysMatch,
  organizations,
  type PrivateKey,
  readRequest,
} from '../x509/index.ts';
import type { Disk } from './disk.ts';
import type { WantedCertificate } from './wanted.ts';

export interface PendingRequest {
  /** Of the CertificateSigningRequest. */
  readonly name: string;
  /** As whom it is asked for (`Requester`). */
  readonly requester: string;
  /** PEM. */
  readonly request: string;
  readonly key: PrivateKey;
}

export interface PendingOptions {
  readonly directory: string;
  readonly prefix: string;
  readonly disk: Disk;
}

const FIRST_LINE = /^CertificateSigningRequest ([a-z0-9.-]{1,253}) of ([a-z0-9-]{1,80})\n/;

export class PendingFile {
  readonly #path: string;
  readonly #directory: string;
  readonly #disk: Disk;

  constructor({ directory, prefix, disk }: PendingOptions) {
    this.#directory = directory;
    this.#path = join(directory, `${prefix}-pending.pem`);
    this.#disk = disk;
  }

  /** Undefined where there is none; what cannot be read is none either. @throws KubepkiError FILE_SYSTEM */
  read(): PendingRequest | undefined {
    if (this.#disk.kindOf(this.#path) !== 'file') return undefined;
    const text = this.#disk.read(this.#path)?.toString('utf8') ?? '';
    const [, name, requester] = FIRST_LINE.exec(text) ?? [];
    const request = /-----BEGIN CERTIFICATE REQUEST-----[\s\S]*?-----END [A-Z ]+-----\n/.exec(text);
    if (name === undefined || requester === undefined || request === null) return undefined;
    try {
      return { name, requester, request: request[0], key: decodePrivateKey(text) };
    } catch (error) {
      if (error instanceof KubepkiError) return undefined;
      throw error;
    }
  }

  /** Before it is sent. Whole or not there; not durable, for nothing relies on it. @throws KubepkiError FILE_SYSTEM */
  write({ name, requester, request, key }: PendingRequest): void {
    this.#disk.makeDirectory(this.#directory);
    this.#disk.note(
      this.#path,
      `CertificateSigningRequest ${name} of ${requester}\n${request}${encodePrivateKey(key)}`,
    );
  }

  /** It has ended, one way or the other. @throws KubepkiError FILE_SYSTEM */
  remove(): void {
    if (this.#disk.kindOf(this.#path) === 'file') this.#disk.remove(this.#path);
  }
}

/** Whether a request is of its key and says what is wanted now. */
export function asksFor({ request, key }: PendingRequest, wanted: WantedCertificate): boolean {
  try {
    const { spki, subject, subjectAltNames } = readRequest(request);
    const { dns = [], ip = [] } = subjectAltNames ?? {};
    const said = [commonName(subject), organizations(subject), dns, ip];
    const want = [wanted.commonName, wanted.organizations, wanted.dns, wanted.ip];
    return keysMatch({ spki }, key) && JSON.stringify(said) === JSON.stringify(want);
  } catch (error) {
    if (error instanceof KubepkiError) return false;
    throw error;
  }
}
