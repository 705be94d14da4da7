/**
 * What the controllers of CertificateSigningRequests have in common: each looks at a request as soon as
 * anything happens to it, and again later when it could not finish (kubernetes,
 * pkg/controller/certificates/certificate_controller.go).
 */
import { createWorkQueue, type Informer, type InformerChange } from '../client/index.ts';
import { type CertificateSigningRequest, refusedFor, StatusError } from '../kubernetes/index.ts';
import { type ControllerContext, textOf } from './context.ts';
import type { ControllerMetrics } from './metrics.ts';

/**
 * Does what there is to do about a request. `retry` asks for another look later, without any trouble
 * to tell of; what is thrown is trouble, and asks for it too.
 */
export type CsrHandler = (csr: CertificateSigningRequest) => Promise<'done' | 'retry'>;

export interface CsrController {
  /** To be told every change of a request. */
  readonly onChange: (change: InformerChange<CertificateSigningRequest>) => void;
  /** Asks for another look at a request. */
  readonly look: (name: string) => void;
  /** Works until the signal aborts, and finishes what is under way. */
  readonly run: (informer: Informer<CertificateSigningRequest>) => Promise<void>;
}

/** Upstream has 5. Here they wait for answers only, and writes that come together are stored together. */
const WORKERS = 32;

/**
 * Upstream's delays grow to a quarter of an hour. So long a node would wait for a role that was bound
 * meanwhile; looking twice a minute costs one access review.
 */
const LONGEST_RETRY_MS = 30_000;

class LookAgain extends Error {}

export interface CsrControllerOptions {
  /** Where the depth of its queue is told, and under which name. */
  readonly metrics?: ControllerMetrics;
  readonly name?: string;
  /** Whether there can be something to do about a request as it is now; about each unless given. */
  readonly concerns?: (csr: CertificateSigningRequest) => boolean;
}

export function createCsrController(
  { clock, signal, log }: ControllerContext,
  handle: CsrHandler,
  { metrics, name: ownName = '', concerns = () => true }: CsrControllerOptions = {},
): CsrController {
  const requesters = new Map<string, string>();
  const queue = createWorkQueue({
    clock,
    longestRetryMs: LONGEST_RETRY_MS,
    // A node with a thousand requests waits for itself.
    laneOf: (name) => requesters.get(name) ?? '',
    onError: (error, csr) => {
      if (error instanceof LookAgain) return;
      log({ level: 'error', message: 'failed, and is tried again', csr, error: textOf(error) });
    },
  });
  metrics?.queue(ownName, () => queue.length);
  return {
    // Deleted ones too: their failures are forgotten then.
    onChange: ({ type, object }) => {
      const { name = '' } = object.metadata;
      if (type === 'deleted') {
        if (requesters.delete(name)) queue.add(name);
        return;
      }
      if (!concerns(object)) return;
      requesters.set(name, object.spec.username ?? '');
      queue.add(name);
    },
    look: (name) => queue.add(name),
    run: async (informer) =>
      queue.run(
        WORKERS,
        async (name) => {
          const csr = informer.get(undefined, name);
          if (csr === undefined) return;
          try {
            if ((await handle(csr)) === 'retry') throw new LookAgain();
          } catch (error) {
            // The cleaner was faster: nothing is left to do, and nobody has to hear of it.
            if (!refusedFor(error, 'NotFound') || nameIn(error) !== name) throw error;
          }
        },
        signal,
      ),
  };
}

/** What a refusal is about. */
const nameIn = (error: unknown): string | undefined =>
  error instanceof StatusError ? error.status.details?.name : undefined;
