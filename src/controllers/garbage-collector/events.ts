/** Tells people of an owner reference into another namespace, by an event (as kube-controller-manager does). */
import { EVENTS, type Event } from '../../kubernetes/index.ts';
import { type ControllerContext, textOf } from '../context.ts';
import { type Identity, keyOfIdentity, shown } from './identity.ts';

const COMPONENT = 'garbage-collector-controller';
/** References of which people have been told already. */
const MOST_TOLD = 4096;

/** Tells of each reference once. Never throws: an event is only a hint. */
export function invalidNamespaceEvents(
  context: ControllerContext,
): (dependent: Identity, owner: Identity) => void {
  const told = new Set<string>();
  return (dependent, owner) => {
    const key = `${dependent.uid}\n${keyOfIdentity(owner)}`;
    if (told.has(key)) return;
    if (told.size >= MOST_TOLD) told.clear();
    told.add(key);
    tell(context, dependent, owner).catch((error: unknown) => {
      if (context.signal.aborted) return;
      context.log({ level: 'warn', message: 'cannot write an event', error: textOf(error) });
    });
  };
}

async function tell(
  { client, clock, signal }: ControllerContext,
  dependent: Identity,
  owner: Identity,
): Promise<void> {
  const now = clock.now();
  const at = `${now.toISOString().slice(0, -5)}Z`;
  const namespace = dependent.namespace === '' ? 'default' : dependent.namespace;
  const { apiVersion, kind, name, uid } = dependent;
  const event: Event = {
    metadata: { namespace, name: `${name}.${(now.getTime() * 1_000_000).toString(16)}` },
    involvedObject: {
      kind,
      ...(dependent.namespace === '' ? {} : { namespace: dependent.namespace }),
      name,
      uid,
      apiVersion,
    },
    reason: 'OwnerRefInvalidNamespace',
    message: `ownerRef ${shown(owner)} does not exist in namespace ${JSON.stringify(dependent.namespace)}`,
    source: { component: COMPONENT },
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
    type: 'Warning',
    reportingComponent: COMPONENT,
  };
  await client.create(EVENTS, event, { signal });
}
