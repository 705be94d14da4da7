import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadCluster } from '../../src/cli/cluster-file.ts';
import { readCluster } from '../../src/cluster/index.ts';
import { KubepkiError } from '../../src/errors.ts';
import { temporaryDirectory } from '../temporary.ts';

const hosts = Array.from({ length: 4000 }, (_, i) => {
  const address = `10.1.${Math.floor(i / 256)}.${i % 256}`;
  return `  - name: node${i}\n    addresses: [${address}]\n    roles: [worker]\n`;
});
const text = `apiVersion: kubepki.dev/v1alpha1
kind: Cluster
metadata:
  name: large
spec:
  controlPlaneEndpoint: 10.0.0.1:6443
  hosts:
  - name: master1
    addresses: [10.0.0.1]
    roles: [control-plane, etcd]
${hosts.join('')}`;

/** A file so large that a thread reads it. */
function largeFile(content: string): string {
  const path = join(temporaryDirectory(), 'cluster.yaml');
  writeFileSync(path, content);
  return path;
}

describe('loadCluster, of a file that a thread reads', () => {
  it('answers what readCluster does', async () => {
    expect(text.length).toBeGreaterThan(128 * 1024);
    expect(await loadCluster(largeFile(text))).toEqual(readCluster(text, 'cluster.yaml'));
  });

  it('says every problem with its path and line, as for a small one', async () => {
    const path = largeFile(text.replaceAll('[10.1.15.159]', '[10.1.15.159, nonsense]'));
    const error: unknown = await loadCluster(path).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(KubepkiError);
    expect(error).toMatchObject({
      code: 'INVALID_CLUSTER',
      issues: [{ path: 'spec.hosts[4000].addresses[1] (line 12009)' }],
    });
  });
});

describe("loadCluster, of kubeadm's configuration", () => {
  afterEach(() => vi.restoreAllMocks());

  const configuration = 'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nfoo: 1\n';

  /** What is read on a host whose kube-apiserver has this manifest, and what is said on stderr. */
  async function loaded(content: string, manifest: string) {
    const root = temporaryDirectory();
    const path = join(root, 'etc/kubernetes/manifests/kube-apiserver.yaml');
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, manifest);
    const file = largeFile(content);
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const cluster = await loadCluster(file, { host: 'cp-1', root });
    return { cluster, said: stderr.mock.calls.map(([text]) => String(text).replace(file, 'FILE')) };
  }

  const manifest = `metadata:
  annotations:
    kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint: 172.16.10.11:7443
`;

  it.each([
    ['read at once', configuration],
    ['read by a thread', `${configuration}${'# long\n'.repeat(20_000)}`],
  ])(
    'takes host and address from the machine, and says what it passes over: %s',
    async (_, content) => {
      const { cluster, said } = await loaded(content, manifest);
      expect(cluster.hosts).toEqual([
        { name: 'cp-1', addresses: ['172.16.10.11'], roles: ['control-plane', 'etcd'] },
      ]);
      expect(cluster.apiServer.port).toBe(7443);
      expect(said).toEqual([
        'kubepki: FILE: ClusterConfiguration.foo (line 3): passed over, as kubeadm does: no field of this name\n',
      ]);
    },
  );

  it('asks for the address where there is no manifest of kubeadm', async () => {
    await expect(loaded(configuration, 'hostNetwork: true\n')).rejects.toMatchObject({
      code: 'INVALID_CLUSTER',
      issues: [{ path: 'InitConfiguration.localAPIEndpoint.advertiseAddress' }],
    });
  });
});
