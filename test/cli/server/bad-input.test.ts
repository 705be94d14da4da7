/** What nobody should send, over real connections: the right refusal, nothing written, and the server goes on. */
import { describe, expect, it } from 'vitest';
import { createAuthority, type Pem } from '../../client/tls-server.ts';
import { admin, connect, running } from './running.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const ALL = '/api/v1/configmaps';
const JSON_TYPE = { ':method': 'POST', 'content-type': 'application/json' };
const base64url = (value: object): string =>
  Buffer.from(JSON.stringify(value)).toString('base64url');

async function arranged() {
  const server = await running(
    (path) => ({ tokenAuthFile: path('tokens.csv'), enableBootstrapTokenAuth: true }),
    ({ replace }) => replace('tokens.csv', 'good-token,ann,1,system:masters\n'),
  );
  const { port, authority } = server;
  const { ask } = connect(port, authority.ca, admin(authority));
  return { ...server, ask };
}

describe('a credential that is none', () => {
  it.each([
    ['truncated', 'good-toke'],
    ['too long by one', 'good-token1'],
    ['a bootstrap token that nobody made', 'abcdef.0123456789abcdef'],
    ['half a bootstrap token', 'abcdef.0123'],
    [
      'a JWT that nobody signed',
      `${base64url({ alg: 'none' })}.${base64url({ sub: 'system:serviceaccount:kube-system:admin' })}.`,
    ],
  ])('a token that is %s is refused', async (_, token) => {
    const { port, authority } = await arranged();
    const { ask } = connect(port, authority.ca);
    const headers = { authorization: `Bearer ${token}` };
    expect(await ask('/api/v1/secrets', headers)).toMatchObject({
      status: 401,
      text: expect.stringContaining('"reason":"Unauthorized"'),
    });
  });

  it('a certificate of another CA, expired, or not for clients is refused', async () => {
    const { port, authority } = await arranged();
    const hour = 3_600_000;
    const wrong: Pem[] = [
      admin(createAuthority('ca')),
      authority.issue('admin', {
        notBefore: new Date(Date.now() - 2 * hour),
        notAfter: new Date(Date.now() - hour),
      }),
      authority.issue('admin', { extendedKeyUsage: ['serverAuth'] }),
    ];
    for (const credential of wrong) {
      const { ask } = connect(port, authority.ca, credential);
      expect((await ask('/api/v1/secrets')).status).toBe(401);
    }
  });

  it('headers as if from the front proxy are not looked at', async () => {
    const { port, authority } = await arranged();
    const { ask } = connect(port, authority.ca, authority.issue('eve'));
    const forged = { 'x-remote-user': 'admin', 'x-remote-group': 'system:masters' };
    const { status, text } = await ask('/api/v1/secrets', forged);
    expect([status, JSON.parse(text).message]).toEqual([
      403,
      expect.stringContaining('User "eve" cannot list'),
    ]);
  });
});

describe('a body that is none', () => {
  const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
  const varint = Buffer.of(0x6b, 0x38, 0x73, 0x00, 0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f);

  it.each<[string, string, Buffer | string, number]>([
    [
      'of another kind',
      'application/json',
      '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"x"}}',
      400,
    ],
    ['nested very deeply', 'application/json', `{"metadata":{"name":"x"},"data":${deep}}`, 400],
    ['torn', 'application/json', '{"metadata":{"name":"x"', 400],
    ['a name that walks', 'application/json', '{"metadata":{"name":"../../secrets/x"}}', 422],
    ['protobuf that lies about its length', 'application/vnd.kubernetes.protobuf', varint, 400],
    ['a form that nobody knows', 'text/plain', 'x', 415],
    ['too large', 'application/json', `{"data":"${'x'.repeat(3 * 1024 * 1024)}"}`, 413],
  ])('%s is refused, and nothing is written', async (_, type, body, expected) => {
    const { ask, port, authority } = await arranged();
    const before = (await ask(ALL)).text;
    const { session } = connect(port, authority.ca, admin(authority));
    const status = await new Promise((resolve, reject) => {
      const stream = session.request({ ':path': MAPS, ...JSON_TYPE, 'content-type': type });
      stream.on('response', (headers) => resolve(headers[':status'])).on('error', reject);
      stream.resume();
      stream.end(body);
    });
    expect(status).toBe(expected);
    expect(JSON.parse((await ask(ALL)).text).items).toEqual(JSON.parse(before).items);
  });

  it('`__proto__` does nothing', async () => {
    const { ask } = await arranged();
    const made = await ask(
      MAPS,
      {},
      JSON.parse(
        '{"metadata":{"name":"p","__proto__":{"labels":{"x":"y"}}},"data":{"__proto__":"z"}}',
      ),
    );
    expect(made.status).toBe(201);
    expect(JSON.parse(made.text).metadata.labels).toBeUndefined();
    expect(Object.prototype).not.toHaveProperty('labels');
  });
});

describe('a watch', () => {
  it('on the future is told that it is', async () => {
    const { ask } = await arranged();
    const { text } = await ask(
      `${MAPS}?watch=1&resourceVersion=999999999&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
    );
    expect(text).toContain('Too large resource version');
  });
});
