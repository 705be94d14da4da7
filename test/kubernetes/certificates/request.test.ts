/** spec.request, and what a certificate copies from it. */
import { describe, expect, it } from 'vitest';
import {
  certificateTemplate,
  decodeBase64,
  MAX_REQUEST_BYTES,
  readSpecRequest,
  reencodedSubject,
} from '../../../src/kubernetes/index.ts';
import {
  ATTRIBUTE_TYPES,
  encodePem,
  formatName,
  makeName,
  type Name,
  verifyRequest,
} from '../../../src/x509/index.ts';
import { errorOf } from '../../x509/support.ts';
import { requestDer, requestOf, specRequest } from './requests.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const pem = encodePem('CERTIFICATE REQUEST', requestDer());

describe('spec.request', () => {
  it('is read', () => {
    const request = readSpecRequest(specRequest(requestDer()));
    expect(formatName(request.subject)).toBe('CN=system:node:worker-1,O=system:nodes');
    expect(verifyRequest(request)).toBe(true);
  });

  it('may have line breaks in its base64, and text around its first block', () => {
    const text = base64(`hello\n${pem}${pem}rubbish`).replace(/.{76}/g, '$&\r\n');
    expect(readSpecRequest(text).keyType).toBe('ECDSA-P256');
  });

  it.each([
    ['empty', '', 'MALFORMED_PEM'],
    ['no base64', 'a request, please', 'MALFORMED_DOCUMENT'],
    ['base64 that is cut off', base64(pem).slice(0, -1), 'MALFORMED_DOCUMENT'],
    [
      'base64 with rubbish in it',
      `${base64(pem).slice(0, 8)}!${base64(pem).slice(8)}`,
      'MALFORMED_DOCUMENT',
    ],
    ['base64url', base64(pem).replace('L', '-'), 'MALFORMED_DOCUMENT'],
    ['padding in the middle', `YQ==${base64(pem)}`, 'MALFORMED_DOCUMENT'],
    ['no PEM', base64('hello'), 'MALFORMED_PEM'],
    ['DER', Buffer.from(requestDer()).toString('base64'), 'MALFORMED_PEM'],
    ['another label first', base64(encodePem('CERTIFICATE', requestDer()) + pem), 'MALFORMED_PEM'],
    [
      'openssl’s old label',
      base64(encodePem('NEW CERTIFICATE REQUEST', requestDer())),
      'MALFORMED_PEM',
    ],
    [
      'no request inside',
      base64(encodePem('CERTIFICATE REQUEST', new Uint8Array(9))),
      'MALFORMED_DER',
    ],
    [
      'a byte too many inside',
      base64(encodePem('CERTIFICATE REQUEST', Buffer.concat([requestDer(), Buffer.of(0)]))),
      'MALFORMED_DER',
    ],
    ['a megabyte of PEM', base64(pem.repeat(2000)), 'INVALID_VALUE'],
    ['a megabyte of anything', 'A'.repeat(2 ** 20), 'INVALID_VALUE'],
    ['a number', 7, 'MALFORMED_DOCUMENT'],
    ['a null', null, 'MALFORMED_DOCUMENT'],
  ])('is refused: %s', (_what, request, code) => {
    expect(errorOf(() => readSpecRequest(request as string)).code).toBe(code);
  });

  it('has a limit that counts the text, whichever way it is wrapped', () => {
    const fill = (length: number): string => pem + ' '.repeat(length - pem.length);
    const wrapped = base64(fill(MAX_REQUEST_BYTES)).replace(/.{64}/g, '$&\n');
    expect(readSpecRequest(wrapped).keyType).toBe('ECDSA-P256');
    expect(errorOf(() => readSpecRequest(base64(fill(MAX_REQUEST_BYTES + 1)))).code).toBe(
      'INVALID_VALUE',
    );
  });

  it('base64 is as Go reads it', () => {
    expect(Buffer.from(decodeBase64('aGVs\nbG8=\n', 'x')).toString()).toBe('hello');
    expect(() => decodeBase64('aGVs bG8=', 'spec.x')).toThrow('spec.x is not base64');
  });
});

