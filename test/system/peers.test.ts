/** The programs that other tests trust: they build once, and the oracle sees what Go sees. */

import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Oracle, openOracle } from '../peers/oracle.ts';
import { exitOf, textOf } from './program.ts';

async function build(env: Record<string, string>, ...names: string[]) {
  const script = join(import.meta.dirname, '../peers/build.ts');
  const child = spawn(process.execPath, [script, ...names], { env: { ...process.env, ...env } });
  const [exit, stdout, stderr] = await Promise.all([
    exitOf(child),
    textOf(child.stdout),
    textOf(child.stderr),
  ]);
  return { code: exit.code, stdout, stderr };
}

describe('building peers', () => {
  let cache: string;

  beforeAll(async () => {
    cache = await mkdtemp(join(tmpdir(), 'kubepki-peers-'));
  });

  afterAll(async () => rm(cache, { recursive: true, force: true }));

  it('says in one line what is missing', async () => {
    const { code, stdout, stderr } = await build({ KUBEPKI_CACHE: cache, PATH: cache }, 'oracle');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(
      'error: cannot build oracle: go is not on the PATH; install Go 1.26 or later and put its bin folder on the PATH\n',
    );
  });

  it('refuses a name that it does not know', async () => {
    const { code, stderr } = await build({ KUBEPKI_CACHE: cache }, 'etcd', 'nonsense');
    expect({ code, stderr }).toMatchObject({
      code: 64,
      stderr: expect.stringMatching(/^no peer is called nonsense; there are: etcd, /),
    });
  });

  it("takes Kubernetes' programs from KUBEPKI_KUBERNETES_BIN where it is set", async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kubepki-given-'));
    onTestFinished(async () => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'kubectl'), '#!/bin/sh\n', { mode: 0o755 });
    const env = { KUBEPKI_CACHE: cache, KUBEPKI_KUBERNETES_BIN: folder };
    expect(await build(env, 'kubectl')).toEqual({
      code: 0,
      stdout: `kubectl: from KUBEPKI_KUBERNETES_BIN, ${folder}/kubectl\n`,
      stderr: '',
    });
    expect(await build(env, 'kubelet', 'kubectl', 'kubemark')).toEqual({
      code: 1,
      stdout: '',
      stderr: `error: KUBEPKI_KUBERNETES_BIN=${folder} lacks kubelet, kubemark\n`,
    });
  });

  it('builds once when two ask at once, and leaves nothing but the program', async () => {
    const both = await Promise.all(
      [1, 2].map(async () => build({ KUBEPKI_CACHE: cache }, 'oracle')),
    );
    expect(both.map(({ code, stderr }) => ({ code, stderr }))).toEqual([
      { code: 0, stderr: '' },
      { code: 0, stderr: '' },
    ]);
    const said = both.map(({ stdout }) => /: (built|in the cache)/.exec(stdout)?.[1]);
    expect(new Set(said)).toEqual(new Set(['built', 'in the cache']));
    const [folder] = (await readdir(cache)).filter((name) => !name.endsWith('.lock'));
    expect(await readdir(join(cache, folder ?? ''))).toEqual(['oracle']);
  });
});

describe('openOracle', () => {
  let oracle: Oracle;

  beforeAll(async () => {
    oracle = await openOracle();
  });

  afterAll(async () => oracle?.close());

  const authority = async () =>
    oracle.get({
      op: 'issue',
      issue: {
        commonName: 'a CA',
        notBefore: '2026-01-01T00:00:00Z',
        notAfter: '2036-01-01T00:00:00Z',
        isCA: true,
        keyAlgorithm: 'P-256',
      },
    });

  it('issues, verifies and reads a certificate', async () => {
    const ca = await authority();
    const leaf = await oracle.get({
      op: 'issue',
      issue: {
        commonName: 'a server',
        organizations: ['one', 'two'],
        dnsNames: ['server.example'],
        ipAddresses: ['172.16.10.1', 'fd00::1'],
        usages: ['serverAuth'],
        notBefore: '2026-01-01T00:00:00Z',
        notAfter: '2027-01-01T00:00:00Z',
        keyAlgorithm: 'RSA-2048',
        issuer: ca.certificate,
        issuerKey: ca.key,
      },
    });
    const { blocks } = await oracle.get({ op: 'pem', pem: leaf.certificate });
    const seen = await oracle.get({ op: 'certificate', der: blocks[0]?.bytes ?? '' });
    const { block, publicKey } = await oracle.get({ op: 'key', pem: leaf.key });
    expect(block).toBe('PRIVATE KEY');
    expect(seen).toMatchObject({
      version: 3,
      issuer: [[['2.5.4.3', 'a CA']]],
      organizations: ['one', 'two'],
      notAfter: '2027-01-01T00:00:00Z',
      dnsNames: ['server.example'],
      ipAddresses: ['172.16.10.1', 'fd00::1'],
      keyUsage: ['digitalSignature', 'keyEncipherment'],
      extendedKeyUsage: ['serverAuth'],
      isCA: false,
      maxPathLen: null,
      signatureAlgorithm: 'ECDSA-SHA256',
      publicKey,
    });
    expect(await oracle.get({ op: 'pair', ...leaf })).toEqual({ certificates: 1 });

    const asked = { leaf: leaf.certificate, roots: ca.certificate, dnsName: 'fd00::1' };
    const { chains } = await oracle.get({ op: 'verify', ...asked, time: '2026-06-01T00:00:00Z' });
    expect(chains).toEqual([[seen.sha256, expect.stringMatching(/^[0-9a-f]{64}$/)]]);
    expect(await oracle.ask({ op: 'verify', ...asked, time: '2028-01-01T00:00:00Z' })).toEqual({
      error: expect.stringContaining('certificate has expired'),
    });
    const usages = ['clientAuth' as const];
    const asClient = { op: 'verify' as const, ...asked, time: '2026-06-01T00:00:00Z', usages };
    expect(await oracle.ask(asClient)).toEqual({
      error: expect.stringContaining('incompatible key usage'),
    });
  });

  it('answers a refusal for what Go refuses, and throws for a question without sense', async () => {
    expect(await oracle.ask({ op: 'certificate', der: 'MAA=' })).toEqual({
      error: expect.stringContaining('malformed'),
    });
    expect(await oracle.ask({ op: 'key', pem: 'no key' })).toHaveProperty('error');
    const nonsense = oracle.ask({ op: 'verify', leaf: '', roots: '', time: 'noon' });
    await expect(nonsense).rejects.toThrow('bad request: leaf: no certificate');
  });

  it('makes samples whose fields follow from the seed, and reads each of them', async () => {
    const seeds = [7, 7, 8];
    const asking = seeds.map((seed) => oracle.get({ op: 'issue-samples', seed, count: 44 }));
    const [first, again, other] = await Promise.all(asking);
    const described = (set: typeof first) => set?.samples.map(({ description }) => description);
    expect(described(again)).toEqual(described(first));
    expect(described(other)).not.toEqual(described(first));
    for (const { kind, der, pem, description } of first?.samples ?? []) {
      const read = kind === 'key' ? { op: kind, pem } : { op: kind, der };
      expect(await oracle.ask(read), description).not.toHaveProperty('error');
    }
  });
});
