/** Starts the controllers of CertificateSigningRequests: they share one informer, and what they have read. */
import type { Informer, InformerChange } from '../client/index.ts';
import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
  KUBELET_CLIENT_SIGNER,
  NODES,
  type Node,
} from '../kubernetes/index.ts';
import { createClientApprover } from './client-approver.ts';
import type { ControllerContext } from './context.ts';
import { CLEANING_INTERVAL, cleanRequests } from './csr-cleaner.ts';
import { createCsrController } from './csr-controller.ts';
import { createGuardrails, type NodeCertificates } from './guardrails/index.ts';
import type { ControllerMetrics } from './metrics.ts';
import type { ControllerName } from './names.ts';
import { claimsOf } from './node-addresses.ts';
import { createServingPart, type ServingLimits } from './serving-part.ts';
import { canBeSigned, createSigner, type SigningOptions } from './signer.ts';
import { startInformerOf } from './watch.ts';

export interface CsrControllersOptions {
  /** The context of one controller, by its short name. */
  readonly contextOf: (name: string) => ControllerContext;
  readonly enabled: ReadonlySet<ControllerName>;
  readonly signing: SigningOptions | undefined;
  /** What nodes may serve as; without, no serving certificate is approved. */
  readonly serving: ServingLimits | undefined;
  /** Whether a Node that exists keeps bootstrap tokens from a certificate in its name. */
  readonly protectNodes: boolean;
  readonly metrics: ControllerMetrics;
  /** What is known of the certificates of nodes, and is added to. */
  readonly certificates: NodeCertificates;
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
  const { contextOf, metrics, certificates, enabled } = options;
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
  const context = contextOf('guardrails');
  const tidy = enabled.has('csrcleaner');
  const guardrails = createGuardrails(context, { metrics, certificates, nodes, tidy });
  changed.push(guardrails.onNode);
  const requests = startInformerOf(contextOf('informer'), CERTIFICATE_SIGNING_REQUESTS, {
    onChange: (change) => {
      guardrails.onRequest(change);
      for (const part of parts) part.onChange?.(change);
    },
  });
  for (const one of [requests, nodes]) if (one !== undefined) metrics.syncing(one.synced);
  return [
    requests.synced.then(async () => guardrails.run()),
    ...parts.map(async (part) => part.run(requests)),
    requests.stopped,
    ...(nodes === undefined ? [] : [nodes.stopped]),
  ];
}

const needsNodes = ({ enabled, serving, protectNodes }: CsrControllersOptions): boolean =>
  (enabled.has('csrapproving') && protectNodes) ||
  (enabled.has('servingapproving') && serving !== undefined);

/** Hears of every change of a Node. */
type Subscribe = (listener: (change: InformerChange<Node>) => void) => void;

function partsOf(
  { contextOf, enabled, signing, serving, protectNodes, metrics }: CsrControllersOptions,
  nodes: Nodes | undefined,
  subscribe: Subscribe,
): Part[] {
  const parts: Part[] = [];
  if (enabled.has('csrsigning')) {
    const context = contextOf('csrsigning');
    if (signing !== undefined) {
      const handle = createSigner(context, signing);
      const concerns = canBeSigned(signing);
      parts.push(createCsrController(context, handle, { metrics, name: 'csrsigning', concerns }));
    } else context.log({ level: 'info', message: 'not started: there is no CA to sign with' });
  }
  if (enabled.has('csrapproving')) {
    const context = contextOf('csrapproving');
    parts.push(clientApprover(context, metrics, protectNodes ? nodes : undefined));
  }
  if (enabled.has('servingapproving')) {
    const context = contextOf('servingapproving');
    if (serving !== undefined && nodes !== undefined) {
      parts.push(createServingPart(context, { ...serving, nodes, subscribe, metrics }));
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

function clientApprover(
  context: ControllerContext,
  metrics: ControllerMetrics,
  nodes: Nodes | undefined,
): Part {
  const exists =
    nodes === undefined
      ? undefined
      : (name: string): boolean => nodes.get(undefined, name) !== undefined;
  const handle = createClientApprover(context, exists);
  const controller = createCsrController(context, handle, {
    metrics,
    name: 'csrapproving',
    concerns: ({ spec }) => spec.signerName === KUBELET_CLIENT_SIGNER,
  });
  return {
    onChange: controller.onChange,
    run: async (requests) => {
      // Before all Nodes are known, each would seem not to be there.
      await nodes?.synced;
      await controller.run(requests);
    },
  };
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
