/** Revocations as a resource: what may be written, what the server adds, and how kubectl sees them. */
import { describe, expect, it } from 'vitest';
import { encodeMessage } from '../../../src/kubernetes/index.ts';
import { encodePem, fingerprintHex } from '../../../src/x509/index.ts';
import { pair } from '../../http/material.ts';
import { ADMIN, apiServer, CA, type Tested } from '../front/server.ts';
import { REVOCATIONS, revocation } from './served.ts';

const eve = pair(CA, { commonName: 'eve', organizations: ['system:masters'] });
const PEM = encodePem('CERTIFICATE', eve.der);
const HEX = fingerprintHex(eve.der);

const create = (tested: Tested, spec: object, name = 'r') =>
  tested.ask('POST', REVOCATIONS, { body: revocation(spec, name) });

describe('what the server adds', () => {
  it('is who and when, and what the certificate says, whatever the body claims', async () => {
    const tested = await apiServer();
    const { status, json } = await tested.ask('POST', REVOCATIONS, {
      body: {
        ...revocation({ certificate: PEM, reason: 'laptop stolen' }),
        status: { revokedBy: { username: 'somebody-else' }, revokedAt: '2001-01-01T00:00:00Z' },
      },
      user: { ...ADMIN, uid: '42' },
    });
    expect(status).toBe(201);
    const { revokedAt, ...rest } = json.status;
    expect(Math.abs(Date.parse(revokedAt) - Date.now())).toBeLessThan(60_000);
    expect(rest).toEqual({
      revokedBy: { username: 'admin', uid: '42', groups: ADMIN.groups },
      credentialId: `X509SHA256=${HEX}`,
      certificate: {
        subject: expect.stringContaining('eve'),
        issuer: 'CN=kubernetes',
        serialNumber: expect.stringMatching(/^[0-9a-f]+$/),
        notAfter: '2099-01-01T00:00:00Z',
      },
    });
    expect(json.spec).toEqual({ certificate: PEM, reason: 'laptop stolen' });
    expect(json.metadata.generation).toBe(1);
  });

  it('stays as it is, as the specification does', async () => {
    const tested = await apiServer();
    const { json } = await create(tested, { user: 'eve', reason: 'x' });
    const path = `${REVOCATIONS}/r`;
    const put = (changes: object) => tested.ask('PUT', path, { body: { ...json, ...changes } });
    const other = await put({ spec: { ...json.spec, user: 'bob' } });
    expect(other.status).toBe(422);
    expect(other.json.message).toContain('field is immutable');
    expect((await put({ spec: { ...json.spec, reason: 'y' } })).status).toBe(422);
    const patch = (body: object) =>
      tested.ask('PATCH', path, {
        body,
        headers: { 'content-type': 'application/merge-patch+json' },
      });
    expect((await patch({ spec: { user: null, tokenId: 'abcdef' } })).status).toBe(422);
    const labelled = await patch({
      metadata: { labels: { a: 'b' } },
      status: { revokedBy: { username: 'nobody' } },
    });
    expect(labelled.status).toBe(200);
    expect(labelled.json.status).toEqual(json.status);
    expect(labelled.json.metadata.labels).toEqual({ a: 'b' });
    expect((await tested.ask('PUT', `${path}/status`, { body: json })).status).toBe(404);
  });

  it('is not there without a revocation: PUT and PATCH make none', async () => {
    const tested = await apiServer();
    const body = revocation({ user: 'eve', reason: 'x' });
    expect((await tested.ask('PUT', `${REVOCATIONS}/r`, { body })).status).toBe(404);
  });
});

describe('server-side apply', () => {
  it('revokes as a create does, and no more its own credential', async () => {
    const tested = await apiServer();
    const apply = (name: string, user: string) =>
      tested.ask('PATCH', `${REVOCATIONS}/${name}?fieldManager=kubectl`, {
        body: revocation({ user, reason: 'x' }, name),
        headers: { 'content-type': 'application/apply-patch+yaml' },
      });
    const made = await apply('r', 'eve');
    expect(made.status).toBe(201);
    expect(made.json.status.revokedBy.username).toBe('admin');
    expect((await apply('r', 'eve')).status).toBe(200);
    expect((await apply('r', 'bob')).status).toBe(422);
    expect((await apply('own', 'admin')).status).toBe(403);
  });
});

