/** A copied kubelet-client-current.pem, used from another host: over real connections, from loopback addresses. */
import { describe, expect, it } from 'vitest';
import {
  encodePem,
  parseCertificate,
  readCertificates,
  signatureTwins,
  signatureVerifies,
} from '../../../src/x509/index.ts';
import { type Pair, pair } from '../../http/material.ts';
import { CA } from '../front/server.ts';
import { FRONT_CA, type Reply, watch } from '../revocation/served.ts';
import { BINDINGS, binding, handMade } from './nodes.ts';

const HOME = '127.0.0.5';
const AWAY = '127.0.0.9';
const SELF = '/api/v1/nodes/worker-1';
const PODS = '/api/v1/pods';

const isRefused = ({ status, body }: Reply, seen = AWAY): void => {
  expect(status).toBe(403);
  expect(JSON.parse(body)).toMatchObject({
    kind: 'Status',
    reason: 'Forbidden',
    details: { name: 'worker-1', kind: 'nodes' },
    message: `nodes "worker-1" is forbidden: its credential is not accepted from ${seen}`,
  });
  // Where it would be good is nothing that a thief should learn.
  expect(body).not.toContain(HOME);
};

/** The same certificate with the other signature that ECDSA has for it. */
function twinOf({ certificate, key }: Pair): Pair {
  const [leaf] = readCertificates(certificate);
  const twin = signatureTwins(leaf.der).find((der) =>
    signatureVerifies(parseCertificate(der), CA.certificate),
  );
  if (twin === undefined) throw new Error('expected a twin');
  return { certificate: encodePem('CERTIFICATE', twin), key, der: twin };
}

