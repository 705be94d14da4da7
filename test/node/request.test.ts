import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KubepkiError } from '../../src/errors.ts';
import { StatusError } from '../../src/kubernetes/index.ts';
import { DISK } from '../../src/node/disk.ts';
import type { NodeEvent } from '../../src/node/index.ts';
import { PendingFile } from '../../src/node/pending.ts';
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
import { temporaryDirectory } from '../temporary.ts';
import { csrPath, FakeApi, makeAuthority, unreachable } from './fake-api.ts';
import { ManualClock, settle, until } from './manual-clock.ts';

const START = '2026-03-01T10:00:00Z';
const WANTED = wantedClient('worker-1');

interface Asking {
  readonly wanted?: ReturnType<typeof wantedClient> | undefined;
  readonly requester?: string;
  readonly signal?: AbortSignal;
}

function arrange(disk = DISK) {
  const clock = new ManualClock(START);
  const api = new FakeApi(() => clock.now());
  const events: NodeEvent[] = [];
  const stop = new AbortController();
  const client = api.connect({ server: 'https://api.test:6443', token: 'bootstrap' });
  const directory = temporaryDirectory();
  const left = new PendingFile({ directory, prefix: 'kubelet-client', disk });
  const ask = async ({
    wanted = WANTED,
    requester = 'token-1',
    signal = stop.signal,
  }: Asking = {}): Promise<IssuedCertificate> =>
    requestCertificate(wanted, {
      client: () => client,
      requester,
      pending: left,
      clock,
      signal,
      onEvent: (event) => events.push(event),
    });
  return { clock, api, events, stop, ask, left, directory };
}

/** The key that a request is for. */
const keyOf = (api: FakeApi, name: string): Buffer =>
  Buffer.from(readRequest(Buffer.from(api.request(name).spec.request, 'base64')).spki);

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
    await ask({ wanted });
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
    const { ask, left } = arrange();
    const a = await ask();
    left.remove();
    const b = await ask();
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
    await expect(ask({ wanted })).rejects.toThrow('lacks the IP address "192.0.2.9"');
    api.changeTemplate = (template) => ({
      ...template,
      subjectAltNames: { dns: ['w', 'x'], ip: ['192.0.2.9', '192.0.2.1'] },
    });
    await expect(ask({ wanted })).resolves.toBeDefined();
  });
});

describe('a request that is under way', () => {
  const FILE = 'kubelet-client-pending.pem';

  it('lies with its key in a file of the node alone, until it has ended', async () => {
    const { api, asked, pending, directory, left } = arrangePending();
    const name = await pending();
    const file = join(directory, FILE);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const text = readFileSync(file, 'utf8');
    expect(text).toMatch(/^CertificateSigningRequest csr-[0-9a-f]{10} of token-1\n/);
    expect(Buffer.from(api.request(name).spec.request, 'base64').toString()).toBe(
      left.read()?.request,
    );
    api.setStatus(name, { conditions: [{ type: 'Denied', status: 'True' }] });
    await expect(asked).rejects.toMatchObject({ hint: expect.stringContaining('ask who decides') });
    expect(existsSync(file)).toBe(false);
  });

  it('is waited for by the next one that asks, with its key', async () => {
    const { api, stop, asked, pending, ask, events } = arrangePending();
    const name = await pending();
    const key = keyOf(api, name);
    // As after a kill: nothing is tidied up.
    stop.abort(new Error('killed'));
    await expect(asked).rejects.toThrow('killed');
    const again = ask({ signal: new AbortController().signal });
    await until('it is found', () => events.some(({ type }) => type === 'csr-resumed'));
    api.sign(api.request(name));
    expect(Buffer.from((await again).key.spki)).toEqual(key);
    expect(api.requests).toEqual([name]);
  });

  it('is given to whoever comes after it was signed', async () => {
    const { api, stop, asked, pending, ask } = arrangePending();
    const name = await pending();
    stop.abort(new Error('killed'));
    await expect(asked).rejects.toThrow('killed');
    api.sign(api.request(name));
    const calls = api.calls.length;
    await ask({ signal: new AbortController().signal });
    expect(api.calls.slice(calls).map(({ what }) => what.split(' ')[0])).toEqual(['list']);
  });

  it('is waited for on and on where nobody signs, and not asked for again', async () => {
    const { clock, api, asked, pending, ask } = arrangePending();
    const name = await pending();
    await clock.advance(15 * 60_000);
    await expect(asked).rejects.toThrow('was not signed within 15 minutes');
    for (let i = 0; i < 4; i++) {
      const again = ask();
      again.catch(() => undefined);
      await settle();
      await clock.advance(15 * 60_000);
      await expect(again).rejects.toThrow('was not signed within 15 minutes');
    }
    expect(api.requests).toEqual([name]);
  });

  it.each<[string, (all: ReturnType<typeof arrangePending>, name: string) => Asking]>([
    ['as somebody else', () => ({ requester: 'token-2' })],
    ['for something else', () => ({ wanted: wantedClient('worker-2') })],
    [
      'and may not read it',
      ({ api }) => {
        api.failure = ({ what }) =>
          what.startsWith('list') ? StatusError.of('Forbidden', 'not yours') : undefined;
        return {};
      },
    ],
    ['and it is gone', ({ api }, name) => (api.remove(csrPath(name)), {})],
    [
      'and another one has its name',
      ({ api }, name) => {
        const { spec } = api.request(name);
        const request = Buffer.from('of somebody else').toString('base64');
        api.put(csrPath(name), { ...api.request(name), spec: { ...spec, request } } as never);
        return {};
      },
    ],
    [
      'and its file cannot be read',
      ({ directory }) => (writeFileSync(join(directory, FILE), 'CertificateSigningRequest'), {}),
    ],
  ])('is not waited for when one asks %s', async (_, prepare) => {
    const all = arrangePending();
    const name = await all.pending();
    all.stop.abort(new Error('killed'));
    await expect(all.asked).rejects.toThrow('killed');
    all.api.onRequest = (csr) => all.api.sign(csr);
    const before = all.left.read();
    const how = prepare(all, name);
    const { key } = await all.ask({ ...how, signal: new AbortController().signal });
    expect(before && Buffer.from(before.key.spki).equals(key.spki)).toBe(false);
  });

  it('is forgotten where the server has refused it, and not where there was no answer', async () => {
    const { api, ask, left } = arrange();
    api.failure = () => StatusError.of('Forbidden', 'no');
    await expect(ask()).rejects.toThrow('no');
    expect(left.read()).toBeUndefined();
    for (const failure of [unreachable(), StatusError.of('InternalError', 'what?')]) {
      api.failure = ({ what }) => (what.startsWith('create') ? failure : undefined);
      await expect(ask()).rejects.toThrow(failure.message);
      expect(left.read()).toBeDefined();
    }
  });

  it('is not made where its key cannot be written', async () => {
    const full = new KubepkiError('FILE_SYSTEM', 'no space left on the disk');
    const { api, ask } = arrange({
      ...DISK,
      note: () => {
        throw full;
      },
    });
    await expect(ask()).rejects.toBe(full);
    expect(api.calls).toEqual([]);
  });
});