describe('what is refused', () => {
  const CA_PEM = CA.pem;
  const KEY = eve.key;
  it.each<[string, object, string]>([
    ['nothing to revoke', { reason: 'x' }, 'spec: Required value: one of certificate'],
    ['two things', { user: 'eve', tokenId: 'abcdef', reason: 'x' }, 'got tokenId and user'],
    ['no reason', { user: 'eve' }, 'spec.reason: Required value'],
    ['a reason of spaces', { user: 'eve', reason: '  ' }, 'spec.reason: Required value'],
    ['a reason with control characters', { user: 'eve', reason: 'a\u001b[2Jb' }, 'one line'],
    ['a reason of two lines', { user: 'eve', reason: 'a\nb' }, 'one line'],
    ['a reason without end', { user: 'eve', reason: 'a'.repeat(1025) }, 'more than 1024 bytes'],
    ['a fingerprint with colons', { fingerprint: 'AB:CD', reason: 'x' }, 'hexadecimal'],
    ['one in upper case', { fingerprint: HEX.toUpperCase(), reason: 'x' }, 'lower-case'],
    ['a whole token', { tokenId: 'abcdef.0123456789abcdef', reason: 'x' }, 'never the token'],
    ['an id without a value', { credentialId: 'JTI=', reason: 'x' }, 'a name and a value'],
    ['an id that never is', { credentialId: `X509SHA256=${HEX.toUpperCase()}`, reason: 'x' }, '64'],
    ['what is no certificate', { certificate: 'x', reason: 'x' }, 'one certificate in PEM'],
    ['a certificate and a key', { certificate: PEM + KEY, reason: 'x' }, 'one certificate in PEM'],
    ['two certificates', { certificate: PEM + PEM, reason: 'x' }, 'one certificate in PEM'],
    ['a key', { certificate: KEY, reason: 'x' }, 'one certificate in PEM'],
    ['a CA', { certificate: CA_PEM, reason: 'x' }, 'the CA has to be replaced'],
    [
      'a CA with spaces',
      { certificate: `\n${CA_PEM}\n`, reason: 'x' },
      'the CA has to be replaced',
    ],
    ['a user without end', { user: 'e'.repeat(1025), reason: 'x' }, 'more than 1024 bytes'],
    ['half a character', { user: 'e\ud800', reason: 'x' }, 'must be Unicode'],
  ])('%s', async (_, spec, text) => {
    const tested = await apiServer();
    const { status, json, text: body } = await create(tested, spec);
    expect(status).toBe(422);
    expect(json.message).toContain(text);
    // Neither a key nor a token is shown.
    expect(body).not.toContain('PRIVATE');
    expect(body).not.toContain('0123456789abcdef');
  });

  it('an owner, whose end would end the revocation', async () => {
    const tested = await apiServer();
    const owner = { apiVersion: 'v1', kind: 'Secret', name: 'a', uid: '1' };
    const metadata = { name: 'r', ownerReferences: [owner] };
    const body = { ...revocation({ user: 'eve', reason: 'x' }), metadata };
    const made = await tested.ask('POST', REVOCATIONS, { body });
    expect([made.status, made.json.message]).toEqual([
      422,
      expect.stringContaining('ownerReferences'),
    ]);
    await create(tested, { user: 'eve', reason: 'x' });
    const patched = await tested.ask('PATCH', `${REVOCATIONS}/r`, {
      body: { metadata: { ownerReferences: [owner] } },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    expect(patched.status).toBe(422);
  });

  it('a field that there is not, `__proto__` among them', async () => {
    const tested = await apiServer();
    const body = `{"apiVersion":"kubepki.dev/v1","kind":"Revocation","metadata":{"name":"r"},
      "spec":{"__proto__":{"user":"bob"},"group":"g","user":"eve","reason":"x"}}`;
    const strict = await tested.ask('POST', `${REVOCATIONS}?fieldValidation=Strict`, { body });
    expect(strict.status).toBe(400);
    const loose = await tested.ask('POST', REVOCATIONS, { body });
    expect(loose.json.spec).toEqual({ user: 'eve', reason: 'x' });
  });
});

describe('who may', () => {
  it('is who may everything, and nobody by the default roles', async () => {
    const tested = await apiServer();
    const may = async (groups: string[], user: string) => {
      const { json } = await tested.ask(
        'POST',
        '/apis/authorization.k8s.io/v1/subjectaccessreviews',
        {
          body: {
            spec: {
              user,
              groups,
              resourceAttributes: { verb: 'create', group: 'kubepki.dev', resource: 'revocations' },
            },
          },
        },
      );
      return json.status.allowed;
    };
    expect(await may(['system:masters'], 'admin')).toBe(true);
    expect(await may(['system:authenticated'], 'bob')).toBe(false);
    expect(await may(['system:nodes', 'system:authenticated'], 'system:node:a')).toBe(false);
    for (const role of ['edit', 'admin', 'view']) {
      const { json } = await tested.ask(
        'GET',
        `/apis/rbac.authorization.k8s.io/v1/clusterroles/${role}`,
      );
      expect(JSON.stringify(json)).not.toContain('kubepki.dev');
    }
  });
});

describe('what kubectl sees', () => {
  it('is a row that says what, by whom and why', async () => {
    const tested = await apiServer();
    await create(tested, { certificate: PEM, reason: 'laptop stolen' }, 'a');
    await create(tested, { fingerprint: HEX, reason: 'laptop stolen' }, 'b');
    await create(tested, { tokenId: 'abcdef', reason: 'in a chat' }, 'c');
    await create(tested, { user: 'eve', reason: 'has left' }, 'd');
    const { json } = await tested.ask('GET', REVOCATIONS, {
      headers: { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' },
    });
    const names = json.columnDefinitions.map(({ name }: { name: string }) => name);
    expect(names).toEqual(['Name', 'Revoked', 'By', 'Reason', 'Age', 'Credential', 'Expires']);
    expect(json.rows.map(({ cells }: { cells: string[] }) => cells.slice(0, 4))).toEqual([
      ['a', expect.stringMatching(/^certificate .*CN=eve/), 'admin', 'laptop stolen'],
      ['b', `credential X509SHA256=${HEX.slice(0, 16)}…`, 'admin', 'laptop stolen'],
      ['c', 'token abcdef', 'admin', 'in a chat'],
      ['d', 'user eve', 'admin', 'has left'],
    ]);
  });

  it('is a resource like others: discovery, OpenAPI, YAML, selectors', async () => {
    const tested = await apiServer();
    const list = await tested.ask('GET', '/apis/kubepki.dev/v1');
    expect(list.json.resources).toMatchObject([
      { name: 'nodebindings', singularName: 'nodebinding', kind: 'NodeBinding', namespaced: false },
      { name: 'revocations', singularName: 'revocation', kind: 'Revocation', namespaced: false },
    ]);
    const api = await tested.ask('GET', '/openapi/v3/apis/kubepki.dev/v1');
    const { description, properties } =
      api.json.components.schemas['dev.kubepki.v1.RevocationSpec'];
    expect(description).toContain('exactly one of');
    for (const [name, field] of Object.entries<{ description?: string }>(properties)) {
      expect(field.description, name).toBeTruthy();
    }
    const yaml =
      'apiVersion: kubepki.dev/v1\nkind: Revocation\nmetadata: {generateName: x-}\nspec: {user: eve, reason: y}\n';
    const made = await tested.ask('POST', REVOCATIONS, {
      body: yaml,
      headers: { 'content-type': 'application/yaml', accept: 'application/yaml' },
    });
    expect(made.status).toBe(201);
    expect(made.text).toContain('username: admin');
    const selected = await tested.ask('GET', `${REVOCATIONS}?fieldSelector=spec.user%3Deve`);
    expect(selected.json.items).toHaveLength(1);
  });

  it('has no protobuf, as a custom resource of upstream', async () => {
    const tested = await apiServer();
    await create(tested, { user: 'eve', reason: 'x' });
    const PROTOBUF = 'application/vnd.kubernetes.protobuf';
    const accept = { accept: PROTOBUF };
    for (const path of [REVOCATIONS, `${REVOCATIONS}/r`, `${REVOCATIONS}?watch=1`]) {
      expect((await tested.ask('GET', path, { headers: accept })).status, path).toBe(406);
    }
    const body = revocation({ user: 'bob', reason: 'x' }, 'other');
    const post = await tested.ask('POST', REVOCATIONS, { body, headers: accept });
    expect(post.status).toBe(406);
    // And has written nothing.
    expect((await tested.ask('GET', `${REVOCATIONS}/other`)).status).toBe(404);
    const sent = await tested.ask('POST', REVOCATIONS, {
      body: 'k8s\0 and so on',
      headers: { 'content-type': PROTOBUF },
    });
    expect(sent.status).toBe(400);
    // What a garbage collector asks for.
    const metadata = await tested.ask('GET', REVOCATIONS, {
      headers: { accept: `${PROTOBUF};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1` },
    });
    expect(metadata.status).toBe(200);
    expect((await tested.ask('DELETE', `${REVOCATIONS}/r`, { headers: accept })).status).toBe(200);
    expect(() => encodeMessage('dev.kubepki.v1.Revocation', {})).toThrow(RangeError);
  });
});
