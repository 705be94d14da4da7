/** The CA of a signer, from two files. */
import { constants, type FileHandle, open } from 'node:fs/promises';
import { KubepkiError, systemCode } from '../errors.ts';
import { createIssuer, decodePrivateKey, type Issuer, readCertificates } from '../x509/index.ts';

/** A certificate and its key, or a bundle that is there by mistake, have a few thousand. */
const MAX_FILE_BYTES = 2 ** 20;

/**
 * Reads a CA certificate and its key, as `--cluster-signing-cert-file` and `-key-file` name them.
 *
 * @throws KubepkiError NOT_FOUND or FILE_SYSTEM; MALFORMED_PEM, MALFORMED_DER, MALFORMED_KEY for what
 *   is in them; INVALID_VALUE where there is not exactly one certificate or it is no CA's;
 *   PASSPHRASE_NEEDED for an encrypted key; CONFLICT where the key is another one's.
 */
export async function readAuthority(certFile: string, keyFile: string): Promise<Issuer> {
  const [certPem, keyPem] = await Promise.all([readBounded(certFile), readBounded(keyFile)]);
  const certificates = at(certFile, () => readCertificates(certPem));
  const [certificate] = certificates;
  if (certificates.length > 1) {
    throw new KubepkiError(
      'INVALID_VALUE',
      `${certFile}: ${certificates.length} certificates, where a signer takes exactly one`,
      { hint: 'give a file with the CA certificate alone, not the bundle that clients trust' },
    );
  }
  const key = readKey(keyFile, keyPem);
  return at(certFile, () => createIssuer(certificate, key));
}

function readKey(keyFile: string, keyPem: Buffer): ReturnType<typeof decodePrivateKey> {
  try {
    return decodePrivateKey(keyPem, { where: keyFile });
  } catch (error) {
    if (!(error instanceof KubepkiError) || error.code !== 'PASSPHRASE_NEEDED') throw error;
    throw new KubepkiError('PASSPHRASE_NEEDED', `${keyFile}: the key is encrypted`, {
      hint: 'a signer that runs unattended needs its key in the clear: openssl pkey -in FILE -out FILE2, readable for its owner only',
      cause: error,
    });
  }
}

/** Opens every message with the file that it is about. */
function at<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    const { code, message, hint } = error;
    throw new KubepkiError(code, `${file}: ${message}`, {
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    });
  }
}

async function readBounded(path: string): Promise<Buffer> {
  let file: FileHandle | undefined;
  try {
    // Non-blocking: opening a named pipe would wait for its other end for ever.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await file.stat();
    if (!stats.isFile()) throw new KubepkiError('FILE_SYSTEM', `${path}: not a regular file`);
    if (stats.size > MAX_FILE_BYTES) {
      const message = `${path}: ${stats.size} bytes, more than the limit of ${MAX_FILE_BYTES}`;
      throw new KubepkiError('FILE_SYSTEM', message);
    }
    return await file.readFile();
  } catch (error) {
    if (error instanceof KubepkiError) throw error;
    const code = systemCode(error);
    throw code === 'ENOENT'
      ? new KubepkiError('NOT_FOUND', `${path}: no such file`, { cause: error })
      : new KubepkiError('FILE_SYSTEM', `${path}: ${code ?? 'cannot be read'}`, { cause: error });
  } finally {
    await file?.close();
  }
}
