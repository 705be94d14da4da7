/**
 * Deletes CertificateSigningRequests that nobody needs any more (kube-controller-manager's
 * csrcleaner: kubernetes, pkg/controller/certificates/cleaner/cleaner.go).
 */
import { setImmediate as turn } from 'node:timers/promises';
import { KubepkiError } from '../errors.ts';
import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
  conditionsOf,
  decodeBase64,
  isIssued,
  refusedFor,
} from '../kubernetes/index.ts';
import { decodePem, parseCertificate } from '../x509/index.ts';
import { type ControllerContext, textOf } from './context.ts';

const HOUR = 3_600_000;
/** How long one stays that is finished, and one that nobody has finished. */
const FINISHED = HOUR;
const UNFINISHED = 24 * HOUR;
/** How often it is looked. */
export const CLEANING_INTERVAL = HOUR;

/** Reading so many certificates takes 3 ms. Then others have a turn: a server may run in this process. */
const IN_ONE_TURN = 50;

/** Why a request can go; undefined where it stays. */
export function reasonToClean(csr: CertificateSigningRequest, now: Date): string | undefined {
  const conditions = conditionsOf(csr);
  const issued = isIssued(csr);
  const older = (type: string, than: number): boolean =>
    conditions.some((one) => one.type === type && isOlder(one.lastUpdateTime, than, now));
  if (issued && older('Approved', FINISHED)) return 'approved and issued';
  if (older('Denied', FINISHED)) return 'denied';
  if (older('Failed', FINISHED)) return 'failed';
  const { creationTimestamp } = csr.metadata;
  if (conditions.length === 0 && isOlder(creationTimestamp, UNFINISHED, now)) return 'pending';
  if (issued && conditions.some(({ type }) => type === 'Approved') && hasExpired(csr, now)) {
    return 'its certificate has expired';
  }
  if (!issued && older('Approved', UNFINISHED)) return 'approved and not issued';
  return undefined;
}

/** A time that is not there, is Go's zero or cannot be read is never old. */
function isOlder(time: string | null | undefined, than: number, now: Date): boolean {
  if (typeof time !== 'string' || time.startsWith('0001-01-01T00:00:00')) return false;
  return now.getTime() - Date.parse(time) > than;
}

/** By the first certificate; one that cannot be read has not expired. */
function hasExpired(csr: CertificateSigningRequest, now: Date): boolean {
  try {
    const text = decodeBase64(csr.status?.certificate ?? '', 'status.certificate');
    const [block] = decodePem(text);
    return block !== undefined && now > parseCertificate(block.bytes).notAfter;
  } catch (error) {
    if (error instanceof KubepkiError) return false;
    throw error;
  }
}

/** Deletes what can go among those given. One that cannot be deleted is tried again the next time. */
export async function cleanRequests(
  { client, clock, signal, log }: ControllerContext,
  requests: Iterable<CertificateSigningRequest>,
): Promise<void> {
  let looked = 0;
  for (const csr of requests) {
    looked += 1;
    if (looked % IN_ONE_TURN === 0) await turn();
    if (signal.aborted) return;
    const reason = reasonToClean(csr, clock.now());
    const { name, uid } = csr.metadata;
    if (reason === undefined || name === undefined) continue;
    try {
      await client.delete(
        CERTIFICATE_SIGNING_REQUESTS,
        { name },
        { signal, ...(uid === undefined ? {} : { preconditions: { uid } }) },
      );
      log({ level: 'info', message: 'deleted', csr: name, reason });
    } catch (error) {
      signal.throwIfAborted();
      // Gone already, or another one of that name by now.
      if (refusedFor(error, 'NotFound', 'Conflict')) continue;
      log({ level: 'error', message: 'cannot delete', csr: name, error: textOf(error) });
    }
  }
}
