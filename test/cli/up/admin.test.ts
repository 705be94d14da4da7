import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { publishAdmin } from '../../../src/cli/up/admin.ts';
import { formatKubeconfig, makeKubeconfig } from '../../../src/kubernetes/index.ts';
import {
  encodePem,
  encodePrivateKey,
  generatePrivateKey,
  makeName,
} from '../../../src/x509/index.ts';
import { type Authority, makeAuthority } from '../../node/fake-api.ts';
import { temporaryDirectory } from '../../temporary.ts';

const NOW = new Date('2026-03-01T10:00:00Z');
const authority = makeAuthority(NOW);

function kubeconfig(by: Authority, server = 'https://127.0.0.1:6443'): string {
  const key = generatePrivateKey('ECDSA-P256');
  const der = by.issuer.issue(
    {
      subject: makeName({ commonName: 'kubernetes-admin' }),
      notBefore: NOW,
      notAfter: new Date(NOW.getTime() + 3_600_000),
      basicConstraints: { ca: false },
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: ['clientAuth'],
    },
    key.spki,
  );
  const config = makeKubeconfig({
    cluster: 'kubepki',
    server,
    certificateAuthority: Buffer.from(by.pem),
    user: 'kubernetes-admin',
    clientCertificate: Buffer.from(encodePem('CERTIFICATE', der)),
    clientKey: Buffer.from(encodePrivateKey(key)),
  });
  return formatKubeconfig(config);
}

function arrange(there?: (made: string) => string) {
  const directory = temporaryDirectory();
  const [from, to] = [join(directory, 'made.conf'), join(directory, 'admin.conf')];
  const made = kubeconfig(authority);
  writeFileSync(from, made);
  const before = there?.(made);
  if (before !== undefined) writeFileSync(to, before);
  return { from, to, made, before };
}

describe("the administrator's kubeconfig of kubepki up", () => {
  it('is made where it is missing, for its owner alone', async () => {
    const { from, to, made } = arrange();
    expect(await publishAdmin(from, to)).toEqual({ done: 'made' });
    expect(readFileSync(to, 'utf8')).toBe(made);
    expect(statSync(to).mode & 0o777).toBe(0o600);
    expect(await publishAdmin(from, to)).toEqual({ done: 'same' });
  });

  it.each([
    ['a namespace', (made: string) => made.replace('    user:', '    namespace: mine\n    user:')],
    ['a comment', (made: string) => `# mine\n${made}`],
    ['the name of the host', (made: string) => made.replace('//127.0.0.1:', '//localhost:')],
  ])('stays with %s that somebody has written into it', async (_, edit) => {
    const { from, to, before } = arrange(edit);
    expect(await publishAdmin(from, to)).toEqual({ done: 'kept' });
    expect(readFileSync(to, 'utf8')).toBe(before);
  });

  it('stays where another context is the current one, and says so', async () => {
    const { from, to, before } = arrange((made) =>
      made.replace(/current-context: .*/, 'current-context: elsewhere'),
    );
    expect(await publishAdmin(from, to)).toMatchObject({
      done: 'kept',
      note: expect.stringContaining('its current context leads elsewhere; use context'),
    });
    expect(readFileSync(to, 'utf8')).toBe(before);
  });

  it.each([
    ['no kubeconfig', () => 'clusters: [', /line 1|:/],
    ['of another port', (made: string) => made.replace(':6443', ':7443'), /leads to .*:7443/],
    ['of another CA', () => kubeconfig(makeAuthority(NOW)), /another CA/],
    ['of an older certificate', () => kubeconfig(authority), /client certificate is another/],
  ])('is made anew where it is %s, and the old one kept beside', async (_, there, why) => {
    const { from, to, made, before } = arrange(there);
    expect(await publishAdmin(from, to)).toEqual({
      done: 'replaced',
      because: expect.stringMatching(why),
      old: `${to}.old`,
    });
    expect(readFileSync(to, 'utf8')).toBe(made);
    expect(readFileSync(`${to}.old`, 'utf8')).toBe(before);
  });

  it('is an error where something else stands in its place', async () => {
    const { from, to } = arrange();
    mkdirSync(to);
    await expect(publishAdmin(from, to)).rejects.toMatchObject({
      code: 'FILE_SYSTEM',
      message: `${to}: a directory, not a file`,
    });
  });

  it('is not written through a link that somebody has planted', async () => {
    const { from, to } = arrange();
    const victim = `${to}.victim`;
    writeFileSync(victim, 'precious');
    symlinkSync(victim, join(to, '../.admin.conf.kubepki-tmp'));
    symlinkSync(victim, to);
    expect(await publishAdmin(from, to)).toMatchObject({ done: 'replaced' });
    expect(readFileSync(victim, 'utf8')).toBe('precious');
    expect(existsSync(join(to, '../.admin.conf.kubepki-tmp'))).toBe(false);
  });
});
