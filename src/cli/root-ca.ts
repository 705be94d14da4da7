/** What verifies the API server, for those who publish it: `--root-ca-file`, or what a kubeconfig says. */
import { readFile } from 'node:fs/promises';
import type { RootCa } from '../controllers/index.ts';
import { mergeKubeconfigs, parseKubeconfig, resolvePaths } from '../kubernetes/index.ts';
import { readCertificates } from '../x509/index.ts';
import type { WatchedFiles } from './watched-files.ts';

/**
 * A file of certificates, published as it stands, and again when it has changed (kube-controller-manager reads
 * it once, at its start).
 *
 * @throws KubepkiError NOT_FOUND, FILE_SYSTEM, MALFORMED_PEM, MALFORMED_DER
 */
export async function rootCaFile(path: string, files: WatchedFiles): Promise<RootCa> {
  const listeners = new Set<() => void>();
  const pem = await files.add<string>({
    name: 'root CA',
    paths: [path],
    async read([bytes = Buffer.alloc(0)]) {
      readCertificates(bytes);
      return bytes.toString('utf8');
    },
    changed() {
      for (const listener of listeners) listener();
    },
  });
  return {
    pem,
    onChange(listener, signal) {
      listeners.add(listener);
      signal.addEventListener('abort', () => listeners.delete(listener), { once: true });
    },
  };
}

/**
 * The CA that a kubeconfig verifies the API server with; undefined where it names none.
 *
 * @throws as `rootCaFile`, and MALFORMED_DOCUMENT where it is no kubeconfig
 */
export async function rootCaOfKubeconfig(
  path: string,
  files: WatchedFiles,
): Promise<RootCa | undefined> {
  const config = parseKubeconfig(await readFile(path, 'utf8'), path);
  const { clusters, contexts, currentContext } = resolvePaths(
    mergeKubeconfigs([{ path, config }]),
    process.cwd(),
  );
  const cluster = clusters.get(contexts.get(currentContext)?.cluster ?? '');
  const { certificateAuthorityData: data, certificateAuthority: file } = cluster ?? {};
  if (data !== undefined && data.length > 0) {
    const pem = Buffer.from(data).toString('utf8');
    return { pem: () => pem, onChange: () => undefined };
  }
  return file === undefined || file === '' ? undefined : rootCaFile(file, files);
}
