/**
 * Whoever makes a request may be revoked while it is under way: it may wait for its body for a long time, and
 * a watch has no end of its own.
 */
import type { UserInfo } from '../../kubernetes/index.ts';
import { bearerToken } from '../authentication/index.ts';
import { type Revocations, RevokedError } from '../revocation/index.ts';
import type { ServerRequest, Shown } from '../types.ts';

/** Reasons: the exception that a signal would make for itself costs a stack trace. */
const REVOKED = new Error('who watches is revoked');
const GONE = new Error('the client has gone away');

export class Guard {
  readonly #revocations: Revocations;
  readonly #request: Pick<ServerRequest, 'peer' | 'headers'>;
  readonly #users: readonly UserInfo[];
  #ending: AbortController | undefined;

  /** @param users who is there and, where it is another, as whom they act */
  constructor(
    revocations: Revocations,
    request: Pick<ServerRequest, 'peer' | 'headers'>,
    users: readonly UserInfo[],
  ) {
    this.#revocations = revocations;
    this.#request = request;
    this.#users = users;
  }

  /** Made when somebody wants it, which most requests do not. */
  get shown(): Shown {
    const { peer, headers } = this.#request;
    return { peer, token: bearerToken(headers), users: this.#users };
  }

  /** @throws RevokedError */
  check(): void {
    if (this.#revocations.size === 0) return;
    const hit = this.#revocations.of(this.shown);
    if (hit !== undefined) throw new RevokedError(hit);
  }

  /** Aborts when the client goes away and, while `hold` holds, when its maker is revoked. */
  signal(client: AbortSignal | undefined): AbortSignal {
    const ending = new AbortController();
    this.#ending = ending;
    if (client?.aborted === true) ending.abort(GONE);
    else client?.addEventListener('abort', () => ending.abort(GONE), { once: true });
    return ending.signal;
  }

  /** From now on `signal` aborts: at once where its maker is revoked already. Returns what ends that. */
  hold(): () => void {
    const { shown } = this;
    const end = (): void => this.#end();
    const release = this.#revocations.hold(shown, end);
    if (this.#revocations.of(shown) !== undefined) end();
    return release;
  }

  #end(): void {
    const ending = this.#ending;
    if (ending === undefined || ending.signal.aborted) return;
    this.#revocations.counts.ended += 1;
    ending.abort(REVOKED);
  }
}
