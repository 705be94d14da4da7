/** The seed's arrows to kube-apiserver: what it presents (S4), and whom it sees behind each client's certificate (S5 to S9). */

import { describe, expect, it } from 'vitest';
import type { CredentialId, Host } from '../../../src/cluster/index.ts';
import { commonName, organizations } from '../../../src/x509/index.ts';
import { waitFor } from '../../system/program.ts';
import { type AuditEvent, auditEvents, CREDENTIAL_ID } from '../audit.ts';
import { certificateIn, sha256Of } from '../certificates.ts';
import type { Cluster } from '../cluster.ts';
import { adminKubeconfig, hostFile } from '../credentials.ts';
import { get } from '../probes/ask.ts';
import {
  ADMIN,
  API_PORT,
  addressOf,
  apiUrl,
  CONTROL_PLANES,
  CP_1,
  CP_2,
  endpointOf,
  SERVICE_ADDRESS,
  WORKER_1,
  WORKER_2,
} from '../topology.ts';

interface Client {
  arrow: string;
  id: Extract<
    CredentialId,
    'controller-manager' | 'scheduler' | 'kube-proxy' | 'kubelet-client' | 'admin' | 'super-admin'
  >;
  host: Host;
  userAgent: RegExp;
  user: string;
  groups: readonly string[];
}

/** The identities are upstream's (`pkg/apis/.../bootstrappolicy`, the node authorizer), not read from our catalogue. */
const COMPONENTS: readonly Client[] = [
  {
    arrow: 'S5',
    id: 'controller-manager',
    host: CP_1,
    userAgent: /^kube-controller-manager\//,
    user: 'system:kube-controller-manager',
    groups: [],
  },
  {
    arrow: 'S6',
    id: 'scheduler',
    host: CP_2,
    userAgent: /^kube-scheduler\//,
    user: 'system:kube-scheduler',
    groups: [],
  },
  {
    arrow: 'S7',
    id: 'kube-proxy',
    host: WORKER_1,
    userAgent: /^kube-proxy\//,
    user: 'system:kube-proxy',
    groups: [],
  },
  {
    arrow: 'S8',
    id: 'kubelet-client',
    host: WORKER_1,
    userAgent: /^kubelet\//,
    user: 'system:node:worker-1',
    groups: ['system:nodes'],
  },
  {
    arrow: 'S8',
    id: 'kubelet-client',
    host: WORKER_2,
    userAgent: /^kubelet\//,
    user: 'system:node:worker-2',
    groups: ['system:nodes'],
  },
  {
    arrow: 'S9',
    id: 'admin',
    host: ADMIN,
    userAgent: /^kubectl\//,
    user: 'kubernetes-admin',
    groups: ['kubeadm:cluster-admins'],
  },
  {
    arrow: 'S9',
    id: 'super-admin',
    host: ADMIN,
    userAgent: /^kubectl\//,
    user: 'kubernetes-super-admin',
    groups: ['system:masters'],
  },
];

