/** Credentials together: which one counts, and that a wrong one is never taken for none. */
import { describe, expect, it } from 'vitest';
import { bearerToken } from '../../../src/apiserver/authentication/bearer.ts';
import { createAuthenticator } from '../../../src/apiserver/authentication/index.ts';
import type { Secret } from '../../../src/kubernetes/index.ts';
import { encodeBootstrapTokenSecret, readTokenFile } from '../../../src/tokens/index.ts';
import { makeName } from '../../../src/x509/index.ts';
import { authority, client, NOW, request } from './credentials.ts';

const CA = authority(1);
const OTHER_CA = authority(2, { subject: makeName({ commonName: 'other' }) });
const GOOD_CERTIFICATE = [client(CA, { commonName: 'alice' })];
const BAD_CERTIFICATE = [client(OTHER_CA, { commonName: 'alice' })];

const BOOTSTRAP = 'abcdef.0123456789abcdef';
const FILE = readTokenFile(
  'filetoken,bob,7,"dev"\nschlüssel,carol,8\nanon,system:anonymous,9\n__proto__,dave,10\n',
  'token.csv',
).users;

function secret(id = 'abcdef'): Secret {
  return encodeBootstrapTokenSecret({
    id,
    secret: '0123456789abcdef',
    expiration: new Date('2026-06-01T00:01:00Z'),
    usages: ['authentication'],
    groups: ['system:bootstrappers:kubeadm:default-node-token'],
  });
}

