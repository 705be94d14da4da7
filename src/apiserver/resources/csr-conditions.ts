/** What the server fills into the conditions of a CertificateSigningRequest on its way to storage. */
import type { CertificateSigningRequest, Condition } from '../../kubernetes/index.ts';
import { formatTime } from './times.ts';

const conditionsOf = ({ status }: CertificateSigningRequest): readonly Condition[] | undefined =>
  status?.conditions;

/**
 * Times that nobody has given: the update is now; the transition is that of the same condition with the
 * same status before, else now.
 */
export function withTimes(
  csr: CertificateSigningRequest,
  old: CertificateSigningRequest,
  now: Date,
): readonly Condition[] | undefined {
  return conditionsOf(csr)?.map((condition) => {
    const before = conditionsOf(old)?.find(
      ({ type, status, lastTransitionTime }) =>
        type === condition.type && status === condition.status && isSet(lastTransitionTime),
    );
    return {
      ...condition,
      lastUpdateTime: condition.lastUpdateTime ?? formatTime(now),
      lastTransitionTime:
        condition.lastTransitionTime ?? before?.lastTransitionTime ?? formatTime(now),
    };
  });
}

/**
 * The decision is not for this update to word: Approved and Denied are those of the stored object, as long
 * as there are as many. Where their number differs, validation refuses.
 */
export function preserveConditions(
  csr: CertificateSigningRequest,
  old: CertificateSigningRequest,
): CertificateSigningRequest {
  const given = conditionsOf(csr);
  if (given === undefined) return csr;
  const conditions = [...given];
  for (const type of ['Approved', 'Denied']) {
    const stored = (conditionsOf(old) ?? []).filter((one) => one.type === type);
    const places = conditions.flatMap((one, index) => (one.type === type ? [index] : []));
    if (stored.length !== places.length) continue;
    places.forEach((place, index) => {
      const condition = stored[index];
      if (condition !== undefined) conditions[place] = condition;
    });
  }
  return { ...csr, status: { ...csr.status, conditions } };
}

const isSet = (time: string | null | undefined): boolean => time !== undefined && time !== null;
