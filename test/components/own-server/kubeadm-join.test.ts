/**
 * The real kubeadm at `kubepki server`: its tokens, what `kubeadm init` would write, and a whole `kubeadm join`
 * with the line of `kubepki token create`, up to a real kubelet that has bootstrapped.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Host } from '../../../src/cluster/index.ts';
import type { ConfigMap, Node, Secret } from '../../../src/kubernetes/index.ts';
import { waitFor } from '../../system/program.ts';
import { adminKubeconfig } from '../credentials.ts';
import { API_PORT, addressOf, CP_1 } from '../topology.ts';
import { type OwnServer, startOwnServer } from './bench.ts';
import { type JoiningHost, joiningHost } from './kubeadm.ts';

const WORKER: Host = { name: 'worker-9', addresses: ['172.16.10.29'], roles: ['worker'] };
const ENDPOINT = `${addressOf(CP_1)}:${API_PORT}`;

let own: OwnServer;
let host: JoiningHost;
let admin: string;

beforeAll(async () => {
  own = await startOwnServer({
    hosts: [WORKER],
    flags: ['--allowed-cidrs=172.16.10.0/24'],
    programs: ['kubelet', 'fakecri', 'kubeadm'],
  });
  host = await joiningHost(own, WORKER);
  admin = `--kubeconfig=${adminKubeconfig(own.files, 'super-admin')}`;
});
afterAll(async () => own?.stop());

const token = async (...args: readonly string[]): Promise<string> => own.kubepki('token', ...args);

async function kubeadm(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await host.kubeadm(...args, admin);
  if (code !== 0) throw new Error(`kubeadm ${args.join(' ')}: ${stderr}${stdout}`);
  return stdout.trimEnd();
}

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

describe('what nodes need', () => {
  it('is made by kubepki token setup, and kubeadm init would change nothing of it', async () => {
    const made = lines(await token('setup', '--kubeadm-join'));
    expect(made.every((line) => line.endsWith(' created'))).toBe(true);
    const kinds = ['clusterrolebindings', 'clusterroles', 'roles', 'rolebindings'].join();
    const versions = async (): Promise<readonly string[]> => {
      const { items } = await own.get<{
        items: readonly { kind: string; metadata: Record<string, string> }[];
      }>(kinds, '--all-namespaces');
      return items
        .filter(({ metadata }) => metadata['name']?.startsWith('kubeadm:') === true)
        .map(({ kind, metadata }) => `${kind} ${metadata['name']} ${metadata['resourceVersion']}`)
        .sort();
    };
    const before = await versions();
    const config = join(own.data, 'init.yaml');
    await writeFile(config, initConfiguration('1.36.3'));
    await kubeadm('init', 'phase', 'bootstrap-token', `--config=${config}`);
    expect(await versions()).toEqual(before);
    await kubeadm('init', 'phase', 'upload-config', 'all', `--config=${config}`);
    expect(await versions()).toEqual(before);
    const again = lines(await token('setup', '--kubeadm-join'));
    expect(again.filter((line) => !line.endsWith(' unchanged'))).toEqual([]);
    expect(again).toHaveLength(made.length);
    // kubeadm's own configuration is in its place now; what follows goes by ours.
    for (const name of ['kubeadm-config', 'kubelet-config']) {
      await own.admin('delete', 'configmap', name, '--namespace=kube-system');
    }
    expect(lines(await token('setup', '--kubeadm-join')).slice(-2)).toEqual([
      'configmap/kubeadm-config created',
      'configmap/kubelet-config created',
    ]);
  });
});

describe('kubeadm token', () => {
  it('creates, lists and deletes', async () => {
    const made = await kubeadm('token', 'create', '--ttl=1h', '--description=from kubeadm');
    expect(made).toMatch(/^[a-z0-9]{6}\.[a-z0-9]{16}$/);
    expect(await kubeadm('token', 'list')).toContain(made);
    expect(await token('list')).toBe(await kubeadm('token', 'list'));
    const id = made.slice(0, 6);
    expect(await kubeadm('token', 'delete', made)).toBe(`bootstrap token "${id}" deleted`);
    expect(await token('list')).not.toContain(made);
  });

  it('lists those that kubepki has made for a node, and passes over what it does not know', async () => {
    const made = await token('create', '--node=worker-1', '--node-address=10.0.0.7');
    expect(await kubeadm('token', 'list')).toContain(made);
    expect(await kubeadm('token', 'delete', made)).toContain('deleted');
  });

  it('prints the join line that kubepki prints', async () => {
    const text = 'aaaaaa.0123456789abcdef';
    const theirs = await kubeadm('token', 'create', text, '--print-join-command');
    await kubeadm('token', 'delete', text);
    expect(await token('create', text, '--print-join-command')).toBe(theirs.trimEnd());
    await token('delete', text);
  });
});

describe('kubeadm join', () => {
  /** The discovery of a join alone. */
  async function discovery(text: string, pin: string): Promise<string> {
    const config = join(own.data, 'join.yaml');
    await writeFile(config, joinConfiguration(text, pin));
    const { code, stdout, stderr } = await host.kubeadm(
      'join',
      'phase',
      'preflight',
      `--config=${config}`,
      '--ignore-preflight-errors=all',
    );
    return code === 0 ? 'good' : `${stderr}${stdout}`;
  }
  const pinIn = (line: string): string => / (sha256:\w+)/.exec(line)?.[1] ?? '';
  const tokenIn = (line: string): string => / --token (\S+)/.exec(line)?.[1] ?? '';

  it('takes the server for what it is by signature and pin, and nothing else', async () => {
    const line = await token('create', '--print-join-command');
    const [text, pin] = [tokenIn(line), pinIn(line)];
    expect(await discovery(text, pin)).toBe('good');
    const other = `${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`;
    expect(await discovery(other, pin)).toContain('failed to verify JWS signature');
    const wrong = `sha256:${'0'.repeat(64)}`;
    expect(await discovery(text, wrong)).toContain('none of the public keys');
    await token('delete', text);
    expect(await discovery(text, pin)).toContain(`could not find a JWS signature`);
  });

  it('with a token for one node brings in that node, and uses the token up', async () => {
    const line = await token(
      'create',
      `--node=${WORKER.name}`,
      `--node-address=${addressOf(WORKER)}`,
      '--print-join-command',
    );
    expect(line).toMatch(/ --node-name worker-9$/);
    const [program, subcommand, ...args] = line.split(' ');
    expect([program, subcommand, args[0]]).toEqual(['kubeadm', 'join', ENDPOINT]);
    const { code, stdout, stderr } = await host.join(...args);
    expect([code, `${stderr}${stdout}`]).toEqual([
      0,
      expect.stringContaining('This node has joined'),
    ]);
    expect(await host.services()).toContain('restart kubelet');
    expect(await host.read('/etc/kubernetes/bootstrap-kubelet.conf')).toBeUndefined();
    expect(await host.read('/etc/kubernetes/kubelet.conf')).toContain('kubelet-client-current.pem');
    const patience = { deadline: 60_000, programs: [own.server()] };
    await waitFor('the Node', async () => own.get<Node>('node', WORKER.name), patience);
    await waitFor(
      'the token is gone',
      async () => {
        const { items } = await own.get<{ items: Secret[] }>('secrets', '--namespace=kube-system');
        const left = items.map(({ metadata }) => metadata.name);
        return left.includes(`bootstrap-token-${tokenIn(line).slice(0, 6)}`) ? undefined : true;
      },
      patience,
    );
    await waitFor(
      'its signature is gone',
      async () => {
        const info = await own.get<ConfigMap>('configmap', 'cluster-info', '-n=kube-public');
        return Object.keys(info.data ?? {}).includes(`jws-kubeconfig-${tokenIn(line).slice(0, 6)}`)
          ? undefined
          : true;
      },
      patience,
    );
  });
});

const initConfiguration = (version: string): string => `
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
bootstrapTokens:
- { token: kkkkkk.0123456789abcdef, ttl: 1h0m0s }
localAPIEndpoint: { advertiseAddress: ${addressOf(CP_1)}, bindPort: ${API_PORT} }
nodeRegistration: { name: cp-1, criSocket: unix:///run/no.sock }
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v${version}
controlPlaneEndpoint: ${ENDPOINT}
`;

const joinConfiguration = (text: string, pin: string): string => `
apiVersion: kubeadm.k8s.io/v1beta4
kind: JoinConfiguration
discovery:
  bootstrapToken: { apiServerEndpoint: "${ENDPOINT}", token: ${text}, caCertHashes: ["${pin}"] }
nodeRegistration: { name: ${WORKER.name}, criSocket: unix:///run/no.sock }
timeouts: { discovery: 5s, kubernetesAPICall: 5s }
`;
