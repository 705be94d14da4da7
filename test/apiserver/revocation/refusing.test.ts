/** A credential that is revoked, over real connections: refused from the next request on, whatever is tried. */
import { describe, expect, it } from 'vitest';
import { CREDENTIAL_ID, certificateCredentialId } from '../../../src/kubernetes/index.ts';
import { encodePem, fingerprintHex } from '../../../src/x509/index.ts';
import { type Pair, pair } from '../../http/material.ts';
import { CA } from '../front/server.ts';
import {
  FRONT_CA,
  REVOCATIONS,
  type Reply,
  revocation,
  SECRETS,
  type Served,
  served,
  twinOf,
  watch,
} from './served.ts';

const thief = (): Pair => pair(CA, { commonName: 'eve', organizations: ['system:masters'] });
const admin = pair(CA, { commonName: 'admin', organizations: ['system:masters'] });
const TOKEN = 'abcdef.0123456789abcdef';
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

const isRefused = ({ status, body }: Reply): void => {
  expect(status).toBe(401);
  const { reason, message } = JSON.parse(body);
  // Nothing that a thief could learn from.
  expect({ reason, message }).toEqual({ reason: 'Unauthorized', message: 'Unauthorized' });
};

describe('a certificate that is revoked', () => {
  it('is refused on the connection that stands, with HTTP/1.1 and HTTP/2', async () => {
    const server = await served();
    const eve = thief();
    const [one, two] = [server.http1(eve), server.http2(eve)];
    expect((await one.ask(SECRETS)).status).toBe(200);
    expect((await two.ask(SECRETS)).status).toBe(200);
    await server.revoke({ certificate: encodePem('CERTIFICATE', eve.der) });
    isRefused(await one.ask(SECRETS));
    isRefused(await two.ask(SECRETS));
    expect(one.connections()).toBe(1);
    // Nor does it become nobody where anybody may look.
    isRefused(await two.ask('/version'));
    expect((await server.http2(pair(CA, { commonName: 'eve' })).ask('/version')).status).toBe(200);
    expect(server.log.join('\n')).toContain('the credential is revoked (Revocation "r-');
  });

  it('is refused on a new connection, by its fingerprint alone too', async () => {
    const server = await served();
    const eve = thief();
    await server.revoke({ fingerprint: fingerprintHex(eve.der) });
    isRefused(await server.http2(eve).ask(SECRETS));
    isRefused(await server.http1(eve).ask(SECRETS));
  });

  it('is refused when it is written anew with the other signature of ECDSA', async () => {
    const server = await served();
    const eve = thief();
    const forged = { ...eve, certificate: encodePem('CERTIFICATE', twinOf(eve.der)) };
    expect((await server.http2(forged).ask(SECRETS)).status).toBe(200);
    await server.revoke({ fingerprint: fingerprintHex(eve.der) });
    isRefused(await server.http2(forged).ask(SECRETS));
  });

  it('is refused whatever else is shown with it', async () => {
    const server = await served();
    const eve = thief();
    await server.revoke({ fingerprint: fingerprintHex(eve.der) });
    // The static token of test/apiserver/front/server.ts is a good one.
    isRefused(await server.http2(eve).ask(SECRETS, { headers: bearer('07401b.f395accd246ae52d') }));
    isRefused(await server.http2(eve).ask(SECRETS, { headers: { 'x-remote-user': 'admin' } }));
    isRefused(await server.http2(eve).ask(SECRETS, { headers: { 'impersonate-user': 'admin' } }));
  });

  it('does not keep its holder out with another one, which revoking the user does', async () => {
    const server = await served();
    const eve = thief();
    await server.revoke({ fingerprint: fingerprintHex(eve.der) });
    const again = thief();
    expect((await server.http2(again).ask(SECRETS)).status).toBe(200);
    await server.revoke({ user: 'eve' });
    isRefused(await server.http2(again).ask(SECRETS));
    isRefused(await server.http2(thief()).ask(SECRETS));
    expect((await server.http2(admin).ask(SECRETS)).status).toBe(200);
    expect(
      (
        await server
          .http2(pair(CA, { commonName: 'Eve', organizations: ['system:masters'] }))
          .ask(SECRETS)
      ).status,
    ).toBe(200);
  });

  it('is let in again when the revocation is deleted', async () => {
    const server = await served();
    const eve = thief();
    await server.revoke({ user: 'eve' }, 'mistake');
    isRefused(await server.http2(eve).ask(SECRETS));
    const path = `${REVOCATIONS}/mistake`;
    isRefused(await server.http2(eve).ask(path, { method: 'DELETE' }));
    expect((await server.http2(admin).ask(path, { method: 'DELETE' })).status).toBe(200);
    expect((await server.http2(eve).ask(SECRETS)).status).toBe(200);
  });

  it('is not revoked by a dry run, by a body that is invalid, or without the right to', async () => {
    const server = await served();
    const eve = thief();
    const bob = pair(CA, { commonName: 'bob' });
    const body = revocation({ user: 'eve', reason: 'x' });
    const post = { method: 'POST', body };
    expect((await server.http2(admin).ask(`${REVOCATIONS}?dryRun=All`, post)).status).toBe(201);
    expect((await server.http2(bob).ask(REVOCATIONS, post)).status).toBe(403);
    const invalid = { method: 'POST', body: revocation({ user: 'eve' }) };
    expect((await server.http2(admin).ask(REVOCATIONS, invalid)).status).toBe(422);
    expect((await server.http2(eve).ask(SECRETS)).status).toBe(200);
  });
});

