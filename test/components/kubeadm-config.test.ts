/**
 * kubeadm's configuration in the place of a cluster file: the PKI that real kubeadm makes from a file
 * is what `kubepki plan` wants of the very same file, and the other way round.
 */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCluster } from '../../src/cluster/index.ts';
import { peer } from '../peers/peers.ts';
import { command, kubepki } from '../spawn.ts';
import { snapshot } from './kubeadm/files.ts';
import { initByKubeadm, type KubepkiRun, kubeadm } from './kubeadm/run.ts';
import { HIGHLY_AVAILABLE, SINGLE } from './kubeadm/scenario.ts';

let base: string;
let count = 0;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'kubepki-kubeadm-config-'));
});

afterAll(async () => rm(base, { recursive: true, force: true }));

/** Where `kubeadm --rootfs` and `kubepki -f` find the configuration. */
const fileIn = (root: string): string => join(root, 'kubeadm.yaml');

async function newRoot(configuration: string): Promise<string> {
  const root = join(base, `root-${++count}`);
  await mkdir(join(root, 'etc'), { recursive: true });
  await writeFile(fileIn(root), configuration);
  return root;
}

interface Outcome {
  readonly code: number | null;
  /** What is not kept, or is kept with a note. */
  readonly remarkable: string[];
  readonly kept: number;
  readonly stderr: string;
}

async function onHost(mode: 'plan' | 'apply', root: string, host: string): Promise<Outcome> {
  const flags = ['--host', host, '--root', root, '-o', 'json'];
  const exit = mode === 'plan' ? ['--detailed-exitcode'] : [];
  const { code, stdout, stderr } = await kubepki([mode, '-f', fileIn(root), ...flags, ...exit]);
  if (stdout === '') throw new Error(`kubepki ${mode} ended with ${code}: ${stderr.trim()}`);
  const { steps } = JSON.parse(stdout) as Pick<KubepkiRun, 'steps'>;
  const remarkable = steps
    .filter(({ action, notes }) => action !== 'keep' || notes.length > 0)
    .map(({ action, path, reason, notes }) =>
      [`${action} ${relative(root, path)}`, reason, ...notes]
        .filter((text) => text !== undefined)
        .join('; '),
    );
  const kept = steps.filter(({ action }) => action === 'keep').length;
  return { code, remarkable, kept, stderr };
}

const init = (version: string, more = ''): string =>
  `apiVersion: kubeadm.k8s.io/${version}
kind: InitConfiguration
localAPIEndpoint: { advertiseAddress: 172.16.10.11 }
nodeRegistration: { name: cp-1, criSocket: unix:///run/containerd/containerd.sock }
${more}`;
const cluster = (version: string, more = ''): string =>
  `apiVersion: kubeadm.k8s.io/${version}
kind: ClusterConfiguration
kubernetesVersion: v1.36.3
${more}`;
const COMPONENTS = `---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: systemd
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
`;

const SANS = `apiServer: { certSANs: [API.Example.com, "*.apps.example.com", 203.0.113.10] }
etcd: { local: { serverCertSANs: [etcd.example.com], peerCertSANs: [10.0.0.9] } }
`;

interface Case {
  readonly name: string;
  readonly configuration: string;
  /** 16 files and pairs that kubeadm makes on a first control plane, the trust that they need among them. */
  readonly kept?: number;
  readonly remarkable?: readonly string[];
}

