/** `kubepki node --beside-kubelet` beside a real kubelet: the token goes when the kubelet is in, and it starts again without. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Host } from '../../../src/cluster/index.ts';
import type { Lease } from '../../../src/kubernetes/index.ts';
import { KUBEPKI } from '../../spawn.ts';
import { type Program, waitFor } from '../../system/program.ts';
import { type OwnServer, startOwnServer } from './bench.ts';
import { type BootstrappedKubelet, startBootstrappingKubelet } from './kubelet.ts';
import { bootstrapKubeconfig } from './nodes.ts';

const WORKER: Host = { name: 'worker-9', addresses: ['172.16.10.29'], roles: ['worker'] };

let own: OwnServer;
let worker: BootstrappedKubelet;
let beside: Program;
let bootstrap: string;

const file = (name: string): string => join(worker.folder, name);

const renewTime = async (): Promise<string | undefined> =>
  (await own.get<Lease>('lease', WORKER.name, '--namespace=kube-node-lease')).spec?.renewTime;

beforeAll(async () => {
  own = await startOwnServer({ hosts: [WORKER], programs: ['kubelet', 'fakecri'] });
  const folder = join(own.data, WORKER.name);
  bootstrap = await bootstrapKubeconfig(own, WORKER);
  // First: it waits for what is not there yet.
  beside = await own.network.start(
    WORKER.name,
    KUBEPKI,
    [
      'node',
      '--beside-kubelet',
      `--bootstrap-kubeconfig=${bootstrap}`,
      `--kubeconfig=${join(folder, 'kubelet.conf')}`,
    ],
    { name: 'beside' },
  );
  await waitFor(
    'it waits for the kubelet',
    async () => ((await beside.log()).includes('waiting for the kubelet') ? true : undefined),
    { programs: [beside] },
  );
  worker = await startBootstrappingKubelet(own, WORKER, bootstrap);
});
afterAll(async () => own?.stop());

it('deletes the bootstrap kubeconfig when the kubelet has its certificate, and nothing else', async () => {
  await waitFor(
    'the bootstrap kubeconfig is deleted',
    async () => ((await beside.log()).includes('deleted ') ? true : undefined),
    { deadline: 60_000, programs: [worker.kubelet, beside] },
  );
  expect(existsSync(bootstrap)).toBe(false);
  const log = await beside.log();
  expect(log).toMatch(/the kubelet has the client certificate [0-9a-f]+, valid until/);
  expect(readFileSync(file('kubelet.conf'), 'utf8')).toContain('kubelet-client-current.pem');
  expect(readdirSync(file('pki'))).toContain('kubelet-client-current.pem');
});

it('and the kubelet starts again without it', async () => {
  const before = await waitFor('the Lease is there', renewTime, {
    deadline: 60_000,
    programs: [worker.kubelet],
  });
  await worker.kubelet.kill('KILL');
  await worker.kubelet.exited;
  const kubelet = await worker.again();
  await waitFor(
    'the Lease is renewed',
    async () => ((await renewTime()) === before ? undefined : true),
    { deadline: 60_000, programs: [kubelet, own.server()] },
  );
  expect(existsSync(bootstrap)).toBe(false);
});

it('ends in order when it is told to', async () => {
  await beside.kill('TERM');
  expect(await beside.exited).toEqual({ code: 0, signal: null });
});
