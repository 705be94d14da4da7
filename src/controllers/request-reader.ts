/** Reads the requests inside CertificateSigningRequests. */
import { KubepkiError } from '../errors.ts';
import { type CertificateSigningRequest, readSpecRequest } from '../kubernetes/index.ts';
import type { CertificationRequest } from '../x509/index.ts';

/** A request, or why there is none. That never changes: `spec` is immutable. */
export type ReadRequest =
  | { readonly request: CertificationRequest; readonly problem?: never }
  | { readonly request?: never; readonly problem: string };

export function readRequest({ spec }: CertificateSigningRequest): ReadRequest {
  try {
    return { request: readSpecRequest(spec.request) };
  } catch (error) {
    if (error instanceof KubepkiError) return { problem: error.message };
    throw error;
  }
}
