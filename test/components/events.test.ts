/** Events of core/v1 and of events.k8s.io/v1, as kubectl shows them. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { comparableRun, type Servers, startServers } from './kubectl/servers.ts';

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers.stop());

it('kubectl shows events of both forms as it does on kube-apiserver', async () => {
  const regarding = { apiVersion: 'v1', kind: 'ConfigMap', name: 'about', namespace: 'default' };
  const objects = [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'about', namespace: 'default' } },
    {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: 'new', namespace: 'default' },
      eventTime: '2026-11-24T10:00:00.000000Z',
      series: { count: 3, lastObservedTime: '2026-11-24T10:05:00.000000Z' },
      reportingController: 'example.com/controller',
      reportingInstance: 'i',
      action: 'Look',
      reason: 'Seen',
      type: 'Warning',
      regarding,
      note: 'in the new form',
    },
    {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'old', namespace: 'default' },
      involvedObject: regarding,
      reason: 'Heard',
      message: 'in the old form',
      source: { component: 'c' },
      firstTimestamp: '2026-11-24T10:00:00Z',
      lastTimestamp: '2026-11-24T10:05:00Z',
      count: 2,
      type: 'Normal',
    },
  ];
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  const commands = [
    ['create', '-f-'],
    ['get', 'events', '--field-selector=involvedObject.name=about'],
    ['get', 'events.events.k8s.io', '--field-selector=regarding.name=about', '-o=wide'],
    ['get', 'ev', 'new', '-o=jsonpath={.message}'],
    ['get', 'events.v1.events.k8s.io', 'old', '-o=jsonpath={.note} {.deprecatedCount}'],
    ['events', '--for=configmap/about'],
    ['events', '--types=Warning'],
    ['describe', 'cm', 'about'],
    ['describe', 'events.events.k8s.io', 'new'],
    ['delete', 'events.events.k8s.io', 'old', 'new'],
    ['get', 'events', 'old'],
  ];
  for (const command of commands) {
    const [real, ours] = await Promise.all(
      [servers.real, servers.ours].map(async (server) => server.kubectl(command, { input })),
    );
    if (real === undefined || ours === undefined) throw new Error('one of two is missing');
    expect(comparableRun(ours), command.join(' ')).toEqual(comparableRun(real));
  }
});
