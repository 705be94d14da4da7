import { describe, expect, it } from 'vitest';
import { StatusError } from '../../src/kubernetes/index.ts';
import type { NodeEvent } from '../../src/node/index.ts';
import { type IssuedCertificate, requestCertificate } from '../../src/node/request.ts';
import { wantedClient, wantedServing } from '../../src/node/wanted.ts';
import {
  encodePem,
  generatePrivateKey,
  makeName,
  readCertificates,
  readRequest,
  verifyRequest,
} from '../../src/x509/index.ts';
import { csrPath, FakeApi, makeAuthority, unreachable } from './fake-api.ts';
import { ManualClock, settle, until } from './manual-clock.ts';

const START = '2026-03-01T10:00:00Z';
const WANTED = wantedClient('worker-1');

function arrange() {
  const clock = new ManualClock(START);
  const api = new FakeApi(() => clock.now());
  const events: NodeEvent[] = [];
  const stop = new AbortController();
  const client = api.connect({ server: 'https://api.test:6443', token: 'bootstrap' });
  const ask = async (wanted = WANTED): Promise<IssuedCertificate> =>
    requestCertificate(wanted, {
      client: () => client,
      clock,
      signal: stop.signal,
      onEvent: (event) => events.push(event),
    });
  return { clock, api, events, stop, ask };
}

/** Leaves requests pending. */
function arrangePending() {
  const all = arrange();
  all.api.onRequest = () => undefined;
  const asked = all.ask();
  asked.catch(() => undefined);
  const pending = async (): Promise<string> =>
    until('the request is watched', () =>
      all.api.calls.some(({ what }) => what.startsWith('watch')) ? all.api.requests[0] : undefined,
    );
  return { ...all, asked, pending };
}

describe('a request for a certificate', () => {
  it('is what the kubelet sends', async () => {
    const { api, ask } = arrange();
    const { certificate, key } = await ask();
    const [name = ''] = api.requests;
    const { spec } = api.request(name);
    expect(name).toMatch(/^csr-/);
    expect(spec).toEqual({
      request: expect.any(String),
      signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
      usages: ['digital signature', 'client auth'],
    });
    const request = readRequest(Buffer.from(spec.request, 'base64'));
    expect(request.subject).toEqual(
      makeName({ organizations: ['system:nodes'], commonName: 'system:node:worker-1' }),
    );
    expect(request.keyType).toBe('ECDSA-P256');
    expect(request.extensions).toEqual([]);
    expect(verifyRequest(request)).toBe(true);
    expect(Buffer.from(request.spki)).toEqual(Buffer.from(key.spki));
    expect(readCertificates(certificate)).toHaveLength(1);
  });

  it('for serving names the host and its addresses', async () => {
    const { api, ask } = arrange();
    const wanted = wantedServing('worker-1', [
      { type: 'InternalIP', address: '192.0.2.9' },
      { type: 'InternalIP', address: '2001:DB8::0:1' },
      { type: 'ExternalDNS', address: 'worker-1.example.com' },
      { type: 'Hostname', address: 'worker-1' },
      { type: 'InternalIP', address: '192.0.2.9' },
    ]);
    expect(wanted).toBeDefined();
    await ask(wanted);
    const { spec } = api.request(api.requests[0] ?? '');
    expect(spec.signerName).toBe('kubernetes.io/kubelet-serving');
    expect(spec.usages).toEqual(['digital signature', 'server auth']);
    expect(readRequest(Buffer.from(spec.request, 'base64')).subjectAltNames).toMatchObject({
      dns: ['worker-1', 'worker-1.example.com'],
      ip: ['192.0.2.9', '2001:db8::1'],
    });
  });

  it('for serving is none without an IP address', () => {
    expect(wantedServing('worker-1', [{ type: 'Hostname', address: 'worker-1' }])).toBeUndefined();
    expect(wantedServing('192.0.2.1', [{ type: 'Hostname', address: '192.0.2.1' }])).toMatchObject({
      dns: [],
      ip: ['192.0.2.1'],
    });
  });

  it('has a new key each time', async () => {
    const { ask } = arrange();
    const [a, b] = [await ask(), await ask()];
    expect(Buffer.from(a.key.spki)).not.toEqual(Buffer.from(b.key.spki));
  });

  it('tells what happens, and reminds where nobody approves', async () => {
    const { clock, api, events, asked, pending } = arrangePending();
    const name = await pending();
    expect(events).toEqual([
      {
        type: 'csr-created',
        request: api.request(name).spec.request,
        kind: 'client',
        name,
        signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
      },
    ]);
    await clock.pass(2_000);
    expect(events.at(-1)).toEqual({ type: 'waiting', kind: 'client', name });
    api.setStatus(name, { conditions: [{ type: 'Approved', status: 'True' }] });
    await until('it is told', () => events.some(({ type }) => type === 'csr-approved'));
    api.sign(api.request(name));
    await asked;
    expect(events.map(({ type }) => type)).toEqual(['csr-created', 'waiting', 'csr-approved']);
    expect(clock.waits).toEqual([]);
  });
});

