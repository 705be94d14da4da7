/**
 * Keeps the Revocations current: first everything that is stored, then what changes there, by whichever
 * server. Objects are not kept: of each its name and what it revokes.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { KubepkiError } from '../../errors.ts';
import { isJsonObject, type RevocationSpec } from '../../kubernetes/index.ts';
import {
  type Change,
  CompactedError,
  type Storage,
  type StoredValue,
} from '../../storage/index.ts';
import { type Listener, prefixOf } from '../registry/index.ts';
import { REVOCATION_DEFINITION } from '../resources/index.ts';
import type { Revocations } from './revocations.ts';

const PREFIX = prefixOf(REVOCATION_DEFINITION);
const PAGE = 1_000;

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
  const revision = await fill(revocations, storage);
  follow(revocations, storage, { from: revision, signal, failed }).catch(failed);
}

/** Hears of what this server writes before whoever has asked for it, so that it holds when they are answered. */
export function revocationListener(revocations: Revocations): Listener {
  return {
    stored(key, { object, revision }) {
      if (key.startsWith(PREFIX)) revocations.stored(nameOf(key), specOf(object), revision);
    },
    deleted(_, key, revision) {
      if (key.startsWith(PREFIX)) revocations.deleted(nameOf(key), revision);
    },
  };
}

async function fill(revocations: Revocations, storage: Storage): Promise<number> {
  for (;;) {
    try {
      return await fillOnce(revocations, storage);
    } catch (error) {
      if (!(error instanceof CompactedError)) throw error;
    }
  }
}

async function fillOnce(revocations: Revocations, storage: Storage): Promise<number> {
  const missing = new Set(revocations.names());
  let page = await storage.list(PREFIX, { limit: PAGE });
  const { revision } = page;
  for (;;) {
    for (const stored of page.items) {
      missing.delete(nameOf(stored.key));
      apply(revocations, stored);
    }
    const after = page.items.at(-1)?.key;
    if (page.remaining === 0 || after === undefined) break;
    await turn();
    page = await storage.list(PREFIX, { limit: PAGE, after, revision });
  }
  for (const name of missing) revocations.deleted(name, revision);
  return revision;
}

interface Following {
  readonly from: number;
  readonly signal: AbortSignal;
  readonly failed: (error: unknown) => void;
}

async function follow(
  revocations: Revocations,
  storage: Storage,
  { from, signal, failed }: Following,
): Promise<void> {
  let after = from;
  while (!signal.aborted) {
    try {
      for await (const changes of storage.watch({ prefix: PREFIX, after, signal })) {
        for (const change of changes) applyChange(revocations, change, failed);
        after = changes.at(-1)?.revision ?? after;
        revocations.settled(after);
      }
      // The storage has closed.
      return;
    } catch (error) {
      if (!(error instanceof CompactedError)) throw error;
      await turn();
      after = await fill(revocations, storage);
    }
  }
}

/** What another server has written and cannot be read is complained about; what comes after it counts. */
function applyChange(
  revocations: Revocations,
  { key, value, revision }: Change,
  failed: (error: unknown) => void,
): void {
  if (value === undefined) {
    revocations.deleted(nameOf(key), revision);
    return;
  }
  try {
    apply(revocations, { key, value, revision });
  } catch (error) {
    failed(error);
  }
}

function apply(revocations: Revocations, { key, value, revision }: StoredValue): void {
  revocations.stored(nameOf(key), specOf(read(key, value)), revision);
}

const nameOf = (key: string): string => key.slice(PREFIX.length);

function read(key: string, value: Uint8Array): unknown {
  try {
    const object: unknown = JSON.parse(Buffer.from(value).toString('utf8'));
    return object;
  } catch (cause) {
    throw new KubepkiError('MALFORMED_DOCUMENT', `the stored object ${key} cannot be read`, {
      hint: 'restore the database from a backup, or delete the key and revoke anew',
      cause,
    });
  }
}

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
