/** No node gets a certificate for what the API server answers to. */
import { expect, it } from 'vitest';
import { ApiServerNames } from '../../src/cli/api-server-names.ts';
import type { RemoteTransport } from '../../src/client/index.ts';
import { selfSign } from '../../src/x509/index.ts';
import { caTemplate, keyOf } from '../x509/support.ts';

const transport = (verifies: boolean): RemoteTransport => ({
  server: 'https://api.example.com:6443',
  verifies,
  reconnect: () => undefined,
  close: async () => undefined,
  send: async () => {
    throw new Error('nothing is sent');
  },
});

const LIMITS = { allowedCidrs: ['10.0.0.0/8'], allowedDnsSuffixes: [], reserved: ['10.0.0.9'] };

const certificate = (dns: string[], ip: string[]): Uint8Array =>
  selfSign({ ...caTemplate({}), subjectAltNames: { dns, ip } }, keyOf('ECDSA-P256', 100));

it('knows the host, what flags say, and what the certificate is for, also a later one', async () => {
  const names = new ApiServerNames();
  const limits = names.reservedIn(LIMITS, transport(true));
  expect(limits.reserved).toEqual(['10.0.0.9', 'api.example.com']);
  names.seen(certificate(['kubernetes', 'cp-1'], ['10.96.0.1', '10.0.0.1']));
  await limits.ready;
  names.seen(certificate(['cp-2'], ['10.0.0.2']));
  expect(limits.reserved).toEqual([
    '10.0.0.9',
    'api.example.com',
    'kubernetes',
    'cp-1',
    '10.96.0.1',
    '10.0.0.1',
    'cp-2',
    '10.0.0.2',
  ]);
});

it('is waited for only where a certificate is verified', () => {
  expect(new ApiServerNames().reservedIn(LIMITS, transport(false)).ready).toBe(undefined);
  expect(new ApiServerNames().reservedIn(LIMITS, transport(true)).ready).toBeInstanceOf(Promise);
});

it('goes on with a certificate that it cannot read, and is bounded', async () => {
  const names = new ApiServerNames();
  const limits = names.reservedIn(LIMITS, transport(true));
  names.seen(Buffer.from('3000', 'hex'));
  await limits.ready;
  for (let i = 0; i < 3; i++) {
    names.seen(
      certificate(
        Array.from({ length: 500 }, (_, n) => `n-${i}-${n}`),
        [],
      ),
    );
  }
  expect(limits.reserved).toHaveLength(1002);
});
