/** The steps by which a certificate is asked for: key and request are made, made anew, or waited on. */
import type { LeafProfile } from '../cluster/index.ts';
import { generatePrivateKeyAsync, type PrivateKey } from '../x509/index.ts';
import type { PlannedStep } from './context.ts';
import {
  orphanProblem,
  type PendingPaths,
  type RequestState,
  requestFile,
  toBeSigned,
} from './pending.ts';
import { refuse, request, type Subject, wait } from './step.ts';
import type { NewFile } from './write.ts';

/** A leaf whose CA's key is elsewhere. */
export interface Asking {
  readonly subject: Subject;
  readonly profile: LeafProfile;
  readonly paths: PendingPaths;
}

/** Nothing is there yet: the key comes first, in the file that `keyFile` says, then the request. */
export function askFirst(
  { subject, profile, paths }: Asking,
  keyFile: (key: PrivateKey) => NewFile,
): PlannedStep {
  const orphan = orphanProblem(paths);
  if (orphan !== undefined) return { step: refuse(subject, orphan) };
  return {
    step: request(subject, toBeSigned(paths, profile), 'not there', []),
    make: async () => {
      const key = await generatePrivateKeyAsync(profile.keyAlgorithm);
      return { first: [keyFile(key)], second: [requestFile(paths, profile, key)] };
    },
  };
}

/**
 * The key is there, and no certificate that could be taken up.
 *
 * @param problems what is wrong with the answers that lie there
 */
export function askFor(
  { subject, profile, paths }: Asking,
  key: PrivateKey,
  lying: RequestState,
  notes: readonly string[],
  problems: readonly string[],
): PlannedStep {
  const file = toBeSigned(paths, profile);
  const again = (reason: string, replaces?: Uint8Array): PlannedStep => ({
    step: request(subject, file, reason, [...notes, ...problems]),
    make: async () => ({ first: [], second: [requestFile(paths, profile, key, replaces)] }),
  });
  switch (lying.state) {
    case 'missing':
      return again('its key is there, the request is not');
    case 'stale':
      return again(`its request is made anew for the same key: ${lying.reason}`, lying.bytes);
    case 'strange':
      return { step: refuse(subject, lying.reason) };
    case 'valid':
      return problems.length > 0
        ? { step: refuse(subject, problems.join('; ')) }
        : { step: wait(subject, file, notes) };
  }
}
