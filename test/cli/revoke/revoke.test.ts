/** `kubepki revoke`: what its flags and files mean, what it says, and what a server without revocations is told of. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { carryOut, type RevokeFlags, wishOf } from '../../../src/cli/revoke/run.ts';
import { subjectOf } from '../../../src/cli/revoke/subject.ts';
import type { Cluster } from '../../../src/cli/token/cluster.ts';
import { createClient, loopbackTransport, type Transport } from '../../../src/client/index.ts';
import { StatusError } from '../../../src/kubernetes/index.ts';
import { encodePem, fingerprint, fingerprintHex } from '../../../src/x509/index.ts';
import { ADMIN, apiServer, CA } from '../../apiserver/front/server.ts';
import { REVOCATIONS } from '../../apiserver/revocation/served.ts';
import { pair } from '../../http/material.ts';
import { kubepki } from '../../spawn.ts';
import { temporaryDirectory } from '../../temporary.ts';

const eve = pair(CA, { commonName: 'eve', organizations: ['system:masters'] });
const PEM = encodePem('CERTIFICATE', eve.der);
const HEX = fingerprintHex(eve.der);

function file(name: string, content: string): string {
  const path = join(temporaryDirectory(), name);
  writeFileSync(path, content);
  return path;
}

const kubeconfig = (user: string): string => `apiVersion: v1
kind: Config
clusters: [{ name: c, cluster: { server: "https://192.0.2.1:6443" } }]
users: [{ name: u, user: { ${user} } }]
contexts: [{ name: x, context: { cluster: c, user: u } }]
current-context: x
`;
const base64 = (text: string): string => Buffer.from(text).toString('base64');

function clusterOf(transport: Transport) {
  const printed: string[] = [];
  const warned: string[] = [];
  const cluster: Cluster = {
    client: createClient(transport),
    kubeconfig: expect.anything() as never,
    path: 'admin.conf',
    dryRun: false,
    now: () => new Date(),
    print: (text) => printed.push(text),
    warn: (text) => warned.push(text),
  };
  return { cluster, printed, warned };
}

async function realCluster() {
  const tested = await apiServer();
  return { ...tested, ...clusterOf(loopbackTransport(tested.api.loopback(ADMIN))) };
}

const run = async (cluster: Cluster, flags: Partial<RevokeFlags>): Promise<void> => {
  const wish = await wishOf({ output: 'table', ...flags });
  await carryOut(cluster, wish, flags.output ?? 'table');
};

describe('the certificate to revoke', () => {
  it.each<[string, () => string]>([
    ['PEM', () => file('a.crt', PEM)],
    ['PEM with its key, as kubelet-client-current.pem', () => file('a.pem', PEM + eve.key)],
    ['the key first, and the CA behind it', () => file('a.pem', eve.key + PEM + CA.pem)],
    ['a kubeconfig', () => file('a.conf', kubeconfig(`client-certificate-data: ${base64(PEM)}`))],
    [
      'a kubeconfig that names a file beside it',
      () => {
        const path = file('a.conf', kubeconfig('client-certificate: a.crt'));
        writeFileSync(join(path, '../a.crt'), PEM);
        return path;
      },
    ],
  ])('is read from %s', async (_, make) => {
    const subject = await subjectOf({ certificate: make() });
    expect(subject?.spec).toEqual({ certificate: PEM });
    expect(subject?.prefix).toBe(`certificate-${HEX.slice(0, 8)}`);
  });

  it.each<[string, string, string]>([
    ['no certificate', eve.key, 'expected a PEM block "CERTIFICATE"'],
    [
      'a kubeconfig with a token',
      kubeconfig('token: abcdef.0123456789abcdef'),
      '--token-id=abcdef',
    ],
    ['a kubeconfig with another', kubeconfig('token: hush-hush'), '--user'],
    ['neither', 'hello', 'a.conf'],
  ])('is missed in %s, and nothing secret is shown', async (_, content, text) => {
    const path = file('a.conf', content);
    const error = await subjectOf({ certificate: path }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof Error)) throw new Error('expected it to be refused');
    const hint = 'hint' in error ? String(error.hint) : '';
    const said = `${error.message} ${hint}`;
    expect(said).toContain(text);
    expect(said).not.toMatch(/PRIVATE KEY-----\n|0123456789abcdef|hush-hush/);
  });

  it('is found by any writing of its fingerprint', async () => {
    for (const text of [
      HEX,
      HEX.toUpperCase(),
      fingerprint(eve.der),
      `sha256 Fingerprint=${fingerprint(eve.der)}`,
    ]) {
      expect((await subjectOf({ fingerprint: text }))?.spec).toEqual({ fingerprint: HEX });
    }
    await expect(subjectOf({ fingerprint: HEX.slice(1) })).rejects.toThrow('is no SHA-256');
  });
});

describe('a command line', () => {
  it.each<[string, Partial<RevokeFlags>, string]>([
    ['without anything', {}, 'exactly one of'],
    ['with two users of it', { user: 'a', tokenId: 'abcdef', reason: 'x' }, 'only one thing'],
    ['with a list and a user', { user: 'a', list: true, reason: 'x' }, 'exactly one of'],
    ['without a reason', { user: 'a' }, '--reason is missing'],
    ['with a reason of nothing', { user: 'a', reason: ' ' }, '--reason is missing'],
    ['with a reason to list', { list: true, reason: 'x' }, '--reason goes with'],
    ['with a token that is none', { tokenId: 'hush', reason: 'x' }, 'not the id'],
  ])('is refused %s', async (_, flags, text) => {
    await expect(wishOf({ output: 'table', ...flags })).rejects.toThrow(text);
  });

  it('takes a whole token for its id', async () => {
    const subject = await subjectOf({ tokenId: 'abcdef.0123456789abcdef' });
    expect(subject?.spec).toEqual({ tokenId: 'abcdef' });
  });

  it('explains itself', async () => {
    const { code, stdout } = await kubepki(['revoke', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('refused from the next request on'.slice(8));
    const bad = await kubepki(['revoke', '--user=jane']);
    expect([bad.code, bad.stderr]).toEqual([64, expect.stringContaining('--reason is missing')]);
  });
});

describe('revoking', () => {
  it('says what it has done, and what its user should know', async () => {
    const { cluster, printed, warned, ask } = await realCluster();
    await run(cluster, { certificate: file('a.crt', PEM), reason: 'laptop stolen' });
    expect(printed.join('\n')).toMatch(
      /^the certificate of .*CN=eve.* is revoked, and refused from now on \(revocation certificate-[0-9a-f]{8}-\w+\)$/,
    );
    expect(warned.join('\n')).toContain('could do everything');
    expect(warned.join('\n')).toContain('--user refuses them all');
    const { json } = await ask('GET', REVOCATIONS);
    expect(json.items[0].status.revokedBy.username).toBe('admin');
  });

  it('lists what, by whom, when and why; and deletes', async () => {
    const { cluster, printed, warned } = await realCluster();
    await run(cluster, { list: true });
    expect([printed, warned]).toEqual([[], ['nothing is revoked']]);
    await run(cluster, { user: 'Jane Doe\u202e', reason: 'has left' });
    await run(cluster, { tokenId: 'abcdef', reason: 'in a chat' });
    await run(cluster, { fingerprint: HEX, reason: 'lost' });
    printed.length = 0;
    await run(cluster, { list: true });
    const [head = '', ...rows] = printed.join('').split('\n');
    expect(head.split(/ {3,}/)).toEqual(['NAME', 'REVOKED', 'BY', 'WHEN', 'REASON']);
    expect(rows.map((line) => line.split(/ {3,}/).slice(1))).toEqual([
      [`X509SHA256=${HEX}`, 'admin', expect.stringMatching(/^\d{4}-.*Z$/), 'lost'],
      ['token abcdef', 'admin', expect.any(String), 'in a chat'],
      // What could turn a line around is shown as an escape.
      ['user Jane Doe\\u202e', 'admin', expect.any(String), 'has left'],
    ]);
    const name = rows.find((line) => line.includes('token abcdef'))?.split(' ')[0] ?? '';
    expect(name).toMatch(/^token-abcdef-\w+$/);
    await run(cluster, { delete: name });
    await expect(run(cluster, { delete: name })).rejects.toThrow(`"${name}" not found`);
  });

  it('lists all of many', async () => {
    const { cluster, printed } = await realCluster();
    await Promise.all(
      Array.from({ length: 501 }, (_, at) => run(cluster, { user: `u${at}`, reason: 'x' })),
    );
    printed.length = 0;
    await run(cluster, { list: true });
    expect(printed.join('').split('\n')).toHaveLength(502);
  });

  it('gives the object to programs', async () => {
    const { cluster, printed } = await realCluster();
    const written: string[] = [];
    const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
    try {
      await run(cluster, { user: 'jane', reason: 'x', output: 'json' });
      await run(cluster, { list: true, output: 'json' });
    } finally {
      spy.mockRestore();
    }
    const [made, list] = written.map((text) => JSON.parse(text));
    expect(made).toMatchObject({ kind: 'Revocation', spec: { user: 'jane', reason: 'x' } });
    expect(list).toMatchObject({ kind: 'RevocationList', items: [{ spec: { user: 'jane' } }] });
    expect(printed).toEqual([]);
  });

  it('hands on why the server refuses', async () => {
    const { cluster } = await realCluster();
    await expect(run(cluster, { user: 'admin', reason: 'x' })).rejects.toThrow(
      'let another administrator do it',
    );
    await expect(run(cluster, { user: 'system:apiserver', reason: 'x' })).rejects.toThrow(
      'is the API server itself',
    );
  });
});

describe('a server without revocations', () => {
  it.each<[string, () => { contentType: string; body: string }]>([
    [
      'kube-apiserver, by its text',
      () => ({ contentType: 'text/plain', body: '404 page not found\n' }),
    ],
    [
      'one that answers a Status',
      () => ({
        contentType: 'application/json',
        body: JSON.stringify(
          StatusError.of('NotFound', 'the server could not find the requested resource', {}).status,
        ),
      }),
    ],
  ])('is told of, with what to do instead: %s', async (_, answer) => {
    const { contentType, body } = answer();
    const { cluster } = clusterOf({
      send: async () => ({
        status: 404,
        headers: { 'content-type': contentType },
        body: Buffer.from(body),
      }),
      close: async () => undefined,
    });
    for (const flags of [{ user: 'jane', reason: 'x' }, { list: true }, { delete: 'r' }]) {
      await expect(run(cluster, flags)).rejects.toMatchObject({
        code: 'UNSUPPORTED',
        hint: expect.stringContaining('replace the CA'),
      });
    }
  });
});
