/** What `/metrics` tells of revocations. Names are ours: upstream has nothing of the kind. */
import type { Revocations } from './revocations.ts';

/** As the front writes it. */
interface Reading {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly values: readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[];
}

export function revocationReadings({ size, counts }: Revocations): readonly Reading[] {
  const { user, tokenId, credentialId } = counts.refused;
  return [
    {
      name: 'kubepki_revocations',
      type: 'gauge',
      help: 'Revocations in force.',
      values: [[{}, size]],
    },
    {
      name: 'kubepki_revoked_requests_total',
      type: 'counter',
      help: 'Requests that were refused since a credential or a user is revoked.',
      values: [
        [{ by: 'user' }, user],
        [{ by: 'token' }, tokenId],
        [{ by: 'credential' }, credentialId],
      ],
    },
    {
      name: 'kubepki_revoked_watches_total',
      type: 'counter',
      help: 'Watches that were ended since a credential or a user was revoked.',
      values: [[{}, counts.ended]],
    },
  ];
}
