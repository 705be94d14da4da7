/**
 * What the controllers count, for `/metrics`: of the server that they run in, or an endpoint of their own.
 * Names from outside stand in labels only where their number is bounded.
 */

import { isSignerName } from '../kubernetes/index.ts';
import { Family, Histogram, type Metric, type Reading, Value } from '../metrics/index.ts';

/** Seconds: upstream's signer takes from milliseconds to minutes, where somebody approves by hand to a day. */
const DURATIONS = [
  0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 86_400,
];

/** What conditions commonly say for a reason; others are `other`. */
const REASONS = new Set([
  'AutoApproved',
  'AutoDenied',
  'KubectlApprove',
  'KubectlDeny',
  'SignerValidationFailure',
  '',
]);

export type CsrOutcome = 'approved' | 'denied' | 'failed' | 'issued';

export class ControllerMetrics {
  readonly #unexpected = new Value();
  readonly #decisions = this.#counter(
    'kubepki_csr_decisions_total',
    'What has become of certificate signing requests, whoever decided.',
    ['signer', 'decision', 'reason'],
  );
  readonly #serving = this.#counter(
    'kubepki_serving_decisions_total',
    'Decisions of the approver of serving certificates, each when it was first taken.',
    ['decision', 'reason'],
  );
  readonly #events = this.#counter(
    'kubepki_csr_events_total',
    'Events about certificate signing requests, by what became of them.',
    ['outcome'],
  );
  readonly #excess = this.#counter(
    'kubepki_csr_excess_deleted_total',
    'Undecided requests of nodes that had too many, deleted.',
    [],
  );
  readonly #durations = new Family(
    'kubepki_csr_duration_seconds',
    {
      type: 'histogram',
      help: 'How long it took from the request to its certificate, in seconds.',
      labels: ['signer'],
      make: () => new Histogram(DURATIONS),
    },
    this.#unexpected,
  );
  readonly #queues = new Map<string, () => number>();
  readonly #syncing = new Set<object>();
  #more: () => readonly Reading[] = () => [];

  decided(signer: string, decision: CsrOutcome, reason: string): void {
    this.#decisions
      .at(signerLabel(signer), decision, REASONS.has(reason) ? reason : 'other')
      .add(1);
  }

  issued(signer: string, seconds: number): void {
    this.#durations.at(signerLabel(signer)).observe(seconds);
  }

  /** @param reason one of a fixed set */
  serving(decision: string, reason: string): void {
    this.#serving.at(decision, reason).add(1);
  }

  event(outcome: 'written' | 'failed' | 'dropped'): void {
    this.#events.at(outcome).add(1);
  }

  excessDeleted(): void {
    this.#excess.at().add(1);
  }

  /** The depth of the queue of this name is told from now on; a later one of that name takes its place. */
  queue(name: string, depth: () => number): void {
    this.#queues.set(name, depth);
  }

  /** What the guardrails read, from now on. */
  guardrails(readings: () => readonly Reading[]): void {
    this.#more = readings;
  }

  /** Until it is synced, the controllers are not ready. Both outcomes end that: an aborted one is no more. */
  syncing(synced: Promise<void>): void {
    const token = {};
    this.#syncing.add(token);
    void synced.catch(() => undefined).then(() => this.#syncing.delete(token));
  }

  /** Whether all is known that was asked for. */
  get isReady(): boolean {
    return this.#syncing.size === 0;
  }

  all(): readonly Metric[] {
    const depths: Reading = {
      name: 'workqueue_depth',
      type: 'gauge',
      help: 'What waits for a controller.',
      values: [...this.#queues].map(([name, depth]) => [{ name }, depth()]),
    };
    return [
      this.#decisions,
      this.#durations,
      this.#serving,
      this.#events,
      this.#excess,
      depths,
      ...this.#more(),
    ];
  }

  #counter(name: string, help: string, labels: readonly string[]): Family<Value> {
    const kind = { type: 'counter' as const, help, labels, make: () => new Value() };
    return new Family(name, kind, this.#unexpected);
  }
}

/** Kubernetes' own; anybody can make up others. */
export const signerLabel = (signer: string): string => (isSignerName(signer) ? signer : 'other');
