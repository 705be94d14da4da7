/** One look at a namespace that is going (kubernetes, pkg/controller/namespace/deletion). */
import { discover } from '../../client/index.ts';
import { NAMESPACES, type Namespace, refusedFor } from '../../kubernetes/index.ts';
import { type ControllerContext, textOf } from '../context.ts';
import { type Findings, NO_FINDINGS, withConditions } from './conditions.ts';
import { deleteContent } from './content.ts';

/** The finalizer in `spec` that this controller takes away. */
const FINALIZER = 'kubernetes';

/**
 * Deletes what is in it; takes the finalizer away where nothing is left.
 *
 * @returns seconds after which what is left may be gone; undefined where nothing remains to be done
 * @throws where something could not be deleted, or the API does not answer
 */
export async function deleteNamespace(
  context: ControllerContext,
  name: string,
): Promise<number | undefined> {
  const found = await get(context, name);
  if (found?.metadata.deletionTimestamp === undefined) return undefined;
  const namespace = await untilNoConflict(context, found, async (current) =>
    current.status?.phase === 'Terminating'
      ? current
      : writeStatus(context, { ...current, status: { ...current.status, phase: 'Terminating' } }),
  );
  if (namespace === undefined || (namespace.spec?.finalizers ?? []).length === 0) return undefined;
  const left = await empty(context, namespace);
  if (left > 0) return left;
  await untilNoConflict(context, namespace, async (current) => {
    const finalizers = (current.spec?.finalizers ?? []).filter((one) => one !== FINALIZER);
    return context.client.update(
      NAMESPACES,
      { metadata: current.metadata, spec: { finalizers: [...new Set(finalizers)].sort() } },
      { subresource: 'finalize', signal: context.signal },
    );
  });
  context.log({ level: 'debug', message: 'emptied', namespace: name });
  return undefined;
}

/** Answers the seconds for which something is left; 0 where nothing is. */
async function empty(context: ControllerContext, namespace: Namespace): Promise<number> {
  const { client, clock, signal } = context;
  const { resources, failures } = await discover(client, { signal });
  const errors: string[] = [];
  const findings: Findings = { ...NO_FINDINGS, discovery: failures };
  for (const [groupVersion, why] of failures) errors.push(`${groupVersion}: ${why}`);
  const content = await deleteContent(
    { ...context, resources },
    namespace.metadata.name ?? '',
    new Date(namespace.metadata.deletionTimestamp ?? clock.now()),
  );
  errors.push(...content.errors);
  const told = withConditions(namespace, { ...findings, ...content }, clock.now());
  if (told !== undefined) await writeStatusIfUnchanged(context, told);
  if (errors.length === 0) return content.seconds;
  throw new Error(errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`);
}

async function get(
  { client, signal }: ControllerContext,
  name: string,
): Promise<Namespace | undefined> {
  try {
    return await client.get(NAMESPACES, { name }, { signal });
  } catch (error) {
    if (refusedFor(error, 'NotFound')) return undefined;
    throw error;
  }
}

const writeStatus = async (
  { client, signal }: ControllerContext,
  namespace: Namespace,
): Promise<Namespace> => client.update(NAMESPACES, namespace, { subresource: 'status', signal });

/** Conditions are only a word to people: what is in the way of writing them is in nobody else's. */
async function writeStatusIfUnchanged(
  context: ControllerContext,
  namespace: Namespace,
): Promise<void> {
  try {
    await writeStatus(context, namespace);
  } catch (error) {
    if (context.signal.aborted) throw error;
    context.log({
      level: 'debug',
      message: 'cannot write conditions',
      namespace: namespace.metadata.name,
      error: textOf(error),
    });
  }
}

/**
 * Changes a namespace as it is now; undefined where it is gone.
 *
 * @throws Error where another has taken its place
 */
async function untilNoConflict(
  context: ControllerContext,
  namespace: Namespace,
  change: (current: Namespace) => Promise<Namespace>,
): Promise<Namespace | undefined> {
  let current = namespace;
  for (;;) {
    try {
      return await change(current);
    } catch (error) {
      if (refusedFor(error, 'NotFound')) return undefined;
      if (!refusedFor(error, 'Conflict')) throw error;
    }
    const next = await get(context, current.metadata.name ?? '');
    if (next === undefined) return undefined;
    if (next.metadata.uid !== current.metadata.uid) {
      throw new Error('namespace uid has changed across retries');
    }
    current = next;
  }
}