describe('the wait for a certificate', () => {
  it.each([
    ['Denied', 'was denied (No: not this one)'],
    ['Failed', 'has failed (No: not this one)'],
  ])('ends when the request is %s', async (type, words) => {
    const { api, asked, pending } = arrangePending();
    const name = await pending();
    const condition = { type, status: 'True', reason: 'No', message: 'not this one' };
    api.setStatus(name, { conditions: [condition] });
    await expect(asked).rejects.toMatchObject({
      code: 'API_REFUSED',
      message: `CertificateSigningRequest "${name}" ${words}`,
    });
  });

  it('ends when the request is deleted, also while nobody watches', async () => {
    const first = arrangePending();
    first.api.remove(csrPath(await first.pending()));
    await expect(first.asked).rejects.toThrow('was deleted');

    const second = arrangePending();
    const name = await second.pending();
    second.api.endWatches();
    second.api.objects.delete(csrPath(name));
    await second.clock.pass(1_000);
    await expect(second.asked).rejects.toThrow('was deleted');
  });

  it('ends when another request has its name', async () => {
    const { api, asked, pending } = arrangePending();
    const name = await pending();
    const request = api.request(name);
    api.put(csrPath(name), { ...request, metadata: { ...request.metadata, uid: 'other' } });
    await expect(asked).rejects.toThrow('another one has its name');
  });

  it('ends after a quarter of an hour, and says what is missing', async () => {
    const { clock, asked, pending } = arrangePending();
    const name = await pending();
    await clock.advance(15 * 60_000 - 1);
    await clock.advance(1);
    await expect(asked).rejects.toMatchObject({
      code: 'API_REFUSED',
      message: `CertificateSigningRequest "${name}" was not signed within 15 minutes`,
      hint: `approve it: kubectl certificate approve ${name}`,
    });
    expect(clock.waits).toEqual([]);
  });

  it('outlives watches that end, servers that do not answer, and versions that are gone', async () => {
    const { clock, api, asked, pending } = arrangePending();
    const name = await pending();
    api.endWatches();
    const problems = [unreachable(), StatusError.of('Expired', 'too old')];
    api.failure = ({ what }) => (/^(list|watch)/.test(what) ? problems.shift() : undefined);
    await clock.pass(1_000);
    await clock.pass(2_000);
    await clock.pass(4_000);
    await until('it is watched again', () => api.calls.at(-1)?.what.startsWith('watch'));
    api.sign(api.request(name));
    await expect(asked).resolves.toBeDefined();
    expect(api.requests).toEqual([name]);
  });

  it('ends with credentials that the server does not know any more', async () => {
    const { clock, api, asked, pending } = arrangePending();
    await pending();
    api.endWatches();
    api.failure = () => StatusError.of('Unauthorized', 'Unauthorized');
    await clock.pass(1_000);
    await expect(asked).rejects.toMatchObject({ code: 'API_REFUSED', message: 'Unauthorized' });
  });

  it('ends with the signal', async () => {
    const { clock, stop, asked, pending } = arrangePending();
    await pending();
    stop.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
    await settle();
    expect(clock.waits).toEqual([]);
  });

  it('is not misled by another request in the same watch', async () => {
    const { api, asked, pending } = arrangePending();
    const name = await pending();
    const other = api.request(name);
    api.put(csrPath('csr-other'), {
      ...other,
      metadata: { name: 'csr-other', uid: 'other' },
      status: { conditions: [{ type: 'Denied', status: 'True' }] },
    } as never);
    await settle();
    api.sign(api.request(name));
    await expect(asked).resolves.toBeDefined();
  });

  it('waits for both approval and certificate', async () => {
    const { api, asked, pending } = arrangePending();
    const name = await pending();
    api.setStatus(name, { certificate: Buffer.from('unapproved').toString('base64') });
    await settle();
    api.sign(api.request(name));
    await expect(asked).resolves.toBeDefined();
  });
});

