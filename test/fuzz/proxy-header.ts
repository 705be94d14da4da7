/** The header of the PROXY protocol under the fuzzer: what is read of it, and what must hold of that. */
import { deepStrictEqual } from 'node:assert/strict';
import { KubepkiError } from '../../src/errors.ts';
import { readProxyHeader } from '../../src/http/proxy-header.ts';
import { bytesToIp, ipToBytes } from '../../src/x509/index.ts';
import { binaryHeader } from '../http/proxy-headers.ts';

export const PROXY_TOKENS = [
  'PROXY ',
  'TCP4 ',
  'TCP6 ',
  'UNKNOWN',
  '\r\n',
  '\n',
  ' ',
  '0',
  '65536',
  '::ffff:192.0.2.1',
  '255.255.255.255',
  '\r\n\r\n\0\r\nQUIT\n',
];

export const proxyHeaders = (): Uint8Array[] => [
  ...[
    'PROXY TCP4 192.0.2.7 192.0.2.1 35646 6443\r\n\x16\x03\x01',
    'PROXY TCP6 2001:db8::7 2001:db8::1 35646 6443\r\n',
    'PROXY UNKNOWN\r\n',
    'PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n',
  ].map((line) => Buffer.from(line)),
  binaryHeader({ source: '192.0.2.7', more: Buffer.from('\x04\0\x02ab', 'latin1') }),
  binaryHeader({ source: '2001:db8::7' }),
  binaryHeader({ command: 0x20, family: 0 }),
];

/** What is taken is taken whatever follows, and no part of it is enough. */
export function readProxy(input: Uint8Array): void {
  const header = readProxyHeader(input);
  if (header.kind === 'wrong') throw new KubepkiError('MALFORMED_DOCUMENT', header.reason);
  if (header.kind === 'more') throw new KubepkiError('MALFORMED_DOCUMENT', 'it does not end');
  const { length, source } = header;
  if (length < 1 || length > input.length) throw new Error(`it is ${length} bytes long`);
  if (source !== undefined) deepStrictEqual(bytesToIp(ipToBytes(source) ?? input), source);
  deepStrictEqual(readProxyHeader(input.subarray(0, length)), header);
  deepStrictEqual(readProxyHeader(Buffer.concat([input.subarray(0, length), input])), header);
  for (const part of [0, 1, length >> 1, length - 1]) {
    deepStrictEqual(readProxyHeader(input.subarray(0, part)), { kind: 'more' });
  }
}