const CASES: readonly Case[] = [
  {
    name: 'v1beta4, ECDSA-P256, dual stack, behind a load balancer',
    configuration: HIGHLY_AVAILABLE.configuration + COMPONENTS,
    remarkable: [
      `keep etc/kubernetes/kubelet.conf; its server is ${HIGHLY_AVAILABLE.endpoints.local}, the cluster file says ${HIGHLY_AVAILABLE.endpoints.shared}`,
    ],
  },
  { name: 'v1beta4, RSA-2048, nothing as the defaults', configuration: SINGLE.configuration },
  {
    name: 'v1beta4, more names, ECDSA-P384',
    configuration: `${init('v1beta4')}---\n${cluster('v1beta4', `${SANS}encryptionAlgorithm: ECDSA-P384\n`)}`,
  },
  {
    name: 'v1beta4, IPv6 first, an endpoint without a port',
    configuration: `${init('v1beta4').replace('172.16.10.11', '"fd00:10::11"')}---\n${cluster('v1beta4', 'controlPlaneEndpoint: "fd00:10::11"\nnetworking: { serviceSubnet: "fd00:10:96::/108,10.96.0.0/16" }\n')}`,
  },
  {
    name: 'v1beta3, RSA-2048, dual stack',
    configuration: `${cluster('v1beta3', `${SANS}networking: { serviceSubnet: "10.96.0.0/12,fd00:10:96::/108", dnsDomain: lab.internal }\n`)}---\n${init('v1beta3')}`,
  },
  {
    name: 'v1beta3, EC keys by feature gate',
    configuration: `${init('v1beta3')}---\n${cluster('v1beta3', 'featureGates: { PublicKeysECDSA: true }\n')}`,
  },
  {
    name: 'another directory, and a name with spaces',
    configuration: `${init('v1beta4')}---\n${cluster('v1beta4', 'clusterName: Our Cluster\ncertificatesDir: /srv/../opt/pki/\n')}`,
  },
  {
    name: 'an etcd elsewhere',
    configuration: `${init('v1beta4')}---\n${cluster('v1beta4', 'etcd: { external: { endpoints: ["https://10.0.0.5:2379"], caFile: /etc/etcd/ca.crt, certFile: /etc/etcd/client.crt, keyFile: /etc/etcd/client.key } }\n')}`,
    kept: 11,
  },
];

describe("kubepki on kubeadm's PKI, by kubeadm's configuration", () => {
  it.each(CASES)('has nothing to do: $name', async ({ configuration, kept, remarkable = [] }) => {
    const root = await newRoot(configuration);
    await initByKubeadm(root);
    const before = await snapshot(root);
    const outcome = await onHost('plan', root, 'cp-1');
    expect(outcome).toEqual({ code: 0, remarkable, kept: kept ?? 16, stderr: '' });
    await onHost('apply', root, 'cp-1');
    expect(await snapshot(root)).toEqual(before);
  });

  it('takes what `kubeadm config print init-defaults` prints', async () => {
    const { stdout } = await command(await peer('kubeadm'), ['config', 'print', 'init-defaults']);
    const root = await newRoot(stdout);
    await initByKubeadm(root);
    const { code, remarkable } = await onHost('plan', root, 'node');
    expect({ code, remarkable }).toEqual({ code: 0, remarkable: [] });
  });

  it('takes a name from the command line, as kubeadm takes it from the machine', async () => {
    const root = await newRoot(init('v1beta4'));
    await initByKubeadm(root);
    await writeFile(fileIn(root), init('v1beta4').replace('name: cp-1, ', ''));
    const { code, remarkable } = await onHost('plan', root, 'cp-1');
    expect({ code, remarkable }).toEqual({ code: 0, remarkable: [] });
  });

  it('makes what is missing, and says on stderr what it passes over', async () => {
    const root = await newRoot(`${init('v1beta4')}---\n${cluster('v1beta4', 'certSANs: [a]\n')}`);
    await initByKubeadm(root);
    await rm(join(root, 'etc/kubernetes/pki/apiserver.crt'));
    const { code, remarkable, stderr } = await onHost('plan', root, 'cp-1');
    expect({ code, remarkable, stderr }).toEqual({
      code: 2,
      remarkable: [
        'create etc/kubernetes/pki/apiserver.crt; its key is there, the certificate is not',
      ],
      stderr: `kubepki: ${fileIn(root)}: ClusterConfiguration.certSANs (line 9): passed over, as kubeadm does: no field of this name\n`,
    });
  });
});

describe("kubeadm on kubepki's PKI, by kubeadm's configuration", () => {
  it.each(CASES)('keeps every file: $name', async ({ configuration }) => {
    const root = await newRoot(configuration);
    expect((await onHost('apply', root, 'cp-1')).code).toBe(0);
    const before = await snapshot(root);
    await initByKubeadm(root);
    expect(await snapshot(root)).toEqual(before);
  });
});

/** What `kubeadm config migrate` makes of a configuration: what a running cluster keeps of it, and the rest. */
async function migrated(root: string): Promise<{ text: string; clusterConfiguration: string }> {
  const target = join(root, 'migrated.yaml');
  const flags = ['--old-config', fileIn(root), '--new-config', target];
  const { code, stderr } = await command(await peer('kubeadm'), ['config', 'migrate', ...flags]);
  if (code !== 0) throw new Error(`kubeadm config migrate ended with ${code}: ${stderr}`);
  const text = await readFile(target, 'utf8');
  const found = text.split(/^---$/m).find((part) => part.includes('kind: ClusterConfiguration'));
  return { text, clusterConfiguration: found ?? '' };
}

