/** `kubepki token setup`: what is made, what is left, and what is replaced only when told. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Cluster } from '../../../src/cli/token/cluster.ts';
import { type SetupFlags, setUp } from '../../../src/cli/token/setup.ts';
import {
  BOOTSTRAP_BINDINGS,
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  CONFIG_MAPS,
  parseKubeconfig,
  ROLE_BINDINGS,
  ROLES,
  SERVICES,
} from '../../../src/kubernetes/index.ts';
import { encodePem } from '../../../src/x509/index.ts';
import { FakeApi } from '../../controllers/fake-client.ts';
import { temporaryDirectory } from '../../temporary.ts';
import { issuerOf } from '../../x509/support.ts';
import { fakeCluster } from './fake-cluster.ts';

const CA = encodePem('CERTIFICATE', issuerOf('ECDSA-P256').certificate.der);
const BOOTSTRAP = 'kubeadm:kubelet-bootstrap';

let api: FakeApi;
let printed: string[];
let warned: string[];
let path: string;

beforeEach(() => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'ca.crt'), CA);
  path = join(directory, 'admin.conf');
  api = new FakeApi();
});

async function setup(flags: SetupFlags = {}, dryRun = false): Promise<void> {
  const fake = fakeCluster(path, { dryRun });
  api.raw = async ({ url }) => ({
    status: url === '/version' ? 200 : 404,
    body: Buffer.from('{"major":"1","gitVersion":"v1.36.3+other.1"}'),
  });
  const cluster: Cluster = { ...fake, client: api };
  await setUp(cluster, flags);
  ({ printed, warned } = fake);
}

const kubeconfigIn = (): string =>
  api.peek(CONFIG_MAPS, 'cluster-info', 'kube-public')?.data?.['kubeconfig'] ?? '';

describe('kubepki token setup', () => {
  it('makes the bindings, and cluster-info for everybody to read', async () => {
    await setup();
    for (const { metadata, roleRef, subjects } of BOOTSTRAP_BINDINGS) {
      const found = api.peek(CLUSTER_ROLE_BINDINGS, metadata.name ?? '');
      expect(found).toMatchObject({ roleRef, subjects });
    }
    expect(api.peek(ROLES, 'kubeadm:bootstrap-signer-clusterinfo', 'kube-public')?.rules).toEqual([
      {
        verbs: ['get'],
        apiGroups: [''],
        resources: ['configmaps'],
        resourceNames: ['cluster-info'],
      },
    ]);
    expect(
      api.peek(ROLE_BINDINGS, 'kubeadm:bootstrap-signer-clusterinfo', 'kube-public')?.subjects,
    ).toMatchObject([{ kind: 'User', name: 'system:anonymous' }]);
    expect(printed).toHaveLength(8);
    expect(printed.every((line) => line.endsWith(' created'))).toBe(true);
  });

  it('puts the server and its CA into cluster-info, under no name and without a user', async () => {
    await setup();
    const config = parseKubeconfig(kubeconfigIn(), 'cluster-info');
    expect([...config.clusters.keys()]).toEqual(['']);
    const cluster = config.clusters.get('');
    expect(cluster?.server).toBe('https://192.0.2.1:6443');
    expect(Buffer.from(cluster?.certificateAuthorityData ?? []).toString()).toBe(CA);
    expect(config.users.size + config.contexts.size).toBe(0);
    expect(kubeconfigIn()).not.toContain('hush');
  });

  it('lets tokens read Nodes only when told so', async () => {
    await setup();
    expect(api.peek(CLUSTER_ROLES, 'kubeadm:get-nodes')).toBe(undefined);
    await setup({ kubeadmJoin: true });
    expect(api.peek(CLUSTER_ROLES, 'kubeadm:get-nodes')?.rules).toEqual([
      { verbs: ['get'], apiGroups: [''], resources: ['nodes'] },
    ]);
    expect(api.peek(CLUSTER_ROLE_BINDINGS, 'kubeadm:get-nodes')).toBeDefined();
  });

  it('makes what kubeadm join reads, by the server that is there, and lets tokens read it', async () => {
    const addresses = { spec: { clusterIP: '10.96.255.250' }, status: { loadBalancer: {} } };
    await api.create(SERVICES, {
      metadata: { name: 'kubernetes', namespace: 'default' },
      ...addresses,
    });
    await setup({ kubeadmJoin: true });
    const textIn = (name: string, key: string): unknown =>
      parse(api.peek(CONFIG_MAPS, name, 'kube-system')?.data?.[key] ?? '');
    expect(textIn('kubeadm-config', 'ClusterConfiguration')).toEqual({
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      kind: 'ClusterConfiguration',
      certificatesDir: '/etc/kubernetes/pki',
      clusterName: 'kubernetes',
      controlPlaneEndpoint: '192.0.2.1:6443',
      kubernetesVersion: 'v1.36.3',
      networking: { dnsDomain: 'cluster.local' },
    });
    expect(textIn('kubelet-config', 'kubelet')).toMatchObject({
      kind: 'KubeletConfiguration',
      clusterDNS: ['10.97.0.3'],
      rotateCertificates: true,
      serverTLSBootstrap: true,
    });
    for (const name of ['kubeadm:nodes-kubeadm-config', 'kubeadm:kubelet-config']) {
      expect(api.peek(ROLES, name, 'kube-system')?.rules).toHaveLength(1);
      expect(api.peek(ROLE_BINDINGS, name, 'kube-system')?.subjects).toHaveLength(2);
    }
  });

  it('leaves the configuration of others alone, even with --force', async () => {
    const theirs = { ClusterConfiguration: 'theirs' };
    const metadata = { name: 'kubeadm-config', namespace: 'kube-system' };
    await api.create(CONFIG_MAPS, { metadata, data: theirs });
    await setup({ kubeadmJoin: true, force: true });
    expect(api.peek(CONFIG_MAPS, 'kubeadm-config', 'kube-system')?.data).toEqual(theirs);
    expect(printed).toContain('configmap/kubeadm-config unchanged');
  });

  it('does not guess the version of a server that does not tell it', async () => {
    const cluster: Cluster = { ...fakeCluster(path), client: api };
    api.raw = async () => ({ status: 403, body: Buffer.from('{"gitVersion":"v1.2.3"}') });
    await expect(setUp(cluster, { kubeadmJoin: true })).rejects.toMatchObject({
      code: 'API_REFUSED',
    });
  });

  it('changes nothing the second time', async () => {
    await setup();
    const before = api.calls.length;
    await setup();
    expect(api.calls.slice(before).every(({ verb }) => verb === 'get')).toBe(true);
    expect(printed.every((line) => line.endsWith(' unchanged'))).toBe(true);
  });

  it('leaves what differs, says so, and replaces it with --force', async () => {
    await setup();
    const binding = api.peek(CLUSTER_ROLE_BINDINGS, BOOTSTRAP);
    if (binding === undefined) throw new Error('it was not made');
    await api.update(CLUSTER_ROLE_BINDINGS, { ...binding, subjects: [] });
    const info = api.peek(CONFIG_MAPS, 'cluster-info', 'kube-public');
    if (info === undefined) throw new Error('it was not made');
    await api.update(CONFIG_MAPS, {
      ...info,
      data: { ...info.data, kubeconfig: 'old', note: 'x' },
    });

    await setup();
    expect(api.peek(CLUSTER_ROLE_BINDINGS, BOOTSTRAP)?.subjects).toEqual([]);
    expect(printed.filter((line) => line.endsWith(' differs'))).toHaveLength(2);
    expect(warned.join()).toContain('--force');

    await setup({ force: true });
    expect(api.peek(CLUSTER_ROLE_BINDINGS, BOOTSTRAP)?.subjects).toHaveLength(1);
    expect(kubeconfigIn()).toContain('https://192.0.2.1:6443');
    expect(api.peek(CONFIG_MAPS, 'cluster-info', 'kube-public')?.data?.['note']).toBe('x');
  });

  it('refuses a binding to another role even with --force: a binding keeps its role', async () => {
    await setup();
    const binding = api.peek(CLUSTER_ROLE_BINDINGS, BOOTSTRAP);
    if (binding === undefined) throw new Error('it was not made');
    const roleRef = { ...binding.roleRef, name: 'cluster-admin' };
    await api.update(CLUSTER_ROLE_BINDINGS, { ...binding, roleRef });
    await expect(setup({ force: true })).rejects.toThrow('cluster-admin');
  });

  it('only says it in a dry run', async () => {
    await setup({ kubeadmJoin: true }, true);
    expect(api.calls.every(({ verb }) => verb === 'get')).toBe(true);
    expect(printed).toHaveLength(16);
    expect(printed.every((line) => line.endsWith(' created (dry run)'))).toBe(true);
  });
});
