/**
 * Whoever makes a request may be revoked while it is under way, be a node that is bound elsewhere by now, or have
 * come with a bootstrap token that is used up or deleted: it may wait for its body for a long time, and a watch has
 * no end of its own.
 */
import type { UserInfo } from '../../kubernetes/index.ts';
import { bearerToken } from '../authentication/index.ts';
import type { NodeBindings } from '../binding/index.ts';
import { type Revocations, RevokedError } from '../revocation/index.ts';
import type { ServerRequest, Shown } from '../types.ts';

/** Reasons: the exception that a signal would make for itself costs a stack trace. */
const REVOKED = new Error('who watches is revoked');
const ELSEWHERE = new Error('the node that watches is bound to another address');
const GONE = new Error('the client has gone away');

export interface GuardOptions {
  readonly revocations: Revocations;
  /** Absent: nodes may come from everywhere. */
  readonly bindings?: NodeBindings | undefined;
}

export class Guard {
  readonly #revocations: Revocations;
  readonly #bindings: NodeBindings | undefined;
  readonly #request: Pick<ServerRequest, 'peer' | 'headers'>;
  readonly #users: readonly UserInfo[];
  readonly #again: (() => Promise<unknown>) | undefined;
  #ending: AbortController | undefined;

  /**
   * @param users who is there and, where it is another, as whom they act
   * @param again authenticates the request once more, where its credential may have gone meanwhile
   */
  constructor(
    { revocations, bindings }: GuardOptions,
    request: Pick<ServerRequest, 'peer' | 'headers'>,
    users: readonly UserInfo[],
    again?: () => Promise<unknown>,
  ) {
    this.#revocations = revocations;
    this.#bindings = bindings;
    this.#request = request;
    this.#users = users;
    this.#again = again;
  }

  /** Made when somebody wants it, which most requests do not. */
  get shown(): Shown {
    const { peer, headers } = this.#request;
    return { peer, token: bearerToken(headers), users: this.#users };
  }

  /** @throws RevokedError, ElsewhereError, StatusError Unauthorized */
  async check(): Promise<void> {
    this.#bindings?.recheck(this.#request.peer);
    const hit = this.#revocations.size === 0 ? undefined : this.#revocations.of(this.shown);
    if (hit !== undefined) throw new RevokedError(hit);
    if (this.#again !== undefined) await this.#again();
  }

  /** Aborts when the client goes away and, while `hold` holds, when its maker is revoked or moved. */
  signal(client: AbortSignal | undefined): AbortSignal {
    const ending = new AbortController();
    this.#ending = ending;
    if (client?.aborted === true) ending.abort(GONE);
    else client?.addEventListener('abort', () => ending.abort(GONE), { once: true });
    return ending.signal;
  }

  /** From now on `signal` aborts: at once where its maker may not go on already. Returns what ends that. */
  hold(): () => void {
    const { shown } = this;
    const end = (): void => {
      if (this.#end(REVOKED)) this.#revocations.counts.ended += 1;
    };
    const release = this.#revocations.hold(shown, end);
    if (this.#revocations.of(shown) !== undefined) end();
    const leave = this.#bindings?.hold(this.#request.peer, () => void this.#end(ELSEWHERE));
    if (leave === undefined) return release;
    return () => {
      release();
      leave();
    };
  }

  /** False where it has ended. */
  #end(reason: Error): boolean {
    const ending = this.#ending;
    if (ending === undefined || ending.signal.aborted) return false;
    ending.abort(reason);
    return true;
  }
}
