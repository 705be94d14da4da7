/** Tries every connection of `refusals.ts` with everything that is written there, on a real cluster. */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  clientToApiserver,
  controllerManagerToApiserver,
  kubectlToApiserver,
  kubeletToApiserver,
  proxyToApiserver,
  schedulerToApiserver,
} from './attempts/apiserver.ts';
import { type Prepare, type Trial, tidy } from './attempts/attempt.ts';
import { apiserverToEtcd, clientToEtcd, etcdToPeer, peerToEtcd } from './attempts/etcd.ts';
import {
  apiserverToExtension,
  frontProxyToApiserver,
  frontProxyToControllerManager,
  frontProxyToScheduler,
} from './attempts/front-proxy.ts';
import { apiserverToKubelet, clientToKubelet } from './attempts/kubelet.ts';
import { tokenToApiserver } from './attempts/tokens.ts';
import { openMint } from './certificates.ts';
import type { Cluster } from './cluster.ts';
import { CONNECTIONS, type ConnectionId, KINDS, type Kind } from './refusals.ts';
import { type Result, readResults, writeResults } from './results.ts';

const ATTEMPTS: Readonly<Record<ConnectionId, Prepare>> = {
  'peer-to-etcd': peerToEtcd,
  'etcd-to-peer': etcdToPeer,
  'client-to-etcd': clientToEtcd,
  'apiserver-to-etcd': apiserverToEtcd,
  'client-to-apiserver': clientToApiserver,
  'kubectl-to-apiserver': kubectlToApiserver,
  'controller-manager-to-apiserver': controllerManagerToApiserver,
  'scheduler-to-apiserver': schedulerToApiserver,
  'kube-proxy-to-apiserver': proxyToApiserver,
  'kubelet-to-apiserver': kubeletToApiserver,
  'token-to-apiserver': tokenToApiserver,
  'client-to-kubelet': clientToKubelet,
  'apiserver-to-kubelet': apiserverToKubelet,
  'front-proxy-to-apiserver': frontProxyToApiserver,
  'front-proxy-to-scheduler': frontProxyToScheduler,
  'front-proxy-to-controller-manager': frontProxyToControllerManager,
  'apiserver-to-extension': apiserverToExtension,
};

export function describeRefusals(clusterOf: () => Cluster): void {
  describe('the refusals', () => {
    const results: Result[] = [];

    for (const { id, client, server, verifier, outcomes } of CONNECTIONS) {
      const kinds = KINDS.filter((kind) => outcomes[kind] !== undefined);

      describe(`${client} to ${server}, verified by the ${verifier} (${id})`, () => {
        let trial: Trial | undefined;

        beforeAll(async () => {
          const cluster = clusterOf();
          const { files, variant, data } = cluster;
          const mint = await openMint(files, variant.keyAlgorithm, join(data, 'mint', id));
          trial = await ATTEMPTS[id](cluster, mint);
        });
        afterAll(async () => trial?.close?.());

        it.each(kinds)('%s', async (kind: Kind) => {
          if (trial === undefined) throw new Error('nothing to try');
          const observed = await trial.observe(kind);
          const result: Result = {
            connection: id,
            kind,
            ...observed,
            message: tidy(observed.message),
          };
          results.push(result);
          const expected = outcomes[kind];
          expect(result).toEqual({
            connection: id,
            kind,
            layer: expected?.layer,
            message: expect.stringContaining(expected?.message ?? ''),
            ...(expected?.alert === undefined ? {} : { alert: expected.alert }),
          });
        });
      });
    }

    it('are those that the documentation has, word by word', () => {
      if (process.env['KUBEPKI_UPDATE'] === '1') writeResults(results);
      expect(results).toEqual(readResults());
    });
  });
}