export function apiserverArrows(clusterOf: () => Cluster): void {
  const servers = [
    ...CONTROL_PLANES.map((host) => ({
      where: `the address of ${host.name}`,
      url: () => apiUrl(host),
      from: ADMIN,
      holders: [host],
    })),
    {
      where: 'the endpoint of the cluster file',
      url: () => `https://${endpointOf(clusterOf().variant)}`,
      from: WORKER_2,
      holders: CONTROL_PLANES,
    },
    {
      where: 'the address of its Service, through kube-proxy',
      url: () => `https://${SERVICE_ADDRESS}`,
      from: WORKER_1,
      holders: CONTROL_PLANES,
    },
  ];

  it.each(servers)('S4: kube-apiserver serves with its certificate at $where', async (asked) => {
    const { network, files } = clusterOf();
    const { server, status } = await get(network, asked.from, {
      url: `${asked.url()}/version`,
      ca: hostFile(files, WORKER_1, 'ca', 'certificate'),
    });
    expect(status).toBe(200);
    const certificates = asked.holders.map((host) =>
      sha256Of(hostFile(files, host, 'apiserver', 'certificate')),
    );
    expect(certificates).toContain(server);
  });

  describe.each(COMPONENTS)(
    '$arrow: $id on $host.name',
    ({ id, host, userAgent, user, groups }) => {
      const kubeconfig = (): string =>
        id === 'admin' || id === 'super-admin'
          ? adminKubeconfig(clusterOf().files, id)
          : hostFile(clusterOf().files, host, id, 'kubeconfig');
      const identity = () => ({
        username: user,
        groups: [...groups, 'system:authenticated'],
        extra: { [CREDENTIAL_ID]: [`X509SHA256=${sha256Of(kubeconfig())}`] },
      });

      it('says the same subject in its certificate', () => {
        const { subject } = certificateIn(kubeconfig());
        expect(commonName(subject)).toBe(user);
        expect(organizations(subject)).toEqual(groups);
      });

      it.each(CONTROL_PLANES)(
        'is who it should be to kube-apiserver on $name',
        async ({ addresses }) => {
          const { stdout, stderr } = await clusterOf().tryKubectl(
            { host: host.name, kubeconfig: kubeconfig() },
            `--server=https://${addresses[0]}:${API_PORT}`,
            'auth',
            'whoami',
            '-o=json',
          );
          expect(stderr).toBe('');
          expect(JSON.parse(stdout)).toMatchObject({ status: { userInfo: identity() } });
        },
      );

      it('is in the audit log with that certificate and its own address', async () => {
        const event = await auditEvent(
          clusterOf(),
          (event) =>
            userAgent.test(event.userAgent ?? '') &&
            event.user.username === user &&
            event.responseStatus?.code === 200,
        );
        expect(event.user).toEqual(identity());
        expect(event.sourceIPs).toEqual([addressOf(host)]);
      });
    },
  );

  it('S5: kube-controller-manager holds its lease', async () => {
    expect(await leaseHolder(clusterOf(), 'kube-controller-manager')).toMatch(/^.+_[0-9a-f-]{36}$/);
  });

  it('S6: kube-scheduler binds a pod, and S8: the kubelet of that node runs it', async () => {
    const cluster = clusterOf();
    await cluster.kubectl('run', 'scheduled', '--image=example.com/nothing', '--restart=Never');
    const text = await waitFor(
      'the pod runs',
      async () => {
        const pod = await cluster.kubectl('get', 'pod', 'scheduled', '-o=json');
        return pod.includes('"phase": "Running"') ? pod : undefined;
      },
      { deadline: 120_000, programs: [cluster.program(CP_2, 'kube-scheduler')] },
    );
    const { spec }: { spec: { nodeName: string } } = JSON.parse(text);
    const about = (subresource: string) => (event: AuditEvent) =>
      event.objectRef?.resource === 'pods' &&
      event.objectRef.name === 'scheduled' &&
      event.objectRef.subresource === subresource;
    const binding = await auditEvent(cluster, about('binding'));
    expect(binding.user.username).toBe('system:kube-scheduler');
    expect(binding.responseStatus?.code).toBe(201);
    const status = await auditEvent(
      cluster,
      (event) => about('status')(event) && event.user.username.startsWith('system:node:'),
    );
    expect(status.user.username).toBe(`system:node:${spec.nodeName}`);
  });

  it('S8: kube-apiserver takes the kubelet for that one node, and lets it touch no other', async () => {
    const cluster = clusterOf();
    const as = {
      host: WORKER_1.name,
      kubeconfig: hostFile(cluster.files, WORKER_1, 'kubelet-client', 'kubeconfig'),
    };
    const own = await cluster.tryKubectl(as, 'get', 'node', 'worker-1', '-o=name');
    expect(own.stdout).toBe('node/worker-1\n');
    const other = await cluster.tryKubectl(as, 'get', 'node', 'worker-2');
    expect(other.stderr).toContain(
      "node 'worker-1' cannot read 'worker-2', only its own Node object",
    );
  });

  it('S9: admin has its rights from RBAC, super-admin from its group', async () => {
    const cluster = clusterOf();
    const everything = ['auth', 'can-i', '*', '*', '--all-namespaces'];
    expect(await cluster.kubectl(...everything)).toBe('yes\n');
    const kubeconfig = adminKubeconfig(cluster.files, 'super-admin');
    expect((await cluster.tryKubectl({ kubeconfig }, ...everything)).stdout).toBe('yes\n');
    await cluster.tryKubectl(
      { kubeconfig },
      'delete',
      'clusterrolebinding',
      'kubeadm:cluster-admins',
    );
    try {
      const { stdout } = await waitFor('admin loses its rights', async () => {
        const answer = await cluster.tryKubectl({}, ...everything);
        return answer.stdout === 'no\n' ? answer : undefined;
      });
      expect(stdout).toBe('no\n');
      expect((await cluster.tryKubectl({ kubeconfig }, ...everything)).stdout).toBe('yes\n');
    } finally {
      await cluster.bindAdmins();
    }
  });
}

/** Waits for a request that both kube-apiservers together have seen. */
export async function auditEvent(
  cluster: Cluster,
  accept: (event: AuditEvent) => boolean,
): Promise<AuditEvent> {
  return waitFor(
    'a line in the audit log',
    async () => (await auditEvents(cluster.auditLogs)).find(accept),
    { deadline: 60_000 },
  );
}

async function leaseHolder(cluster: Cluster, name: string): Promise<string> {
  return cluster.kubectl(
    'get',
    'lease',
    name,
    '-n=kube-system',
    '-o=jsonpath={.spec.holderIdentity}',
  );
}
