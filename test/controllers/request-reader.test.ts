/** Requests are read once. */
import { expect, it } from 'vitest';
import { createRequestReader } from '../../src/controllers/request-reader.ts';
import { makeName } from '../../src/x509/index.ts';
import { csrObject } from '../kubernetes/certificates/requests.ts';

const named = (name: string): ReturnType<typeof csrObject> =>
  csrObject('a', { asked: { subject: makeName({ commonName: name }) } });

it('reads a request once, whichever version of the object it is in', () => {
  const read = createRequestReader();
  const csr = named('a');
  const first = read(csr);
  expect(first.request?.keyType).toBe('ECDSA-P256');
  // Another string with the same content.
  const again = { ...csr, spec: { ...csr.spec, request: `${csr.spec.request} `.trim() } };
  expect(read(again)).toBe(first);
  expect(read(named('b'))).not.toBe(first);
});

it('says why there is none', () => {
  const read = createRequestReader();
  expect(read(csrObject('a', { request: '?' }))).toEqual({
    problem: 'spec.request is not base64',
  });
});

it('forgets the oldest, so that it never holds much', () => {
  const read = createRequestReader();
  const csr = named('first');
  const first = read(csr);
  // Seven of 175,000 characters.
  for (let i = 0; i < 7; i++) {
    const pem = Buffer.from(named(`n${i}`).spec.request, 'base64').toString();
    const request = Buffer.from(pem + ' '.repeat(131_000 - pem.length)).toString('base64');
    expect(read(csrObject('a', { request })).problem).toBe(undefined);
  }
  const again = read(csr);
  expect(again).not.toBe(first);
  expect(read(csr)).toBe(again);
});