describe('a token that is revoked', () => {
  const SECRET = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
    type: 'bootstrap.kubernetes.io/token',
    stringData: {
      'token-id': 'abcdef',
      'token-secret': '0123456789abcdef',
      'usage-bootstrap-authentication': 'true',
    },
  };
  const CSRS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
  const REVIEWS = '/apis/authentication.k8s.io/v1/tokenreviews';

  it('is refused by its id, also where it is a static one of that form', async () => {
    const server = await served();
    expect(
      (await server.ask('POST', '/api/v1/namespaces/kube-system/secrets', { body: SECRET })).status,
    ).toBe(201);
    const nobody = server.http2();
    const STATIC = '07401b.f395accd246ae52d';
    const whoami = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    for (const token of [TOKEN, STATIC]) {
      const asked = { method: 'POST', headers: bearer(token), body: {} };
      expect((await nobody.ask(whoami, asked)).status, token).toBe(201);
      await server.revoke({ tokenId: token.slice(0, 6) });
      isRefused(await nobody.ask(whoami, asked));
    }
    isRefused(await nobody.ask(CSRS, { headers: bearer(TOKEN) }));
  });

  it('stands for nobody in a TokenReview, nor does one of a user who is revoked', async () => {
    const server = await served();
    await server.ask('POST', '/api/v1/namespaces/kube-system/secrets', { body: SECRET });
    const review = async (token: string) =>
      (await server.ask('POST', REVIEWS, { body: { spec: { token } } })).json.status;
    expect((await review(TOKEN)).authenticated).toBe(true);
    await server.revoke({ tokenId: 'abcdef' });
    expect(await review(TOKEN)).toEqual({ user: {}, error: 'invalid bearer token' });
    expect((await review('07401b.f395accd246ae52d')).authenticated).toBe(true);
    await server.revoke({ user: 'boot' });
    expect((await review('07401b.f395accd246ae52d')).authenticated).toBeUndefined();
  });
});

describe('a front proxy', () => {
  const proxy = pair(FRONT_CA, { commonName: 'front-proxy-client' });
  const as = (user: string, more: Readonly<Record<string, string>> = {}) => ({
    headers: { 'x-remote-user': user, 'x-remote-group': 'system:masters', ...more },
  });

  it('gets no revoked user through, though its own certificate is good', async () => {
    const server = await served();
    const client = server.http2(proxy);
    expect((await client.ask(SECRETS, as('eve'))).status).toBe(200);
    await server.revoke({ user: 'eve' });
    isRefused(await client.ask(SECRETS, as('eve')));
    expect((await client.ask(SECRETS, as('alice'))).status).toBe(200);
  });

  it('gets no revoked credential through that it tells of', async () => {
    const server = await served();
    const client = server.http2(proxy);
    const id = `X509SHA256=${fingerprintHex(thief().der)}`;
    const header = `x-remote-extra-${encodeURIComponent(CREDENTIAL_ID).toLowerCase()}`;
    expect((await client.ask(SECRETS, as('eve', { [header]: id }))).status).toBe(200);
    await server.revoke({ credentialId: id });
    isRefused(await client.ask(SECRETS, as('eve', { [header]: id })));
    expect((await client.ask(SECRETS, as('eve'))).status).toBe(200);
  });

  it('speaks for nobody when its own certificate is revoked', async () => {
    const server = await served();
    const client = server.http2(proxy);
    await server.revoke({ fingerprint: fingerprintHex(proxy.der) });
    isRefused(await client.ask(SECRETS, as('alice')));
    isRefused(await client.ask('/version'));
    isRefused(await client.ask(SECRETS, { headers: bearer('07401b.f395accd246ae52d') }));
  });
});

