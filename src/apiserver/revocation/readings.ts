/** What `/metrics` tells of revocations. Names are ours: upstream has nothing of the kind. */
import type { Reading } from '../../metrics/index.ts';
import type { Revocations } from './revocations.ts';

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
