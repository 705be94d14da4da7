/** Request-header authentication: whom a proxy in front speaks for, and who is no such proxy. */
import { describe, expect, it } from 'vitest';
import { createAuthenticator } from '../../../src/apiserver/authentication/index.ts';
import type { RequestHeaderOptions } from '../../../src/apiserver/authentication/request-header.ts';
import type { Headers } from '../../../src/kubernetes/index.ts';
import { authority, client, intermediate, NOW, request } from './credentials.ts';

const CA = authority(1);
const FRONT_PROXY_CA = authority(20);
const OTHER_CA = authority(21);
const PROXY = client(FRONT_PROXY_CA, { commonName: 'front-proxy-client' });
const ALICE = client(CA, { commonName: 'alice' });
const UNAUTHORIZED = { reason: 'Unauthorized' };
const TOKEN = 'a-token';

function server(
  changes: Partial<RequestHeaderOptions> = {},
  more: { anonymous?: boolean; now?: () => Date } = {},
) {
  const refusals: string[] = [];
  const authenticator = createAuthenticator({
    requestHeader: {
      ca: () => [FRONT_PROXY_CA.certificate],
      allowedNames: ['front-proxy-client'],
      usernameHeaders: ['X-Remote-User'],
      uidHeaders: ['X-Remote-Uid'],
      groupHeaders: ['X-Remote-Group'],
      extraHeadersPrefix: ['X-Remote-Extra-'],
      ...changes,
    },
    clientCa: () => [CA.certificate],
    tokenFile: () => new Map([[TOKEN, { name: 'tim', groups: [] }]]),
    anonymous: true,
    now: () => NOW,
    onRefusal: (reason) => refusals.push(reason),
    ...more,
  });
  return {
    refusals,
    who: (certificate: Uint8Array | undefined, headers: Headers, ...more: Uint8Array[]) =>
      authenticator.authenticate(
        request({ certificates: certificate === undefined ? [] : [certificate, ...more], headers }),
      ),
  };
}

const bob: Headers = { 'x-remote-user': 'bob' };

describe('the front proxy', () => {
  it('says who it is, with UID, groups and extra values', async () => {
    const user = await server().who(PROXY, {
      'x-remote-user': 'bob',
      'x-remote-uid': '7',
      'x-remote-group': ['dev', 'ops, night shift', ''],
      'x-remote-extra-scopes': ['view', ''],
      'x-remote-extra-example.com%2fkey': 'x',
      'x-remote-extra-%zz': 'y',
      'x-remote-extra-__proto__': 'z',
    });
    expect(user).toEqual({
      name: 'bob',
      uid: '7',
      groups: ['dev', 'ops, night shift', 'system:authenticated'],
      extra: Object.fromEntries([
        ['scopes', ['view', '']],
        ['example.com/key', ['x']],
        ['%zz', ['y']],
        ['__proto__', ['z']],
      ]),
    });
  });

  it('names a user alone', async () => {
    expect(await server().who(PROXY, bob)).toEqual({
      name: 'bob',
      groups: ['system:authenticated'],
    });
  });

  it('may speak for nobody, and for somebody unknown', async () => {
    const anonymous = {
      'x-remote-user': 'system:anonymous',
      'x-remote-group': 'system:unauthenticated',
    };
    expect(await server().who(PROXY, anonymous)).toEqual({
      name: 'system:anonymous',
      groups: ['system:unauthenticated'],
    });
  });

  it('comes before a certificate and a token', async () => {
    const both = client(CA, { commonName: 'front-proxy-client' });
    const { who } = server({ ca: () => [FRONT_PROXY_CA.certificate, CA.certificate] });
    const headers = { ...bob, authorization: `Bearer ${TOKEN}` };
    expect(await who(both, headers)).toMatchObject({ name: 'bob' });
    // Without headers it is whoever its certificate names.
    expect(await who(both, {})).toMatchObject({ name: 'front-proxy-client' });
  });

  it('may come with intermediates', async () => {
    const sub = intermediate(FRONT_PROXY_CA, 22, 'sub');
    const proxy = client(sub, { commonName: 'front-proxy-client' });
    expect(await server().who(proxy, bob, sub.certificate.der)).toMatchObject({ name: 'bob' });
    await expect(server().who(proxy, bob)).rejects.toMatchObject(UNAUTHORIZED);
  });

  it('has names in UTF-8, or is refused', async () => {
    const bytes = Buffer.from('Zoë', 'utf8').toString('latin1');
    expect(await server().who(PROXY, { 'x-remote-user': bytes })).toMatchObject({ name: 'Zoë' });
    for (const headers of [
      { 'x-remote-user': '\xff' },
      { ...bob, 'x-remote-group': '\xff' },
      { ...bob, 'x-remote-uid': '\xff' },
      { ...bob, 'x-remote-extra-a': '\xff' },
    ]) {
      await expect(server().who(PROXY, headers)).rejects.toMatchObject(UNAUTHORIZED);
    }
  });
});