describe('acting as somebody who is revoked', () => {
  it('is forbidden, and says why to whoever may act so', async () => {
    const server = await served();
    const client = server.http2(admin);
    const asEve = { headers: { 'impersonate-user': 'eve', 'impersonate-group': 'system:masters' } };
    expect((await client.ask(SECRETS, asEve)).status).toBe(200);
    await server.revoke({ user: 'eve' }, 'stolen-laptop');
    const { status, body } = await client.ask(SECRETS, asEve);
    expect(status).toBe(403);
    expect(JSON.parse(body).message).toBe(
      'users "eve" is forbidden: the user is revoked (Revocation "stolen-laptop")',
    );
    // Who may not act as others is told nothing of it.
    const bob = await server.http2(pair(CA, { commonName: 'bob' })).ask(SECRETS, asEve);
    expect(bob.status).toBe(403);
    expect(bob.body).not.toContain('revoked');
  });

  it('does not hide who acts', async () => {
    const server = await served();
    const eve = thief();
    await server.revoke({ user: 'eve' });
    isRefused(await server.http2(eve).ask(SECRETS, { headers: { 'impersonate-user': 'alice' } }));
  });
});

/** What a kubelet is told that has verified a certificate itself. */
async function review(server: Served, user: string, extra: object) {
  const { json } = await server.ask('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    body: {
      spec: {
        user,
        groups: ['system:masters'],
        extra,
        resourceAttributes: { verb: 'get', resource: 'nodes', subresource: 'proxy' },
      },
    },
  });
  return json.status;
}

describe('what others ask about who is revoked', () => {
  it('is denied, so that kubelets and extension servers refuse them too', async () => {
    const server = await served();
    const eve = thief();
    const id = `X509SHA256=${fingerprintHex(eve.der)}`;
    const ask = (user: string, extra: object = {}) => review(server, user, extra);
    expect((await ask('eve', { [CREDENTIAL_ID]: [id] })).allowed).toBe(true);
    await server.revoke({ credentialId: id }, 'laptop');
    expect(await ask('eve', { [CREDENTIAL_ID]: [id] })).toEqual({
      allowed: false,
      denied: true,
      reason: 'the credential is revoked (Revocation "laptop")',
    });
    expect((await ask('eve')).allowed).toBe(true);
    await server.revoke({ user: 'eve' }, 'eve');
    expect((await ask('eve')).denied).toBe(true);
    expect((await ask('alice')).allowed).toBe(true);
  });

  it('is denied by a certificate that was given whole, written anew with the other signature', async () => {
    const server = await served();
    const eve = thief();
    const twin = { [CREDENTIAL_ID]: [certificateCredentialId(twinOf(eve.der))] };
    expect((await review(server, 'eve', twin)).allowed).toBe(true);
    await server.revoke({ certificate: encodePem('CERTIFICATE', eve.der) }, 'laptop');
    expect((await review(server, 'eve', twin)).denied).toBe(true);
    // As a front proxy of its own tells it, too.
    const proxy = server.http2(pair(FRONT_CA, { commonName: 'front-proxy-client' }));
    const headers = {
      'x-remote-user': 'eve',
      [`x-remote-extra-${encodeURIComponent(CREDENTIAL_ID)}`]: twin[CREDENTIAL_ID]?.join() ?? '',
    };
    isRefused(await proxy.ask(SECRETS, { headers }));
    await server.ask('DELETE', `${REVOCATIONS}/laptop`);
    expect((await review(server, 'eve', twin)).allowed).toBe(true);
  });
});

