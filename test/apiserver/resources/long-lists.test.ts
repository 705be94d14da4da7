/**
 * Lists and maps of more items than a stack holds arguments: what is wrong with each is told (of the first), and the
 * server goes on. Before, they were answered with 500 (RangeError).
 */
import { expect, it } from 'vitest';
import { apiServer } from '../front/server.ts';

const COUNT = 400_000;
/** Each takes more of the 3 MiB. */
const NAMES = 220_000;
const many = <T>(item: T): T[] => Array<T>(COUNT).fill(item);
const bad = (value = ''): Record<string, string> =>
  Object.fromEntries(Array.from({ length: NAMES }, (_, index) => [`${index}_`, value]));

const pod = (spec: object): object => ({
  metadata: { name: 'a' },
  spec: { containers: [{ name: 'a', image: 'a' }], ...spec },
});
const container = (fields: object): object =>
  pod({ containers: [{ name: 'a', image: 'a', ...fields }] });
const volume = (fields: object): object => pod({ volumes: [{ name: 'v', ...fields }] });

const PODS = '/api/v1/namespaces/default/pods';
const CASES: readonly (readonly [string, string, () => object])[] = [
  ['finalizers', PODS, () => ({ metadata: { name: 'a', finalizers: many('') } })],
  ['files of a volume', PODS, () => volume({ downwardAPI: { items: many({}) } })],
  ['resize policies', PODS, () => container({ resizePolicy: many({}) })],
  ['limits', PODS, () => container({ resources: { limits: bad('1') } })],
  [
    // Each was compared with each.
    'binding conditions of a device',
    '/apis/resource.k8s.io/v1/resourceslices',
    () => ({
      metadata: { name: 'a' },
      spec: {
        devices: [
          {
            name: 'd',
            bindingConditions: Array.from({ length: NAMES }, (_, index) => `a${index}`),
          },
        ],
      },
    }),
  ],
  [
    'topology keys',
    '/apis/storage.k8s.io/v1/csinodes',
    () => ({
      metadata: { name: 'a' },
      spec: { drivers: [{ name: 'd', nodeID: 'n', topologyKeys: many('') }] },
    }),
  ],
];

it.each(CASES)('%s', async (_, url, make) => {
  const { ask, faults } = await apiServer();
  const { status, json } = await ask('POST', url, { body: make() });
  expect(status).toBe(422);
  expect(json.details.causes.length).toBeLessThanOrEqual(500);
  expect(faults).toEqual([]);
});