describe('the names of headers', () => {
  it('are looked at in their order, in any case', async () => {
    const { who } = server({
      usernameHeaders: ['X-First', ' x-SECOND '],
      groupHeaders: ['x-a', 'X-B'],
      extraHeadersPrefix: ['X-One-', 'X-Two-'],
    });
    expect(
      await who(PROXY, {
        'x-first': '',
        'x-second': ['bob', 'eve'],
        'x-remote-user': 'eve',
        'x-b': 'b',
        'x-a': ['a1', 'a2'],
        'x-two-key': '2',
        'x-one-key': '1',
        'x-remote-group': 'system:masters',
      }),
    ).toEqual({
      name: 'bob',
      groups: ['a1', 'a2', 'b', 'system:authenticated'],
      extra: { key: ['1', '2'] },
    });
  });

  it('that nobody has set are none', async () => {
    const { who } = server({ uidHeaders: [], groupHeaders: [], extraHeadersPrefix: [] });
    const headers = {
      ...bob,
      'x-remote-uid': '7',
      'x-remote-group': 'system:masters',
      'x-remote-extra-a': 'b',
    };
    expect(await who(PROXY, headers)).toEqual({ name: 'bob', groups: ['system:authenticated'] });
  });
});

describe('headers of somebody else', () => {
  const forged: Headers = { 'x-remote-user': 'admin', 'x-remote-group': 'system:masters' };

  it('change nothing for who has a certificate, a token or nothing', async () => {
    const { who } = server();
    expect(await who(ALICE, forged)).toMatchObject({
      name: 'alice',
      groups: ['system:authenticated'],
    });
    expect(await who(undefined, { ...forged, authorization: `Bearer ${TOKEN}` })).toMatchObject({
      name: 'tim',
      groups: ['system:authenticated'],
    });
    expect(await who(undefined, forged)).toMatchObject({ name: 'system:anonymous' });
  });

  it.each<[string, Uint8Array, string]>([
    [
      'another name of the same CA',
      client(FRONT_PROXY_CA, { commonName: 'other' }),
      'is not an allowed one',
    ],
    [
      'a name that begins alike',
      client(FRONT_PROXY_CA, { commonName: 'front-proxy-client2' }),
      'is not an allowed one',
    ],
    [
      'no name',
      client(FRONT_PROXY_CA, { organizations: ['front-proxy-client'] }),
      'not an allowed',
    ],
    [
      'the right name of another CA',
      client(OTHER_CA, { commonName: 'front-proxy-client' }),
      'as a front proxy: the client certificate does not verify',
    ],
    [
      'a certificate for servers',
      client(
        FRONT_PROXY_CA,
        { commonName: 'front-proxy-client' },
        { extendedKeyUsage: ['serverAuth'] },
      ),
      'as a front proxy',
    ],
    [
      'a certificate that has expired',
      client(
        FRONT_PROXY_CA,
        { commonName: 'front-proxy-client' },
        { notAfter: new Date('2026-05-01T00:00:00Z') },
      ),
      'as a front proxy',
    ],
  ])('are refused of %s', async (_, certificate, reason) => {
    const { who, refusals } = server();
    await expect(who(certificate, forged)).rejects.toMatchObject(UNAUTHORIZED);
    expect(refusals.join('\n')).toContain(reason);
    // Its own token holds all the same.
    expect(await who(certificate, { ...forged, authorization: `Bearer ${TOKEN}` })).toMatchObject({
      name: 'tim',
    });
  });

  it('of whoever has the right name, but of the client CA, change nothing', async () => {
    const impostor = client(CA, { commonName: 'front-proxy-client' });
    expect(await server().who(impostor, forged)).toMatchObject({
      name: 'front-proxy-client',
      groups: ['system:authenticated'],
    });
  });
});

describe('a front proxy without a word', () => {
  it('is nobody: its certificate is none of a client', async () => {
    const { who } = server();
    for (const headers of [{}, { 'x-remote-user': '' }, { 'x-remote-group': 'system:masters' }]) {
      await expect(who(PROXY, headers)).rejects.toMatchObject(UNAUTHORIZED);
    }
    expect(await who(PROXY, { authorization: `Bearer ${TOKEN}` })).toMatchObject({ name: 'tim' });
  });
});

describe('where any name is allowed', () => {
  it('every certificate of the CA may speak for others', async () => {
    const { who } = server({ allowedNames: [] });
    const any = client(FRONT_PROXY_CA, { commonName: 'any' });
    expect(await who(any, bob)).toMatchObject({ name: 'bob' });
    expect(await who(client(FRONT_PROXY_CA, {}), bob)).toMatchObject({ name: 'bob' });
    expect(await who(ALICE, bob)).toMatchObject({ name: 'alice' });
  });
});

it('takes another CA as soon as it is there', async () => {
  let ca = [FRONT_PROXY_CA.certificate];
  const { who } = server({ ca: () => ca });
  const next = client(OTHER_CA, { commonName: 'front-proxy-client' });
  expect(await who(PROXY, bob)).toMatchObject({ name: 'bob' });
  await expect(who(next, bob)).rejects.toMatchObject(UNAUTHORIZED);
  ca = [OTHER_CA.certificate];
  expect(await who(next, bob)).toMatchObject({ name: 'bob' });
  await expect(who(PROXY, bob)).rejects.toMatchObject(UNAUTHORIZED);
});
