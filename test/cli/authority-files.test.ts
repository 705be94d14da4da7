/** The CA that signs, replaced while it is in use. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { authorityFiles } from '../../src/cli/authority-files.ts';
import { WatchedFiles } from '../../src/cli/watched-files.ts';
import { systemClock } from '../../src/client/index.ts';
import {
  encodePem,
  encodePrivateKey,
  generatePrivateKey,
  makeName,
  selfSign,
  serialHex,
} from '../../src/x509/index.ts';
import { temporaryDirectory } from '../temporary.ts';

const HOUR = 3_600_000;

function newAuthority(notAfter = new Date(Date.now() + HOUR)) {
  const key = generatePrivateKey('ECDSA-P256');
  const der = selfSign(
    {
      subject: makeName({ commonName: 'ca' }),
      notBefore: new Date(Date.now() - 2 * HOUR),
      notAfter,
      basicConstraints: { ca: true },
      keyUsage: ['keyCertSign'],
      extendedKeyUsage: [],
    },
    key,
  );
  return { certificate: encodePem('CERTIFICATE', der), key: encodePrivateKey(key) };
}

it('signs with the new one when its key is there too, and never with one that has expired', async () => {
  const directory = temporaryDirectory();
  const certFile = join(directory, 'ca.crt');
  const keyFile = join(directory, 'ca.key');
  const replace = (path: string, text: string): void => {
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  };
  const first = newAuthority();
  replace(certFile, first.certificate);
  replace(keyFile, first.key);
  const logged: string[] = [];
  const files = new WatchedFiles({
    clock: systemClock,
    log: (line) => logged.push(line),
    tell() {},
  });
  const current = await files.add(authorityFiles(certFile, keyFile, () => new Date()));
  const serial = (): string => serialHex(current().certificate);
  const before = serial();

  const next = newAuthority();
  replace(certFile, next.certificate);
  await files.look();
  expect(serial()).toBe(before);
  expect(logged).toHaveLength(1);
  replace(keyFile, next.key);
  await files.look();
  const after = serial();
  expect(after).not.toBe(before);

  const expired = newAuthority(new Date(Date.now() - HOUR));
  replace(certFile, expired.certificate);
  replace(keyFile, expired.key);
  await files.look();
  expect(serial()).toBe(after);
  expect(logged.at(-1)).toContain(`${certFile}: the certificate has expired on`);
});
