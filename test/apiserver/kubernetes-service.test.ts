/**
 * The service `kubernetes`, its endpoints and their slice. That they are those of kube-apiserver is shown in
 * test/components/services.test.ts.
 */
import { expect, it, vi } from 'vitest';
import { createMemoryStorage } from '../../src/storage/index.ts';
import { ManualClock } from '../manual-clock.ts';
import { apiServer } from './front/server.ts';

const SERVICE = '/api/v1/namespaces/default/services/kubernetes';
const ENDPOINTS = '/api/v1/namespaces/default/endpoints/kubernetes';
const SLICE = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes';
const ALL = [SERVICE, ENDPOINTS, SLICE];
const advertised = { port: 6443, address: '192.0.2.7' };

async function served(more: Parameters<typeof apiServer>[0] = {}) {
  const clock = new ManualClock();
  const tested = await apiServer({ clock, advertised, ...more });
  const get = async (url: string) => (await tested.ask('GET', url)).json;
  const versions = async () =>
    await Promise.all(ALL.map(async (url) => (await get(url)).metadata.resourceVersion));
  return { ...tested, clock, get, versions };
}

it('is there as soon as the server is ready', async () => {
  const { get, faults } = await served();
  expect((await get(SERVICE)).spec).toMatchObject({
    clusterIP: '10.0.0.1',
    ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }],
  });
  expect((await get(ENDPOINTS)).subsets).toEqual([
    {
      addresses: [{ ip: '192.0.2.7' }],
      ports: [{ name: 'https', port: 6443, protocol: 'TCP' }],
    },
  ]);
  expect(await get(SLICE)).toMatchObject({
    addressType: 'IPv4',
    endpoints: [{ addresses: ['192.0.2.7'], conditions: { ready: true } }],
  });
  expect(faults).toEqual([]);
});

it('what is as it should be is not written again', async () => {
  const { clock, versions } = await served();
  const before = await versions();
  await clock.advance(60_000);
  expect(await versions()).toEqual(before);
});

it('comes again within ten seconds when it is deleted', async () => {
  const { ask, clock, get } = await served();
  for (const url of ALL) await ask('DELETE', url);
  for (const url of ALL) expect((await get(url)).code).toBe(404);
  await clock.advance(10_000);
  await vi.waitFor(async () => {
    for (const url of ALL) expect((await get(url)).metadata.name).toBe('kubernetes');
  });
});

it('endpoints that somebody has bent lead here again, labels of others stay', async () => {
  const { ask, clock, get } = await served();
  const endpoints = await get(ENDPOINTS);
  endpoints.subsets[0].addresses[0].ip = '192.0.2.66';
  endpoints.metadata.labels = { mine: 'yes' };
  expect((await ask('PUT', ENDPOINTS, { body: endpoints })).status).toBe(200);
  const slice = await get(SLICE);
  slice.endpoints[0].addresses = ['192.0.2.66'];
  expect((await ask('PUT', SLICE, { body: slice })).status).toBe(200);
  await clock.advance(10_000);
  await vi.waitFor(async () =>
    expect((await get(SLICE)).endpoints[0].addresses).toEqual(['192.0.2.7']),
  );
  expect((await get(ENDPOINTS)).subsets[0].addresses).toEqual([{ ip: '192.0.2.7' }]);
  expect((await get(ENDPOINTS)).metadata.labels).toEqual({
    mine: 'yes',
    'endpointslice.kubernetes.io/skip-mirror': 'true',
  });
});

it('after a start with another port and address they lead there, and the service stays as it is', async () => {
  const storage = createMemoryStorage({ now: () => new Date() });
  const before = await served({ storage });
  await before.api.close();
  const { get } = await served({ storage, advertised: { port: 7443, address: 'fd00::7' } });
  expect((await get(SERVICE)).spec.ports[0].targetPort).toBe(6443);
  expect((await get(ENDPOINTS)).subsets).toEqual([
    { addresses: [{ ip: 'fd00::7' }], ports: [{ name: 'https', port: 7443, protocol: 'TCP' }] },
  ]);
  expect(await get(SLICE)).toMatchObject({
    addressType: 'IPv6',
    endpoints: [{ addresses: ['fd00::7'] }],
    ports: [{ port: 7443 }],
  });
});

it('has no endpoints where nobody else reaches the server', async () => {
  const { get, faults } = await served({ advertised: { port: 6443 } });
  expect((await get(SERVICE)).spec.clusterIP).toBe('10.0.0.1');
  expect((await get(ENDPOINTS)).code).toBe(404);
  expect(faults).toEqual([]);
});

it('its address, where somebody else has it, is said, and it is made when it is free', async () => {
  const storage = createMemoryStorage({ now: () => new Date() });
  const before = await apiServer({ storage });
  const body = {
    metadata: { name: 'thief' },
    spec: { clusterIP: '10.0.0.1', ports: [{ port: 1 }] },
  };
  await before.ask('POST', '/api/v1/namespaces/default/services', { body });
  await before.api.close();
  const { ask, clock, get, faults } = await served({ storage });
  expect((await get(SERVICE)).code).toBe(404);
  expect(faults).toEqual([
    expect.stringMatching(
      /^the service kubernetes is not kept: .*10\.0\.0\.1: provided IP is already allocated/,
    ),
  ]);
  await ask('DELETE', '/api/v1/namespaces/default/services/thief');
  await clock.advance(10_000);
  await vi.waitFor(async () => expect((await get(SERVICE)).spec?.clusterIP).toBe('10.0.0.1'));
});
