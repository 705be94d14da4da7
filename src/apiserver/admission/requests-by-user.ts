/**
 * How many certificate signing requests each user has, kept current from a watch, so that a create looks
 * at two numbers and not at the requests.
 */
import { setImmediate as turn } from 'node:timers/promises';
import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
  isDecided,
  isIssued,
} from '../../kubernetes/index.ts';
import type { Registry, Served, ServedEvent } from '../registry/index.ts';
import { textOf } from './request.ts';

/** Requests up to this size count as nothing: one of a node has 2 to 6 KiB, and 10,000 nodes may share a token. */
const LARGE_BYTES = 8 * 1024;
const PAGE = 500;

/** What one user has. */
interface Usage {
  /** Requests, whatever has become of them. */
  readonly all: number;
  /** Requests without a decision and without a certificate. */
  readonly pending: number;
  /** Those of them that were that for longer than the grace. */
  readonly overdue: number;
  /** JSON of all requests of more than 8 KiB, decided or not, in bytes. */
  readonly largeBytes: number;
}

interface Counted {
  readonly user: string;
  readonly isPending: boolean;
  readonly created: number;
  readonly largeBytes: number;
}

/** Requests come in the order of time, so those that are not overdue yet are looked at from the oldest on. */
interface Account {
  readonly fresh: Map<string, number>;
  readonly overdue: Set<string>;
  largeBytes: number;
  requests: number;
}

export class RequestsByUser {
  readonly #graceMs: number;
  readonly #byName = new Map<string, Counted>();
  readonly #byUser = new Map<string, Account>();

  /** @param graceMs for how long a request may wait without being overdue */
  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  /** @param at in milliseconds */
  usage(user: string, at: number): Usage {
    const account = this.#byUser.get(user);
    if (account === undefined) return { all: 0, pending: 0, overdue: 0, largeBytes: 0 };
    for (const [name, created] of account.fresh) {
      if (at - created < this.#graceMs) break;
      account.fresh.delete(name);
      account.overdue.add(name);
    }
    return {
      all: account.requests,
      pending: account.fresh.size + account.overdue.size,
      overdue: account.overdue.size,
      largeBytes: account.largeBytes,
    };
  }

  /** @param bytes of its JSON */
  stored(request: CertificateSigningRequest, bytes: number): void {
    const { name = '', creationTimestamp } = request.metadata;
    this.deleted(name);
    const created = Date.parse(creationTimestamp ?? '');
    const counted: Counted = {
      user: textOf(request, 'spec.username'),
      isPending: !isDecided(request) && !isIssued(request),
      // Without a time it is as old as can be.
      created: Number.isNaN(created) ? 0 : created,
      largeBytes: bytes > LARGE_BYTES ? bytes : 0,
    };
    this.#byName.set(name, counted);
    const account = this.#accountOf(counted.user);
    account.requests += 1;
    account.largeBytes += counted.largeBytes;
    if (counted.isPending) account.fresh.set(name, counted.created);
  }

  deleted(name: string): void {
    const counted = this.#byName.get(name);
    if (counted === undefined) return;
    this.#byName.delete(name);
    const account = this.#accountOf(counted.user);
    account.fresh.delete(name);
    account.overdue.delete(name);
    account.largeBytes -= counted.largeBytes;
    account.requests -= 1;
    if (account.requests === 0) this.#byUser.delete(counted.user);
  }

  clear(): void {
    this.#byName.clear();
    this.#byUser.clear();
  }

  #accountOf(user: string): Account {
    const known = this.#byUser.get(user);
    if (known !== undefined) return known;
    const made = { fresh: new Map(), overdue: new Set<string>(), largeBytes: 0, requests: 0 };
    this.#byUser.set(user, made);
    return made;
  }
}

/** Counts what is there and what changes, until the signal aborts; begins again where a watch ends. */
export async function followRequests(
  requests: RequestsByUser,
  registry: Pick<Registry, 'definition' | 'list' | 'watch'>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const revision = await fill(requests, registry);
    await follow(requests, registry, revision, signal);
    await turn();
  }
}

/** Lists and does not watch from the beginning: that would keep an event of every request in memory. */
async function fill(
  requests: RequestsByUser,
  registry: Pick<Registry, 'definition' | 'list'>,
): Promise<number> {
  const definition = definitionIn(registry);
  let page = await registry.list(definition, { limit: PAGE });
  const { revision } = page;
  requests.clear();
  for (;;) {
    for (const { object } of page.items) {
      if (isRequest(object)) requests.stored(object, Buffer.byteLength(JSON.stringify(object)));
    }
    if (page.continue === undefined || page.continue === '') return revision;
    page = await registry.list(definition, { limit: PAGE, continue: page.continue });
  }
}

async function follow(
  requests: RequestsByUser,
  registry: Pick<Registry, 'definition' | 'watch'>,
  revision: number,
  signal: AbortSignal,
): Promise<void> {
  // With version 0 a watch begins with what is there, which is nothing.
  const request = { resourceVersion: String(revision) };
  for await (const events of registry.watch(definitionIn(registry), request, signal)) {
    for (const event of events) {
      if (event.type === 'ERROR') return;
      apply(requests, event);
    }
  }
}

function apply(requests: RequestsByUser, { type, object, line }: ServedEvent): void {
  if (!isRequest(object)) return;
  if (type === 'DELETED') requests.deleted(object.metadata.name ?? '');
  else if (type !== 'BOOKMARK') requests.stored(object, line.byteLength);
}

/** What the registry has read as one; its fields are looked at with care all the same. */
const isRequest = (
  object: Served['object'] | ServedEvent['object'],
): object is CertificateSigningRequest => object.kind === CERTIFICATE_SIGNING_REQUESTS.kind;

function definitionIn(registry: Pick<Registry, 'definition'>) {
  const { group, version, resource } = CERTIFICATE_SIGNING_REQUESTS;
  const definition = registry.definition(group, version, resource);
  if (definition === undefined) {
    throw new TypeError(`expected a registry that serves ${resource}, got one that does not`);
  }
  return definition;
}
