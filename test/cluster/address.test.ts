import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEndpoint, parseSubnet, serverUrl } from '../../src/cluster/address.ts';

describe('parseSubnet', () => {
  it.each([
    ['10.96.0.0/12', '10.96.0.0/12', '10.96.0.1'],
    ['10.97.3.9/16', '10.97.0.0/16', '10.97.0.1'],
    ['192.168.255.248/29', '192.168.255.248/29', '192.168.255.249'],
    ['fd00:10:96::/108', 'fd00:10:96::/108', 'fd00:10:96::1'],
    ['FD00::abcd:1/112', 'fd00::abcd:0/112', 'fd00::abcd:1'],
    ['0.0.0.0/0', '0.0.0.0/0', '0.0.0.1'],
  ])('reads %s: network %s, first address %s', (text, network, firstAddress) => {
    expect(parseSubnet(text)).toMatchObject({ text: network, firstAddress });
  });

  it.each([
    '10.96.0.0',
    '10.96.0.0/33',
    '10.96.0.0/30',
    'fd00::/126',
    '10.96.0/12',
    '010.0.0.0/8',
    'a/8',
    '/8',
    '',
  ])('refuses %j with a reason', (text) => {
    expect(parseSubnet(text)).toHaveProperty('refused');
  });

  it('keeps the bits of the prefix and clears the others, for every prefix', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.integer({ min: 0, max: 29 }), (value, prefix) => {
        const dotted = (n: number) => [24, 16, 8, 0].map((shift) => (n >>> shift) & 255).join('.');
        const mask = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
        const network = (value & mask) >>> 0;
        expect(parseSubnet(`${dotted(value)}/${prefix}`)).toEqual({
          text: `${dotted(network)}/${prefix}`,
          family: 4,
          firstAddress: dotted((network | 1) >>> 0),
        });
      }),
    );
  });
});

describe('parseEndpoint', () => {
  it.each([
    ['api.example.com:8443', 'api.example.com', 8443, 'https://api.example.com:8443'],
    ['api.example.com', 'api.example.com', 6443, 'https://api.example.com:6443'],
    ['172.16.10.138:6443', '172.16.10.138', 6443, 'https://172.16.10.138:6443'],
    ['[FD00::1]:443', 'fd00::1', 443, 'https://[fd00::1]:443'],
    ['fd00::1', 'fd00::1', 6443, 'https://[fd00::1]:6443'],
  ])('reads %s', (text, host, port, url) => {
    const endpoint = parseEndpoint(text, 6443);
    expect(endpoint).toEqual({ host, port });
    expect(endpoint && serverUrl(endpoint)).toBe(url);
  });

  it.each([
    '',
    ':6443',
    'a b:1',
    'api:0',
    'api:65536',
    'api:',
    'https://api:6443',
    'API.example.com',
    '*.example.com',
    '[1.2.3.4]:1',
    'fe80::1%eth0',
    'a_b:1',
  ])('refuses %j', (text) => {
    expect(parseEndpoint(text, 6443)).toBeUndefined();
  });
});
