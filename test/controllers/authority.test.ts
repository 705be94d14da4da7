/** The files of a signer's CA. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAuthority } from '../../src/controllers/index.ts';
import { KubepkiError } from '../../src/errors.ts';
import { encodePem, encodePrivateKey } from '../../src/x509/index.ts';
import { temporaryDirectory } from '../temporary.ts';
import { issuerOf, keyOf, leafOf } from '../x509/support.ts';

const ca = encodePem('CERTIFICATE', issuerOf('ECDSA-P256').certificate.der);
const leaf = encodePem('CERTIFICATE', leafOf('ECDSA-P256'));
const key = encodePrivateKey(keyOf('ECDSA-P256'));

async function reading(cert: string, keyText: string): Promise<KubepkiError | undefined> {
  const directory = temporaryDirectory();
  const [certFile, keyFile] = [join(directory, 'ca.crt'), join(directory, 'ca.key')];
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, keyText);
  try {
    const issuer = await readAuthority(certFile, keyFile);
    expect(issuer.certificate.der).toEqual(issuerOf('ECDSA-P256').certificate.der);
    return undefined;
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    return new KubepkiError(error.code, error.message.replaceAll(`${directory}/`, ''), {
      hint: error.hint ?? '',
    });
  }
}

describe('a CA from files', () => {
  it('is a certificate and its key, whatever text stands around them', async () => {
    expect(await reading(`# our CA\n${ca}`, `${ca}${key}`)).toBe(undefined);
  });

  it.each<[string, string, string, string, string]>([
    ['no certificate', key, key, 'MALFORMED_PEM', 'ca.crt: '],
    ['nothing', '', key, 'MALFORMED_PEM', 'ca.crt: '],
    [
      'two certificates',
      ca + leaf,
      key,
      'INVALID_VALUE',
      'ca.crt: 2 certificates, where a signer takes exactly one',
    ],
    ['the same one twice', ca + ca, key, 'INVALID_VALUE', 'ca.crt: 2 certificates'],
    ['a certificate that is no CA’s', leaf, key, 'INVALID_VALUE', 'ca.crt: '],
    ['another key', ca, encodePrivateKey(keyOf('ECDSA-P256', 7)), 'CONFLICT', 'ca.crt: '],
    ['no key', ca, ca, 'MALFORMED_KEY', 'ca.key: '],
    [
      'an encrypted key',
      ca,
      encodePrivateKey(keyOf('ECDSA-P256'), { passphrase: 'secret-phrase' }),
      'PASSPHRASE_NEEDED',
      'ca.key: the key is encrypted',
    ],
    ['a file far too large', ca + '#'.repeat(2 ** 20), key, 'FILE_SYSTEM', 'more than the limit'],
  ])('is refused: %s', async (_what, cert, keyText, code, message) => {
    const error = await reading(cert, keyText);
    expect(error?.code).toBe(code);
    expect(error?.message).toContain(message);
    expect(`${error?.message}${error?.hint}`).not.toMatch(/secret-phrase|PRIVATE KEY-----/);
  });

  it('is refused where there is no file, a directory, or a pipe that nobody writes to', async () => {
    const directory = temporaryDirectory();
    const file = (name: string): string => join(directory, name);
    mkdirSync(file('dir'));
    writeFileSync(file('ca.key'), key);
    expect(spawnSync('mkfifo', [file('pipe')]).status).toBe(0);
    const codes: unknown[] = [];
    for (const name of ['missing', 'dir', 'pipe', 'ca.key/x']) {
      const error: unknown = await readAuthority(file(name), file('ca.key')).catch(
        (thrown: unknown) => thrown,
      );
      codes.push(error instanceof KubepkiError ? error.code : error);
    }
    expect(codes).toEqual(['NOT_FOUND', 'FILE_SYSTEM', 'FILE_SYSTEM', 'FILE_SYSTEM']);
  });
});
