/**
 * Deletes PodCertificateRequests, whatever has become of them, when they are no use to a kubelet any more
 * (kube-controller-manager's podcertificaterequest-cleaner-controller: kubernetes,
 * pkg/controller/certificates/cleaner/pcrcleaner.go).
 */
import {
  POD_CERTIFICATE_REQUESTS,
  type PodCertificateRequest,
  refusedFor,
} from '../kubernetes/index.ts';
import { type ControllerContext, textOf } from './context.ts';

const MINUTE = 60_000;
/** A kubelet waits for less. */
const LIFETIME = 15 * MINUTE;
/** How often it is looked. */
export const POD_CLEANING_INTERVAL = 5 * MINUTE;

/** Deletes what can go among those given. One that cannot be deleted is tried again the next time. */
export async function cleanPodRequests(
  { client, clock, signal, log }: ControllerContext,
  requests: Iterable<PodCertificateRequest>,
): Promise<void> {
  for (const { metadata } of requests) {
    const { namespace = '', name = '', uid, creationTimestamp } = metadata;
    const age = clock.now().getTime() - Date.parse(creationTimestamp ?? '');
    // One without a time is never old.
    if (!(age >= LIFETIME)) continue;
    try {
      const preconditions = uid === undefined ? {} : { preconditions: { uid } };
      const location = { namespace, name };
      await client.delete(POD_CERTIFICATE_REQUESTS, location, { signal, ...preconditions });
      log({ level: 'debug', message: 'deleted', namespace, request: name });
    } catch (error) {
      signal.throwIfAborted();
      // Gone already, or another one of that name by now.
      if (refusedFor(error, 'NotFound', 'Conflict')) continue;
      const text = textOf(error);
      log({ level: 'error', message: 'cannot delete', namespace, request: name, error: text });
    }
  }
}
