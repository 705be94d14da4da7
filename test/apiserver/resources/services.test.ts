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
