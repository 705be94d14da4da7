/** Ranges of addresses, by the rules of CIDR notation. */
import { describe, expect, it } from 'vitest';
import { blockCovers, ipToBytes, parseIpBlock } from '../../src/x509/index.ts';

const covers = (block: string, address: string): boolean | undefined => {
  const [parsed, bytes] = [parseIpBlock(block), ipToBytes(address)];
  return parsed === undefined || bytes === undefined ? undefined : blockCovers(parsed, bytes);
};

describe('a block', () => {
  it.each([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.1.2.3/8', '10.9.9.9', true],
    ['10.0.0.128/25', '10.0.0.128', true],
    ['10.0.0.128/25', '10.0.0.127', false],
    ['10.0.0.4/30', '10.0.0.7', true],
    ['10.0.0.4/30', '10.0.0.8', false],
    ['10.0.0.7', '10.0.0.7', true],
    ['10.0.0.7', '10.0.0.6', false],
    ['10.0.0.7/32', '10.0.0.6', false],
    ['0.0.0.0/0', '255.1.2.3', true],
    ['0.0.0.0/0', 'fd00::1', false],
    ['::/0', 'fd00::1', true],
    ['::/0', '10.0.0.1', false],
    ['fd00:1::/33', 'fd00:1:7fff::1', true],
    ['fd00:1::/33', 'fd00:1:8000::1', false],
    ['fd00::7', 'fd00::0:7', true],
    ['::ffff:10.0.0.7', '10.0.0.7', true],
  ])('%s and %s: %s', (block, address, expected) => {
    expect(covers(block, address)).toBe(expected);
  });

  it.each([
    '',
    '/',
    '10.0.0.0/',
    '/8',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0/8',
    '010.0.0.0/8',
    'fd00::/129',
    'fe80::1%eth0',
    '::ffff:10.0.0.0/8',
    '::ffff:10.0.0.0/104',
    'worker-1',
    '10.0.0.0/8 ',
    '10.0.0.0/1e1',
  ])('is none: %j', (text) => expect(parseIpBlock(text)).toBeUndefined());
});
