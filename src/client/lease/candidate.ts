/** One who stands for a lease: gets it, keeps it, gives it back. */
import { KubepkiError } from '../../errors.ts';
import { LEASES, type Lease, refusedFor } from '../../kubernetes/index.ts';
import { pause, withDeadline } from '../abort.ts';
import type { Clock } from '../clock.ts';
import type { KubernetesClient } from '../types.ts';

export interface LeaseOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Withdraws from the election; a lease that is held is released when the work has ended. */
  readonly signal: AbortSignal;
  readonly namespace: string;
  readonly name: string;
  /** Different for every candidate, also for two on the same host. */
  readonly identity: string;
  /** How long others wait before they take over, in whole seconds' worth of milliseconds; 15,000 unless given. */
  readonly leaseDurationMs?: number;
  /** How long a holder tries to renew before it gives up; 10,000 unless given. */
  readonly renewDeadlineMs?: number;
  /** Between tries; 2,000 unless given. */
  readonly retryPeriodMs?: number;
  /** Told who leads, whenever that changes; an empty identity is nobody. */
  readonly onLeader?: (identity: string) => void;
  /** Told why a try failed: it is tried again. */
  readonly onError?: (error: unknown) => void;
}

export interface Times {
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
}

/** Candidates wait for a retry period and up to this many more. */
export const JITTER = 1.2;

type Spec = NonNullable<Lease['spec']>;

export class Candidate {
  readonly #options: LeaseOptions;
  readonly #times: Times;
  /** When the try began that last got or kept the lease. */
  #ownedAt = 0;
  /** The lease as the server last showed it. */
  #lease: Lease | undefined;
  /** By our clock, when the lease was last seen to be another than before. */
  #changedAt = 0;
  #leader = '';

  constructor(options: LeaseOptions, times: Times) {
    this.#options = options;
    this.#times = times;
  }

