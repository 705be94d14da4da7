/** Several admissions as one. */
import type { Admission } from '../types.ts';

/** One after the other; the first that refuses ends it. */
export function admissionChain(admissions: readonly Admission[]): Admission {
  return async (request) => {
    for (const admit of admissions) await admit(request);
  };
}
