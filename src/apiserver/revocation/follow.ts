/** Keeps the Revocations current. Objects are not kept: of each its name and what it revokes. */
import { isJsonObject, type RevocationSpec } from '../../kubernetes/index.ts';
import type { Storage } from '../../storage/index.ts';
import { followStored, type Listener, type Memory, memoryListener } from '../registry/index.ts';
import { REVOCATION_DEFINITION } from '../resources/index.ts';
import type { Revocations } from './revocations.ts';

/**
 * Resolves when everything that is stored is known; goes on until the signal aborts.
 *
 * @throws KubepkiError MALFORMED_DOCUMENT for a Revocation that cannot be read: to serve without it would let
 *   somebody in who is revoked
 */
export async function followRevocations(
  revocations: Revocations,
  storage: Storage,
  signal: AbortSignal,
  failed: (error: unknown) => void,
): Promise<void> {
  const hint = 'restore the database from a backup, or delete the key and revoke anew';
  const options = { storage, signal, failed, hint };
  await followStored(REVOCATION_DEFINITION, memoryOf(revocations), options);
}

/** Hears of what this server writes before whoever has asked for it, so that it holds when they are answered. */
export const revocationListener = (revocations: Revocations): Listener =>
  memoryListener(REVOCATION_DEFINITION, memoryOf(revocations));

const memoryOf = (revocations: Revocations): Memory => ({
  names: () => revocations.names(),
  stored: (name, object, revision) => revocations.stored(name, specOf(object), revision),
  deleted: (name, revision) => revocations.deleted(name, revision),
  settled: (revision) => revocations.settled(revision),
});

const NAMES = ['certificate', 'fingerprint', 'tokenId', 'credentialId', 'user'] as const;

/** What is there of it, of whatever form it is. */
function specOf(object: unknown): Omit<RevocationSpec, 'reason'> {
  const spec = isJsonObject(object) && Object.hasOwn(object, 'spec') ? object['spec'] : undefined;
  if (!isJsonObject(spec)) return {};
  return Object.fromEntries(
    NAMES.flatMap((name) => {
      const value = Object.hasOwn(spec, name) ? spec[name] : undefined;
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
}
