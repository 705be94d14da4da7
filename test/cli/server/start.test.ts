/** What `kubepki server` says before it serves. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { serverConfig } from '../../../src/cli/server/config.ts';
import { startServer } from '../../../src/cli/server/start.ts';
import type { CertificateTemplate } from '../../../src/x509/index.ts';
import { createAuthority } from '../../client/tls-server.ts';
import { freePort } from '../../free-port.ts';
import { temporaryDirectory } from '../../temporary.ts';

const DEFAULTS = {
  bindAddress: '127.0.0.1',
  enableBootstrapTokenAuth: false,
  anonymousAuth: true,
  controllers: ['*'],
};

async function arrange(changes: Partial<CertificateTemplate> = {}) {
  const dataDir = temporaryDirectory();
  const authority = createAuthority('ca');
  const { certificate, key } = authority.issue('kube-apiserver', changes);
  const flags = {
    ...DEFAULTS,
    dataDir,
    securePort: await freePort(),
    tlsCertFile: join(dataDir, 'tls.crt'),
    tlsPrivateKeyFile: join(dataDir, 'tls.key'),
    clientCaFile: join(dataDir, 'ca.crt'),
  };
  writeFileSync(flags.tlsCertFile, certificate);
  writeFileSync(flags.tlsPrivateKeyFile, key);
  writeFileSync(flags.clientCaFile, authority.ca);
  return flags;
}

async function logOf(flags: Parameters<typeof serverConfig>[0]): Promise<string[]> {
  const lines: string[] = [];
  const server = await startServer(serverConfig(flags), { log: (line) => lines.push(line) });
  await server.close();
  return lines;
}

describe('kubepki server', () => {
  it('has nothing to say of a certificate that clients take', async () => {
    expect(await logOf(await arrange())).toEqual([]);
  });

  it('warns of a certificate that every client refuses', async () => {
    const flags = await arrange({ extendedKeyUsage: ['clientAuth'] });
    expect(await logOf(flags)).toEqual([
      `${flags.tlsCertFile}: the certificate lacks the extended key usage serverAuth: clients refuse it`,
    ]);
  });

  it('warns of a certificate without names', async () => {
    const flags = await arrange({ subjectAltNames: { dns: [], ip: [] } });
    expect(await logOf(flags)).toEqual([
      expect.stringContaining('has no subject alternative names'),
    ]);
  });

  it('says of a file that is not there just that', async () => {
    const flags = await arrange();
    const tlsCertFile = join(flags.dataDir, 'nope.crt');
    await expect(logOf({ ...flags, tlsCertFile })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: `${tlsCertFile}: no such file`,
    });
  });

  it('knows before it serves that there is no such controller', async () => {
    const flags = await arrange();
    expect(() => serverConfig({ ...flags, controllers: ['foo'] })).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: '--controllers: there is no controller "foo"',
      }),
    );
  });
});
