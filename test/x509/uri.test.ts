import { describe, expect, it } from 'vitest';
import { isAbsoluteUri, isUri } from '../../src/x509/uri.ts';

describe('isUri', () => {
  it.each([
    'spiffe://cluster.local/ns/default/sa/x',
    'https://user:pass@host.example.com:6443/path%20x?%zz#fragment',
    'http://[fd00::1]:80',
    'http://[::ffff:10.0.0.1]/',
    'http://10.0.0.1',
    'urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66',
    'mailto:%',
    'a:b c',
    'file:///etc/kubernetes',
    '/path',
    'path/with:colon',
    '',
  ])('takes %j', (text) => expect(isUri(text)).toBe(true));

  it.each([
    ':no-scheme',
    '1x:y',
    'http://a b/',
    'http://a%20b/',
    'http://host:port/',
    'http://host.',
    'http://a..b',
    'http://[1.2.3.4]',
    'http://[::1',
    'http://[fe80::1%25eth0]',
    'http://a:1:2',
    'http://{user}@host/',
    'http://%zz@host/',
    'http://host/%zz',
    'http://host/#%',
    '/%4',
    '//host^/',
  ])('refuses %j', (text) => expect(isUri(text)).toBe(false));
});

describe('isAbsoluteUri', () => {
  it('asks for a scheme', () => {
    expect(['a:', 'a:b', 'A+b-c.1://d'].filter((text) => !isAbsoluteUri(text))).toEqual([]);
    expect(['', '/a', 'a', '//a/b', '+a:b', 'a://b c'].filter(isAbsoluteUri)).toEqual([]);
  });
});
