/** The seed's arrow S13: kube-apiserver hands requests on to an extension API server, on behalf of users. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../system/program.ts';
import { openMint, sha256Of } from '../certificates.ts';
import type { Cluster } from '../cluster.ts';
import { hostFile } from '../credentials.ts';
import { emptyResourceList, extensionObjects, extensionTemplate, pathOf } from '../extension.ts';
import { type StandIn, startStandIn } from '../probes/stand-in.ts';
import { apiUrl, CONTROL_PLANES, CP_1, EXTENSION } from '../topology.ts';

const NAME = 'extension';
const PORT = 8443;

export function frontProxyArrow(clusterOf: () => Cluster): void {
  describe('S13: an extension API server', () => {
    let server: StandIn;

    beforeAll(async () => {
      const cluster = clusterOf();
      const { files, network, data, variant } = cluster;
      const mint = await openMint(files, variant.keyAlgorithm, join(data, 'extension'));
      const template = extensionTemplate(NAME, new Date());
      server = await startStandIn(
        network,
        EXTENSION,
        [
          {
            port: PORT,
            server: await mint.issue(NAME, { authority: 'ca', template }),
            clientCa: hostFile(files, CP_1, 'front-proxy-ca', 'certificate'),
            answer: JSON.stringify(emptyResourceList(NAME)),
          },
        ],
        NAME,
      );
      const ca = hostFile(files, CP_1, 'ca', 'certificate');
      await cluster.create(extensionObjects({ name: NAME, host: EXTENSION, port: PORT, ca }));
    });

    it('is available to both kube-apiservers, which trust it', async () => {
      const { kubectl } = clusterOf();
      for (const host of CONTROL_PLANES) {
        await waitFor(`the API of ${NAME} at ${host.name}`, async () =>
          kubectl(`--server=${apiUrl(host)}`, 'get', '--raw', pathOf(NAME)),
        );
      }
    });

    it.each(CONTROL_PLANES)(
      'is called by kube-apiserver on $name with its front-proxy certificate and the name of the user',
      async (host) => {
        const { files, kubectl } = clusterOf();
        const path = `${pathOf(NAME)}?asked-at=${host.name}`;
        await kubectl(`--server=${apiUrl(host)}`, 'get', '--raw', path);
        const { client, headers } = await server.event(PORT, 'request', ({ url }) => url === path);
        expect(client).toEqual({
          certificate: sha256Of(hostFile(files, host, 'front-proxy-client', 'certificate')),
          verified: true,
        });
        expect(headers).toMatchObject({
          'x-remote-user': 'kubernetes-admin',
          'x-remote-group': 'kubeadm:cluster-admins, system:authenticated',
        });
      },
    );

    it('learns from a ConfigMap whom to trust', async () => {
      const { files, kubectl } = clusterOf();
      const text = await kubectl(
        'get',
        'configmap',
        'extension-apiserver-authentication',
        '--namespace=kube-system',
        '-o=json',
      );
      const { data }: { data: Record<string, string> } = JSON.parse(text);
      const pem = (id: 'ca' | 'front-proxy-ca') =>
        readFileSync(hostFile(files, CP_1, id, 'certificate'), 'utf8');
      expect(data).toMatchObject({
        'client-ca-file': pem('ca'),
        'requestheader-client-ca-file': pem('front-proxy-ca'),
        'requestheader-allowed-names': '["front-proxy-client"]',
      });
    });
  });
}
