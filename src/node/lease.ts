/** The Node's Lease: its heartbeat every ten seconds (component-helpers, apimachinery/lease/controller.go). */
import type { Clock, KubernetesClient } from '../client/index.ts';
import { KubepkiError } from '../errors.ts';
import { LEASES, type Lease, type Node, refusedFor } from '../kubernetes/index.ts';
import { doubling, jitter, pause } from './waiting.ts';

const NAMESPACE = 'kube-node-lease';
/** The kubelet's nodeLeaseDurationSeconds; it renews four times in that time. */
const DURATION_SECONDS = 40;
const RENEW_MS = (DURATION_SECONDS * 1000) / 4;

export interface LeaseContext {
  readonly client: () => KubernetesClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
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
  #wait = RENEW_MS;

  constructor(node: Node, context: LeaseContext) {
    this.#node = node;
    this.#context = context;
  }

  /** One attempt; what goes wrong is logged, and put right by the next. */
  async renew(): Promise<void> {
    const { random, signal, log } = this.#context;
    try {
      this.#latest = await renew(this.#latest, this.#node, this.#context);
      this.#failures = doubling(200, 7_000);
      this.#said = '';
      this.#wait = jitter(RENEW_MS, 0.04, random);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof KubepkiError)) throw error;
      // The next attempt looks at what is there.
      this.#latest = undefined;
      this.#wait = this.#failures.next().value;
      if (error.message !== this.#said) log(`renewing the Lease of the Node: ${error.message}`);
      this.#said = error.message;
    }
  }

  async keep(): Promise<void> {
    const { clock, signal } = this.#context;
    while (await pause(clock, this.#wait, signal)) await this.renew();
  }
}

async function renew(
  latest: Lease | undefined,
  node: Node,
  { client, clock, signal }: LeaseContext,
): Promise<Lease> {
  const now = clock.now();
  if (latest !== undefined) return client().update(LEASES, renewed(latest, node, now), { signal });
  const name = node.metadata.name ?? '';
  try {
    return await client().create(LEASES, newLease(node, now), { signal });
  } catch (error) {
    if (!refusedFor(error, 'AlreadyExists')) throw error;
  }
  const existing = await client().get(LEASES, { namespace: NAMESPACE, name }, { signal });
  return client().update(LEASES, renewed(existing, node, now), { signal });
}

function newLease(node: Node, now: Date): Lease {
  const name = node.metadata.name ?? '';
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: NAMESPACE, ...owner(node) },
    spec: {
      holderIdentity: name,
      leaseDurationSeconds: DURATION_SECONDS,
      renewTime: microTime(now),
    },
  };
}

const renewed = (lease: Lease, node: Node, now: Date): Lease => ({
  ...lease,
  metadata: {
    ...lease.metadata,
    ...((lease.metadata.ownerReferences?.length ?? 0) === 0 ? owner(node) : {}),
  },
  spec: { ...lease.spec, leaseDurationSeconds: DURATION_SECONDS, renewTime: microTime(now) },
});

/** The Lease goes with its Node. */
function owner({ metadata: { name, uid } }: Node) {
  if (name === undefined || uid === undefined) return {};
  return { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] };
}

/** RFC 3339 with six digits of a second, as metav1.MicroTime. */
const microTime = (time: Date): string => `${time.toISOString().slice(0, 23)}000Z`;
