/**
 * A stolen admin.conf and a node that was broken into, at `kubepki server`: real kubectl and a real kubelet are
 * shut out by `kubepki revoke` from their next request on, also at the kubelet's own port, and stay out when
 * the server is killed right after it has answered.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Host } from '../../../src/cluster/index.ts';
import {
  type CertificateSigningRequest,
  type Lease,
  type Node,
  parseKubeconfig,
  type Revocation,
} from '../../../src/kubernetes/index.ts';
import { peer } from '../../peers/peers.ts';
import { KUBEPKI } from '../../spawn.ts';
import { type Program, waitFor } from '../../system/program.ts';
import { adminKubeconfig } from '../credentials.ts';
import { kubectl } from '../kubectl.ts';
import { KUBELET_PORT } from '../kubelet.ts';
import { get } from '../probes/ask.ts';
import { ADMIN, addressOf } from '../topology.ts';
import { AGAINST, type OwnServer, startOwnServer, writeKubeconfig } from './bench.ts';
import { type BootstrappedKubelet, startBootstrappingKubelet } from './kubelet.ts';
import { bootstrapKubeconfig } from './nodes.ts';

const WORKER: Host = { name: 'worker-9', addresses: ['172.16.10.29'], roles: ['worker'] };
const TOKEN = { id: 'abcdef', secret: '0123456789abcdef' };
/** The certificate's time is over 34 seconds after it is made, at the earliest. */
const LIFETIME = '80s';
const UNAUTHORIZED = /must be logged in to the server|: Unauthorized/;

let own: OwnServer;
let worker: BootstrappedKubelet;

const running = (): { deadline: number; programs: readonly Program[] } => ({
  deadline: 60_000,
  programs: [worker.kubelet, own.server()],
});

const asAdmin = async (...args: readonly string[]) =>
  kubectl(
    own.network,
    { host: ADMIN.name, kubeconfig: adminKubeconfig(own.files, 'admin') },
    ...args,
  );

const revoke = async (...args: readonly string[]): Promise<string> =>
  own.kubepki('revoke', ...args);

/** Certificate and key of a kubeconfig as files. */
function clientOf(id: 'admin' | 'super-admin') {
  const path = adminKubeconfig(own.files, id);
  const [user] = parseKubeconfig(readFileSync(path, 'utf8'), path).users.values();
  const pair = { certificate: join(own.data, `${id}.crt`), key: join(own.data, `${id}.key`) };
  writeFileSync(pair.certificate, user?.clientCertificateData ?? '');
  writeFileSync(pair.key, user?.clientKeyData ?? '', { mode: 0o600 });
  return pair;
}

/** What the kubelet answers to whoever comes to its own port. */
const kubeletAnswers = async (id: 'admin' | 'super-admin'): Promise<number> => {
  const url = `https://${addressOf(WORKER)}:${KUBELET_PORT}/pods`;
  return (await get(own.network, ADMIN, { url, client: clientOf(id) })).status;
};

beforeAll(async () => {
  own = await startOwnServer({
    hosts: [WORKER],
    flags: ['--allowed-cidrs=172.16.10.0/24', `--cluster-signing-duration=${LIFETIME}`],
    programs: ['kubelet', 'fakecri'],
  });
  const bootstrap = await bootstrapKubeconfig(own, WORKER, `${TOKEN.id}.${TOKEN.secret}`);
  worker = await startBootstrappingKubelet(own, WORKER, bootstrap);
  await waitFor('the Node is there', async () => own.get<Node>('node', WORKER.name), running());
});
afterAll(async () => own?.stop());

