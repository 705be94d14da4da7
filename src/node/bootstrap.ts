/**
 * Which credentials a node starts with, and the end of those it bootstrapped with.
 *
 * The kubelet's rules (cmd/kubelet/app/server.go `buildKubeletClientConfig`, `LoadClientConfig`): a
 * kubeconfig that is still valid wins; else the bootstrap kubeconfig counts, and the kubeconfig is
 * written to point at the certificate that is yet to come.
 */
import { dirname } from 'node:path';
import { KubepkiError, quotable, quoted, shellWord } from '../errors.ts';
import { type Certificate, commonName, decodePrivateKey, readCertificates } from '../x509/index.ts';
import type { Disk } from './disk.ts';
import {
  type LoadedKubeconfig,
  loadKubeconfig,
  whyNotValid,
  writeNodeKubeconfig,
} from './kubeconfig.ts';
import { userOf } from './names.ts';
import { CertificateStore, type StoredPair } from './store.ts';
import type { ApiTarget, NodeAgentOptions } from './types.ts';

export interface StartingCredentials {
  readonly source: 'kubeconfig' | 'bootstrap';
  /** Why the kubeconfig does not do, where it does not. */
  readonly because?: string;
  /** With what the first request is made, as long as there is no certificate. */
  readonly initial: ApiTarget;
  /** The bootstrap kubeconfig, where `initial` is from that. */
  readonly bootstrap?: LoadedKubeconfig;
  /** The server without credentials: the node's own come from the store. */
  readonly server: ApiTarget;
  readonly store: CertificateStore;
  /** In the store and not expired. */
  readonly pair?: StoredPair;
  /** A certificate has to be asked for at once, whatever the dates of `pair` are. */
  readonly renewNow: boolean;
  /** Whether the kubeconfig was written just now. */
  readonly written: boolean;
}

type Options = Pick<
  NodeAgentOptions,
  'nodeName' | 'kubeconfig' | 'bootstrapKubeconfig' | 'certDir'
>;

/**
 * @throws KubepkiError NOT_FOUND, MALFORMED_DOCUMENT and so on where neither file gives credentials;
 *   DAMAGED_STATE for a certificate store that cannot be read; USAGE where both are one file
 */
export async function chooseCredentials(
  options: Options,
  { now, disk }: { now: () => Date; disk: Disk },
): Promise<StartingCredentials> {
  const { nodeName, kubeconfig, bootstrapKubeconfig, certDir } = options;
  if (kubeconfig === bootstrapKubeconfig) {
    throw new KubepkiError('USAGE', '--kubeconfig and --bootstrap-kubeconfig are the same file', {
      hint: 'the bootstrap kubeconfig is deleted in the end, the other one is made',
    });
  }
  const storeAt = (configured?: LoadedKubeconfig['files']): CertificateStore =>
    new CertificateStore({
      directory: certDir,
      prefix: 'kubelet-client',
      now,
      disk,
      ...(configured === undefined ? {} : { configured }),
    });
  const reason =
    bootstrapKubeconfig === undefined
      ? undefined
      : (storeAt(), whyNotValid(kubeconfig, now(), disk));
  if (bootstrapKubeconfig === undefined || reason === undefined) {
    return fromKubeconfig(loadOwn(kubeconfig, disk), storeAt, { nodeName, now: now() });
  }
  const bootstrap = loadBootstrap(bootstrapKubeconfig, nodeName, disk);
  const store = storeAt();
  // Before anything is written: these may be the files of another node.
  requireOwnCertificate(unexpired(store.current(), now()), nodeName);
  const written = await writeNodeKubeconfig(kubeconfig, bootstrap, store.currentPath, disk);
  const pair = unexpired(store.current(), now());
  return {
    source: 'bootstrap',
    because: `${kubeconfig}: ${reason}`,
    initial: bootstrap.target,
    bootstrap,
    server: anonymous(bootstrap.target),
    store,
    ...(pair === undefined ? {} : { pair }),
    renewNow: pair === undefined,
    written,
  };
}

const loadBootstrap = (path: string, nodeName: string, disk: Disk): LoadedKubeconfig =>
  load(path, disk, {
    what: 'the bootstrap kubeconfig',
    hint: `the node has no valid certificate, so it needs a new one: kubepki token create --node ${nodeName} --kubeconfig-out ${shellWord(path)}`,
  });

