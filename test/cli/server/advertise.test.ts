/** `--advertise-address`: where others reach the server. */
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { advertiseAddress } from '../../../src/cli/server/advertise.ts';
import { serverConfig } from '../../../src/cli/server/config.ts';
import { ENDPOINTS, SERVICES } from '../../../src/kubernetes/index.ts';
import { arrange, running } from './running.ts';

const all = Object.values(networkInterfaces()).flatMap((addresses = []) =>
  addresses.map(({ address }) => address),
);

describe('the address', () => {
  it('is what was asked for', () => {
    expect(advertiseAddress('192.0.2.7', '0.0.0.0', 4)).toBe('192.0.2.7');
    expect(advertiseAddress('FD00::0:7', '127.0.0.1', 6)).toBe('fd00::7');
  });

  it('is else what the server listens on', () => {
    expect(advertiseAddress(undefined, '192.0.2.7', 4)).toBe('192.0.2.7');
    expect(advertiseAddress('0.0.0.0', '192.0.2.7', 4)).toBe('192.0.2.7');
  });

  it('is there none where it listens on this machine alone, or for another family', () => {
    expect(advertiseAddress(undefined, '127.0.0.1', 4)).toBeUndefined();
    expect(advertiseAddress(undefined, '::1', 6)).toBeUndefined();
    expect(advertiseAddress(undefined, 'fe80::1', 6)).toBeUndefined();
    expect(advertiseAddress(undefined, 'fd00::7', 4)).toBeUndefined();
  });

  it.each([4, 6] as const)('is one of this machine of IPv%s where it listens on all', (family) => {
    for (const bind of ['0.0.0.0', '::']) {
      const address = advertiseAddress(undefined, bind, family);
      if (address === undefined) continue;
      expect(all).toContain(address);
      expect(isIP(address)).toBe(family);
      expect(address).not.toMatch(/^(?:127\.|::1$|fe80|169\.254\.)/);
    }
  });

  it.each([
    ['host.example', 'is no IP address'],
    ['127.0.0.2', 'cannot be reached'],
    ['fe80::7', 'cannot be reached'],
    ['224.0.0.1', 'cannot be reached'],
    ['fd00::7', 'not of the family'],
  ])('%s is refused', (text, why) => {
    expect(() => advertiseAddress(text, '0.0.0.0', 4)).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(why) }),
    );
  });
});

it('the flags reach the server', async () => {
  const { server } = await running({
    advertiseAddress: '192.0.2.7',
    serviceClusterIpRange: '10.44.0.0/16',
    serviceNodePortRange: '4000-4010',
  });
  const key = { namespace: 'default', name: 'kubernetes' };
  expect((await server.client.get(SERVICES, key)).spec.clusterIP).toBe('10.44.0.1');
  const { subsets } = await server.client.get(ENDPOINTS, key);
  expect(subsets?.[0]?.addresses).toEqual([{ ip: '192.0.2.7' }]);
});

it('a range that is none is refused before anything is opened', async () => {
  const { flags } = await arrange();
  expect(() => serverConfig({ ...flags, serviceClusterIpRange: '10.0.0.0/31' })).toThrow(
    /--service-cluster-ip-range/,
  );
});
