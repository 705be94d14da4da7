/** Services: what one has, no other has. */
import { expect, it } from 'vitest';
import { apiServer } from '../front/server.ts';

const SERVICES = '/api/v1/namespaces/default/services';
const service = (name: string, spec: object = {}): object => ({
  metadata: { name },
  spec: { ports: [{ port: 80 }], ...spec },
});

it('many made at once have an address and a node port of their own each', async () => {
  const { ask } = await apiServer();
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, index) =>
      ask('POST', SERVICES, { body: service(`s${index}`, { type: 'NodePort' }) }),
    ),
  );
  const specs = answers.map(({ json }) => json.spec);
  expect(new Set(specs.map(({ clusterIP }) => clusterIP)).size).toBe(60);
  expect(new Set(specs.map(({ ports }) => ports[0].nodePort)).size).toBe(60);
  for (const { clusterIP, clusterIPs } of specs) {
    expect(clusterIP).toMatch(/^10\.0\.0\.\d+$/);
    expect(clusterIPs).toEqual([clusterIP]);
  }
});

it('the addresses come to an end, and come back with what had them', async () => {
  const { ask } = await apiServer();
  // All but the first, which is that of the service `kubernetes`.
  for (let index = 0; index < 253; index += 1) {
    expect((await ask('POST', SERVICES, { body: service(`s${index}`) })).status).toBe(201);
  }
  const refused = await ask('POST', SERVICES, { body: service('one-more') });
  expect(refused.json).toMatchObject({ code: 500, reason: 'InternalError' });
  await ask('DELETE', `${SERVICES}/s7`);
  expect((await ask('POST', SERVICES, { body: service('one-more') })).status).toBe(201);
});

it('a dry run takes nothing', async () => {
  const { ask } = await apiServer();
  const dry = await ask('POST', `${SERVICES}?dryRun=All`, {
    body: service('a', { clusterIP: '10.0.0.9' }),
  });
  expect(dry.status).toBe(201);
  const body = service('b', { clusterIP: '10.0.0.9' });
  expect((await ask('POST', SERVICES, { body })).status).toBe(201);
});

it('the endpoints of the same name go with it, and no others', async () => {
  const { ask, faults } = await apiServer();
  const endpoints = '/api/v1/namespaces/default/endpoints';
  for (const name of ['a', 'b', 'c']) {
    await ask('POST', SERVICES, { body: service(name) });
    await ask('POST', endpoints, { body: { metadata: { name } } });
  }
  await ask('DELETE', `${SERVICES}/b?dryRun=All`);
  expect((await ask('GET', `${endpoints}/b`)).status).toBe(200);
  await ask('DELETE', `${SERVICES}/b`);
  expect((await ask('GET', `${endpoints}/b`)).status).toBe(404);
  await ask('DELETE', endpoints.replace('endpoints', 'services'));
  const { json } = await ask('GET', endpoints);
  expect(json.items).toEqual([]);
  expect(faults).toEqual([]);
});

it('the endpoints go with the last finalizer of a deleted service', async () => {
  const { ask } = await apiServer();
  const endpoints = '/api/v1/namespaces/default/endpoints/held';
  const metadata = { name: 'held', finalizers: ['example.com/hold'] };
  await ask('POST', SERVICES, { body: { ...service('held'), metadata } });
  await ask('POST', endpoints.replace('/held', ''), { body: { metadata: { name: 'held' } } });
  await ask('DELETE', `${SERVICES}/held`);
  expect((await ask('GET', endpoints)).status).toBe(200);
  await ask('PATCH', `${SERVICES}/held`, {
    body: { metadata: { finalizers: null } },
    headers: { 'content-type': 'application/merge-patch+json' },
  });
  expect((await ask('GET', endpoints)).status).toBe(404);
});

it('every answer about Endpoints warns that they are deprecated', async () => {
  const { ask } = await apiServer();
  const { headers } = await ask('GET', '/api/v1/endpoints');
  expect(String(headers['warning'])).toBe(
    '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"',
  );
});