describe('what is under way', () => {
  it('ends: watches of the revoked within 100 ms, cleanly, and nobody else', async () => {
    const server = await served();
    const eve = thief();
    const proxy = pair(FRONT_CA, { commonName: 'front-proxy-client' });
    const sessions = [server.http2(eve), server.http2(proxy), server.http2(admin)] as const;
    const theirs = await Promise.all([
      watch(sessions[0].session, SECRETS),
      watch(sessions[0].session, '/api/v1/nodes'),
      watch(sessions[1].session, SECRETS, {
        'x-remote-user': 'eve',
        'x-remote-group': 'system:masters',
      }),
      watch(sessions[2].session, SECRETS, {
        'impersonate-user': 'eve',
        'impersonate-group': 'system:masters',
      }),
    ]);
    const other = await watch(sessions[2].session, SECRETS);
    const before = performance.now();
    await server.revoke({ user: 'eve' });
    const ends = await Promise.all(theirs.map(({ ended }) => ended));
    for (const { at, clean } of ends) {
      expect(clean).toBe(true);
      expect(at - before).toBeLessThan(100);
    }
    await server.ask('POST', SECRETS, {
      body: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'after' } },
    });
    await expect.poll(() => other.lines.some((line) => line.includes('"after"'))).toBe(true);
    expect(await Promise.race([other.ended, Promise.resolve('goes on')])).toBe('goes on');
    expect(theirs.flatMap(({ lines }) => lines).join('')).not.toContain('"after"');
    const { text } = await server.ask('GET', '/metrics');
    expect(text).toContain('kubepki_revoked_watches_total 4');
    expect(text).toContain('kubepki_revocations 1');
  });

  it('ends: watches made with a certificate that is revoked', async () => {
    const server = await served();
    const eve = thief();
    const { session } = server.http2(eve);
    const { ended } = await watch(session, SECRETS);
    await server.revoke({ fingerprint: fingerprintHex(eve.der) });
    expect((await ended).clean).toBe(true);
  });

  it('writes nothing that has sent the rest of its body after the revocation', async () => {
    const stages: unknown[] = [];
    const audit = {
      write: (event: object) => stages.push(event),
      counts: { events: 0, lost: 0 },
      reopen: async () => undefined,
      close: async () => undefined,
    };
    const server = await served({ audit });
    const eve = thief();
    const { session } = server.http2(eve);
    const body = JSON.stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'late' },
    });
    const stream = session.request({ ':method': 'POST', ':path': SECRETS });
    stream.write(body.slice(0, 10));
    // It has been let in, and waits.
    await expect
      .poll(() => stages)
      .toContainEqual(
        expect.objectContaining({
          stage: 'RequestReceived',
          user: expect.objectContaining({ username: 'eve' }),
        }),
      );
    await server.revoke({ user: 'eve' }, 'laptop');
    const status = new Promise<unknown>((resolve) => {
      stream.on('response', (head) => resolve(head[':status']));
    });
    stream.end(body.slice(10));
    expect(await status).toBe(401);
    expect((await server.ask('GET', `${SECRETS}/late`)).status).toBe(404);
    expect(stages).toContainEqual(
      expect.objectContaining({
        stage: 'ResponseComplete',
        responseStatus: expect.objectContaining({ code: 401 }),
        annotations: {
          'authorization.k8s.io/decision': 'allow',
          'authorization.k8s.io/reason': '',
          'kubepki.dev/revocation': 'laptop',
        },
      }),
    );
  });
});

describe('whoever revokes', () => {
  const own: readonly [string, object][] = [
    ['their user', { user: 'admin' }],
    ['their certificate', { certificate: encodePem('CERTIFICATE', admin.der) }],
    ['its fingerprint', { fingerprint: fingerprintHex(admin.der) }],
    ['its id', { credentialId: `X509SHA256=${fingerprintHex(admin.der)}` }],
  ];
  it.each(own)('does not shut themselves out: %s', async (_, spec) => {
    const server = await served();
    const client = server.http2(admin);
    const body = revocation({ ...spec, reason: 'oops' });
    for (const headers of [
      {},
      { 'impersonate-user': 'alice', 'impersonate-group': 'system:masters' },
    ]) {
      const reply = await client.ask(REVOCATIONS, { method: 'POST', body, headers });
      expect(reply.status).toBe(403);
      expect(JSON.parse(reply.body).message).toContain(
        'it would revoke the credential, or the user',
      );
    }
    expect((await client.ask(SECRETS)).status).toBe(200);
    expect((await server.ask('GET', REVOCATIONS)).json.items).toEqual([]);
  });

  it('does not shut out their front proxy', async () => {
    const server = await served();
    const proxy = pair(FRONT_CA, { commonName: 'front-proxy-client' });
    const reply = await server.http2(proxy).ask(REVOCATIONS, {
      method: 'POST',
      body: revocation({ fingerprint: fingerprintHex(proxy.der), reason: 'oops' }),
      headers: { 'x-remote-user': 'alice', 'x-remote-group': 'system:masters' },
    });
    expect(reply.status).toBe(403);
  });

  it('cannot take the server from itself', async () => {
    const server = await served();
    for (const user of ['system:apiserver', 'system:anonymous']) {
      const body = revocation({ user, reason: 'x' });
      expect((await server.ask('POST', REVOCATIONS, { body })).status).toBe(422);
    }
  });
});
