/**
 * The audit log: one line of JSON (`audit.k8s.io/v1`, Event) for each stage of each request, at level
 * Metadata: who, what, when and how it ended. Bodies never stand in it and tokens are taken out of
 * queries, so no secret does.
 *
 * Writing never holds up a request and never fails one: lines wait in memory, bounded, and go to the disk
 * in batches; what the disk does not take is lost and counted.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { isIP } from 'node:net';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { KubepkiError, quoted, systemCode } from '../../errors.ts';
import type { Status, UserInfo } from '../../kubernetes/index.ts';
import { makeDirectories } from '../../make-directory.ts';
import { header, type IncomingRequest } from './exchange.ts';
import type { Impersonated } from './impersonation-modes.ts';
import type { AuditCounts } from './metrics.ts';
import type { RequestInfo } from './request-info.ts';

export interface AuditLog {
  /** Returns at once. Does nothing after `close`. */
  write(event: object): void;
  /** For the metrics. */
  readonly counts: AuditCounts;
  /**
   * Goes on in a new file of the same name: for after the old one was renamed. What was written before
   * is in the old one. Does nothing for standard output.
   *
   * @throws KubepkiError FILE_SYSTEM where it cannot be opened; the old one stays in use
   */
  reopen(): Promise<void>;
  /** Resolves when everything written is in the file, as far as the disk takes it. */
  close(): Promise<void>;
}

export type Stage = 'RequestReceived' | 'ResponseStarted' | 'ResponseComplete' | 'Panic';

/** Characters that may wait for the disk. */
const MOST_WAITING = 8 * 1024 * 1024;
/** Characters that are written at once, unless one line has more. */
const BATCH = 256 * 1024;

/**
 * Appends to a file that nobody else may read (0600; one that is there keeps its mode), or writes to
 * standard output for `-`, as upstream's `--audit-log-path`. A directory that is not there is made (0700).
 *
 * @param failed told what is wrong when the first event is lost, and again after it went well in between
 * @param output what `-` means
 * @throws KubepkiError FILE_SYSTEM where it cannot be opened
 */
export async function openAuditLog(
  path: string,
  failed: (error: Error) => void,
  output: Writable = process.stdout,
): Promise<AuditLog> {
  return new Log(path === '-' ? new StreamSink(output) : await FileSink.open(path), failed);
}

/** Where batches go. Nothing is asked of it before the last thing is done. */
interface Sink {
  /** @returns how many lines did not get through whole, with the reason where it is any */
  write(batch: Buffer, lines: number): Promise<{ lost: number; error?: unknown }>;
  reopen(): Promise<void>;
  close(): Promise<void>;
}

class Log implements AuditLog {
  readonly #sink: Sink;
  readonly #failed: (error: Error) => void;
  readonly counts = { events: 0, lost: 0 };
  #waiting: string[] = [];
  #characters = 0;
  /** What the sink does, one thing after the other; never rejects. */
  #work: Promise<void> = Promise.resolve();
  #scheduled = false;
  #failing = false;
  #closed: Promise<void> | undefined;

  constructor(sink: Sink, failed: (error: Error) => void) {
    this.#sink = sink;
    this.#failed = failed;
  }

  write(event: object): void {
    if (this.#closed !== undefined) return;
    this.counts.events += 1;
    const line = `${JSON.stringify(event)}\n`;
    if (this.#characters + line.length > MOST_WAITING) {
      this.#lose(1, new Error('more is waiting to be written than may be'));
      return;
    }
    this.#waiting.push(line);
    this.#characters += line.length;
    if (this.#scheduled) return;
    this.#scheduled = true;
    // What comes up in the same turn, and while the disk is busy, goes along.
    setImmediate(() => void this.#then(() => this.#flush()));
  }

  reopen(): Promise<void> {
    if (this.#closed !== undefined) return this.#closed;
    // Lines of before belong into the old file.
    return this.#then(async () => {
      await this.#flush();
      await this.#sink.reopen();
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#then(async () => {
      await this.#flush();
      await this.#sink.close();
    });
    return this.#closed;
  }

  #then(action: () => Promise<void>): Promise<void> {
    const done = this.#work.then(action);
    this.#work = done.catch(() => undefined);
    return done;
  }

  /** Never rejects. */
  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#take();
      const { lost, error } = await this.#sink.write(Buffer.from(lines.join('')), lines.length);
      if (lost > 0) this.#lose(lost, error);
      else this.#failing = false;
    }
    this.#scheduled = false;
  }

  /** The lines of the next batch. */
  #take(): string[] {
    let characters = 0;
    let count = 0;
    for (const { length } of this.#waiting) {
      if (count > 0 && characters + length > BATCH) break;
      characters += length;
      count += 1;
    }
    this.#characters -= characters;
    return this.#waiting.splice(0, count);
  }

  #lose(count: number, cause: unknown): void {
    this.counts.lost += count;
    if (this.#failing) return;
    this.#failing = true;
    const reason = systemCode(cause) ?? (cause instanceof Error ? cause.message : 'unknown error');
    this.#failed(
      new KubepkiError('FILE_SYSTEM', `the audit log loses events: ${reason}`, {
        hint: 'make room on its disk; requests are served meanwhile',
        cause,
      }),
    );
  }
}