// kube-apiserver has no revocations.
describe.runIf(AGAINST === 'kubepki')('an admin.conf that is stolen', () => {
  it('is shut out by one command, with the watch that it has open', async () => {
    expect(await asAdmin('get', 'nodes')).toMatchObject({ code: 0 });
    const watching = await own.network.start(
      ADMIN.name,
      await peer('kubectl'),
      [
        `--kubeconfig=${adminKubeconfig(own.files, 'admin')}`,
        '--cache-dir=/run/kubectl-cache',
        'get',
        '--raw=/api/v1/nodes?watch=1',
      ],
      { name: 'thief' },
    );
    await waitFor(
      'the thief watches',
      async () => ((await watching.log()).includes('"ADDED"') ? true : undefined),
      running(),
    );
    const said = await revoke(
      `--certificate=${adminKubeconfig(own.files, 'admin')}`,
      '--reason=laptop stolen',
    );
    expect(said).toMatch(/CN=kubernetes-admin.* is revoked, and refused from now on/);
    await watching.exited;
    // Right after the answer: nothing is lost that was answered.
    await own.server().kill('KILL');
    await own.restart();
    const refused = await asAdmin('get', 'nodes');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(UNAUTHORIZED);
  });

  it('can neither undo it nor make itself another credential', async () => {
    const [{ metadata }] = (await own.get<{ items: [Revocation] }>('revocations')).items;
    const attempts = [
      ['delete', 'revocation', metadata.name ?? ''],
      ['create', 'clusterrolebinding', 'mine', '--clusterrole=cluster-admin', '--user=eve'],
      ['auth', 'whoami'],
      ['get', 'nodes', '--as=system:admin', '--as-group=system:masters'],
      ['get', '--raw', '/version'],
    ];
    for (const args of attempts) {
      const { code, stderr } = await asAdmin(...args);
      expect([args, code, stderr]).toEqual([args, 1, expect.stringMatching(UNAUTHORIZED)]);
    }
  });

  it('is listed by kubectl and by kubepki: what, by whom and why', async () => {
    const table = await own.admin('get', 'revocations');
    expect(table).toMatch(/^NAME +REVOKED +BY +REASON +AGE\n/);
    expect(table).toMatch(
      /certificate CN=kubernetes-admin,\S+ +kubernetes-super-admin +laptop stolen/,
    );
    expect(await revoke('--list')).toMatch(
      /kubernetes-super-admin +\d{4}-\d\d-\d\dT[\d:]+Z +laptop stolen/,
    );
    expect(await own.admin('explain', 'revocation.spec')).toContain('exactly one of');
    expect(await own.admin('api-resources', '--api-group=kubepki.dev')).toContain('Revocation');
    expect(await own.admin('describe', 'revocations')).toContain('laptop stolen');
  });

  it('does not get into kubelets either, which verify certificates themselves', async () => {
    await waitFor(
      'the kubelet lets the other administrator in',
      async () => ((await kubeletAnswers('super-admin')) === 200 ? true : undefined),
      running(),
    );
    expect(await kubeletAnswers('admin')).toBe(403);
  });

  it('cannot be revoked by whoever has nothing else', async () => {
    await expect(
      revoke(`--certificate=${adminKubeconfig(own.files, 'super-admin')}`, '--reason=oops'),
    ).rejects.toThrow('let another administrator do it');
  });
});

describe.runIf(AGAINST === 'kubepki')('a node that was broken into', () => {
  const lease = async () => own.get<Lease>('lease', WORKER.name, '--namespace=kube-node-lease');
  const requests = async () =>
    (await own.get<{ items: CertificateSigningRequest[] }>('csr')).items.filter(
      ({ spec }) => spec.username === `system:node:${WORKER.name}`,
    );

  it('does nothing any more, and gets no new certificate when its own runs out', async () => {
    await waitFor('the Lease is there', lease, running());
    await revoke(`--user=system:node:${WORKER.name}`, '--reason=broken into');
    await revoke(`--token-id=${TOKEN.id}`, '--reason=it was on that node');
    const before = await lease();
    const asked = (await requests()).length;
    // Longer than its certificate lasts, and than it would wait to renew it.
    await delay(45_000);
    expect((await lease()).spec?.renewTime).toBe(before.spec?.renewTime);
    expect(await requests()).toHaveLength(asked);
    const log = await worker.kubelet.log();
    expect(log).toContain('Unauthorized');
  });

  it('does not come back with its bootstrap token', async () => {
    const file = join(own.data, 'stolen-bootstrap.conf');
    await writeKubeconfig(own, file, { token: `${TOKEN.id}.${TOKEN.secret}` });
    const node = await own.network.start(WORKER.name, KUBEPKI, [
      'node',
      `--bootstrap-kubeconfig=${file}`,
      `--kubeconfig=${join(own.data, 'stolen.conf')}`,
      `--cert-dir=${join(own.data, 'stolen-pki')}`,
      '--hostname-override=worker-10',
      '--exit-after-bootstrap',
    ]);
    await waitFor(
      'the node is refused',
      async () => ((await node.log()).includes('Unauthorized') ? true : undefined),
      { deadline: 30_000, programs: [] },
    );
    await node.stop();
    expect(existsSync(join(own.data, 'stolen-pki/kubelet-client-current.pem'))).toBe(false);
    const { items } = await own.get<{ items: CertificateSigningRequest[] }>('csr');
    expect(
      items.filter(({ spec }) => spec.username === `system:bootstrap:${TOKEN.id}`),
    ).toHaveLength(1);
  });
});
