/** How somebody who is revoked is refused. */
import { quoted } from '../../errors.ts';
import { StatusError } from '../../kubernetes/index.ts';
import type { Hit } from './revocations.ts';

/**
 * 401 as for every credential that is wrong: a thief is not told that the theft was noticed, and clients do
 * with it what they do when a credential has expired. The log and the audit log say more.
 */
export class RevokedError extends StatusError {
  readonly hit: Hit;

  constructor(hit: Hit) {
    super(StatusError.of('Unauthorized', 'Unauthorized').status);
    this.name = 'RevokedError';
    this.hit = hit;
  }
}

const SUBJECTS: Readonly<Record<Hit['kind'], string>> = {
  user: 'the user',
  tokenId: 'the token',
  credentialId: 'the credential',
};

/** For a log, and for whoever may know it: `the user is revoked (Revocation "stolen-laptop")`. */
export const revokedReason = ({ kind, revocation }: Hit): string =>
  `${SUBJECTS[kind]} is revoked (Revocation ${quoted(revocation)})`;
