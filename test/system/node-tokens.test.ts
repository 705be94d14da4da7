/**
 * Tokens for one node, with the program `kubepki node`: one that was off for so long that its certificate has expired
 * comes back with one command, and one that is killed while its token is used goes on.
 */
import { cpSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import {
  CERTIFICATE_SIGNING_REQUESTS,
  NODES,
  SECRETS,
  withCondition,
} from '../../src/kubernetes/index.ts';
import { command, KUBEPKI, kubepki, type Outcome } from '../spawn.ts';
import { eventually, inBackground } from './background.ts';
import { localServer } from './local-server.ts';

const nodeArguments = (folder: string, bootstrap: string, name: string): readonly string[] => [
  'node',
  `--bootstrap-kubeconfig=${bootstrap}`,
  `--kubeconfig=${join(folder, 'kubelet.conf')}`,
  `--cert-dir=${join(folder, 'pki')}`,
  `--hostname-override=${name}`,
  '--node-ip=127.0.0.1',
  '--address=127.0.0.1',
  '--port=0',
  '--rotate-server-certificates=false',
  '--exit-after-bootstrap',
];

it('a token for the node brings back the Node that is there, and a token of anybody does not', async () => {
  const server = await localServer();
  const controllers = await server.start('--cluster-signing-duration=8s');
  const admin = `--kubeconfig=${server.superAdmin}`;
  const folder = join(server.directory, 'node');
  const bootstrap = join(server.directory, 'bootstrap.conf');
  const nodeArgs = nodeArguments(folder, bootstrap, 'worker-1');
  const create = async (...flags: string[]): Promise<Outcome> =>
    // As the documentation has it, with no ssh between.
    await command('sh', [
      '-ec',
      'umask 077; out=$1; shift; "$@" > "$out"',
      'sh',
      bootstrap,
      KUBEPKI,
      'token',
      'create',
      '--kubeconfig-out=-',
      admin,
      ...flags,
    ]);
  const tokens = async (): Promise<number> =>
    (await server.admin.list(SECRETS, { namespace: 'kube-system' })).items.length;

  expect((await kubepki(['token', 'setup', admin])).code).toBe(0);
  expect((await create('--one-shot')).code).toBe(0);
  expect(await kubepki(nodeArgs)).toMatchObject({ code: 0 });
  // Its bootstrap kubeconfig is gone, and so is the token.
  expect(existsSync(bootstrap)).toBe(false);
  await eventually(tokens, (left) => left === 0);
  const { metadata } = await server.admin.get(NODES, { name: 'worker-1' });

  // A year, as it were.
  await delay(9_000);
  expect((await create()).code).toBe(0);
  const refused = inBackground(nodeArgs);
  await controllers.says('there is a Node worker-1 already');
  await refused.end();

  expect((await create('--node=worker-1')).code).toBe(0);
  const { code, stderr } = await kubepki(nodeArgs);
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  expect(existsSync(bootstrap)).toBe(false);
  expect((await server.admin.get(NODES, { name: 'worker-1' })).metadata.uid).toBe(metadata.uid);
  // The one that anybody could have had is left; the administrator's to delete.
  await eventually(tokens, (left) => left === 1);
  expect(readdirSync(folder)).toContain('kubelet.conf');
});

it('a node that is killed when its request is approved goes on with its key, and a copy of its token is refused', async () => {
  const server = await localServer();
  await server.start('--controllers=*,-csrapproving');
  const admin = `--kubeconfig=${server.superAdmin}`;
  const [own, copy] = ['own.conf', 'copy.conf'].map((name) => join(server.directory, name));
  if (own === undefined || copy === undefined) throw new TypeError();
  await kubepki(['token', 'setup', admin]);
  const made = ['token', 'create', '--node=worker-1', `--kubeconfig-out=${own}`, admin];
  expect((await kubepki(made)).code).toBe(0);
  cpSync(own, copy);
  const args = nodeArguments(join(server.directory, 'own'), own, 'worker-1');
  const killed = inBackground(args);
  const [request] = await eventually(
    async () => (await server.admin.list(CERTIFICATE_SIGNING_REQUESTS)).items,
    (items) => items.length === 1,
  );
  if (request === undefined) throw new TypeError();
  await killed.end('SIGKILL');
  const approved = withCondition(request, { type: 'Approved', status: 'True', reason: 'Test' });
  await server.admin.update(CERTIFICATE_SIGNING_REQUESTS, approved, { subresource: 'approval' });

  const thief = inBackground(nodeArguments(join(server.directory, 'copy'), copy, 'worker-1'));
  await thief.says('its bootstrap token is used up');
  await thief.end('SIGKILL');

  expect(await kubepki(args)).toMatchObject({ code: 0 });
  await eventually(
    async () => (await server.admin.list(SECRETS, { namespace: 'kube-system' })).items.length,
    (left) => left === 0,
  );
  const { items } = await server.admin.list(CERTIFICATE_SIGNING_REQUESTS);
  expect(items.filter(({ status }) => status?.certificate !== undefined)).toHaveLength(1);
});