describe('the subject of the certificate', () => {
  const one = (type: keyof typeof ATTRIBUTE_TYPES, value: string): Name[number] => [
    { type: ATTRIBUTE_TYPES[type], value },
  ];

  it('is written in Go’s order, one RDN for a type', () => {
    const subject: Name = [
      one('CN', 'first'),
      one('OU', 'u1'),
      one('O', 'o1'),
      one('SERIALNUMBER', '7'),
      one('L', 'Bern'),
      one('O', 'o2'),
      one('C', 'CH'),
      one('STREET', 's'),
      one('postalCode', '3000'),
      one('ST', 'BE'),
      one('CN', 'last'),
      one('OU', 'u2'),
    ];
    const types = reencodedSubject(subject).map((rdn) =>
      rdn.map(({ type, value }) => `${type}=${value}`).join('+'),
    );
    expect(types).toEqual([
      '2.5.4.6=CH',
      '2.5.4.8=BE',
      '2.5.4.7=Bern',
      '2.5.4.9=s',
      '2.5.4.17=3000',
      '2.5.4.10=o1+2.5.4.10=o2',
      '2.5.4.11=u1+2.5.4.11=u2',
      '2.5.4.3=last',
      '2.5.4.5=7',
    ]);
  });

  it('drops what Go does not know', () => {
    const subject: Name = [
      one('DC', 'example'),
      one('UID', 'u'),
      [{ type: '1.3.6.1.4.1.57683.2', value: 'uid' }],
      one('CN', 'a'),
    ];
    expect(reencodedSubject(subject)).toEqual([one('CN', 'a')]);
    expect(reencodedSubject([])).toEqual([]);
  });
});

describe('the certificate', () => {
  it('takes names from the request and usages from the object', () => {
    const request = requestOf({
      names: { dns: ['a'], ip: ['::ffff:192.0.2.1'], email: ['a@b'], uri: ['spiffe://a/b'] },
      // keyUsage keyCertSign and basicConstraints CA:TRUE, asked for and not given.
      extensions: [
        { oid: '2.5.29.15', critical: true, value: Buffer.from('03020204', 'hex') },
        { oid: '2.5.29.19', critical: true, value: Buffer.from('30030101ff', 'hex') },
      ],
    });
    expect(request.keyUsage).toEqual(['keyCertSign']);
    const dates = { notBefore: new Date(0), notAfter: new Date(1) };
    expect(certificateTemplate(request, ['client auth', 'signing'], dates)).toEqual({
      subject: request.subject,
      ...dates,
      basicConstraints: { ca: false },
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: ['clientAuth'],
      subjectAltNames: { dns: ['a'], ip: ['192.0.2.1'], email: ['a@b'], uri: ['spiffe://a/b'] },
    });
  });
});

// A regular expression that took line breaks for digits needed the square of their number.
it('reads line breaks once, however many', () => {
  expect(() => decodeBase64(`${'\n'.repeat(170_000)}AA=\n=x`, 'it')).toThrow('is not base64');
});

describe('what has been read of requests', () => {
  const named = (name: string): string =>
    specRequest(requestDer({ subject: makeName({ commonName: name }) }));

  it('is not read again', () => {
    const text = named('a');
    const first = readSpecRequest(text);
    // Another string with the same content.
    expect(readSpecRequest(` ${text}`.trim())).toBe(first);
    expect(readSpecRequest(named('b'))).not.toBe(first);
  });

  it('is forgotten, the oldest first, so that it never holds much', () => {
    const text = named('first');
    const first = readSpecRequest(text);
    // Seven of 175,000 characters.
    for (let i = 0; i < 7; i++) {
      const short = Buffer.from(named(`n${i}`), 'base64').toString();
      readSpecRequest(base64(short + ' '.repeat(131_000 - short.length)));
    }
    const again = readSpecRequest(text);
    expect(again).not.toBe(first);
    expect(readSpecRequest(text)).toBe(again);
  });
});
