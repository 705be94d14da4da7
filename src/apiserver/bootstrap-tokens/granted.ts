/**
 * Bootstrap tokens that are used up: a certificate was granted, and as soon as its node has come with it, the
 * token is deleted. Kept from a watch, so that a request of a node looks into one map.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { KubepkiError } from '../../errors.ts';
import { NODE_USER_PREFIX, SECRETS, type Secret, type UserInfo } from '../../kubernetes/index.ts';
import {
  BOOTSTRAP_SECRET_NAMESPACE,
  BOOTSTRAP_SECRET_TYPE,
  bootstrapTokenId,
  nodeBindingOf,
} from '../../tokens/index.ts';
import { parseCertificate, publicKeyPin } from '../../x509/index.ts';
import type { Registry, Served, ServedEvent } from '../registry/index.ts';
import { SECRET_DEFINITION } from '../resources/index.ts';
import type { Peer } from '../types.ts';
import type { TokenSecrets } from './secrets.ts';

interface Granted {
  /** The user that its certificate is for. */
  readonly user: string;
  readonly key: string;
  readonly uid: string;
}

/** What an operator who asks himself where a token has gone wants to read. */
export interface GrantedTokensLog {
  /** The node of this user has come, and its token is deleted. */
  readonly usedUp: (id: string, user: string) => void;
  readonly failed: (error: unknown) => void;
}

export class GrantedTokens {
  readonly #remove: TokenSecrets['remove'];
  readonly #log: GrantedTokensLog;
  /** By the token's id. There are as many as nodes that join at this moment. */
  readonly #tokens = new Map<string, Granted>();
  /** How many of them a user has. */
  readonly #users = new Map<string, number>();

  constructor({ remove }: Pick<TokenSecrets, 'remove'>, log: GrantedTokensLog) {
    this.#remove = remove;
    this.#log = log;
  }

  stored(secret: Secret): void {
    const id = bootstrapTokenId(secret.metadata.name ?? '');
    if (id === undefined) return;
    this.deleted(id);
    const { claim } = nodeBindingOf(secret);
    if (claim?.key === undefined) return;
    const user = NODE_USER_PREFIX + claim.node;
    this.#tokens.set(id, { user, key: claim.key, uid: secret.metadata.uid ?? '' });
    this.#users.set(user, (this.#users.get(user) ?? 0) + 1);
  }

  deleted(id: string): void {
    const known = this.#tokens.get(id);
    if (known === undefined) return;
    this.#tokens.delete(id);
    const left = (this.#users.get(known.user) ?? 0) - 1;
    if (left > 0) this.#users.set(known.user, left);
    else this.#users.delete(known.user);
  }

  clear(): void {
    this.#tokens.clear();
    this.#users.clear();
  }

  /** Somebody was let in by their certificate. Never throws, and waits for nothing. */
  seen({ name }: UserInfo, { certificates: [leaf] }: Peer): void {
    if (leaf === undefined || !this.#users.has(name)) return;
    const key = keyOf(leaf);
    for (const [id, granted] of this.#tokens) {
      if (granted.user !== name || granted.key !== key) continue;
      // Once is enough: what fails here, the token cleaner does a quarter of an hour after the claim.
      this.deleted(id);
      this.#remove(id, granted.uid).then(
        () => this.#log.usedUp(id, name),
        (error: unknown) => this.#log.failed(error),
      );
    }
  }
}

function keyOf(certificate: Uint8Array): string | undefined {
  try {
    return publicKeyPin(parseCertificate(certificate).spki);
  } catch (error) {
    // Who has come in by something else may send what it likes.
    if (error instanceof KubepkiError) return undefined;
    throw error;
  }
}

const FIELD_SELECTOR = `type=${BOOTSTRAP_SECRET_TYPE}`;
const PAGE = 500;

/** Follows what is stored until the signal aborts; begins again where a watch ends. */
export async function followGrantedTokens(
  tokens: GrantedTokens,
  registry: Pick<Registry, 'list' | 'watch'>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const resourceVersion = String(await fill(tokens, registry));
    const request = { ...SELECTION, resourceVersion };
    await follow(tokens, registry.watch(SECRET_DEFINITION, request, signal));
    await turn();
  }
}

const SELECTION = { namespace: BOOTSTRAP_SECRET_NAMESPACE, fieldSelector: FIELD_SELECTOR } as const;

async function fill(tokens: GrantedTokens, registry: Pick<Registry, 'list'>): Promise<number> {
  let page = await registry.list(SECRET_DEFINITION, { ...SELECTION, limit: PAGE });
  const { revision } = page;
  tokens.clear();
  for (;;) {
    for (const { object } of page.items) tokens.stored(object);
    if (page.continue === undefined || page.continue === '') return revision;
    const next = { ...SELECTION, limit: PAGE, continue: page.continue };
    page = await registry.list(SECRET_DEFINITION, next);
  }
}

async function follow(
  tokens: GrantedTokens,
  watch: AsyncIterable<readonly ServedEvent[]>,
): Promise<void> {
  for await (const events of watch) {
    for (const { type, object } of events) {
      if (type === 'ERROR') return;
      if (!isSecret(object)) continue;
      if (type === 'DELETED') tokens.deleted(bootstrapTokenId(object.metadata.name ?? '') ?? '');
      else if (type !== 'BOOKMARK') tokens.stored(object);
    }
  }
}

/** What the registry has read as one; its fields are looked at with care all the same. */
const isSecret = (object: Served['object'] | ServedEvent['object']): object is Secret =>
  object.kind === SECRETS.kind;