  /** @throws the signal's reason where that aborts */
  async acquire(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    while (!(await this.#try(signal))) {
      await pause(clock, this.#times.retryPeriodMs * (1 + random() * JITTER), signal);
    }
  }

  /** Renews until the signal aborts; answers why not, where it could not. */
  async keepRenewing(signal: AbortSignal): Promise<KubepkiError | undefined> {
    const { clock } = this.#options;
    const { renewDeadlineMs, retryPeriodMs } = this.#times;
    const renew = async (untilLate: AbortSignal): Promise<boolean> => {
      while (!(await this.#try(untilLate))) {
        // No use to insist: this one has been told.
        if (this.#leader !== this.#options.identity) return false;
        await pause(clock, retryPeriodMs, untilLate);
      }
      return true;
    };
    try {
      for (;;) {
        await pause(clock, retryPeriodMs, signal);
        const ms = Math.min(renewDeadlineMs, this.#untilTaken());
        const late = (): KubepkiError => this.#lost(`not renewed within ${ms} ms`);
        if (!(await withDeadline({ clock, ms, signal, late }, renew))) {
          return this.#lost('another one has it');
        }
      }
    } catch (error) {
      if (signal.aborted) return undefined;
      return error instanceof KubepkiError ? error : this.#lost('renewing failed');
    }
  }

  /** Gives the lease back if it is ours: others need not wait. Failing to is no error, only slower. */
  async release(): Promise<void> {
    const { client, clock, identity, namespace, name } = this.#options;
    const late = (): Error => this.#lost('not released in time');
    try {
      await withDeadline(
        { clock, ms: this.#times.renewDeadlineMs, late },
        async (signal: AbortSignal) => {
          const lease = await client.get(LEASES, { namespace, name }, { signal });
          if (lease.spec?.holderIdentity !== identity) return;
          const now = microTime(clock.now());
          const spec: Spec = {
            ...lease.spec,
            holderIdentity: '',
            leaseDurationSeconds: 1,
            acquireTime: now,
            renewTime: now,
          };
          this.#see(await client.update(LEASES, { ...lease, spec }, { signal }));
        },
      );
    } catch (error) {
      this.#options.onError?.(error);
    }
  }

  /** One try to get or to keep the lease: whether it is ours now. Throws only when the signal aborts. */
  async #try(signal: AbortSignal): Promise<boolean> {
    const { clock, onError } = this.#options;
    const ms = this.#times.renewDeadlineMs / 2;
    const late = (): Error => this.#lost(`no answer within ${ms} ms`);
    try {
      return await withDeadline({ clock, ms, signal, late }, async (inner) => this.#claim(inner));
    } catch (error) {
      signal.throwIfAborted();
      onError?.(error);
      return false;
    }
  }

  /**
   * Milliseconds until others may take over: they count from when the server wrote, which is after
   * our try began. Upstream counts from the answer, and so leads for too long when answers are slow.
   */
  #untilTaken(): number {
    const sinceOwned = this.#options.clock.now().getTime() - this.#ownedAt;
    return Math.max(0, this.#times.leaseDurationMs - sinceOwned);
  }

  async #claim(signal: AbortSignal): Promise<boolean> {
    const began = this.#options.clock.now().getTime();
    const owned = await this.#getOrKeep(signal);
    if (owned) this.#ownedAt = began;
    return owned;
  }

  async #getOrKeep(signal: AbortSignal): Promise<boolean> {
    const { client, namespace, name, onError } = this.#options;
    const known = this.#lease;
    if (known !== undefined && this.#isOurs(known) && this.#isValid(known)) {
      try {
        this.#see(await client.update(LEASES, this.#renewed(known), { signal }));
        return true;
      } catch (error) {
        signal.throwIfAborted();
        // Somebody has written it, or the answer to an earlier write of ours got lost: look first.
        if (!refusedFor(error, 'Conflict', 'NotFound')) onError?.(error);
      }
    }
    let lease: Lease;
    try {
      lease = await client.get(LEASES, { namespace, name }, { signal });
    } catch (error) {
      if (!refusedFor(error, 'NotFound')) throw error;
      const metadata = { namespace, name };
      this.#see(
        await client.create(
          LEASES,
          { metadata, spec: this.#spec({ leaseTransitions: 0 }) },
          { signal },
        ),
      );
      return true;
    }
    this.#see(lease);
    const held = (lease.spec?.holderIdentity ?? '') !== '' && this.#isValid(lease);
    if (held && !this.#isOurs(lease)) return false;
    const next = this.#isOurs(lease) ? this.#renewed(lease) : this.#taken(lease);
    this.#see(await client.update(LEASES, next, { signal }));
    return true;
  }

  #isOurs({ spec }: Lease): boolean {
    return spec?.holderIdentity === this.#options.identity;
  }

  /** Whether its time has not run out, counted from when we saw it change. */
  #isValid({ spec }: Lease): boolean {
    const now = this.#options.clock.now().getTime();
    return this.#changedAt + (spec?.leaseDurationSeconds ?? 0) * 1000 > now;
  }

  #renewed(lease: Lease): Lease {
    const { acquireTime, leaseTransitions = 0 } = lease.spec ?? {};
    const kept =
      acquireTime === undefined ? { leaseTransitions } : { acquireTime, leaseTransitions };
    return { ...lease, spec: { ...lease.spec, ...this.#spec(kept) } };
  }

  #taken(lease: Lease): Lease {
    const leaseTransitions = (lease.spec?.leaseTransitions ?? 0) + 1;
    return { ...lease, spec: { ...lease.spec, ...this.#spec({ leaseTransitions }) } };
  }

  #spec(kept: Pick<Spec, 'acquireTime' | 'leaseTransitions'>): Spec {
    const now = microTime(this.#options.clock.now());
    return {
      holderIdentity: this.#options.identity,
      leaseDurationSeconds: this.#times.leaseDurationMs / 1000,
      acquireTime: now,
      renewTime: now,
      ...kept,
    };
  }

  /** Remembers what the server shows, and when it differs from before. */
  #see(lease: Lease): void {
    if (JSON.stringify(lease.spec) !== JSON.stringify(this.#lease?.spec)) {
      this.#changedAt = this.#options.clock.now().getTime();
    }
    this.#lease = lease;
    const leader = lease.spec?.holderIdentity ?? '';
    if (leader === this.#leader) return;
    this.#leader = leader;
    this.#options.onLeader?.(leader);
  }

  #lost(why: string): KubepkiError {
    const { namespace, name } = this.#options;
    return new KubepkiError('UNREACHABLE', `the lease ${namespace}/${name}: ${why}`);
  }
}

/** metav1.MicroTime: six digits of a second. */
const microTime = (time: Date): string => time.toISOString().replace('Z', '000Z');