describe('the certificate of a node that came with a token', () => {
  it('is good from where it was asked for, and from nowhere else', async () => {
    const server = await binding();
    const node = await server.join('worker-1', HOME);
    await server.node('worker-1');
    const home = server.http2(node, HOME);
    expect((await home.ask(SELF)).status).toBe(200);
    isRefused(await server.http2(node, AWAY).ask(SELF));
    isRefused(await server.http1(node, AWAY).ask(SELF));
    // Nor for what everybody may see.
    isRefused(await server.http1(node, AWAY).ask('/version'));
    isRefused(await server.http1(node, '127.0.0.1').ask(SELF), '127.0.0.1');
    expect((await home.ask(SELF)).status).toBe(200);
    expect(await server.bindings()).toMatchObject([
      {
        spec: { node: 'worker-1', addresses: [HOME] },
        status: {
          boundBy: 'Request',
          credentialId: expect.stringMatching(/^X509SHA256=[0-9a-f]{64}$/),
          notAfter: expect.stringMatching(/^\d{4}-.*Z$/),
        },
      },
    ]);
  });

  it('is told of: in the audit log, the log and the metrics', async () => {
    const server = await binding();
    const node = await server.join('worker-1', HOME);
    isRefused(await server.http2(node, AWAY).ask(SELF));
    const [bound] = await server.bindings();
    const name = bound?.metadata.name ?? '';
    expect(server.log).toContain(
      `node credentials: that of "worker-1" came from ${AWAY} and is bound to ${HOME} (NodeBinding ${name}): refused`,
    );
    const { text } = await server.ask('GET', '/metrics');
    expect(text).toMatch(/^kubepki_node_bindings 1$/m);
    expect(text).toMatch(/^kubepki_node_requests_elsewhere_total 1$/m);
    expect(text).toMatch(/^kubepki_node_bindings_at_first_use_total 0$/m);
    const refused = (await server.audited()).filter(
      ({ responseStatus }) => responseStatus?.code === 403,
    );
    expect(refused).toMatchObject([
      {
        stage: 'ResponseComplete',
        user: { username: 'system:node:worker-1' },
        sourceIPs: [AWAY],
        annotations: { 'kubepki.dev/bound-addresses': HOME },
      },
    ]);
  });

  it.each(['X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'True-Client-IP'])(
    'is not good from elsewhere for a header %s',
    async (header) => {
      const server = await binding();
      const node = await server.join('worker-1', HOME);
      const value = header === 'Forwarded' ? `for=${HOME}` : HOME;
      const headers = { [header.toLowerCase()]: value };
      isRefused(await server.http2(node, AWAY).ask(SELF, { headers }));
      isRefused(await server.http1(node, AWAY).ask(SELF, { headers }));
    },
  );

  it('is not good from elsewhere when it is written anew with the other signature of ECDSA', async () => {
    const server = await binding();
    const node = await server.join('worker-1', HOME);
    isRefused(await server.http2(twinOf(node), AWAY).ask(SELF));
    expect((await server.http2(twinOf(node), HOME).ask('/version')).status).toBe(200);
    expect(await server.bindings()).toHaveLength(1);
  });

  it('does not come in as somebody else, whatever else it shows', async () => {
    const server = await binding();
    const node = await server.join('worker-1', HOME);
    const away = server.http2(node, AWAY);
    isRefused(
      await away.ask(SELF, { headers: { authorization: 'Bearer joiner.0123456789abcdef' } }),
    );
    isRefused(await away.ask(SELF, { headers: { 'impersonate-user': 'system:node:worker-1' } }));
    isRefused(await away.ask(SELF, { headers: { 'x-remote-user': 'admin' } }));
  });

  it('gets no other certificate from elsewhere', async () => {
    const server = await binding();
    const node = await server.join('worker-1', HOME);
    const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
    isRefused(await server.http2(node, AWAY).ask(path, { method: 'POST', body: {} }));
  });

  it('is refused as one that is revoked, where it is both', async () => {
    const server = await binding();
    const node = await server.join('worker-1', HOME);
    await server.revoke({ user: 'system:node:worker-1' });
    expect((await server.http2(node, AWAY).ask(SELF)).status).toBe(401);
    expect((await server.http2(node, HOME).ask(SELF)).status).toBe(401);
  });

  it('opens no watch from elsewhere, and ends one when it is bound elsewhere', async () => {
    const server = await binding();
    const node = await server.join('worker-1', HOME);
    await server.node('worker-1');
    await expect(watch(server.http2(node, AWAY).session, '/api/v1/services')).rejects.toThrow(
      'refused with 403',
    );
    const home = server.http2(node, HOME);
    const watching = await watch(home.session, '/api/v1/services');
    const [bound] = await server.bindings();
    const name = bound?.metadata.name ?? '';
    const moved = await server.ask('PATCH', `${BINDINGS}/${name}`, {
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { spec: { addresses: [`${AWAY}/32`] } },
    });
    expect(moved.status).toBe(200);
    await watching.ended;
    expect((await home.ask(SELF)).status).toBe(403);
    expect((await server.http2(node, AWAY).ask(SELF)).status).toBe(200);
    expect((await server.ask('GET', '/metrics')).text).toMatch(
      /^kubepki_node_watches_elsewhere_total 1$/m,
    );
  });
});

describe('others', () => {
  it('come from everywhere: people, and what has a node’s name without its group', async () => {
    const server = await binding();
    const admin = pair(CA, { commonName: 'admin', organizations: ['system:masters'] });
    const odd = handMade('worker-1', 'system:masters');
    for (const address of [HOME, AWAY]) {
      expect((await server.http2(admin, address).ask(PODS)).status).toBe(200);
      expect((await server.http2(odd, address).ask(PODS)).status).toBe(200);
    }
    expect(await server.bindings()).toEqual([]);
  });

  it('act as a node from everywhere, where they may', async () => {
    const server = await binding();
    await server.join('worker-1', HOME);
    await server.node('worker-1');
    const admin = pair(CA, { commonName: 'admin', organizations: ['system:masters'] });
    const headers = {
      'impersonate-user': 'system:node:worker-1',
      'impersonate-group': 'system:nodes',
    };
    expect((await server.http2(admin, AWAY).ask(SELF, { headers })).status).toBe(200);
    const proxy = server.http2(pair(FRONT_CA, { commonName: 'front-proxy-client' }), AWAY);
    const proxied = { 'x-remote-user': 'system:node:worker-1', 'x-remote-group': 'system:nodes' };
    expect((await proxy.ask(SELF, { headers: proxied })).status).toBe(200);
  });

  it('are not looked at by a server that binds nothing', async () => {
    const server = await binding({ bindNodes: undefined });
    const node = await server.join('worker-1', HOME);
    expect((await server.http2(node, AWAY).ask('/version')).status).toBe(200);
    expect(await server.bindings()).toEqual([]);
    expect((await server.ask('GET', '/metrics')).text).not.toContain('kubepki_node_bindings');
  });
});