function server(options: { readonly anonymous?: boolean; readonly tokens?: boolean } = {}) {
  const { anonymous = true, tokens = true } = options;
  const state = {
    now: NOW,
    secrets: new Map([['bootstrap-token-abcdef', secret()]]),
    lookups: 0,
    broken: false,
    refusals: [] as string[],
  };
  const roots = [CA.certificate];
  const authenticator = createAuthenticator({
    clientCa: () => roots,
    anonymous,
    now: () => state.now,
    onRefusal: (reason) => state.refusals.push(reason),
    ...(tokens
      ? {
          tokenFile: () => FILE,
          bootstrapSecret: async (name: string) => {
            state.lookups++;
            if (state.broken) throw new Error('the storage is gone');
            return state.secrets.get(name);
          },
        }
      : {}),
  });
  const who = async (credentials?: Parameters<typeof request>[0]): Promise<string> => {
    try {
      return (await authenticator.authenticate(request(credentials)))?.name ?? 'undefined';
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
  return Object.assign(state, { authenticator, who });
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('a header that is nothing but spaces', () => {
  // A regular expression that began anew at each space took 17 s, beyond the time that a test has.
  it('is looked at once', () => {
    expect(bearerToken({ authorization: `Bearer${' '.repeat(120_000)}x` })).toBeUndefined();
  });
});

describe('the credentials of a request', () => {
  it.each([
    ['nothing', {}, 'system:anonymous'],
    ['a token of the file', bearer('filetoken'), 'bob'],
    ['a bootstrap token', bearer(BOOTSTRAP), 'system:bootstrap:abcdef'],
    ['a certificate', { certificates: GOOD_CERTIFICATE }, 'alice'],
    ['both', { certificates: GOOD_CERTIFICATE, ...bearer('filetoken') }, 'alice'],
    [
      'a good certificate and a wrong token',
      { certificates: GOOD_CERTIFICATE, ...bearer('x') },
      'alice',
    ],
    [
      'a wrong certificate and a good token',
      { certificates: BAD_CERTIFICATE, ...bearer('filetoken') },
      'bob',
    ],
    ['a wrong certificate', { certificates: BAD_CERTIFICATE }, 'Unauthorized'],
    ['a wrong token', bearer('x'), 'Unauthorized'],
    ['both wrong', { certificates: BAD_CERTIFICATE, ...bearer('x') }, 'Unauthorized'],
    [
      'a wrong certificate and basic',
      { certificates: BAD_CERTIFICATE, authorization: 'Basic YTpi' },
      'Unauthorized',
    ],
    ['basic', { authorization: 'Basic YTpi' }, 'system:anonymous'],
    [
      'headers of a proxy',
      { headers: { 'x-remote-user': 'admin', 'x-remote-group': 'system:masters' } },
      'system:anonymous',
    ],
    [
      'impersonation without more',
      { headers: { 'impersonate-user': 'admin' } },
      'system:anonymous',
    ],
    [
      'a user of the same process',
      { user: { name: 'loopback', groups: [] }, ...bearer('x') },
      'loopback',
    ],
  ])('with %s', async (_, credentials, expected) => {
    expect(await server().who(credentials)).toBe(expected);
  });

  it('are needed where anonymous requests are not let through', async () => {
    const { who } = server({ anonymous: false });
    expect(await who()).toBe('Unauthorized');
    expect(await who({ authorization: 'Bearer ' })).toBe('Unauthorized');
    expect(await who(bearer('filetoken'))).toBe('bob');
  });

  it('are no tokens where no tokens are known', async () => {
    const { who } = server({ tokens: false });
    expect(await who(bearer('filetoken'))).toBe('system:anonymous');
  });

  it('do not stand in what is reported of refusals', async () => {
    const { who, refusals } = server();
    for (const token of ['hush-hush', 'abcdef.hush567890123456', 'hushed.0123456789abcdef']) {
      await who(bearer(token));
    }
    expect(refusals).toHaveLength(3);
    expect(refusals.join('\n')).not.toMatch(/hush-|hush5|0123456789/);
  });
});

describe('the Authorization header', () => {
  it.each([
    ['bearer filetoken', 'bob'],
    ['BEARER filetoken', 'bob'],
    ['  Bearer filetoken\t', 'bob'],
    ['Bearer filetoken and more', 'bob'],
    // A space too many: upstream takes it for no token at all, and warns.
    ['Bearer  filetoken', 'system:anonymous'],
    ['Bearer\tfiletoken', 'system:anonymous'],
    ['Bearer', 'system:anonymous'],
    ['Bearerfiletoken', 'system:anonymous'],
    ['Bearer filetoken,', 'Unauthorized'],
    ['Bearer \tfiletoken', 'Unauthorized'],
    ['Bearer "filetoken"', 'Unauthorized'],
    ['Bearer FILETOKEN', 'Unauthorized'],
    ['Bearer filetoke', 'Unauthorized'],
    ['Bearer filetokenn', 'Unauthorized'],
    ['Bearer filetoken\u00a0', 'Unauthorized'],
    ['Bearer __proto__', 'dave'],
    ['Bearer constructor', 'Unauthorized'],
    [`Bearer ${'x'.repeat(1_000_000)}`, 'Unauthorized'],
  ])('%j', async (authorization, expected) => {
    expect(await server().who({ authorization: authorization.slice(0, 1_000_100) })).toBe(expected);
  });

  it('counts once: the first of several', async () => {
    const { who } = server();
    expect(await who({ authorization: ['Bearer filetoken', 'Bearer x'] })).toBe('bob');
    expect(await who({ authorization: ['Bearer x', 'Bearer filetoken'] })).toBe('Unauthorized');
    expect(await who({ authorization: ['', 'Bearer filetoken'] })).toBe('system:anonymous');
    expect(await who({ authorization: [] })).toBe('system:anonymous');
  });

  it('carries the bytes of a token that is not ASCII', async () => {
    const { who } = server();
    expect(await who(bearer(Buffer.from('schlüssel').toString('latin1')))).toBe('carol');
    expect(await who(bearer('schlüssel'))).toBe('Unauthorized');
    // No character of a header is above 255: cutting them off would make `filetoken` of this one.
    expect(await who(bearer('\u0166iletoken'))).toBe('Unauthorized');
  });
});

describe('a user of a token', () => {
  it('has the groups of the file and that of everybody', async () => {
    const { authenticator } = server();
    expect(await authenticator.authenticate(request(bearer('filetoken')))).toEqual({
      name: 'bob',
      uid: '7',
      groups: ['dev', 'system:authenticated'],
    });
    expect(await authenticator.authenticate(request(bearer('anon')))).toEqual({
      name: 'system:anonymous',
      uid: '9',
      groups: [],
    });
  });

  it('of a bootstrap token has its groups', async () => {
    const { authenticator } = server();
    expect(await authenticator.authenticate(request(bearer(BOOTSTRAP)))).toEqual({
      name: 'system:bootstrap:abcdef',
      groups: [
        'system:bootstrappers',
        'system:bootstrappers:kubeadm:default-node-token',
        'system:authenticated',
      ],
    });
  });

  it('of a bootstrap token is refused with every character that differs', async () => {
    const { who } = server();
    for (let i = 0; i < BOOTSTRAP.length; i++) {
      const other = BOOTSTRAP[i] === 'x' ? 'y' : 'x';
      expect(await who(bearer(BOOTSTRAP.slice(0, i) + other + BOOTSTRAP.slice(i + 1)))).toBe(
        'Unauthorized',
      );
    }
  });

  it('of a bootstrap token that cannot be looked up is refused', async () => {
    const state = server();
    state.broken = true;
    expect(await state.who(bearer(BOOTSTRAP))).toBe('Unauthorized');
    state.broken = false;
    expect(await state.who(bearer(BOOTSTRAP))).toBe('system:bootstrap:abcdef');
  });

  it('of a bootstrap token is looked up each time: a deleted one is refused at once', async () => {
    const state = server();
    expect(await state.who(bearer(BOOTSTRAP))).toBe('system:bootstrap:abcdef');
    state.secrets.clear();
    expect(await state.who(bearer(BOOTSTRAP))).toBe('Unauthorized');
    state.secrets.set('bootstrap-token-abcdef', secret());
    expect(await state.who(bearer(BOOTSTRAP))).toBe('system:bootstrap:abcdef');
    expect(state.lookups).toBe(3);
    state.now = new Date('2026-06-01T00:00:59Z');
    expect(await state.who(bearer(BOOTSTRAP))).toBe('system:bootstrap:abcdef');
    state.now = new Date('2026-06-01T00:01:00Z');
    expect(await state.who(bearer(BOOTSTRAP))).toBe('Unauthorized');
  });

  it('takes no memory for tokens that are wrong', async () => {
    const state = server();
    for (let i = 0; i < 1000; i++) {
      await state.who(bearer(`${String(i).padStart(6, 'a')}.0123456789abcdef`));
    }
    expect(state.lookups).toBe(1000);
  });
});