/** As the bootstrap kubeconfig says by now; undefined where there is none that can be read. */
export function rereadBootstrap(
  bootstrapKubeconfig: string | undefined,
  disk: Disk,
): LoadedKubeconfig | undefined {
  if (bootstrapKubeconfig === undefined) return undefined;
  try {
    return loadKubeconfig(bootstrapKubeconfig, disk);
  } catch (error) {
    // It may be written at this very moment: what was read before is tried again.
    if (!(error instanceof KubepkiError)) throw error;
    return undefined;
  }
}

const loadOwn = (path: string, disk: Disk): LoadedKubeconfig =>
  load(path, disk, {
    what: 'the kubeconfig',
    hint: 'a new node needs --bootstrap-kubeconfig',
  });

function load(
  path: string,
  disk: Disk,
  { what, hint }: { what: string; hint: string },
): LoadedKubeconfig {
  try {
    return loadKubeconfig(path, disk);
  } catch (cause) {
    if (!(cause instanceof KubepkiError) || cause.code !== 'NOT_FOUND') throw cause;
    throw new KubepkiError('NOT_FOUND', `${what} ${cause.message}`, { hint, cause });
  }
}

/** A pair that stands in the kubeconfig itself goes into an empty store, to be replaced at once. */
async function fromKubeconfig(
  loaded: LoadedKubeconfig,
  storeAt: (configured?: LoadedKubeconfig['files']) => CertificateStore,
  { nodeName, now }: { nodeName: string; now: Date },
): Promise<StartingCredentials> {
  const { target, embedded, files } = loaded;
  const store = storeAt(files);
  let pair = unexpired(store.current(), now);
  requireOwnCertificate(pair, nodeName);
  const renewNow = pair === undefined;
  if (
    pair === undefined &&
    embedded &&
    target.certificate !== undefined &&
    target.key !== undefined
  ) {
    requireOwn(readCertificates(target.certificate)[0], nodeName, loaded.path);
    pair = await store.update(target.certificate, decodePrivateKey(target.key));
  }
  return {
    source: 'kubeconfig',
    initial: target,
    server: anonymous(target),
    store,
    ...(pair === undefined ? {} : { pair }),
    renewNow,
    written: false,
  };
}

/**
 * A node that came with the certificate of another would act in its name, and be refused its own for
 * ever. @throws KubepkiError CONFLICT
 */
function requireOwnCertificate(pair: StoredPair | undefined, nodeName: string): void {
  if (pair !== undefined) requireOwn(pair.certificates[0], nodeName, pair.file);
}

function requireOwn({ subject }: Certificate, nodeName: string, file: string): void {
  const name = commonName(subject) ?? '';
  if (!name.startsWith(userOf('')) || name === userOf(nodeName)) return;
  throw new KubepkiError(
    'CONFLICT',
    `${file}: the certificate of ${quoted(name, 80)}, and this is node ${nodeName}`,
    {
      hint: `give this node a --cert-dir and a --kubeconfig of its own, or --hostname-override ${quotable(name.slice(userOf('').length))}`,
    },
  );
}

const unexpired = (pair: StoredPair | undefined, now: Date): StoredPair | undefined =>
  pair !== undefined && now <= pair.certificates[0].notAfter ? pair : undefined;

/** Who the server is, and nobody to it. */
export function anonymous(target: ApiTarget): ApiTarget {
  const { certificate: _certificate, key: _key, token: _token, ...server } = target;
  return server;
}

/** The target of a server as the holder of a pair. */
export const targetWith = (server: ApiTarget, pair: StoredPair): ApiTarget => ({
  ...server,
  certificate: pair.certificatePem,
  key: pair.keyPem,
});

/**
 * Deletes the bootstrap kubeconfig, durably: to be called when the credentials that follow it are
 * durable and have been proven.
 *
 * @returns whether there was one
 * @throws KubepkiError FILE_SYSTEM
 */
export async function deleteBootstrapKubeconfig(path: string, disk: Disk): Promise<boolean> {
  if (disk.kindOf(path) === undefined) return false;
  disk.remove(path);
  await disk.sync(dirname(path));
  return true;
}