describe('a certificate that is not the one asked for', () => {
  const stranger = makeAuthority(new Date(START));

  it.each<[string, (api: FakeApi) => void, string]>([
    [
      'of another key',
      (api) => {
        api.onRequest = ({ metadata: { name = '' } }) => {
          const der = stranger.issuer.issue(
            {
              subject: makeName({
                organizations: ['system:nodes'],
                commonName: 'system:node:worker-1',
              }),
              notBefore: new Date(START),
              notAfter: new Date('2027-01-01'),
              basicConstraints: { ca: false },
              keyUsage: ['digitalSignature'],
              extendedKeyUsage: ['clientAuth'],
            },
            generatePrivateKey('ECDSA-P256').spki,
          );
          api.answer(name, encodePem('CERTIFICATE', der));
        };
      },
      'of another key',
    ],
    [
      'of another name',
      (api) => {
        api.changeTemplate = (template) => ({
          ...template,
          subject: makeName({ organizations: ['system:nodes'], commonName: 'system:node:other' }),
        });
      },
      'its common name is "system:node:other"',
    ],
    [
      'without the group',
      (api) => {
        api.changeTemplate = (template) => ({
          ...template,
          subject: makeName({ commonName: 'system:node:worker-1' }),
        });
      },
      'lacks the organization "system:nodes"',
    ],
    [
      'for another use',
      (api) => {
        api.changeTemplate = (template) => ({ ...template, extendedKeyUsage: ['serverAuth'] });
      },
      'lacks the extended key usage clientAuth',
    ],
    [
      'that is a CA',
      (api) => {
        api.changeTemplate = (template) => ({
          ...template,
          basicConstraints: { ca: true },
          keyUsage: ['digitalSignature', 'keyCertSign'],
        });
      },
      'it is a CA',
    ],
    [
      'that has expired',
      (api) => {
        api.changeTemplate = (template) => ({
          ...template,
          notAfter: new Date('2026-03-01T09:59:59Z'),
        });
      },
      'it expired 2026-03-01T09:59:59.000Z',
    ],
    [
      'that is garbage',
      (api) => {
        api.onRequest = ({ metadata: { name = '' } }) => api.answer(name, '\u0000garbage');
      },
      'in the certificate issued, certificates: expected a PEM block',
    ],
    [
      'that is no DER',
      (api) => {
        api.onRequest = ({ metadata: { name = '' } }) =>
          api.answer(name, encodePem('CERTIFICATE', Buffer.from('3003020100', 'hex')));
      },
      'in the certificate issued',
    ],
  ])('%s is refused', async (_, arrangeApi, words) => {
    const { api, ask } = arrange();
    arrangeApi(api);
    await expect(ask()).rejects.toMatchObject({
      message: expect.stringContaining(words),
      hint: expect.stringContaining('signer'),
    });
  });

  it('for serving without an address is refused, with more than asked for is not', async () => {
    const wanted = wantedServing('w', [
      { type: 'InternalIP', address: '192.0.2.9' },
      { type: 'Hostname', address: 'w' },
    ]);
    const { api, ask } = arrange();
    api.changeTemplate = (template) => ({ ...template, subjectAltNames: { dns: ['w'] } });
    await expect(ask(wanted)).rejects.toThrow('lacks the IP address "192.0.2.9"');
    api.changeTemplate = (template) => ({
      ...template,
      subjectAltNames: { dns: ['w', 'x'], ip: ['192.0.2.9', '192.0.2.1'] },
    });
    await expect(ask(wanted)).resolves.toBeDefined();
  });
});
