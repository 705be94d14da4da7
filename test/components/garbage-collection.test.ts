/**
 * The garbage collector and the end of namespaces: the same story told to kube-apiserver with
 * kube-controller-manager, to kube-apiserver with our controllers, and to our server with them. What is left
 * must be the same.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Story, tell } from './garbage-collection/story.ts';
import { withControllerManager, withOurControllers } from './kubectl/controllers.ts';
import { type Servers, startServers } from './kubectl/servers.ts';

const CONTROLLERS = ['garbage-collector-controller', 'namespace-controller'];

let servers: Servers;
let upstream: Story;

beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers.stop());

it('kube-apiserver with kube-controller-manager tells how it goes', async () => {
  upstream = await withControllerManager(servers, CONTROLLERS, () =>
    tell(servers.real, 'upstream'),
  );
  // That it is no empty story.
  expect(upstream).toMatchObject({
    background: { left: ['d of e', 'e', 'stays'], last: ['stays'] },
    orphan: { left: ['b', 'c of b', 'd', 'stays'] },
    namespace: { phase: 'Terminating', anew: [] },
  });
});

it('kube-apiserver with our controllers comes to the same end', async () => {
  const { result, warnings } = await withOurControllers(
    servers,
    'real',
    { controllers: CONTROLLERS },
    () => tell(servers.real, 'mixed'),
  );
  expect(result).toEqual(upstream);
  expect(warnings).toEqual([]);
});

it('so does our server', async () => {
  const { result, warnings } = await withOurControllers(
    servers,
    'ours',
    { controllers: CONTROLLERS },
    () => tell(servers.ours, 'ours'),
  );
  expect(result).toEqual(upstream);
  expect(warnings).toEqual([]);
});
