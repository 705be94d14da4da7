/**
 * Deletes bootstrap tokens when they expire (kube-controller-manager's tokencleaner: kubernetes,
 * pkg/controller/bootstrap/tokencleaner.go).
 */
import { createWorkQueue, startInformer } from '../client/index.ts';
import { refusedFor, SECRETS, type Secret } from '../kubernetes/index.ts';
import {
  BOOTSTRAP_SECRET_NAMESPACE,
  BOOTSTRAP_SECRET_TYPE,
  bootstrapTokenLifetime,
} from '../tokens/index.ts';
import { type ControllerContext, textOf } from './context.ts';

/** Few suffice: nobody is let in with a token that has expired, deleted or not. */
const WORKERS = 2;

/** Works until the signal aborts. */
export async function cleanTokens(context: ControllerContext): Promise<void> {
  const { client, clock, random, signal, log } = context;
  const queue = createWorkQueue({
    clock,
    onError: (error, secret) =>
      log({ level: 'error', message: 'failed, and is tried again', secret, error: textOf(error) }),
  });
  const informer = startInformer({
    client,
    clock,
    random,
    signal,
    type: SECRETS,
    namespace: BOOTSTRAP_SECRET_NAMESPACE,
    fieldSelector: `type=${BOOTSTRAP_SECRET_TYPE}`,
    onChange: ({ object }) => queue.add(object.metadata.name ?? ''),
    onError: (error) =>
      log({ level: 'warn', message: 'cannot watch tokens', error: textOf(error) }),
  });
  await queue.run(
    WORKERS,
    async (name) => {
      const secret = informer.get(BOOTSTRAP_SECRET_NAMESPACE, name);
      // The field selector has chosen already, but what follows is a deletion.
      if (secret === undefined || secret.type !== BOOTSTRAP_SECRET_TYPE) return;
      const lifetime = bootstrapTokenLifetime(secret, clock.now());
      if (lifetime.expired) await deleteToken(context, name, secret);
      else if (lifetime.left !== undefined) queue.addAfter(name, lifetime.left);
    },
    signal,
  );
  await informer.stopped;
}

async function deleteToken(
  { client, signal, log }: ControllerContext,
  name: string,
  { metadata: { uid } }: Secret,
): Promise<void> {
  const options = { signal, ...(uid === undefined ? {} : { preconditions: { uid } }) };
  try {
    await client.delete(SECRETS, { namespace: BOOTSTRAP_SECRET_NAMESPACE, name }, options);
  } catch (error) {
    // Gone already, or another one of that name by now.
    if (refusedFor(error, 'NotFound', 'Conflict')) return;
    throw error;
  }
  log({ level: 'info', message: 'deleted an expired token', secret: name });
}