const NEWLINE = 0x0a;

class FileSink implements Sink {
  readonly #path: string;
  #file: FileHandle;
  /** A line was broken off: what comes next must not continue it. */
  #torn = false;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  static async open(path: string): Promise<FileSink> {
    return new FileSink(path, await openToAppend(path));
  }

  async write(batch: Buffer, lines: number): Promise<{ lost: number; error?: unknown }> {
    const bytes = this.#torn ? Buffer.concat([Buffer.of(NEWLINE), batch]) : batch;
    let written = 0;
    try {
      while (written < bytes.length) {
        const { bytesWritten } = await this.#file.write(bytes, written);
        written += bytesWritten;
      }
    } catch (error) {
      const whole = bytes.subarray(0, written);
      const ends = whole.reduce((sum, byte) => (byte === NEWLINE ? sum + 1 : sum), 0);
      const kept = this.#torn && written > 0 ? ends - 1 : ends;
      if (written > 0) this.#torn = bytes[written - 1] !== NEWLINE;
      return { lost: lines - kept, error };
    }
    this.#torn = false;
    return { lost: 0 };
  }

  async reopen(): Promise<void> {
    const old = this.#file;
    this.#file = await openToAppend(this.#path);
    this.#torn = false;
    // A disk that complains only now has said so before, or has nothing to lose.
    await old.close().catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.#file.close().catch(() => undefined);
  }
}

class StreamSink implements Sink {
  readonly #stream: Writable;
  /** The error comes to the callback as well, but unheard here it would end the process. */
  readonly #ignore = (): void => undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('error', this.#ignore);
  }

  write(batch: Buffer, lines: number): Promise<{ lost: number; error?: unknown }> {
    return new Promise((resolve) => {
      this.#stream.write(batch, (error) => {
        resolve(error === null || error === undefined ? { lost: 0 } : { lost: lines, error });
      });
    });
  }

  reopen(): Promise<void> {
    return Promise.resolve();
  }

  /** It is not ours to end. */
  close(): Promise<void> {
    this.#stream.off('error', this.#ignore);
    return Promise.resolve();
  }
}

async function openToAppend(path: string): Promise<FileHandle> {
  try {
    makeDirectories(dirname(path), 0o700);
    return await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600);
  } catch (cause) {
    throw new KubepkiError(
      'FILE_SYSTEM',
      `the audit log ${quoted(path)} cannot be written: ${systemCode(cause) ?? 'unknown error'}`,
      { hint: 'give --audit-log-path a file that may be written', cause },
    );
  }
}

/** What is known of a request before and after it has been judged. */
export interface Audited {
  readonly id: string;
  readonly request: IncomingRequest;
  readonly info: RequestInfo;
  readonly receivedAt: Date;
  readonly user?: UserInfo;
  /** As whom the user acts, and what right has allowed it. */
  readonly impersonated?: Impersonated;
  /** Whether it was allowed, and why; absent before that is known. */
  readonly decision?: { readonly allowed: boolean; readonly reason: string };
}

export interface Outcome {
  readonly code: number;
  /** Of a refusal. */
  readonly status?: Status;
}

/** Characters; apiserver, pkg/audit/request.go. */
const LONGEST_AGENT = 1024;

/** Hops that are believed to be worth a line of a log; the last ones are those nearest to us. */
const MOST_ADDRESSES = 32;