describe('what kubeadm writes of a configuration itself', () => {
  it.each(CASES)('says the same to kubepki: $name', async ({ configuration }) => {
    const root = await newRoot(configuration);
    const { text } = await migrated(root);
    const notes: unknown[] = [];
    const { kubernetesVersion, ...after } = readCluster(text, 'migrated', {
      onNote: (note) => notes.push(note),
    });
    expect(after).toEqual({
      ...readCluster(configuration, 'configuration'),
      kubernetesVersion: undefined,
    });
    expect([kubernetesVersion, notes]).toEqual(['1.36.3', []]);
  });

  it('is enough where kube-apiserver has a manifest: the ClusterConfiguration of a running cluster', async () => {
    for (const { configuration } of [HIGHLY_AVAILABLE, SINGLE]) {
      const root = await newRoot(configuration);
      await initByKubeadm(root);
      await kubeadm(root, ['init', 'phase', 'control-plane', 'apiserver']);
      const { clusterConfiguration } = await migrated(root);
      await writeFile(fileIn(root), clusterConfiguration);
      expect(await onHost('plan', root, 'cp-1')).toEqual({
        code: 0,
        remarkable: [],
        kept: 14,
        stderr: '',
      });
    }
  });
});

describe('a host that joins', () => {
  const endpoint = 'controlPlaneEndpoint: api.example.com\n';
  const discovery =
    'discovery: { bootstrapToken: { token: abcdef.0123456789abcdef, apiServerEndpoint: "api.example.com:6443", unsafeSkipCAVerification: true } }\n';

  it('has nothing to do as a control plane', async () => {
    const first = await newRoot(`${init('v1beta4')}---\n${cluster('v1beta4', endpoint)}`);
    await initByKubeadm(first);
    const pki = (root: string): string => join(root, 'etc/kubernetes/pki');
    const second = await newRoot(
      `${init('v1beta4').replace('172.16.10.11', '172.16.10.12').replace('cp-1', 'cp-2')}---\n${cluster('v1beta4', endpoint)}`,
    );
    // What `kubeadm join` downloads; the rest it makes itself, in the same way as here.
    for (const name of ['ca', 'front-proxy-ca', 'etcd/ca', 'sa']) {
      for (const ending of name === 'sa' ? ['pub', 'key'] : ['crt', 'key']) {
        await cp(join(pki(first), `${name}.${ending}`), join(pki(second), `${name}.${ending}`));
      }
    }
    await kubeadm(second, ['init', 'phase', 'certs', 'all']);
    for (const name of ['admin', 'controller-manager', 'scheduler']) {
      await kubeadm(second, ['init', 'phase', 'kubeconfig', name]);
    }
    const joining = `apiVersion: kubeadm.k8s.io/v1beta4
kind: JoinConfiguration
nodeRegistration: { name: cp-2, criSocket: unix:///run/containerd/containerd.sock }
controlPlane: { localAPIEndpoint: { advertiseAddress: 172.16.10.12 } }
${discovery}`;
    await writeFile(fileIn(second), `${joining}---\n${cluster('v1beta4', endpoint)}`);
    expect(await onHost('plan', second, 'cp-2')).toEqual({
      code: 0,
      remarkable: [],
      kept: 14,
      stderr: '',
    });
  });

  it('has nothing to do as a worker, which holds the CA and no key', async () => {
    const first = await newRoot(`${init('v1beta4')}---\n${cluster('v1beta4', endpoint)}`);
    await initByKubeadm(first);
    const worker = await newRoot(`apiVersion: kubeadm.k8s.io/v1beta4
kind: JoinConfiguration
nodeRegistration: { name: w-1 }
${discovery}---\n${cluster('v1beta4', endpoint)}`);
    const ca = 'etc/kubernetes/pki/ca.crt';
    await cp(join(first, ca), join(worker, ca));
    const { code, remarkable, kept } = await onHost('plan', worker, 'w-1');
    // That the CA's key is not here may be said.
    const changes = remarkable.filter((line) => !line.startsWith(`keep ${ca}; `));
    expect({ code, changes, kept }).toEqual({ code: 0, changes: [], kept: 1 });
  });
});
