/** Starts the controllers of PodCertificateRequests, which share one informer. */
import { createWorkQueue, type Informer } from '../client/index.ts';
import {
  DEFAULT_SIGNING_DURATION,
  KUBE_APISERVER_CLIENT_POD_SIGNER,
  POD_CERTIFICATE_REQUESTS,
  type PodCertificateRequest,
} from '../kubernetes/index.ts';
import { type ControllerContext, textOf } from './context.ts';
import type { ControllerName } from './names.ts';
import { cleanPodRequests, POD_CLEANING_INTERVAL } from './pod-certificate-cleaner.ts';
import {
  createPodCertificateSigner,
  type PodCertificateHandler,
} from './pod-certificate-signer.ts';
import { servedType } from './served.ts';
import { authorityOf, type SigningOptions } from './signer.ts';
import { startInformerOf, untilSynced } from './watch.ts';

export interface PodCertificateOptions {
  /** The context of one controller, by its short name. */
  readonly contextOf: (name: string) => ControllerContext;
  readonly enabled: ReadonlySet<ControllerName>;
  readonly signing: SigningOptions | undefined;
}

/** As many as of CertificateSigningRequests, for the same reason. */
const WORKERS = 32;
/** A kubelet does not wait for as long as upstream's delays grow to. */
const LONGEST_RETRY_MS = 30_000;

type Requests = Informer<PodCertificateRequest>;

/** Works until the signal aborts; ends at once where nothing is to do, or the server has no such thing. */
export async function handlePodCertificates(options: PodCertificateOptions): Promise<void> {
  const { contextOf, enabled } = options;
  const cleans = enabled.has('podcertificatecleaner');
  const handle = enabled.has('podcertificatesigning') ? handlerOf(options) : undefined;
  if (!cleans && handle === undefined) return;
  const signing = contextOf('podcertificatesigning');
  const cleaning = contextOf('podcertificatecleaner');
  const context = handle === undefined ? cleaning : signing;
  if ((await servedType(context, POD_CERTIFICATE_REQUESTS)) === undefined) return;
  const queue = handle === undefined ? undefined : createPodQueue(signing, handle);
  const requests = startInformerOf(context, POD_CERTIFICATE_REQUESTS, {
    onChange: ({ object: { metadata } }) =>
      queue?.add(`${metadata.namespace ?? ''}/${metadata.name ?? ''}`),
  });
  await Promise.all([
    queue?.run(requests),
    cleans ? keepCleaning(cleaning, requests) : undefined,
    requests.stopped,
  ]);
}

function handlerOf({
  contextOf,
  signing,
}: PodCertificateOptions): PodCertificateHandler | undefined {
  const context = contextOf('podcertificatesigning');
  const authority = authorityOf(signing, KUBE_APISERVER_CLIENT_POD_SIGNER);
  if (authority === undefined) {
    context.log({ level: 'info', message: 'not started: there is no CA to sign with' });
    return undefined;
  }
  const { duration = DEFAULT_SIGNING_DURATION } = signing ?? {};
  return createPodCertificateSigner(context, { authority, duration });
}

interface PodQueue {
  /** @param key namespace and name, with a slash between them */
  readonly add: (key: string) => void;
  readonly run: (requests: Requests) => Promise<void>;
}

function createPodQueue(
  { clock, signal, log }: ControllerContext,
  handle: PodCertificateHandler,
): PodQueue {
  const queue = createWorkQueue({
    clock,
    longestRetryMs: LONGEST_RETRY_MS,
    onError: (error, request) =>
      log({ level: 'error', message: 'failed, and is tried again', request, error: textOf(error) }),
  });
  return {
    add: (key) => queue.add(key),
    run: async (requests) =>
      queue.run(
        WORKERS,
        async (key) => {
          const [namespace = '', name = ''] = key.split('/');
          const request = requests.get(namespace, name);
          if (request !== undefined) await handle(request);
        },
        signal,
      ),
  };
}

async function keepCleaning(context: ControllerContext, requests: Requests): Promise<void> {
  const { clock, signal } = context;
  await untilSynced(requests);
  while (!signal.aborted) {
    await cleanPodRequests(context, requests.list());
    await clock.sleep(POD_CLEANING_INTERVAL, signal);
  }
}
