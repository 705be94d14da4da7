/**
 * Deletes bootstrap tokens when they expire (kube-controller-manager's tokencleaner: kubernetes,
 * pkg/controller/bootstrap/tokencleaner.go), and those that are good for one certificate when their node has come
 * with it. kubepki's server sees that itself and is faster; elsewhere the node's Lease shows it.
 */
import { createWorkQueue } from '../client/index.ts';
import { LEASES, refusedFor, SECRETS, type Secret } from '../kubernetes/index.ts';
import {
  BOOTSTRAP_SECRET_NAMESPACE,
  BOOTSTRAP_SECRET_TYPE,
  bootstrapTokenLifetime,
  claimLeft,
  nodeBindingOf,
  type TokenClaim,
} from '../tokens/index.ts';
import type { TokenController } from './bootstrap-tokens.ts';
import { type ControllerContext, textOf } from './context.ts';

/** Few suffice: nobody is let in with a token that has expired, deleted or not. */
const WORKERS = 2;
/** A kubelet renews its Lease as often. */
const LEASE_INTERVAL_MS = 10_000;
const NODE_LEASES = 'kube-node-lease';

export function cleanTokens(context: ControllerContext): TokenController {
  const { clock, signal, log } = context;
  const queue = createWorkQueue({
    clock,
    onError: (error, secret) =>
      log({ level: 'error', message: 'failed, and is tried again', secret, error: textOf(error) }),
  });
  return {
    onChange: ({ object }) => queue.add(object.metadata.name ?? ''),
    run: async (secrets) =>
      queue.run(
        WORKERS,
        async (name) => {
          const secret = secrets.get(BOOTSTRAP_SECRET_NAMESPACE, name);
          // The field selector has chosen already, but what follows is a deletion.
          if (secret === undefined || secret.type !== BOOTSTRAP_SECRET_TYPE) return;
          const next = await lookAt(context, name, secret);
          if (next !== undefined) queue.addAfter(name, next);
        },
        signal,
      ),
  };
}

/** Deletes it where its time has come; else answers after how many milliseconds to look again, if ever. */
async function lookAt(
  context: ControllerContext,
  name: string,
  secret: Secret,
): Promise<number | undefined> {
  const now = context.clock.now();
  const lifetime = bootstrapTokenLifetime(secret, now);
  const binding = nodeBindingOf(secret);
  const claimed = claimLeft(binding, now);
  if (lifetime.expired || (claimed !== undefined && claimed <= 0)) {
    await deleteToken(context, name, secret, 'deleted an expired token');
    return undefined;
  }
  const left = [lifetime.left, claimed].filter((one) => one !== undefined);
  const { claim } = binding;
  if (claim?.key === undefined) return left.length === 0 ? undefined : Math.min(...left);
  const since = now.getTime() - claim.at.getTime();
  if (since >= LEASE_INTERVAL_MS && (await hasCome(context, claim))) {
    await deleteToken(context, name, secret, 'deleted a token whose node has come');
    return undefined;
  }
  return Math.min(...left, Math.max(LEASE_INTERVAL_MS - since, LEASE_INTERVAL_MS / 2));
}

/** Whether the node has given a sign of life since it was granted its certificate. */
async function hasCome(
  { client, signal }: ControllerContext,
  { node, at }: TokenClaim,
): Promise<boolean> {
  try {
    const location = { namespace: NODE_LEASES, name: node };
    const { spec } = await client.get(LEASES, location, { signal });
    return Date.parse(spec?.renewTime ?? '') > at.getTime();
  } catch (error) {
    if (refusedFor(error, 'NotFound', 'Forbidden')) return false;
    throw error;
  }
}

async function deleteToken(
  { client, signal, log }: ControllerContext,
  name: string,
  { metadata: { uid } }: Secret,
  message: string,
): Promise<void> {
  const options = { signal, ...(uid === undefined ? {} : { preconditions: { uid } }) };
  try {
    await client.delete(SECRETS, { namespace: BOOTSTRAP_SECRET_NAMESPACE, name }, options);
  } catch (error) {
    // Gone already, or another one of that name by now.
    if (refusedFor(error, 'NotFound', 'Conflict')) return;
    throw error;
  }
  log({ level: 'info', message, secret: name });
}
