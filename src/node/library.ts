/**
 * `kubepki/node`: the kubelet's part in TLS bootstrapping, for programs that are a node, or stand in for
 * one. A node that is started asks for its client certificate with a bootstrap kubeconfig, stores it as a
 * kubelet would, registers, asks for a serving certificate, and renews both as long as it runs; it works
 * with any kube-apiserver.
 *
 * Until version 1.0 names may change between minor versions; the CHANGELOG says so.
 *
 * @example
 * ```ts
 * import { describeEvent, startNode } from 'kubepki/node';
 *
 * const node = startNode(
 *   {
 *     nodeName: 'edge-7',
 *     bootstrapKubeconfig: '/etc/edge/bootstrap.conf', // deleted when the node has proven its own certificate
 *     kubeconfig: '/etc/edge/node.conf',
 *     certDir: '/var/lib/edge/pki',
 *     rotateServerCertificates: false, // a client certificate only, and no HTTPS endpoint
 *     version: '1.0.0',
 *   },
 *   { onEvent: (event) => console.error(describeEvent(event)), log: console.error },
 * );
 * await node.joined;
 * const { body } = await node.client().raw({ method: 'GET', url: '/version', headers: {} });
 * await node.stop();
 * ```
 *
 * @module
 */
import { type KubernetesClient, systemClock } from '../client/index.ts';
import { runNodeAgent } from './agent.ts';
import { connectToServer } from './connect.ts';
import type { NodeAgentOptions, NodeAgentWorld } from './types.ts';
import { ENDED } from './waiting.ts';

export type { Clock, KubernetesClient } from '../client/index.ts';
export { type ErrorCode, KubepkiError } from '../errors.ts';
export { describeEvent } from './describe.ts';
export { nodeNameOf } from './names.ts';
export type {
  ApiTarget,
  CertificateKind,
  Connect,
  MachineInfo,
  NodeAgentOptions,
  NodeAgentWorld,
  NodeEvent,
  StoredCertificate,
} from './types.ts';

/**
 * Unless given: `certDir` /var/lib/kubelet/pki, `port` 10250, and true for `registerNode`,
 * `rotateCertificates` and `rotateServerCertificates`. Paths are absolute.
 */
export type NodeOptions = Pick<NodeAgentOptions, 'nodeName' | 'kubeconfig' | 'version'> &
  Partial<NodeAgentOptions>;

/** Unless given: the system's clock, Math.random, HTTPS connections, and nothing is told. */
export type NodeHooks = Partial<Omit<NodeAgentWorld, 'signal'>>;

export interface RunningNode {
  /** Resolves when the server has taken the node's certificate; rejects as `ended` does where it ends before. */
  readonly joined: Promise<void>;
  /**
   * Speaks to the server as the node. Ask for it anew for each request: when the certificate is renewed it
   * is another one, and the one before is closed as soon as what is under way on it is answered.
   *
   * @throws TypeError before the node has joined, and when it has ended
   */
  client(): KubernetesClient;
  /**
   * Resolves when the node has ended: it was stopped, or has done what `exitAfterBootstrap` says.
   *
   * @throws KubepkiError where it cannot start or go on
   */
  readonly ended: Promise<void>;
  /** Ends it in order; its files stay, and the next start goes on with them. Rejects as `ended` does. */
  stop(): Promise<void>;
}

/** Starts a node. Nothing is thrown: what is wrong is told by `ended`. */
export function startNode(options: NodeOptions, hooks: NodeHooks = {}): RunningNode {
  const stop = new AbortController();
  const joined = Promise.withResolvers<void>();
  let client: (() => KubernetesClient) | undefined;
  const run = async (): Promise<void> => {
    try {
      await runNodeAgent(
        {
          certDir: '/var/lib/kubelet/pki',
          port: 10250,
          registerNode: true,
          rotateCertificates: true,
          rotateServerCertificates: true,
          ...options,
        },
        {
          clock: systemClock,
          random: Math.random,
          connect: connectToServer,
          log: () => undefined,
          ...hooks,
          signal: stop.signal,
        },
        (own) => {
          client = own;
          joined.resolve();
        },
      );
      joined.reject(new TypeError('the node was stopped before it had joined'));
    } catch (error) {
      joined.reject(error);
      throw error;
    } finally {
      client = undefined;
    }
  };
  const ended = run();
  // Whoever waits for them hears of it; nobody has to.
  ended.catch(() => undefined);
  joined.promise.catch(() => undefined);
  return {
    joined: joined.promise,
    ended,
    client() {
      if (client === undefined) throw new TypeError('the node has not joined, or has ended');
      return client();
    },
    async stop() {
      stop.abort(ENDED);
      await ended;
    },
  };
}
