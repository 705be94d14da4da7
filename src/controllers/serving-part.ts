/** The approver of serving certificates with all it looks at: Nodes, Services, and where the API server is. */
import type { Informer, InformerChange } from '../client/index.ts';
import {
  type CertificateSigningRequest,
  ENDPOINT_SLICES,
  type EndpointSlice,
  KUBELET_SERVING_SIGNER,
  type Node,
  type ResourceType,
  SERVICES,
  type Service,
} from '../kubernetes/index.ts';
import type { ControllerContext } from './context.ts';
import { type CsrController, createCsrController } from './csr-controller.ts';
import { createCsrEvents } from './csr-events.ts';
import type { ControllerMetrics } from './metrics.ts';
import { claimsOf } from './node-addresses.ts';
import { createServingApprover, type ServingApprover } from './serving-approver.ts';
import {
  addressesOfService,
  addressesOfSlice,
  differenceOf,
  type HolderOf,
} from './serving-holders.ts';
import type { ServingNames } from './serving-names.ts';
import { nodeKey } from './serving-verdict.ts';
import { startInformerOf } from './watch.ts';

/** What limits nodes, and whether it is tried only. */
export interface ServingLimits {
  readonly names: ServingNames;
  /** Whether there are allowed CIDRs, within which addresses have to lie. */
  readonly limited: boolean;
  /** Resolves when all is known that is reserved. */
  readonly ready: Promise<void>;
  /** Decides and tells, and approves nothing. */
  readonly dryRun: boolean;
}

export interface ServingPartOptions extends ServingLimits {
  readonly nodes: Informer<Node>;
  /** Hears of every change of a Node. */
  readonly subscribe: (listener: (change: InformerChange<Node>) => void) => void;
  readonly metrics: ControllerMetrics;
}

export interface ServingPart {
  readonly onChange: (change: InformerChange<CertificateSigningRequest>) => void;
  readonly run: (requests: Informer<CertificateSigningRequest>) => Promise<void>;
}

/** What hangs on something that sends no changes, such as a revocation, is looked at so often. */
const LOOK_AGAIN_MS = 5 * 60_000;

export function createServingPart(
  context: ControllerContext,
  options: ServingPartOptions,
): ServingPart {
  const { nodes, metrics } = options;
  const look = (keys?: readonly string[]): void => {
    for (const name of approver.waiting(keys)) controller.look(name);
  };
  const holders = followHolders(context, look);
  metrics.syncing(holders.synced);
  const approver = createServingApprover(context, {
    facts: {
      nodes: {
        get: (name) => nodes.get(undefined, name),
        claimants: (address) => nodes.byIndex('claims', address),
      },
      holderOf: holders.of,
      names: options.names,
      limited: options.limited,
    },
    events: createCsrEvents(context, {
      component: 'kubepki-servingapproving',
      counted: (outcome) => metrics.event(outcome),
    }),
    counted: (decision, reason) => metrics.serving(decision, reason),
    dryRun: options.dryRun,
  });
  options.subscribe((change) => {
    const keys = keysOfNode(change);
    if (keys.length > 0) look(keys);
  });
  const controller: CsrController = createCsrController(context, approver.handle, {
    metrics,
    name: 'servingapproving',
    concerns: ({ spec }) => spec.signerName === KUBELET_SERVING_SIGNER,
  });
  return {
    onChange: (change) => {
      const { name } = change.object.metadata;
      if (change.type === 'deleted' && name !== undefined) approver.forget(name);
      controller.onChange(change);
    },
    run: async (requests) => {
      // Before all of these are known, nobody can say that no other one has a name.
      await Promise.all([nodes.synced, holders.synced, options.ready]);
      await Promise.all([
        controller.run(requests),
        keepLooking(context, approver, controller),
        holders.stopped,
      ]);
    },
  };
}

async function keepLooking(
  { clock, signal }: ControllerContext,
  approver: ServingApprover,
  controller: CsrController,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(LOOK_AGAIN_MS, signal).catch(() => undefined);
    for (const name of approver.waiting()) controller.look(name);
  }
}

/** Nodes send signs of life all the time; only their names and addresses matter here. */
function keysOfNode(change: InformerChange<Node>): readonly string[] {
  if (change.type === 'resync') return [];
  const { object } = change;
  const own = nodeKey(object.metadata.name ?? '');
  if (change.type !== 'updated') return [own, ...claimsOf(object)];
  const changed = differenceOf(claimsOf(object), claimsOf(change.previous));
  return changed.length === 0 ? [] : [own, ...changed];
}

interface Holders {
  readonly of: HolderOf;
  readonly synced: Promise<void>;
  readonly stopped: Promise<unknown>;
}

const CONTROL_PLANE = {
  namespace: 'default',
  labelSelector: 'kubernetes.io/service-name=kubernetes',
};

/** Follows Services and the endpoints of the Service `kubernetes`, which kube-apiserver itself writes. */
function followHolders(
  context: ControllerContext,
  changed: (addresses: readonly string[]) => void,
): Holders {
  const services = follow(context, SERVICES, addressesOfService, changed);
  const endpoints = follow<EndpointSlice>(
    context,
    ENDPOINT_SLICES,
    addressesOfSlice,
    changed,
    CONTROL_PLANE,
  );
  return {
    of: (address) => {
      if (endpoints.byIndex('holds', address).length > 0) {
        return { kind: 'ControlPlane', text: 'an API server' };
      }
      const [service] = services.byIndex('holds', address);
      if (service === undefined) return undefined;
      const { namespace = '', name = '' } = service.metadata;
      return { kind: 'Service', text: `the Service ${namespace}/${name}` };
    },
    synced: Promise.all([services.synced, endpoints.synced]).then(() => undefined),
    stopped: Promise.all([services.stopped, endpoints.stopped]),
  };
}

function follow<T extends Service | EndpointSlice>(
  context: ControllerContext,
  type: ResourceType<T>,
  holds: (object: T) => readonly string[],
  changed: (addresses: readonly string[]) => void,
  where: { readonly namespace?: string; readonly labelSelector?: string } = {},
): Informer<T> {
  return startInformerOf<T>(context, type, {
    ...where,
    indexers: { holds },
    onChange: (change) => {
      if (change.type === 'resync') return;
      const before = change.type === 'updated' ? holds(change.previous) : [];
      const addresses = differenceOf(holds(change.object), before);
      if (addresses.length > 0) changed(addresses);
    },
  });
}
