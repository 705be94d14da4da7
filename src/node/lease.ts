/** The Node's Lease: its heartbeat every ten seconds (component-helpers, apimachinery/lease/controller.go). */
import type { Clock, KubernetesClient } from '../client/index.ts';
import { KubepkiError } from '../errors.ts';
import { LEASES, type Lease, type Node, refusedFor } from '../kubernetes/index.ts';
import { doubling, jitter, pause } from './waiting.ts';

const NAMESPACE = 'kube-node-lease';
/** The kubelet's nodeLeaseDurationSeconds; it renews four times in that time. */
const DURATION_SECONDS = 40;

export interface LeaseContext {
  readonly client: () => KubernetesClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
  /** Hears of each attempt that has failed; what it answers stands beside the error's message. */
  readonly explain?: (error: KubepkiError) => string | undefined;
}

/**
 * The Lease of a Node, kept alive. The first `renew` creates it or takes it over; call `keep` after
 * that, and it is renewed until the signal aborts.
 */
export class LeaseKeeper {
  readonly #node: Node;
  readonly #context: LeaseContext;
  #latest: Lease | undefined;
  #failures = doubling(200, 7_000);
  #said = '';
  #wait: number;
  readonly #duration: number;

  /** @param duration in seconds */
  constructor(node: Node, context: LeaseContext, duration = DURATION_SECONDS) {
    this.#node = node;
    this.#context = context;
    this.#duration = duration;
    this.#wait = this.#renewMs;
  }

  get #renewMs(): number {
    return (this.#duration * 1000) / 4;
  }

  /** One attempt; what goes wrong is logged, and put right by the next. */
  async renew(): Promise<void> {
    const { random, signal, log, explain } = this.#context;
    try {
      const { latest, duration } = { latest: this.#latest, duration: this.#duration };
      this.#latest = await renew({ latest, node: this.#node, duration }, this.#context);
      this.#failures = doubling(200, 7_000);
      this.#said = '';
      this.#wait = jitter(this.#renewMs, 0.04, random);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof KubepkiError)) throw error;
      // The next attempt looks at what is there.
      this.#latest = undefined;
      this.#wait = this.#failures.next().value;
      const advice = explain?.(error) ?? error.hint;
      if (error.message !== this.#said) {
        log(
          `renewing the Lease of the Node: ${error.message}${advice === undefined ? '' : ` (${advice})`}; trying again`,
        );
      }
      this.#said = error.message;
    }
  }

  async keep(): Promise<void> {
    const { clock, signal } = this.#context;
    while (await pause(clock, this.#wait, signal)) await this.renew();
  }
}

interface LeaseFacts {
  readonly latest: Lease | undefined;
  readonly node: Node;
  /** In seconds. */
  readonly duration: number;
}

async function renew(
  { latest, node, duration }: LeaseFacts,
  { client, clock, signal }: LeaseContext,
): Promise<Lease> {
  const made = newLease(node, duration, clock.now());
  const again = (lease: Lease): Lease => renewed(lease, made);
  if (latest !== undefined) return client().update(LEASES, again(latest), { signal });
  const name = node.metadata.name ?? '';
  try {
    return await client().create(LEASES, made, { signal });
  } catch (error) {
    if (!refusedFor(error, 'AlreadyExists')) throw error;
  }
  const existing = await client().get(LEASES, { namespace: NAMESPACE, name }, { signal });
  return client().update(LEASES, again(existing), { signal });
}

function newLease(node: Node, duration: number, now: Date): Lease {
  const name = node.metadata.name ?? '';
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: NAMESPACE, ...owner(node) },
    spec: {
      holderIdentity: name,
      leaseDurationSeconds: duration,
      renewTime: microTime(now),
    },
  };
}

const renewed = (lease: Lease, { metadata: { ownerReferences }, spec }: Lease): Lease => ({
  ...lease,
  metadata: {
    ...lease.metadata,
    ...((lease.metadata.ownerReferences?.length ?? 0) > 0 || ownerReferences === undefined
      ? {}
      : { ownerReferences }),
  },
  spec: {
    ...lease.spec,
    ...(spec?.leaseDurationSeconds === undefined
      ? {}
      : { leaseDurationSeconds: spec.leaseDurationSeconds }),
    ...(spec?.renewTime === undefined ? {} : { renewTime: spec.renewTime }),
  },
});

/** The Lease goes with its Node. */
function owner({ metadata: { name, uid } }: Node) {
  if (name === undefined || uid === undefined) return {};
  return { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] };
}

/** RFC 3339 with six digits of a second, as metav1.MicroTime. */
const microTime = (time: Date): string => `${time.toISOString().slice(0, 23)}000Z`;
