/**
 * The conditions of a CertificateSigningRequest. They are read with care: a server that is not ours
 * may have put there what the types do not allow, and a controller has to go on all the same.
 */
import type { CertificateSigningRequest, Condition } from '../api/index.ts';

type WithStatus = Pick<CertificateSigningRequest, 'status'>;

/** The conditions that have a type; others (a null, a number) say nothing. */
export function conditionsOf({ status }: WithStatus): readonly Condition[] {
  const list: unknown = status?.conditions;
  return Array.isArray(list) ? list.filter(isCondition) : [];
}

function isCondition(value: unknown): value is Condition {
  return (
    typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
  );
}

const has = (csr: WithStatus, type: string): boolean =>
  conditionsOf(csr).some((condition) => condition.type === type);

/** Approved or denied, or both: upstream looks at the type only, never at the status. */
export const isDecided = (csr: WithStatus): boolean => has(csr, 'Approved') || has(csr, 'Denied');

/** Approved and not denied. */
export const isApproved = (csr: WithStatus): boolean => has(csr, 'Approved') && !has(csr, 'Denied');

export const isDenied = (csr: WithStatus): boolean => has(csr, 'Denied');

/** A Failed condition that is true, or (as v1beta1 had them) without a status. */
export const isFailed = (csr: WithStatus): boolean =>
  conditionsOf(csr).some(
    ({ type, status }) =>
      type === 'Failed' && (status === undefined || status === '' || status === 'True'),
  );

/** A certificate is there, whatever it is worth. */
export function isIssued({ status }: WithStatus): boolean {
  const certificate: unknown = status?.certificate;
  return typeof certificate === 'string' && certificate !== '';
}

/** The request with a condition more; one of the same type is replaced, since the API has each type once. */
export function withCondition(
  csr: CertificateSigningRequest,
  condition: Condition,
): CertificateSigningRequest {
  const others = conditionsOf(csr).filter(({ type }) => type !== condition.type);
  return { ...csr, status: { ...csr.status, conditions: [...others, condition] } };
}
