/** The seed's arrows around etcd: members with each other (S1), with their clients (S2), kube-apiserver (S3). */

import { beforeAll, describe, expect, it } from 'vitest';
import type { Host } from '../../../src/cluster/index.ts';
import { etcdctl } from '../../system/etcd-cluster.ts';
import { waitFor } from '../../system/program.ts';
import { sha256Of } from '../certificates.ts';
import type { Cluster } from '../cluster.ts';
import { hostFile, hostPair } from '../credentials.ts';
import { get } from '../probes/ask.ts';
import { type StandIn, startStandIn } from '../probes/stand-in.ts';
import { addressOf, CONTROL_PLANES, CP_1, CP_2, ETCD_3, MEMBERS } from '../topology.ts';

export function etcdArrows(clusterOf: () => Cluster): void {
  describe('while a stand-in with its certificates takes the place of etcd on etcd-3', () => {
    let standIn: StandIn;

    beforeAll(async () => {
      const cluster = clusterOf();
      const { files, network } = cluster;
      const clientCa = hostFile(files, ETCD_3, 'etcd-ca', 'certificate');
      const server = (id: 'etcd-peer' | 'etcd-server') => hostPair(files, ETCD_3, id);
      await cluster.program(ETCD_3, 'etcd').stop();
      standIn = await startStandIn(network, ETCD_3, [
        { port: 2380, server: server('etcd-peer'), clientCa, hangUp: true },
        { port: 2379, server: server('etcd-server'), clientCa, hangUp: true },
      ]);
      return async () => {
        await standIn.program.stop();
        await cluster.restartEtcd(ETCD_3);
      };
    });

    /** The handshake is complete only when the client trusted the server: here it shows its certificate. */
    async function expectClient(port: number, certificateFile: string): Promise<void> {
      const certificate = sha256Of(certificateFile);
      const seen = await standIn.event(
        port,
        'handshake',
        ({ client }) => client?.certificate === certificate,
      );
      expect(seen.client?.verified).toBe(true);
    }

    it.each([CP_1, CP_2])('S1: etcd on $name comes with its peer certificate', async (member) => {
      const file = hostFile(clusterOf().files, member, 'etcd-peer', 'certificate');
      await expectClient(2380, file);
    });

    it.each(CONTROL_PLANES)(
      'S3: kube-apiserver on $name comes with its client certificate for etcd',
      async (host) => {
        const file = hostFile(clusterOf().files, host, 'apiserver-etcd-client', 'certificate');
        await expectClient(2379, file);
      },
    );
  });

  it.each(MEMBERS)(
    'S1: etcd on $name serves its peers with its peer certificate',
    async (member) => {
      const { network, files } = clusterOf();
      const other = member === CP_1 ? CP_2 : CP_1;
      const { server, status, body } = await get(network, other, {
        url: `https://${addressOf(member)}:2380/members`,
        ca: hostFile(files, other, 'etcd-ca', 'certificate'),
        client: hostPair(files, other, 'etcd-peer'),
      });
      expect(server).toBe(sha256Of(hostFile(files, member, 'etcd-peer', 'certificate')));
      expect(status).toBe(200);
      const members: { name: string }[] = JSON.parse(body);
      expect(members.map(({ name }) => name).sort()).toEqual(MEMBERS.map(({ name }) => name));
    },
  );

  it.each(MEMBERS)('S1: etcd on $name counts both its peers as active', async (member) => {
    const cluster = clusterOf();
    await waitFor(
      'two active peers',
      async () => {
        const metrics = await metricsOf(cluster, member);
        const active = [...metrics.matchAll(/^etcd_network_active_peers\{.*\} (\d)$/gm)];
        const counts = active.map(([, count]) => count).join();
        if (counts !== '1,1') throw new Error(`active: ${counts}`);
        return true;
      },
      { deadline: 60_000, programs: [cluster.program(member, 'etcd')] },
    );
  });

  it.each(MEMBERS)(
    'S2: etcd on $name serves clients with its server certificate',
    async (member) => {
      const { network, files } = clusterOf();
      const { server, status, body } = await get(network, CP_1, {
        url: `https://${addressOf(member)}:2379/health`,
        ca: hostFile(files, CP_1, 'etcd-ca', 'certificate'),
        client: hostPair(files, CP_1, 'etcd-healthcheck-client'),
      });
      expect(server).toBe(sha256Of(hostFile(files, member, 'etcd-server', 'certificate')));
      expect(status).toBe(200);
      expect(JSON.parse(body)).toMatchObject({ health: 'true' });
    },
  );

  it("S2: etcd's own gateway is let in with the server certificate, which is why that is for clients too", async () => {
    const { network, files } = clusterOf();
    const { status, body } = await get(network, CP_1, {
      url: `https://${addressOf(CP_2)}:2379/v3/maintenance/status`,
      method: 'POST',
      body: '{}',
      ca: hostFile(files, CP_1, 'etcd-ca', 'certificate'),
      client: hostPair(files, CP_1, 'etcd-healthcheck-client'),
    });
    expect(status, body).toBe(200);
    expect(JSON.parse(body)).toHaveProperty('leader');
  });

  it('S3: what kube-apiserver wrote is in etcd', async () => {
    const { network, files, kubectl } = clusterOf();
    await kubectl('create', 'configmap', 'written-to-etcd', '--from-literal=by=kubectl');
    const { stdout } = await etcdctl(network, {
      host: CP_2.name,
      ca: hostFile(files, CP_2, 'etcd-ca', 'certificate'),
      client: hostPair(files, CP_2, 'etcd-healthcheck-client'),
      endpoint: `https://${addressOf(ETCD_3)}:2379`,
      args: ['get', '--keys-only', '/registry/configmaps/default/written-to-etcd'],
    });
    expect(stdout.trim()).toBe('/registry/configmaps/default/written-to-etcd');
  });
}

async function metricsOf({ network, files }: Cluster, member: Host): Promise<string> {
  const { body } = await get(network, CP_1, {
    url: `https://${addressOf(member)}:2379/metrics`,
    ca: hostFile(files, CP_1, 'etcd-ca', 'certificate'),
    client: hostPair(files, CP_1, 'etcd-healthcheck-client'),
  });
  return body;
}
