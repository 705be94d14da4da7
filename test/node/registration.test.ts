import { describe, expect, it } from 'vitest';
import type { Node } from '../../src/kubernetes/index.ts';
import { type NodeFacts, newNode } from '../../src/node/node-object.ts';
import { reportStatus } from '../../src/node/registration.ts';
import { FakeApi, unreachable } from './fake-api.ts';
import { ManualClock, settle } from './manual-clock.ts';

const PATH = '/api/v1/nodes/w';
const MACHINE = {
  machineID: '',
  systemUUID: '',
  bootID: '',
  kernelVersion: '',
  osImage: '',
  operatingSystem: 'linux',
  architecture: 'arm64',
};

function arrange() {
  const clock = new ManualClock('2026-03-01T10:00:00Z');
  const api = new FakeApi(() => clock.now());
  const client = api.connect({ server: 'https://api.test', token: 'node' });
  const stop = new AbortController();
  const log: string[] = [];
  let changed = new AbortController();
  let facts: NodeFacts = {
    nodeName: 'w',
    labels: {},
    addresses: [{ type: 'InternalIP', address: '192.0.2.1' }],
    machine: MACHINE,
    port: 10250,
    version: '1.2.3',
  };
  const node = api.put(PATH, newNode(facts, clock.now())) as Node;
  const running = reportStatus(
    {
      client: () => client,
      clock,
      random: () => 0.5,
      signal: stop.signal,
      log: (line) => log.push(line),
      facts: () => facts,
    },
    node,
    { changed: () => changed.signal },
  );
  const change = async (addresses: NodeFacts['addresses']): Promise<void> => {
    facts = { ...facts, addresses };
    const before = changed;
    changed = new AbortController();
    before.abort();
    await settle();
  };
  const patches = (): unknown[] =>
    api.calls.filter(({ what }) => what === `patch ${PATH}/status`).map(({ body }) => body);
  const end = async (): Promise<void> => {
    stop.abort();
    await running;
  };
  return { clock, api, log, change, patches, end };
}

describe('the status of a Node', () => {
  it('is reported at once when an address changes, with the whole list', async () => {
    const { api, change, patches, end } = arrange();
    const addresses = [
      { type: 'InternalIP', address: '192.0.2.2' },
      { type: 'InternalIP', address: '2001:db8::2' },
    ] as const;
    await change(addresses);
    expect(patches()).toEqual([
      {
        status: {
          conditions: [expect.objectContaining({ type: 'Ready', status: 'False' })],
          addresses: [...addresses, { $patch: 'replace' }],
        },
      },
    ]);
    expect((api.objects.get(PATH) as Node).status?.addresses).toEqual(addresses);
    await change(addresses);
    expect(patches()).toHaveLength(1);
    await end();
  });

  it('is reported again 10 s after a failure, told of once', async () => {
    const { api, clock, log, patches, end } = arrange();
    api.failure = () => unreachable();
    await clock.advance(300_000);
    await clock.advance(10_000);
    await clock.advance(10_000);
    expect(patches()).toHaveLength(3);
    expect(log).toEqual(['reporting the status of the Node: https://api.test:6443 did not answer']);
    api.failure = () => undefined;
    await clock.advance(10_000);
    expect(patches()).toHaveLength(4);
    expect(clock.waits).toEqual([300_000]);
    await end();
    expect(clock.waits).toEqual([]);
  });

  it('goes out after half to one and a half of five minutes first', async () => {
    const { clock, end } = arrange();
    await settle();
    expect(clock.waits).toEqual([300_000]);
    await end();
  });
});
