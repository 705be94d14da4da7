/**
 * Keeps one certificate: asks for it, stores it, and asks for the next one before it ends
 * (client-go, util/certificate/certificate_manager.go).
 */

import type { Clock, KubernetesClient } from '../client/index.ts';
import { KubepkiError } from '../errors.ts';
import { refusedFor } from '../kubernetes/index.ts';
import { type Certificate, keysMatch } from '../x509/index.ts';
import { requestCertificate } from './request.ts';
import type { CertificateStore, StoredPair } from './store.ts';
import type { CertificateKind, NodeEvent } from './types.ts';
import { certificateBackoff, doubling, ENDED, pause, requestBackoff } from './waiting.ts';
import { isSameWanted, lacks, type WantedCertificate } from './wanted.ts';

export interface KeeperOptions {
  readonly kind: CertificateKind;
  readonly store: CertificateStore;
  /** In the store and valid. */
  readonly pair?: StoredPair | undefined;
  /** Ask for the first certificate at once, whatever `pair` is. */
  readonly renewNow: boolean;
  /** Undefined: nothing can be asked for yet. */
  readonly wanted: () => WantedCertificate | undefined;
  /** As whom a request is made at this moment. */
  readonly client: () => KubernetesClient;
  /** Who that is, told apart from others: see `RequestContext`. */
  readonly requester: () => string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onEvent: (event: NodeEvent) => void;
  /** A pair is stored and in use from now on. */
  readonly onPair: (pair: StoredPair) => void;
  /**
   * Give up, so that whoever starts the node can give it new credentials, when there has been no
   * usable certificate for so long although the server answers (upstream: 5 minutes, client only).
   */
  readonly giveUpAfterMs?: number;
  /** Does not give up while this says so: new credentials would be found without a start. */
  readonly waits?: () => boolean;
  /** Before each attempt: credentials may be others by now. */
  readonly beforeAttempt?: () => void;
  /** What is said of a failed attempt, where its error does not say it all. */
  readonly explain?: (error: KubepkiError) => string | undefined;
}

/**
 * When to ask for the next certificate: uniform between 70 and 90 % of the lifetime, so that nodes
 * that came together do not renew together (`nextRotationDeadline`).
 */
export function rotationDeadline(
  { notBefore, notAfter }: Pick<Certificate, 'notBefore' | 'notAfter'>,
  random: () => number,
): Date {
  const lifetime = notAfter.getTime() - notBefore.getTime();
  return new Date(notBefore.getTime() + lifetime * (0.7 + 0.2 * random()));
}

/** Nothing is to be done: what wakes it is `look`. */
const LONG_MS = 3_600_000;
/** Who has less time than this with a new certificate asks for the next one with ever longer pauses. */
const SHORT_MS = 60_000;

