/** What services get addresses and node ports from: `--service-cluster-ip-range`, `--service-node-port-range`. */
import { describe, expect, it } from 'vitest';
import {
  firstServiceAddress,
  serviceRanges,
} from '../../../src/apiserver/resources/services/index.ts';
import { createMemoryStorage } from '../../../src/storage/index.ts';
import { apiServer } from '../front/server.ts';

const SERVICES = '/api/v1/namespaces/default/services';

describe('ranges', () => {
  it.each([
    // The numbers of upstream: a sixteenth, at least 16 and at most 256, is left to those who wish.
    ['10.0.0.0/24', 'IPv4', 254, 16],
    ['10.0.0.77/24', 'IPv4', 254, 16],
    ['10.96.0.0/12', 'IPv4', 2 ** 20 - 2, 256],
    ['10.0.0.0/8', 'IPv4', 2 ** 24 - 2, 256],
    ['10.0.0.0/22', 'IPv4', 1022, 64],
    ['10.0.0.0/28', 'IPv4', 14, 0],
    ['10.0.0.0/29', 'IPv4', 6, 0],
    ['fd00:10::/112', 'IPv6', 2 ** 16 - 1, 256],
    ['fd00:10::/125', 'IPv6', 7, 0],
  ])('%s', (text, family, count, kept) => {
    const [range] = serviceRanges(text).addresses;
    expect(range?.family).toBe(family);
    const { first = 0n, last = 0n, firstDynamic = 0n } = range ?? {};
    expect(Number(last - first) + 1).toBe(count);
    expect(Number(firstDynamic - first)).toBe(kept);
  });

  it('the service kubernetes has the first address of the first', () => {
    expect(firstServiceAddress(serviceRanges())).toBe('10.0.0.1');
    expect(firstServiceAddress(serviceRanges('fd00:10::/64,10.0.0.0/16'))).toBe('fd00:10::1');
  });

  it.each([
    ['', 30_000, 32_767, 30_086],
    [' 30000-32767 ', 30_000, 32_767, 30_086],
    ['30000+2767', 30_000, 32_767, 30_086],
    ['80', 80, 80, 80],
    ['0', 0, 0, 0],
    ['1-65535', 1, 65_535, 129],
    ['100-115', 100, 115, 100],
    ['100-116', 100, 116, 116],
  ])('node ports %j', (text, first, last, firstDynamic) => {
    expect(serviceRanges(undefined, text).nodePorts).toEqual({ first, last, firstDynamic });
  });

  it.each([
    ['10.0.0.0/30', 'too small'],
    ['fd00::/48', 'too large'],
    ['10.0.0.0', 'not a subnet'],
    ['10.0.0.0/33', 'a prefix of 33 bits'],
    ['', 'not a subnet'],
    ['10.0.0.0/16,', 'not a subnet'],
    ['10.0.0.0/16,10.1.0.0/16', 'one of each family'],
    ['10.0.0.0/16,fd00::/64,fd01::/64', 'at most two'],
  ])('%s is refused', (text, why) => {
    expect(() => serviceRanges(text)).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: expect.stringMatching(`^--service-cluster-ip-range: .*${why}`),
      }),
    );
  });

  it.each([
    '-1',
    '1-',
    '1--2',
    '5-4',
    '1-65536',
    '65536',
    '1+65535',
    'a-b',
    '1-2-3',
    '1+2-3',
    '1 - 2',
    '9'.repeat(20),
  ])('node ports %s are refused', (text) => {
    expect(() => serviceRanges(undefined, text)).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: expect.stringMatching('^--service-node-port-range: '),
      }),
    );
  });
});

it('addresses and ports are of the ranges that were given, and wishes outside are refused', async () => {
  const { ask } = await apiServer({
    serviceRanges: serviceRanges('fd00:10::/64,10.7.0.0/29', '4000+9'),
  });
  const make = (name: string, spec: object) =>
    ask('POST', SERVICES, {
      body: { metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } },
    });
  const both = await make('both', { type: 'NodePort', ipFamilyPolicy: 'PreferDualStack' });
  expect(both.status).toBe(201);
  expect(both.json.spec.ipFamilies).toEqual(['IPv6', 'IPv4']);
  expect(both.json.spec.clusterIPs[0]).toMatch(/^fd00:10::/);
  expect(both.json.spec.clusterIPs[1]).toMatch(/^10\.7\.0\.[1-6]$/);
  expect(both.json.spec.ports[0].nodePort).toBeGreaterThanOrEqual(4000);
  expect(both.json.spec.ports[0].nodePort).toBeLessThanOrEqual(4009);
  const outside = await make('outside', { clusterIP: '10.0.0.9' });
  expect(outside.status).toBe(422);
  const port = await make('port', { type: 'NodePort', ports: [{ port: 1, nodePort: 30_000 }] });
  expect(port.json.message).toContain('The range of valid ports is 4000-4009');
});

it('of a small range each address is given once, and then no more', async () => {
  const { ask } = await apiServer({ serviceRanges: serviceRanges('10.7.0.0/29') });
  const given = new Set<string>();
  for (let index = 0; index < 5; index += 1) {
    const body = { metadata: { name: `s${index}` }, spec: { ports: [{ port: 80 }] } };
    given.add((await ask('POST', SERVICES, { body })).json.spec.clusterIP);
  }
  expect([...given].sort()).toEqual(['10.7.0.2', '10.7.0.3', '10.7.0.4', '10.7.0.5', '10.7.0.6']);
  const body = { metadata: { name: 'more' }, spec: { ports: [{ port: 80 }] } };
  expect((await ask('POST', SERVICES, { body })).json).toMatchObject({
    code: 500,
    message:
      'Internal error occurred: failed to allocate a serviceIP for Service "more": range is full',
  });
});

describe('with other ranges than before', () => {
  it('services keep what they have, which is told, and what is new comes from the new ranges', async () => {
    const storage = createMemoryStorage({ now: () => new Date() });
    const before = await apiServer({ storage });
    const body = { metadata: { name: 'old' }, spec: { type: 'NodePort', ports: [{ port: 80 }] } };
    const old = (await before.ask('POST', SERVICES, { body })).json;
    await before.api.close();
    const lines: string[] = [];
    const { ask } = await apiServer({
      storage,
      serviceRanges: serviceRanges('10.9.0.0/24', '4000-4100'),
      advertised: { port: 6443 },
      log: (line) => lines.push(line),
    });
    const { clusterIP, ports } = old.spec;
    expect(lines).toEqual([
      `address ${clusterIP} of service default/old is in no range of services; please recreate it`,
      `node port ${ports[0].nodePort} of service default/old is not in 4000-4100; please recreate it`,
    ]);
    const labelled = { ...old, metadata: { ...old.metadata, labels: { a: 'b' } } };
    const changed = await ask('PUT', `${SERVICES}/old`, { body: labelled });
    expect(changed.status).toBe(200);
    expect(changed.json.spec).toEqual(old.spec);
    const other = {
      ...changed.json,
      spec: { ...old.spec, ports: [{ port: 80, nodePort: 30_500 }] },
    };
    expect((await ask('PUT', `${SERVICES}/old`, { body: other })).status).toBe(422);
    const own = await ask('GET', `${SERVICES}/kubernetes`);
    expect(own.json.spec.clusterIP).toBe('10.9.0.1');
  });
});
