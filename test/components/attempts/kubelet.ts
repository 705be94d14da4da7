/** Attempts at the kubelet: by clients whose certificate it verifies, and by kube-apiserver, which verifies its own. */

import { templateIn } from '../certificates.ts';
import { hostFile } from '../credentials.ts';
import { KUBELET_PORT } from '../kubelet.ts';
import type { Kind } from '../refusals.ts';
import { addressOf, CP_1, STRANGER, WORKER_1, WORKER_2 } from '../topology.ts';
import type { Prepare } from './attempt.ts';
import { observeHttp } from './http.ts';
import { OWN_NAMES, portOf, SERVER_KINDS, startVariants, verdict } from './stand-ins.ts';
import { makeVariations } from './variations.ts';

/** A client of the kubelet that asks for its pods. */
export const clientToKubelet: Prepare = async (cluster, mint) => {
  const { files, program } = cluster;
  const pairs = await makeVariations(
    mint,
    {
      name: 'client-to-kubelet',
      template: templateIn(hostFile(files, CP_1, 'apiserver-kubelet-client', 'certificate')),
      authority: 'ca',
      side: 'client',
      otherRole: await mint.copy(hostFile(files, WORKER_1, 'kube-proxy', 'kubeconfig')),
    },
    new Date(),
  );
  return {
    observe: async (kind) =>
      observeHttp(cluster, program(WORKER_1, 'kubelet'), STRANGER, {
        url: `https://${addressOf(WORKER_1)}:${KUBELET_PORT}/pods`,
        ca: hostFile(files, CP_1, 'ca', 'certificate'),
        client: pairs[kind],
      }),
  };
};

const nodeOf = (kind: Kind): string => `stand-in-${kind}`;

/** A Node for each certificate; kube-apiserver calls its kubelet because an administrator asks it to. */
export const apiserverToKubelet: Prepare = async (cluster, mint) => {
  const base = 7700;
  const original = {
    name: 'apiserver-to-kubelet',
    template: templateIn(hostFile(cluster.files, WORKER_2, 'kubelet-server', 'certificate')),
    authority: 'ca' as const,
    names: OWN_NAMES,
  };
  const standIn = await startVariants(cluster, mint, original, base);
  await cluster.create(
    SERVER_KINDS.map((kind) => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: nodeOf(kind) },
      spec: { unschedulable: true },
      status: {
        addresses: [{ type: 'InternalIP', address: addressOf(STRANGER) }],
        daemonEndpoints: { kubeletEndpoint: { Port: portOf(base, kind) } },
      },
    })),
  );
  return {
    observe: async (kind) => {
      const path = `/api/v1/nodes/${nodeOf(kind)}/proxy/healthz`;
      const { stderr } = await cluster.tryKubectl({}, 'get', '--raw', path);
      return verdict({ standIn, base, kind, accepted: 'request' }, async () => stderr);
    },
    close: async () => {
      await cluster.kubectl('delete', 'node', ...SERVER_KINDS.map(nodeOf));
      await standIn.program.stop();
    },
  };
};
