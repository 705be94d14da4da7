/** The objects that a server starts with, beside namespaces and roles. */
import { expect, it } from 'vitest';
import { DEFINITIONS } from '../../../src/apiserver/resources/index.ts';
import { apiServer } from '../front/server.ts';

const names = (list: { readonly items: readonly { metadata: { name: string } }[] }): string[] =>
  list.items.map(({ metadata }) => metadata.name);

it('the priority classes of the system are there and cannot be deleted', async () => {
  const { ask } = await apiServer();
  const path = '/apis/scheduling.k8s.io/v1/priorityclasses';
  expect(names((await ask('GET', path)).json)).toEqual([
    'system-cluster-critical',
    'system-node-critical',
  ]);
  const refused = await ask('DELETE', `${path}/system-node-critical`);
  expect(refused.json).toMatchObject({ reason: 'Forbidden', code: 403 });
});

it('there is an APIService, available, for each group and version that is served', async () => {
  const { ask } = await apiServer();
  const { json } = await ask('GET', '/apis/apiregistration.k8s.io/v1/apiservices');
  const served = new Set(DEFINITIONS.map(({ type }) => `${type.version}.${type.group}`));
  served.delete('v1.apiregistration.k8s.io');
  expect(names(json)).toEqual([...served].sort());
  for (const { status } of json.items) {
    expect(status.conditions).toMatchObject([{ type: 'Available', status: 'True' }]);
  }
});

it('the mandatory flow schemas and priority levels are there', async () => {
  const { ask } = await apiServer();
  for (const resource of ['flowschemas', 'prioritylevelconfigurations']) {
    const path = `/apis/flowcontrol.apiserver.k8s.io/v1/${resource}`;
    expect(names((await ask('GET', path)).json)).toEqual(['catch-all', 'exempt']);
  }
});
