import { describe, expect, it } from 'vitest';
import { readProxyHeader } from '../../src/http/proxy-header.ts';
import { binaryHeader, SIGNATURE } from './proxy-headers.ts';

const line = (text: string): Buffer => Buffer.from(text, 'latin1');
const V4 = 'PROXY TCP4 192.0.2.7 192.0.2.1 35646 6443\r\n';

describe('a header of version 1', () => {
  it.each([
    [V4, '192.0.2.7'],
    ['PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n', '0.0.0.0'],
    ['PROXY TCP6 2001:DB8:0::7 ::1 35646 6443\r\n', '2001:db8::7'],
    ['PROXY TCP6 ::ffff:192.0.2.7 ::1 35646 6443\r\n', '192.0.2.7'],
  ])('tells the address in its canonical form: %j', (text, source) => {
    const header = readProxyHeader(line(`${text}\x16\x03\x01`));
    expect(header).toEqual({ kind: 'header', length: text.length, source });
  });

  it.each(['PROXY UNKNOWN\r\n', 'PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n'])(
    'may not know for whom: %j',
    (text) => {
      expect(readProxyHeader(line(text))).toEqual({ kind: 'header', length: text.length });
    },
  );

  it('is no longer than 107 bytes with its end', () => {
    const longest = `PROXY UNKNOWN ${'x'.repeat(91)}\r\n`;
    expect(longest).toHaveLength(107);
    expect(readProxyHeader(line(longest))).toEqual({ kind: 'header', length: 107 });
    expect(readProxyHeader(line(`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`)).kind).toBe('wrong');
    expect(readProxyHeader(line('PROXY UNKNOWN '.padEnd(107, 'x'))).kind).toBe('wrong');
    expect(readProxyHeader(line('PROXY UNKNOWN '.padEnd(106, 'x'))).kind).toBe('more');
  });

  it.each([
    'PROXY TCP4 192.0.2.7 192.0.2.1 35646 6443\n',
    'PROXY  TCP4 192.0.2.7 192.0.2.1 35646 6443\r\n',
    'PROXY TCP4 192.0.2.7 192.0.2.1 35646 6443 \r\n',
    'PROXY TCP4 192.0.2.7 192.0.2.1 35646\r\n',
    'PROXY TCP4 192.0.2.7,10.0.0.1 192.0.2.1 35646 6443\r\n',
    'PROXY TCP4 192.0.2.07 192.0.2.1 35646 6443\r\n',
    'PROXY TCP4 192.0.2.256 192.0.2.1 35646 6443\r\n',
    'PROXY TCP4 ::ffff:192.0.2.7 192.0.2.1 35646 6443\r\n',
    'PROXY TCP6 192.0.2.7 ::1 35646 6443\r\n',
    'PROXY TCP6 fe80::1%eth0 ::1 35646 6443\r\n',
    'PROXY TCP4 192.0.2.7 192.0.2.1 65536 6443\r\n',
    'PROXY TCP4 192.0.2.7 192.0.2.1 035646 6443\r\n',
    'PROXY TCP4 192.0.2.7 192.0.2.1 -1 6443\r\n',
    'PROXY TCP5 192.0.2.7 192.0.2.1 35646 6443\r\n',
    'PROXY UNKNOWNX\r\n',
    'PROXY UNKNOWN \0\r\n',
    'PROXY\r\n',
    'proxy TCP4 192.0.2.7 192.0.2.1 35646 6443\r\n',
    '\x16\x03\x01\x02\0\x01',
    'GET / HTTP/1.1\r\n',
  ])('is refused: %j', (text) => {
    expect(readProxyHeader(line(text)).kind).toBe('wrong');
  });
});

describe('a header of version 2', () => {
  it.each([['192.0.2.7'], ['2001:db8::7']])('tells the address %s', (source) => {
    const header = binaryHeader({ source });
    const result = { kind: 'header', length: header.length, source };
    expect(readProxyHeader(header)).toEqual(result);
    expect(readProxyHeader(Buffer.concat([header, line('\x16')]))).toEqual(result);
  });

  it('tells an IPv4 address in the form of IPv6 as IPv4', () => {
    const more = Buffer.concat([
      Buffer.from('00000000000000000000ffffc0000207', 'hex'),
      Buffer.alloc(20),
    ]);
    expect(readProxyHeader(binaryHeader({ family: 0x21, more }))).toMatchObject({
      source: '192.0.2.7',
    });
  });

  it('may have additional values, which are passed over', () => {
    const more = Buffer.alloc(4096 - 12, 0xee);
    const header = binaryHeader({ source: '192.0.2.7', more });
    expect(readProxyHeader(header)).toEqual({
      kind: 'header',
      length: 16 + 4096,
      source: '192.0.2.7',
    });
    const longer = binaryHeader({ source: '192.0.2.7', more: Buffer.alloc(4096 - 11) });
    expect(readProxyHeader(longer).kind).toBe('wrong');
  });

  it('is the balancer’s own with LOCAL, whatever addresses stand there, and for an unknown family', () => {
    const local = binaryHeader({ command: 0x20, source: '192.0.2.7' });
    expect(readProxyHeader(local)).toEqual({ kind: 'header', length: local.length });
    const other = binaryHeader({ command: 0x20, family: 0x31 });
    expect(readProxyHeader(other)).toEqual({ kind: 'header', length: 16 });
    const unspecified = binaryHeader({ family: 0, more: Buffer.alloc(7) });
    expect(readProxyHeader(unspecified)).toEqual({ kind: 'header', length: 23 });
  });

  it.each<[string, Parameters<typeof binaryHeader>[0]]>([
    ['version 1', { command: 0x11, source: '192.0.2.7' }],
    ['a command that is not known', { command: 0x22, source: '192.0.2.7' }],
    ['datagrams', { family: 0x12, source: '192.0.2.7' }],
    ['a socket of the file system', { family: 0x31, more: Buffer.alloc(216) }],
    ['no room for its addresses', { family: 0x11, more: Buffer.alloc(11) }],
    ['no room for its addresses, of IPv6', { family: 0x21, more: Buffer.alloc(35) }],
  ])('is refused with %s', (_, parts) => {
    expect(readProxyHeader(binaryHeader(parts)).kind).toBe('wrong');
  });

  it('is refused at the first byte that does not fit', () => {
    expect(readProxyHeader(Buffer.concat([SIGNATURE.subarray(0, 11), line('X')])).kind).toBe(
      'wrong',
    );
    expect(readProxyHeader(line('\r\n\r\nX')).kind).toBe('wrong');
  });
});

describe('a header that has not come whole', () => {
  it.each([
    ['of version 1', line(V4)],
    ['of version 2', binaryHeader({ source: '2001:db8::7', more: Buffer.alloc(9) })],
  ])('is waited for at each of its bytes: %s', (_, header) => {
    for (let length = 0; length < header.length; length++) {
      expect(readProxyHeader(header.subarray(0, length))).toEqual({ kind: 'more' });
    }
    expect(readProxyHeader(header).kind).toBe('header');
  });
});
