/** The openssl command as the source of test vectors: text in, text out. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function openssl(args: readonly string[], input: string | Uint8Array = ''): string {
  return opensslBytes(args, input).toString('latin1');
}

export function opensslBytes(args: readonly string[], input: string | Uint8Array = ''): Buffer {
  return execFileSync('openssl', args, { input, stdio: ['pipe', 'pipe', 'pipe'] });
}

/** Writes the files, gives their paths to `run` and removes them: openssl opens no pipe by name. */
export function withFiles<T>(contents: readonly string[], run: (...paths: string[]) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'kubepki-test-'));
  try {
    const paths = contents.map((text, index) => {
      const path = join(directory, `${index}.pem`);
      writeFileSync(path, text, { mode: 0o600 });
      return path;
    });
    return run(...paths);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** A fresh EC key as `EC PRIVATE KEY`, without the EC PARAMETERS block that openssl puts first. */
export function ecKey(curve: string): string {
  return openssl(['ecparam', '-name', curve, '-genkey', '-noout']);
}

export function rsaKey(bits: number): string {
  return openssl(['genrsa', '-traditional', String(bits)]);
}

/** A self-signed certificate of a private key. */
export function certificateOf(key: string): string {
  return withFiles([key], (path = '') => openssl(['req', '-x509', '-key', path, '-subj', '/CN=x']));
}
