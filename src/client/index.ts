/** The client of a Kubernetes API: transports, typed calls, informers, work queues, leases. */

export { createClient } from './client.ts';
export { type Clock, systemClock } from './clock.ts';
export { type DiscoveredResource, discover, discoverVersion } from './discovery.ts';
export {
  type Informer,
  type InformerChange,
  type InformerOptions,
  reflect,
  startInformer,
} from './informer/index.ts';
export { type LeaseOptions, type LeaseOutcome, runWithLease } from './lease/index.ts';
export { loopbackTransport } from './loopback.ts';
export {
  type ConnectOptions,
  connectTransport,
  inClusterTransport,
  isUntrusted,
  type KubeconfigTransportOptions,
  type RemoteTransport,
  type SwappableTransport,
  transportFromKubeconfig,
} from './remote/index.ts';
export type * from './types.ts';
export { createWorkQueue, type WorkQueue } from './work-queue.ts';
