/** Client certificates: whom they stand for, and which are refused. */
import { describe, expect, it } from 'vitest';
import { createAuthenticator } from '../../../src/apiserver/authentication/index.ts';
import type { UserInfo } from '../../../src/kubernetes/index.ts';
import {
  type Certificate,
  type ExtendedKeyUsage,
  fingerprintHex,
  makeName,
} from '../../../src/x509/index.ts';
import { authority, client, intermediate, NOW, request } from './credentials.ts';

const CA = authority(1);
const OTHER_CA = authority(2, { subject: makeName({ commonName: 'other' }) });
/** The name of the right CA, and another key. */
const IMPOSTOR_CA = authority(3);

const UID = '1.3.6.1.4.1.57683.2';

interface Clock {
  now: Date;
}

function server(clock: Clock = { now: NOW }, roots: () => readonly Certificate[] = trustCa) {
  const refusals: string[] = [];
  const authenticator = createAuthenticator({
    clientCa: roots,
    anonymous: true,
    now: () => clock.now,
    onRefusal: (reason) => refusals.push(reason),
  });
  return {
    refusals,
    who: async (...certificates: readonly Uint8Array[]): Promise<UserInfo | undefined> =>
      authenticator.authenticate(request({ certificates })),
  };
}

const trusted = [CA.certificate];
const trustCa = (): readonly Certificate[] => trusted;

const UNAUTHORIZED = {
  status: {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'Unauthorized',
    reason: 'Unauthorized',
    code: 401,
  },
};

describe('a client certificate', () => {
  it('stands for its common name and organizations, and says which it is', async () => {
    const der = client(CA, { commonName: 'alice', organizations: ['dev', 'ops'] });
    expect(await server().who(der)).toEqual({
      name: 'alice',
      groups: ['dev', 'ops', 'system:authenticated'],
      extra: {
        'authentication.kubernetes.io/credential-id': [`X509SHA256=${fingerprintHex(der)}`],
      },
    });
  });

  it('is nobody without a common name', async () => {
    const der = client(CA, { organizations: ['system:masters'] });
    expect(await server().who(der)).toEqual({
      name: 'system:anonymous',
      groups: ['system:unauthenticated'],
    });
  });

  it('gets no more groups where its name or groups say that it is nobody', async () => {
    const groupsOf = async (name: string, ...organizations: string[]) =>
      (await server().who(client(CA, { commonName: name, organizations })))?.groups;
    expect(await groupsOf('system:anonymous', 'dev')).toEqual(['dev']);
    expect(await groupsOf('alice', 'system:unauthenticated')).toEqual(['system:unauthenticated']);
    expect(await groupsOf('alice', 'system:authenticated')).toEqual(['system:authenticated']);
  });

  it('may be named as a property of every object', async () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      const user = await server().who(client(CA, { commonName: name, organizations: [name] }));
      expect(user).toMatchObject({ name, groups: [name, 'system:authenticated'] });
    }
  });

  it('is refused if it is not for clients, and good with any purpose or without one', async () => {
    const withUsages = (...extendedKeyUsage: readonly ExtendedKeyUsage[]) =>
      client(CA, { commonName: 'alice' }, { extendedKeyUsage });
    await expect(server().who(withUsages('serverAuth'))).rejects.toMatchObject(UNAUTHORIZED);
    await expect(server().who(withUsages('codeSigning'))).rejects.toMatchObject(UNAUTHORIZED);
    expect(await server().who(withUsages())).toMatchObject({ name: 'alice' });
    expect(await server().who(withUsages('any'))).toMatchObject({ name: 'alice' });
  });

  it.each<[string, Uint8Array[]]>([
    ['of another CA', [client(OTHER_CA, { commonName: 'alice' })]],
    ['of a CA that has taken the name', [client(IMPOSTOR_CA, { commonName: 'alice' })]],
    [
      'of another CA that is sent along',
      [
        client(OTHER_CA, { commonName: 'admin', organizations: ['system:masters'] }),
        OTHER_CA.certificate.der,
      ],
    ],
    [
      'of an intermediate of another CA',
      [
        client(intermediate(OTHER_CA, 4, 'kubernetes-sub'), { commonName: 'alice' }),
        intermediate(OTHER_CA, 4, 'kubernetes-sub').certificate.der,
      ],
    ],
    [
      'that is the CA’s, with another certificate before it',
      [client(OTHER_CA, { commonName: 'alice' }), client(CA, { commonName: 'alice' })],
    ],
    [
      'that has expired',
      [client(CA, { commonName: 'alice' }, { notAfter: new Date('2026-05-31T23:59:59Z') })],
    ],
    [
      'that is not valid yet',
      [client(CA, { commonName: 'alice' }, { notBefore: new Date('2026-06-01T00:00:01Z') })],
    ],
    ['that is cut short', [client(CA, { commonName: 'alice' }).subarray(0, -1)]],
    ['that is nothing', [new Uint8Array()]],
    [
      'with something unreadable behind it',
      [client(CA, { commonName: 'alice' }), new Uint8Array(9)],
    ],
    [
      'that comes with too many',
      Array.from({ length: 21 }, () => client(CA, { commonName: 'alice' })),
    ],
  ])('is refused if it is one %s', async (_, certificates) => {
    const { who, refusals } = server();
    await expect(who(...certificates)).rejects.toMatchObject(UNAUTHORIZED);
    expect(refusals).toHaveLength(1);
  });

  it('may come with the intermediates that lead to the CA', async () => {
    const sub = intermediate(CA, 5, 'sub');
    const der = client(sub, { commonName: 'alice' });
    const { who } = server();
    expect(await who(der, sub.certificate.der)).toMatchObject({ name: 'alice' });
    // What was verified with them is not taken for verified without.
    await expect(who(der)).rejects.toMatchObject(UNAUTHORIZED);
  });

  it('has a UID in an attribute of its subject', async () => {
    const named = (...uids: string[]) =>
      client(
        CA,
        {},
        {
          subject: [
            ...makeName({ commonName: 'alice' }),
            ...uids.map((value) => [{ type: UID, value }]),
          ],
        },
      );
    expect(await server().who(named('1234'))).toMatchObject({ name: 'alice', uid: '1234' });
    await expect(server().who(named('1', '2'))).rejects.toMatchObject(UNAUTHORIZED);
    await expect(server().who(named(''))).rejects.toMatchObject(UNAUTHORIZED);
  });

  it('is not looked at where there is no client CA', async () => {
    const { who } = server({ now: NOW }, () => []);
    expect(await who(client(OTHER_CA, { commonName: 'alice' }))).toMatchObject({
      name: 'system:anonymous',
    });
  });
});

