/** Transports over the network. */
export {
  type ConnectOptions,
  connectTransport,
  type RemoteTransport,
  type SwappableTransport,
} from './connect.ts';
export { isUntrusted } from './failure.ts';
export { inClusterTransport } from './in-cluster.ts';
export { type KubeconfigTransportOptions, transportFromKubeconfig } from './kubeconfig.ts';
