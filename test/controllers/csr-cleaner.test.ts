/** Which requests are deleted, and when. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { cleanRequests, reasonToClean } from '../../src/controllers/csr-cleaner.ts';
import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
  type Condition,
  StatusError,
} from '../../src/kubernetes/index.ts';
import { encodePem } from '../../src/x509/index.ts';
import { csrObject } from '../kubernetes/certificates/requests.ts';
import { keyOf, leafTemplate } from '../x509/support.ts';
import { FakeApi } from './fake-client.ts';
import { benchOf, issuerTo, NOW } from './support.ts';

const HOUR = 3_600_000;
const ago = (ms: number): string => new Date(NOW.getTime() - ms).toISOString();
const condition = (type: string, age: number): Condition => ({
  type,
  status: 'True',
  lastUpdateTime: ago(age),
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const certificateTo = (notAfter: Date): string =>
  base64(
    encodePem(
      'CERTIFICATE',
      issuerTo().issue(leafTemplate({ notAfter }), keyOf('ECDSA-P256').spki),
    ),
  );
const VALID = certificateTo(new Date('2027-01-01T00:00:00Z'));
const EXPIRED = certificateTo(new Date('2026-06-01T12:00:00Z'));

interface State {
  readonly age?: number;
  readonly conditions?: unknown;
  readonly certificate?: string;
}

const csrWith = ({ age = 0, conditions = [], certificate }: State): CertificateSigningRequest => {
  const csr = csrObject('a');
  return {
    ...csr,
    metadata: { ...csr.metadata, creationTimestamp: ago(age) },
    status: {
      conditions: conditions as Condition[],
      ...(certificate === undefined ? {} : { certificate }),
    },
  };
};

const APPROVED = 'approved and issued';
const LEFT = 'approved and not issued';

describe('a request', () => {
  it.each<[string, State, string | undefined]>([
    ['pending for a day', { age: 24 * HOUR }, undefined],
    ['pending for longer', { age: 24 * HOUR + 1 }, 'pending'],
    [
      'approved and issued for an hour',
      { conditions: [condition('Approved', HOUR)], certificate: VALID },
      undefined,
    ],
    [
      'approved and issued for longer',
      { conditions: [condition('Approved', HOUR + 1)], certificate: VALID },
      APPROVED,
    ],
    [
      'approved an hour ago, and created long ago',
      { age: 99 * HOUR, conditions: [condition('Approved', HOUR)], certificate: VALID },
      undefined,
    ],
    [
      'approved and not issued for a day',
      { conditions: [condition('Approved', 24 * HOUR)] },
      undefined,
    ],
    [
      'approved and not issued for longer',
      { conditions: [condition('Approved', 24 * HOUR + 1)] },
      LEFT,
    ],
    ['denied for an hour', { conditions: [condition('Denied', HOUR)] }, undefined],
    ['denied for longer', { conditions: [condition('Denied', HOUR + 1)] }, 'denied'],
    [
      'failed for an hour',
      { conditions: [condition('Approved', 2 * HOUR), condition('Failed', HOUR)] },
      undefined,
    ],
    [
      'failed for longer',
      { conditions: [condition('Approved', 0), condition('Failed', HOUR + 1)] },
      'failed',
    ],
    [
      'with a certificate that ends now',
      { conditions: [condition('Approved', 0)], certificate: EXPIRED },
      'its certificate has expired',
    ],
    [
      'with an expired certificate that nobody approved',
      { conditions: [condition('Example', 0)], certificate: EXPIRED },
      undefined,
    ],
    [
      'with a condition of its own, however old',
      { age: 999 * HOUR, conditions: [condition('Example', 999 * HOUR)] },
      undefined,
    ],
    [
      'with a certificate that cannot be read',
      { conditions: [condition('Approved', 0)], certificate: '====' },
      undefined,
    ],
    [
      'with a certificate that is no PEM',
      { conditions: [condition('Approved', 0)], certificate: base64('hello') },
      undefined,
    ],
    [
      'with a PEM that is no certificate',
      {
        conditions: [condition('Approved', 0)],
        certificate: base64(encodePem('CERTIFICATE', new Uint8Array(3))),
      },
      undefined,
    ],
    [
      'approved at Go’s zero time',
      { conditions: [{ type: 'Approved', lastUpdateTime: '0001-01-01T00:00:00Z' }] },
      undefined,
    ],
    [
      'approved at no time',
      { conditions: [{ type: 'Approved', lastUpdateTime: null }] },
      undefined,
    ],
    [
      'approved at a time that is none',
      { conditions: [{ type: 'Approved', lastUpdateTime: 'yesterday' }] },
      undefined,
    ],
    ['approved at a number', { conditions: [{ type: 'Approved', lastUpdateTime: 1 }] }, undefined],
    ['with no list of conditions, young', { conditions: null }, undefined],
    ['with no list of conditions, old', { age: 25 * HOUR, conditions: null }, 'pending'],
  ])('%s', (_what, state, reason) => {
    expect(reasonToClean(csrWith(state), NOW)).toBe(reason);
  });

  it('without a time of creation stays', () => {
    const csr = csrObject('a');
    expect(reasonToClean({ ...csr, metadata: { name: 'a' } }, NOW)).toBe(undefined);
    const zero = { ...csr, metadata: { name: 'a', creationTimestamp: null } };
    expect(reasonToClean(zero, NOW)).toBe(undefined);
  });
});

describe('cleaning', () => {
  const old = (name: string): CertificateSigningRequest => {
    const csr = csrWith({ age: 25 * HOUR });
    return { ...csr, metadata: { ...csr.metadata, name, uid: `uid-${name}` } };
  };

  it('deletes what can go and nothing else', async () => {
    const api = new FakeApi();
    const { context, lines } = benchOf(api);
    const young = csrWith({});
    for (const csr of [old('b'), young]) await api.create(CERTIFICATE_SIGNING_REQUESTS, csr);
    await cleanRequests(context, [old('b'), young]);
    expect(api.peek(CERTIFICATE_SIGNING_REQUESTS, 'b')).toBe(undefined);
    expect(api.peek(CERTIFICATE_SIGNING_REQUESTS, 'a')).toBeDefined();
    expect(lines).toEqual([{ level: 'info', message: 'deleted', csr: 'b', reason: 'pending' }]);
  });

  it('goes on past what cannot be deleted, is gone, or is another one by now', async () => {
    const api = new FakeApi();
    const { context, lines } = benchOf(api);
    for (const name of ['b', 'd']) await api.create(CERTIFICATE_SIGNING_REQUESTS, old(name));
    const other = { ...old('c'), metadata: { ...old('c').metadata, uid: 'another' } };
    await api.create(CERTIFICATE_SIGNING_REQUESTS, other);
    api.before = ({ verb, name }) => {
      if (verb === 'delete' && name === 'b') throw StatusError.of('Forbidden', 'no');
    };
    await cleanRequests(context, ['gone', 'b', 'c', 'd'].map(old));
    expect(api.peek(CERTIFICATE_SIGNING_REQUESTS, 'b')).toBeDefined();
    expect(api.peek(CERTIFICATE_SIGNING_REQUESTS, 'c')).toBeDefined();
    expect(api.peek(CERTIFICATE_SIGNING_REQUESTS, 'd')).toBe(undefined);
    expect(lines.map(({ level, csr }) => [level, csr])).toEqual([
      ['error', 'b'],
      ['info', 'd'],
    ]);
  });

  it('lets others work while it looks at thousands, and ends when it is told to', async () => {
    const { context, stop } = benchOf(new FakeApi());
    const young = csrWith({ conditions: [condition('Approved', 0)], certificate: VALID });
    const many = Array.from({ length: 2000 }, () => young);
    let turns = 0;
    const cleaning = cleanRequests(context, many);
    const ending = new AbortController();
    const counting = (async () => {
      for (; !ending.signal.aborted; turns++) await nextTurn();
    })();
    await cleaning;
    ending.abort();
    await counting;
    expect(turns).toBeGreaterThan(30);

    let looked = 0;
    const counted = new Proxy(young, {
      get(target, key) {
        if (key === 'metadata') looked += 1;
        return Reflect.get(target, key);
      },
    });
    const ended = cleanRequests(
      context,
      Array.from({ length: 2000 }, () => counted),
    );
    await nextTurn();
    stop();
    await ended;
    expect(looked).toBeLessThan(1000);
  });
});