describe('what is remembered of a certificate', () => {
  it('ends with its validity, to the second, and with that of its CA', async () => {
    const clock = { now: NOW };
    const { who } = server(clock);
    const der = client(CA, { commonName: 'alice' }, { notAfter: new Date('2026-06-02T00:00:00Z') });
    expect(await who(der)).toMatchObject({ name: 'alice' });
    clock.now = new Date('2026-06-02T00:00:00Z');
    expect(await who(der)).toMatchObject({ name: 'alice' });
    clock.now = new Date('2026-06-02T00:00:01Z');
    await expect(who(der)).rejects.toMatchObject(UNAUTHORIZED);
    // The clock may be set back, too.
    clock.now = new Date('2025-12-31T00:00:00Z');
    await expect(who(der)).rejects.toMatchObject(UNAUTHORIZED);

    const long = client(CA, { commonName: 'bob' }, { notAfter: new Date('2036-01-01T00:00:00Z') });
    clock.now = NOW;
    expect(await who(long)).toMatchObject({ name: 'bob' });
    clock.now = new Date('2027-01-01T00:00:01Z');
    await expect(who(long)).rejects.toMatchObject(UNAUTHORIZED);
  });

  it('ends when the CA bundle changes', async () => {
    let bundle: readonly Certificate[] = [CA.certificate, OTHER_CA.certificate];
    const { who } = server({ now: NOW }, () => bundle);
    const ours = client(CA, { commonName: 'alice' });
    const theirs = client(OTHER_CA, { commonName: 'bob' });
    expect(await who(ours)).toMatchObject({ name: 'alice' });
    expect(await who(theirs)).toMatchObject({ name: 'bob' });
    bundle = [CA.certificate];
    await expect(who(theirs)).rejects.toMatchObject(UNAUTHORIZED);
    expect(await who(ours)).toMatchObject({ name: 'alice' });
    bundle = [OTHER_CA.certificate];
    expect(await who(theirs)).toMatchObject({ name: 'bob' });
    await expect(who(ours)).rejects.toMatchObject(UNAUTHORIZED);
  });

  it('is a refusal for a second only', async () => {
    const clock = { now: new Date('2026-05-31T23:59:59Z') };
    const { who } = server(clock);
    const der = client(CA, { commonName: 'alice' }, { notBefore: NOW });
    await expect(who(der)).rejects.toMatchObject(UNAUTHORIZED);
    clock.now = NOW;
    expect(await who(der)).toMatchObject({ name: 'alice' });
  });

  it('verifies once for all requests of a connection', async () => {
    let asked = 0;
    const certificates = [client(CA, { commonName: 'alice' })];
    const authenticator = createAuthenticator({
      clientCa: trustCa,
      anonymous: false,
      now: () => NOW,
    });
    const users = new Set<UserInfo | undefined>();
    for (; asked < 1000; asked++)
      users.add(await authenticator.authenticate(request({ certificates })));
    expect(users.size).toBe(1);
  });
});
