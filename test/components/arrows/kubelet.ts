/** The seed's arrows between kube-apiserver and kubelets: what the kubelet presents (S10), and what kube-apiserver (S11). */

import { describe, expect, it } from 'vitest';
import { CREDENTIAL_ID } from '../audit.ts';
import { sha256Of } from '../certificates.ts';
import type { Cluster } from '../cluster.ts';
import { hostFile, hostPair } from '../credentials.ts';
import { KUBELET_PORT } from '../kubelet.ts';
import { get } from '../probes/ask.ts';
import { addressOf, apiUrl, CONTROL_PLANES, CP_1, WORKERS } from '../topology.ts';
import { auditEvent } from './apiserver.ts';

const CALLER = 'kube-apiserver-kubelet-client';

export function kubeletArrows(clusterOf: () => Cluster): void {
  describe.each(WORKERS)('the kubelet on $name', (worker) => {
    it('S10: serves with its certificate', async () => {
      const { network, files } = clusterOf();
      const { server, status, body } = await get(network, CP_1, {
        url: `https://${addressOf(worker)}:${KUBELET_PORT}/healthz`,
        ca: hostFile(files, CP_1, 'ca', 'certificate'),
        client: hostPair(files, CP_1, 'apiserver-kubelet-client'),
      });
      expect({ status, body }).toEqual({ status: 200, body: 'ok' });
      expect(server).toBe(sha256Of(hostFile(files, worker, 'kubelet-server', 'certificate')));
    });

    describe.each(CONTROL_PLANES)('called by kube-apiserver on $name', (host) => {
      it('S10: is trusted and answers', async () => {
        const cluster = clusterOf();
        const path = `/api/v1/nodes/${worker.name}/proxy/pods`;
        const answer = await cluster.kubectl(`--server=${apiUrl(host)}`, 'get', '--raw', path);
        expect(JSON.parse(answer)).toMatchObject({ kind: 'PodList' });
      });

      it('S11: asks whether that certificate may', async () => {
        const cluster = clusterOf();
        const file = hostFile(cluster.files, host, 'apiserver-kubelet-client', 'certificate');
        const id = `X509SHA256=${sha256Of(file)}`;
        const review = await auditEvent(
          cluster,
          ({ user, requestObject }) =>
            user.username === `system:node:${worker.name}` &&
            requestObject?.spec.extra?.[CREDENTIAL_ID]?.includes(id) === true,
        );
        expect(review.requestObject?.spec).toMatchObject({
          user: CALLER,
          groups: ['system:authenticated'],
          extra: { [CREDENTIAL_ID]: [id] },
        });
        expect(review.responseStatus?.code).toBe(201);
      });
    });
  });
}