export class CertificateKeeper {
  readonly #options: KeeperOptions;
  #pair: StoredPair | undefined;
  /** Drawn once for each certificate: who draws again whenever it is woken draws until it is early. */
  #deadline = 0;
  #renewNow: boolean;
  #changed = new AbortController();
  /** No request before so long after that time. */
  #rest = { since: 0, ms: 0 };
  #restsIfShort = doubling(1_000, 300_000);
  /** The last answer was one of a server that is well, though perhaps not to us. */
  #serverHealthy = false;
  /** Since when it is known that there is no usable certificate. */
  #unusableSince: number | undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#renewNow = options.renewNow;
    if (options.pair !== undefined) this.#take(options.pair);
  }

  /** The pair in use; undefined where there is none yet, or it has expired. */
  get current(): StoredPair | undefined {
    const pair = this.#pair;
    if (pair === undefined) return undefined;
    return this.#options.clock.now() > pair.certificates[0].notAfter ? undefined : pair;
  }

  /** For who asks which certificates the node has. */
  get held(): readonly (readonly [CertificateKind, Certificate])[] {
    const pair = this.#pair;
    return pair === undefined ? [] : [[this.#options.kind, pair.certificates[0]]];
  }

  /** Whether there is a certificate that is valid and says all that is wanted. */
  get isComplete(): boolean {
    const pair = this.current;
    if (this.#renewNow || pair === undefined) return false;
    const wanted = this.#options.wanted();
    return wanted === undefined || lacks(pair.certificates[0], wanted) === undefined;
  }

  /** What is wanted may have changed: compares, and asks anew where the certificate lacks something. */
  wantedChanged(): void {
    if (!this.isComplete) this.#rest = { since: 0, ms: 0 };
    this.look();
  }

  /** Looks at the time again, which may have been set; and where an attempt has failed, makes the next one at once. */
  look(): void {
    const changed = this.#changed;
    this.#changed = new AbortController();
    changed.abort(ENDED);
  }

  /** Asks for another certificate, whatever the dates of this one are. */
  renew(): void {
    this.#renewNow = true;
    this.look();
  }

  /**
   * Works until the signal aborts. With `once` it ends when there is a certificate that says all
   * that is wanted.
   *
   * @throws KubepkiError API_REFUSED as `giveUpAfterMs` says
   */
  async run(signal: AbortSignal, { once = false } = {}): Promise<void> {
    const { clock, wanted } = this.#options;
    while (!signal.aborted) {
      const wake = this.#wake(signal);
      const complete = this.isComplete;
      if (once && complete) return;
      if (wanted() === undefined) {
        await pause(clock, LONG_MS, wake);
        continue;
      }
      const due = Math.max(complete ? this.#deadline : 0, this.#restedAt());
      const left = due - clock.now().getTime();
      if (left <= 0) await this.#requestUntilStored(signal);
      else await pause(clock, left, wake);
    }
  }

  #wake(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#changed.signal]);
  }

  #restedAt(): number {
    const { since, ms } = this.#rest;
    const now = this.#options.clock.now().getTime();
    // A clock that was set back must not make it rest for a year.
    if (since > now) this.#rest = { since: now, ms };
    return this.#rest.since + ms;
  }

  #take(pair: StoredPair): void {
    this.#pair = pair;
    this.#deadline = rotationDeadline(pair.certificates[0], this.#options.random).getTime();
  }

  async #requestUntilStored(signal: AbortSignal): Promise<void> {
    const { clock, random, onEvent, kind, beforeAttempt } = this.#options;
    const pauses = certificateBackoff(random);
    const longPauses = requestBackoff(random);
    for (;;) {
      const wake = this.#wake(signal);
      const wanted = this.#options.wanted();
      if (signal.aborted || wanted === undefined) return;
      beforeAttempt?.();
      const attempt = this.#watchWanted(wanted, signal);
      const made = { request: false };
      try {
        await this.#requestOnce(wanted, attempt.signal, made);
        return;
      } catch (error) {
        if (signal.aborted) return;
        // Something else is wanted by now: that is no failure.
        if (attempt.signal.aborted) continue;
        const retryInMs = Math.round((made.request ? longPauses : pauses).next().value);
        const message = this.#noteFailure(error);
        onEvent({ type: 'attempt-failed', kind, message, retryInMs });
        await pause(clock, retryInMs, wake);
      } finally {
        attempt.end();
      }
    }
  }

  /** A signal that aborts as soon as something else is wanted. */
  #watchWanted(
    wanted: WantedCertificate,
    signal: AbortSignal,
  ): { readonly signal: AbortSignal; readonly end: () => void } {
    const outdated = new AbortController();
    let changed = this.#changed.signal;
    const check = (): void => {
      if (!isSameWanted(wanted, this.#options.wanted())) return outdated.abort(ENDED);
      changed = this.#changed.signal;
      changed.addEventListener('abort', check, { once: true });
    };
    changed.addEventListener('abort', check, { once: true });
    return {
      signal: AbortSignal.any([signal, outdated.signal]),
      end: () => changed.removeEventListener('abort', check),
    };
  }

  async #requestOnce(
    wanted: WantedCertificate,
    signal: AbortSignal,
    made: { request: boolean },
  ): Promise<void> {
    const { kind, store, clock, client, requester, onEvent, onPair } = this.#options;
    const { pending } = store;
    const before = this.#pair;
    const left = pending.read();
    // It was killed after it had stored the certificate.
    if (left && before && keysMatch(before.certificates[0], left.key)) pending.remove();
    const issued = await requestCertificate(wanted, {
      client,
      requester: requester(),
      pending,
      clock,
      signal,
      onEvent: (event) => {
        if (event.type === 'csr-created') made.request = true;
        onEvent(event);
      },
    });
    const pair = await store.update(issued.certificate, issued.key);
    pending.remove();
    this.#take(pair);
    this.#renewNow = false;
    this.#serverHealthy = true;
    this.#unusableSince = undefined;
    const [leaf] = pair.certificates;
    onEvent({
      type: before === undefined ? 'certificate-stored' : 'renewed',
      kind,
      serial: pair.serial,
      notAfter: leaf.notAfter,
      file: pair.file,
    });
    this.#restAfter(leaf);
    onPair(pair);
  }

  /**
   * A signer whose certificates are to be renewed as soon as they are there must not be asked without
   * end: a third of what is left is waited for, where that is hardly anything up to five minutes.
   */
  #restAfter({ notBefore, notAfter }: Certificate): void {
    const { clock, kind, onEvent } = this.#options;
    const now = clock.now();
    const left = notAfter.getTime() - now.getTime();
    const isLate = this.#deadline <= now.getTime();
    if (isLate || notBefore > now) onEvent({ type: 'odd-dates', kind, notBefore, notAfter, now });
    if (left > SHORT_MS) this.#restsIfShort = doubling(1_000, 300_000);
    const least = left > SHORT_MS ? 1_000 : this.#restsIfShort.next().value;
    this.#rest = { since: now.getTime(), ms: isLate ? Math.max(left / 3, least) : least };
  }

  /**
   * @returns what is to be said of it
   * @throws KubepkiError API_REFUSED where it is time to give up, an error that nobody has foreseen as it is
   */
  #noteFailure(error: unknown): string {
    if (!(error instanceof KubepkiError)) throw error;
    const message = this.#options.explain?.(error) ?? inOneLine(error);
    this.#serverHealthy = refusedFor(error, 'Unauthorized', 'NotFound', 'Forbidden');
    const { clock, giveUpAfterMs = Infinity, waits } = this.#options;
    const now = clock.now().getTime();
    if (this.current !== undefined) this.#unusableSince = undefined;
    else this.#unusableSince = Math.min(this.#unusableSince ?? now, now);
    const since = now - (this.#unusableSince ?? now);
    if (!this.#serverHealthy || since < giveUpAfterMs || waits?.() === true) return message;
    throw new KubepkiError(
      'API_REFUSED',
      `no valid client certificate for ${giveUpAfterMs / 60_000} minutes, and the API server refuses a new one: ${message}`,
      { hint: 'give the node a new bootstrap kubeconfig and start it again', cause: error },
    );
  }
}

const inOneLine = ({ message, hint }: KubepkiError): string =>
  hint === undefined ? message : `${message} (${hint})`;
