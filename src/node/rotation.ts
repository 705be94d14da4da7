/**
 * Keeps one certificate: asks for it, stores it, and asks for the next one before it ends
 * (client-go, util/certificate/certificate_manager.go).
 */

import type { Clock, KubernetesClient } from '../client/index.ts';
import { KubepkiError } from '../errors.ts';
import { refusedFor } from '../kubernetes/index.ts';
import type { Certificate } from '../x509/index.ts';
import { requestCertificate } from './request.ts';
import type { CertificateStore, StoredPair } from './store.ts';
import type { CertificateKind, NodeEvent } from './types.ts';
import { certificateBackoff, ENDED, pause } from './waiting.ts';
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
  /** Before each attempt but the first. */
  readonly onRetry?: () => void;
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

/** A machine may sleep, and its clock be set: the time is looked at again at least so often. */
const LONGEST_NAP_MS = 3_600_000;

export class CertificateKeeper {
  readonly #options: KeeperOptions;
  #pair: StoredPair | undefined;
  #renewNow: boolean;
  #changed = new AbortController();
  /** The last answer was one of a server that is well, though perhaps not to us. */
  #serverHealthy = false;
  #lastUsable: Date;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#pair = options.pair;
    this.#renewNow = options.renewNow;
    this.#lastUsable = options.clock.now();
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
    const changed = this.#changed;
    this.#changed = new AbortController();
    changed.abort(ENDED);
  }

  /**
   * Works until the signal aborts. With `once` it ends when there is a certificate that says all
   * that is wanted.
   *
   * @throws KubepkiError API_REFUSED as `giveUpAfterMs` says
   */
  async run(signal: AbortSignal, { once = false } = {}): Promise<void> {
    let earliest = 0;
    while (!signal.aborted) {
      const complete = this.isComplete;
      if (once && complete) return;
      if (this.#options.wanted() === undefined) {
        await pause(this.#options.clock, LONGEST_NAP_MS, this.#wake(signal));
        continue;
      }
      const due =
        (!complete || (await this.#sleepUntilDeadline(signal))) &&
        (await this.#sleepUntil(earliest, this.#wake(signal)));
      if (!due) {
        // Something else is wanted: that is worth asking at once.
        earliest = 0;
        continue;
      }
      await this.#requestUntilStored(signal);
      earliest = this.#earliestNext();
    }
  }

  #wake(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#changed.signal]);
  }

  /** False where something else than the deadline ended it. */
  async #sleepUntilDeadline(signal: AbortSignal): Promise<boolean> {
    const pair = this.#pair;
    if (pair === undefined) return true;
    const deadline = rotationDeadline(pair.certificates[0], this.#options.random);
    return this.#sleepUntil(deadline.getTime(), this.#wake(signal));
  }

  async #sleepUntil(time: number, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#options;
    for (;;) {
      const left = time - clock.now().getTime();
      if (left <= 0) return true;
      if (!(await pause(clock, Math.min(left, LONGEST_NAP_MS), signal))) return false;
    }
  }

  /** A signer whose certificates end at once must not be asked without end: a second at least, 32 s where there is time. */
  #earliestNext(): number {
    const pair = this.#pair;
    const now = this.#options.clock.now().getTime();
    const left = pair === undefined ? 0 : pair.certificates[0].notAfter.getTime() - now;
    return now + Math.min(32_000, Math.max(1_000, left / 4));
  }

  async #requestUntilStored(signal: AbortSignal): Promise<void> {
    const { clock, random, onEvent, kind } = this.#options;
    const pauses = certificateBackoff(random);
    for (;;) {
      const wanted = this.#options.wanted();
      if (signal.aborted || wanted === undefined) return;
      const attempt = this.#watchWanted(wanted, signal);
      try {
        await this.#requestOnce(wanted, attempt.signal);
        return;
      } catch (error) {
        if (signal.aborted) return;
        // Something else is wanted by now: that is no failure.
        if (attempt.signal.aborted) continue;
        const retryInMs = Math.round(pauses.next().value);
        const message = this.#noteFailure(error);
        onEvent({ type: 'attempt-failed', kind, message, retryInMs });
        if (!(await pause(clock, retryInMs, signal))) return;
        this.#options.onRetry?.();
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

  async #requestOnce(wanted: WantedCertificate, signal: AbortSignal): Promise<void> {
    const { kind, store, clock, client, onEvent, onPair } = this.#options;
    const issued = await requestCertificate(wanted, { client, clock, signal, onEvent });
    const isFirst = this.#pair === undefined;
    const pair = await store.update(issued.certificate, issued.key);
    this.#pair = pair;
    this.#renewNow = false;
    this.#serverHealthy = true;
    const [leaf] = pair.certificates;
    onEvent({
      type: isFirst ? 'certificate-stored' : 'renewed',
      kind,
      serial: pair.serial,
      notAfter: leaf.notAfter,
      file: pair.file,
    });
    onPair(pair);
  }

  /**
   * @returns what is to be said of it
   * @throws KubepkiError API_REFUSED where it is time to give up, an error that nobody has foreseen as it is
   */
  #noteFailure(error: unknown): string {
    if (!(error instanceof KubepkiError)) throw error;
    const message = this.#options.explain?.(error) ?? inOneLine(error);
    this.#serverHealthy = refusedFor(error, 'Unauthorized', 'NotFound', 'Forbidden');
    const { clock, giveUpAfterMs = Infinity } = this.#options;
    const now = clock.now();
    if (this.current !== undefined) this.#lastUsable = now;
    else if (this.#pair !== undefined) this.#lastUsable = this.#pair.certificates[0].notAfter;
    const since = now.getTime() - this.#lastUsable.getTime();
    if (!this.#serverHealthy || since < giveUpAfterMs) return message;
    throw new KubepkiError(
      'API_REFUSED',
      `no valid client certificate for ${giveUpAfterMs / 60_000} minutes, and the API server refuses a new one: ${message}`,
      { hint: 'give the node a new bootstrap kubeconfig and start it again', cause: error },
    );
  }
}

const inOneLine = ({ message, hint }: KubepkiError): string =>
  hint === undefined ? message : `${message} (${hint})`;
