/** `kubepki/node` as programs use it. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { NODES } from '../../src/kubernetes/index.ts';
import { type NodeEvent, startNode } from '../../src/node/library.ts';
import { temporaryDirectory } from '../temporary.ts';
import { FakeApi } from './fake-api.ts';
import { ManualClock, until } from './manual-clock.ts';

function arrange() {
  const directory = temporaryDirectory();
  const clock = new ManualClock('2026-03-01T10:00:00Z');
  const api = new FakeApi(() => clock.now());
  const bootstrapKubeconfig = join(directory, 'bootstrap.conf');
  writeFileSync(
    bootstrapKubeconfig,
    `apiVersion: v1
kind: Config
clusters: [{ name: c, cluster: { server: "https://api.test:6443" } }]
users: [{ name: u, user: { token: bootstrap } }]
contexts: [{ name: x, context: { cluster: c, user: u } }]
current-context: x
`,
  );
  const options = {
    nodeName: 'edge-7',
    bootstrapKubeconfig,
    kubeconfig: join(directory, 'node.conf'),
    certDir: join(directory, 'pki'),
    nodeIps: ['127.0.0.7'],
    address: '127.0.0.1',
    port: 0,
    version: '1.0.0',
  };
  const events: NodeEvent[] = [];
  const hooks = {
    clock,
    random: () => 0.5,
    connect: api.connect,
    onEvent: (event: NodeEvent) => events.push(event),
  };
  return { api, clock, options, hooks, events };
}

it('a node joins, speaks as itself, also after a renewal, and ends', async () => {
  const { api, clock, options, hooks, events } = arrange();
  const node = startNode(
    {
      ...options,
      nodeLeaseDurationSeconds: 86_400,
      nodeStatusReportFrequencyMs: 86_400_000,
      fileCheckFrequencyMs: 3_600_000,
    },
    hooks,
  );
  expect(() => node.client()).toThrow('has not joined');
  await node.joined;
  expect(existsSync(options.bootstrapKubeconfig)).toBe(false);
  const first = node.client();
  expect((await first.get(NODES, { name: 'edge-7' })).metadata.name).toBe('edge-7');
  await until('it serves', () => events.some(({ type }) => type === 'serving'));
  await clock.advance(9 * 86_400_000);
  await until('it has renewed', () => events.some(({ type }) => type === 'renewed'));
  expect(node.client()).not.toBe(first);
  expect((await node.client().get(NODES, { name: 'edge-7' })).metadata.name).toBe('edge-7');
  expect(api.calls.at(-1)?.user).toBe('system:node:edge-7');
  await node.stop();
  await node.ended;
  expect(() => node.client()).toThrow('has ended');
  expect(api.openConnections).toBe(0);
});

it('what is wrong is told by both promises, and by nothing else', async () => {
  const { options, hooks } = arrange();
  const { bootstrapKubeconfig: _, ...without } = options;
  const node = startNode(without, hooks);
  await expect(node.ended).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(node.joined).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(node.stop()).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('one that is stopped before it has joined says so', async () => {
  const { api, options, hooks, events } = arrange();
  api.onRequest = () => undefined;
  const node = startNode(options, hooks);
  await until('it asks', () => events.some(({ type }) => type === 'csr-created'));
  await node.stop();
  await expect(node.joined).rejects.toThrow('was stopped before it had joined');
});
