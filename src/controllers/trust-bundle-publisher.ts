/**
 * Keeps the CA of the API server as a ClusterTrustBundle, for whoever trusts anchors by the name of a signer
 * (kube-controller-manager's kube-apiserver-serving-clustertrustbundle-publisher-controller: kubernetes,
 * pkg/controller/certificates/clustertrustbundlepublisher).
 */
import { createHash } from 'node:crypto';
import { createWorkQueue, type Informer } from '../client/index.ts';
import {
  apiVersionOf,
  CLUSTER_TRUST_BUNDLES,
  type ClusterTrustBundle,
  type ResourceType,
  refusedFor,
} from '../kubernetes/index.ts';
import { type ControllerContext, textOf } from './context.ts';
import { PATIENCE_MS } from './namespace-objects.ts';
import type { RootCa } from './root-ca-publisher.ts';
import { servedType } from './served.ts';
import { startInformerOf, untilSynced } from './watch.ts';

const SIGNER = 'kubernetes.io/kube-apiserver-serving';
/** Upstream's order of preference. */
const VERSIONS = ['v1beta1', 'v1alpha1'];
/** So much of the text's SHA-256 makes the name. */
const HASH_BYTES = 12;
/** There is one thing to do, whatever has changed. */
const KEY = SIGNER;
const WORKERS = 1;

const bundleName = (pem: string): string => {
  const hash = createHash('sha256').update(pem).digest().subarray(0, HASH_BYTES);
  return `${SIGNER.replaceAll('/', ':')}:${hash.toString('hex')}`;
};

/** Works until the signal aborts; ends at once where the server has no such thing. */
export async function publishTrustBundle(
  context: ControllerContext,
  rootCa: RootCa,
): Promise<void> {
  const { clock, signal, log } = context;
  const type = await servedType(context, CLUSTER_TRUST_BUNDLES, VERSIONS);
  if (type === undefined) return;
  const queue = createWorkQueue({
    clock,
    onError: (error) =>
      log({ level: 'error', message: 'failed, and is tried again', error: textOf(error) }),
  });
  const look = (): void => queue.add(KEY);
  const bundles = startInformerOf(context, type, {
    fieldSelector: `spec.signerName=${SIGNER}`,
    onChange: () => queue.addAfter(KEY, PATIENCE_MS),
  });
  rootCa.onChange(look, signal);
  // Of half of them some would be taken for all.
  await untilSynced(bundles);
  look();
  await queue.run(WORKERS, async () => publish(context, type, rootCa.pem(), bundles), signal);
  await bundles.stopped;
}

/** The new one first, so that there is always one; then all others of this signer go. */
async function publish(
  context: ControllerContext,
  type: ResourceType<ClusterTrustBundle>,
  trustBundle: string,
  bundles: Informer<ClusterTrustBundle>,
): Promise<void> {
  const { client, signal, log } = context;
  const name = bundleName(trustBundle);
  const there = bundles.get(undefined, name);
  if (there === undefined) {
    const { kind } = type;
    const spec = { signerName: SIGNER, trustBundle };
    const bundle = { apiVersion: apiVersionOf(type), kind, metadata: { name }, spec };
    await client.create(type, bundle, { signal });
    log({ level: 'info', message: 'published', bundle: name });
  } else if (there.spec.trustBundle !== trustBundle) {
    const spec = { ...there.spec, trustBundle };
    await client.update(type, { ...there, spec }, { signal });
    log({ level: 'info', message: 'put right', bundle: name });
  }
  for (const bundle of bundles.list()) {
    // The field selector has chosen already, but what follows is a deletion.
    if (bundle.metadata.name === name || bundle.spec.signerName !== SIGNER) continue;
    await remove(context, type, bundle);
  }
}

async function remove(
  { client, signal, log }: ControllerContext,
  type: ResourceType<ClusterTrustBundle>,
  { metadata: { name = '', uid } }: ClusterTrustBundle,
): Promise<void> {
  try {
    const preconditions = uid === undefined ? {} : { preconditions: { uid } };
    await client.delete(type, { name }, { signal, ...preconditions });
  } catch (error) {
    // Gone already, or another one of that name by now.
    if (refusedFor(error, 'NotFound', 'Conflict')) return;
    throw error;
  }
  log({ level: 'info', message: 'deleted, since it is not the CA any more', bundle: name });
}