/** Fields as apiserver, pkg/apis/audit/v1/types.go has them. */
export function auditEvent(
  { id, request, info, receivedAt, user, impersonated, decision }: Audited,
  stage: Stage,
  at: Date,
  outcome?: Outcome,
): object {
  const agent = header(request, 'user-agent') ?? '';
  const addresses = sourceAddresses(request);
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: id,
    stage,
    requestURI: withoutTokens(request.url),
    verb: info.verb,
    user: user === undefined ? {} : auditUser(user),
    ...(impersonated === undefined ? {} : auditImpersonated(impersonated)),
    ...(addresses.length === 0 ? {} : { sourceIPs: addresses }),
    ...(agent === '' ? {} : { userAgent: shortAgent(agent) }),
    ...(info.isResource ? { objectRef: objectReference(info) } : {}),
    ...(outcome === undefined ? {} : { responseStatus: responseStatus(outcome) }),
    requestReceivedTimestamp: micro(receivedAt),
    stageTimestamp: micro(at),
    ...(decision === undefined ? {} : { annotations: decisionAnnotations(decision) }),
  };
}

const decisionAnnotations = ({ allowed, reason }: NonNullable<Audited['decision']>): object => ({
  'authorization.k8s.io/decision': allowed ? 'allow' : 'forbid',
  'authorization.k8s.io/reason': reason,
});

const shortAgent = (agent: string): string =>
  agent.length > LONGEST_AGENT ? `${agent.slice(0, LONGEST_AGENT)}...TRUNCATED` : agent;

/** Parameters whose value is a credential: `token`, `access_token`, and whatever else is named so. */
const isToken = (name: string): boolean => decodedName(name).toLowerCase().endsWith('token');

/** The URL with nothing in the place of tokens. Nearly all URLs are given back as they are. */
function withoutTokens(url: string): string {
  const mark = url.indexOf('?');
  if (mark < 0) return url;
  const query = url.slice(mark + 1);
  const redacted = query
    .split(/([&;])/)
    .map((part) => {
      const equals = part.indexOf('=');
      return equals >= 0 && isToken(part.slice(0, equals))
        ? `${part.slice(0, equals)}=REDACTED`
        : part;
    })
    .join('');
  return `${url.slice(0, mark)}?${redacted}`;
}

/** Bytes that are no text, as a server would never read them, stay as they are. */
function decodedName(name: string): string {
  if (!name.includes('%') && !name.includes('+')) return name;
  return new URLSearchParams(`${name}=`).keys().next().value ?? name;
}

/**
 * From the client to the last hop, as proxies claim and, last, as is known (apimachinery,
 * util/net/http.go: SourceIPs). All but the last can be made up by the client.
 */
function sourceAddresses(request: IncomingRequest): readonly string[] {
  const { address } = request.peer;
  const forwarded = request.headers['x-forwarded-for'];
  const real = header(request, 'x-real-ip')?.trim();
  if (forwarded === undefined && real === undefined) return address === undefined ? [] : [address];
  const addresses = (typeof forwarded === 'string' ? forwarded : (forwarded?.[0] ?? ''))
    .split(',')
    .slice(-MOST_ADDRESSES)
    .map((part) => part.trim())
    .filter((part) => isIP(part) !== 0);
  if (real !== undefined && isIP(real) !== 0 && !addresses.includes(real)) addresses.push(real);
  if (address !== undefined && addresses.at(-1) !== address) addresses.push(address);
  return addresses;
}

/** Of nobody, as before it is known who it is, nothing. */
const auditUser = ({ name, uid, groups, extra }: UserInfo): object => ({
  ...(name === '' ? {} : { username: name }),
  ...(uid === undefined || uid === '' ? {} : { uid }),
  ...(groups.length === 0 ? {} : { groups }),
  ...(extra === undefined ? {} : { extra }),
});

const auditImpersonated = ({ user, constraint }: Impersonated): object => ({
  impersonatedUser: auditUser(user),
  ...(constraint === undefined
    ? {}
    : { authenticationMetadata: { impersonationConstraint: constraint } }),
});

/** Fields that are empty are left out. */
function objectReference(info: RequestInfo): object {
  const { resource, namespace, name, group, version, subresource } = info;
  const fields = { resource, namespace, name, apiGroup: group, apiVersion: version, subresource };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
}

function responseStatus({ code, status }: Outcome): object {
  if (status === undefined) return { metadata: {}, code };
  const { message, reason, details } = status;
  return {
    metadata: {},
    status: 'Failure',
    ...(message === undefined ? {} : { message }),
    ...(reason === undefined ? {} : { reason }),
    ...(details === undefined ? {} : { details }),
    code,
  };
}

/** metav1.MicroTime. */
const micro = (date: Date): string => `${date.toISOString().slice(0, -1)}000Z`;
