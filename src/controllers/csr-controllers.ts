/** Starts the controllers of CertificateSigningRequests: they share one informer, and what they have read. */
import { type Informer, type InformerChange, startInformer } from '../client/index.ts';
import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
  type KubernetesObject,
  NODES,
  type Node,
  type ResourceType,
} from '../kubernetes/index.ts';
import { createClientApprover } from './client-approver.ts';
import { type ControllerContext, textOf } from './context.ts';
import { CLEANING_INTERVAL, cleanRequests } from './csr-cleaner.ts';
import { type CsrController, type CsrHandler, createCsrController } from './csr-controller.ts';
import type { ControllerName } from './names.ts';
import { claimsOf, claimTheSame } from './node-addresses.ts';
import { createServingApprover } from './serving-approver.ts';
import type { ServingNames } from './serving-names.ts';
import { createSigner, type SigningOptions } from './signer.ts';

export interface CsrControllersOptions {
  /** The context of one controller, by its short name. */
  readonly contextOf: (name: string) => ControllerContext;
  readonly enabled: ReadonlySet<ControllerName>;
  readonly signing: SigningOptions | undefined;
  /** What nodes may serve as; without, no serving certificate is approved. */
  readonly servingNames: ServingNames | undefined;
  /** Whether a Node that exists keeps bootstrap tokens from a certificate in its name. */
  readonly protectNodes: boolean;
}

type Requests = Informer<CertificateSigningRequest>;
type Nodes = Informer<Node>;

/** A part that works with the informer until the signal aborts, and hears of changes. */
interface Part {
  readonly onChange?: (change: InformerChange<CertificateSigningRequest>) => void;
  readonly run: (requests: Requests) => Promise<void>;
}

/** Starts those that are enabled. Each of the promises settles when one part has ended. */
export function startCsrControllers(options: CsrControllersOptions): Promise<void>[] {
  const { contextOf } = options;
  const changed: ((change: InformerChange<Node>) => void)[] = [];
  const nodes = needsNodes(options)
    ? startInformerOf(contextOf('informer'), NODES, {
        indexers: { claims: claimsOf },
        onChange: (change) => {
          for (const listener of changed) listener(change);
        },
      })
    : undefined;
  const parts = partsOf(options, nodes, (listener) => changed.push(listener));
  if (parts.length === 0) return [];
  const requests = startInformerOf(contextOf('informer'), CERTIFICATE_SIGNING_REQUESTS, {
    onChange: (change) => {
      for (const part of parts) part.onChange?.(change);
    },
  });
  return [
    ...parts.map(async (part) => part.run(requests)),
    requests.stopped,
    ...(nodes === undefined ? [] : [nodes.stopped]),
  ];
}

const needsNodes = ({ enabled, servingNames, protectNodes }: CsrControllersOptions): boolean =>
  (enabled.has('csrapproving') && protectNodes) ||
  (enabled.has('servingapproving') && servingNames !== undefined);

/** Hears of every change of a Node. */
type Subscribe = (listener: (change: InformerChange<Node>) => void) => void;

function partsOf(
  { contextOf, enabled, signing, servingNames, protectNodes }: CsrControllersOptions,
  nodes: Nodes | undefined,
  subscribe: Subscribe,
): Part[] {
  const parts: Part[] = [];
  const add = (context: ControllerContext, handle: CsrHandler): void => {
    parts.push(createCsrController(context, handle));
  };
  if (enabled.has('csrsigning')) {
    const context = contextOf('csrsigning');
    if (signing !== undefined) add(context, createSigner(context, signing));
    else context.log({ level: 'info', message: 'not started: there is no CA to sign with' });
  }
  if (enabled.has('csrapproving')) {
    const context = contextOf('csrapproving');
    parts.push(clientApprover(context, protectNodes ? nodes : undefined));
  }
  if (enabled.has('servingapproving')) {
    const context = contextOf('servingapproving');
    if (servingNames !== undefined && nodes !== undefined) {
      parts.push(servingApprover(context, { nodes, subscribe, servingNames }));
    } else {
      const message = 'not started: nothing says which addresses nodes may have (--allowed-cidrs)';
      context.log({ level: 'info', message });
    }
  }
  if (enabled.has('csrcleaner')) {
    const context = contextOf('csrcleaner');
    parts.push({ run: async (requests) => keepCleaning(context, requests) });
  }
  return parts;
}

function clientApprover(context: ControllerContext, nodes: Nodes | undefined): Part {
  const exists =
    nodes === undefined
      ? undefined
      : (name: string): boolean => nodes.get(undefined, name) !== undefined;
  const controller = createCsrController(context, createClientApprover(context, exists));
  return {
    onChange: controller.onChange,
    run: async (requests) => {
      // Before all Nodes are known, each would seem not to be there.
      await nodes?.synced;
      await controller.run(requests);
    },
  };
}

interface ServingParts {
  readonly nodes: Nodes;
  readonly subscribe: Subscribe;
  readonly servingNames: ServingNames;
}

function servingApprover(
  context: ControllerContext,
  { nodes, subscribe, servingNames }: ServingParts,
): Part {
  const directory = {
    get: (name: string) => nodes.get(undefined, name),
    claimants: (address: string) => nodes.byIndex('claims', address),
  };
  const approver = createServingApprover(context, directory, servingNames);
  subscribe((change) => {
    if (!changesClaims(change)) return;
    for (const name of approver.waiting()) controller.look(name);
  });
  const controller: CsrController = createCsrController(context, approver.handle);
  return {
    onChange: (change) => {
      const { name } = change.object.metadata;
      if (change.type === 'deleted' && name !== undefined) approver.forget(name);
      controller.onChange(change);
    },
    run: async (requests) => {
      // Before all Nodes are known, nobody can say that no other one claims a name.
      await nodes.synced;
      await controller.run(requests);
    },
  };
}

function startInformerOf<T extends KubernetesObject>(
  { client, clock, random, signal, log }: ControllerContext,
  type: ResourceType<T>,
  more: Pick<Parameters<typeof startInformer<T>>[0], 'indexers' | 'onChange'>,
): Informer<T> {
  return startInformer({
    client,
    clock,
    random,
    signal,
    type,
    ...more,
    onError: (error) =>
      log({ level: 'warn', message: `cannot watch ${type.resource}`, error: textOf(error) }),
  });
}

/** Nodes send signs of life all the time; only their names matter here. */
function changesClaims(change: InformerChange<Node>): boolean {
  if (change.type === 'resync') return false;
  if (change.type !== 'updated') return true;
  return !claimTheSame(change.object, change.previous);
}

async function keepCleaning(
  context: ControllerContext,
  requests: Informer<CertificateSigningRequest>,
): Promise<void> {
  const { clock, signal } = context;
  await requests.synced;
  while (!signal.aborted) {
    await cleanRequests(context, requests.list());
    await clock.sleep(CLEANING_INTERVAL, signal);
  }
}
