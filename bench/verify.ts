/** Checks that what is compared was the same work, and that its result is right. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './programs.ts';

/** Every file below a directory, sorted, without kubepki's empty lock file. */
export function listFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== '.kubepki.lock')
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}

/** Serial numbers, signatures and names of time differ in length by a few bytes, and nothing else does. */
const LENGTH_TOLERANCE = 0.05;

/**
 * Throws where two directories do not hold the same files with the same permissions and, but for a
 * few bytes, lengths.
 *
 * @returns the number of files
 */
export function requireSameFiles(one: string, other: string): number {
  const files = listFiles(one);
  const others = new Set(listFiles(other));
  const lonely = [
    ...files.filter((file) => !others.has(file)).map((file) => `${file} is only in ${one}`),
    ...[...others]
      .filter((file) => !files.includes(file))
      .map((file) => `${file} is only in ${other}`),
  ];
  if (lonely.length > 0) throw new Error(lonely.slice(0, 5).join('\n'));
  for (const file of files) {
    const [a, b] = [statSync(join(one, file)), statSync(join(other, file))];
    const apart = Math.abs(a.size - b.size) / Math.max(a.size, b.size, 1);
    if (a.mode !== b.mode || apart > LENGTH_TOLERANCE) {
      throw new Error(
        `${file}: mode ${a.mode.toString(8)} and ${a.size} bytes in ${one}, mode ${b.mode.toString(8)} and ${b.size} bytes in ${other}`,
      );
    }
  }
  return files.length;
}

type Purpose = 'sslserver' | 'sslclient';

/** Throws where OpenSSL does not accept a certificate, or its key is another one's. */
export function requireValidPair(
  authority: string,
  certificate: string,
  key: string,
  purpose: Purpose,
): void {
  run([
    'openssl',
    'verify',
    '-x509_strict',
    '-purpose',
    purpose,
    '-CAfile',
    authority,
    certificate,
  ]);
  const parsed = new X509Certificate(readFileSync(certificate));
  if (!parsed.checkPrivateKey(createPrivateKey(readFileSync(key)))) {
    throw new Error(`${certificate} is not the certificate of ${key}`);
  }
}

/** As `requireValidPair`, for what a kubeconfig embeds. `scratch` is a directory to write it to. */
export function requireValidKubeconfig(authority: string, path: string, scratch: string): void {
  const text = readFileSync(path, 'utf8');
  const embedded = (field: string): string => {
    const base64 = new RegExp(`^ *${field}: *(\\S+)$`, 'm').exec(text)?.[1];
    if (base64 === undefined) throw new Error(`${path} has no ${field}`);
    return Buffer.from(base64, 'base64').toString('utf8');
  };
  if (embedded('certificate-authority-data') !== readFileSync(authority, 'utf8')) {
    throw new Error(`${path} trusts another CA than ${authority}`);
  }
  const certificate = join(scratch, 'embedded.crt');
  const key = join(scratch, 'embedded.key');
  writeFileSync(certificate, embedded('client-certificate-data'));
  writeFileSync(key, embedded('client-key-data'));
  requireValidPair(authority, certificate, key, 'sslclient');
}

/** Verifies everything on some hosts of a PKI. */
export function requireValidHosts(
  directory: string,
  hosts: readonly string[],
  scratch: string,
): void {
  const authority = join(directory, 'authorities/ca.crt');
  for (const host of hosts) {
    const root = join(directory, 'hosts', host);
    const serving = join(root, 'var/lib/kubelet/pki/kubelet');
    requireValidPair(authority, `${serving}.crt`, `${serving}.key`, 'sslserver');
    for (const name of ['kubelet.conf', 'kube-proxy.conf']) {
      requireValidKubeconfig(authority, join(root, 'etc/kubernetes', name), scratch);
    }
  }
}
