/** The bootstrap kubeconfig of `--kubeconfig-out`: the cluster, and the token as its only user. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { reasonOf } from '../../collect/index.ts';
import { KubepkiError, systemCode } from '../../errors.ts';
import { formatKubeconfig, type Kubeconfig, makeKubeconfig } from '../../kubernetes/index.ts';
import type { Endpoint } from './cluster.ts';

/** kubeadm's names (cmd/kubeadm/app/cmd/phases/join). */
const CLUSTER = 'kubernetes';
const USER = 'tls-bootstrap-token-user';

/** A file that is written, and not yet in its place. */
export interface PreparedFile {
  /** Puts it there, durable on return. */
  publish(): void;
  drop(): void;
}

/** The kubeconfig; of the cluster's entry, what others need to reach it is kept. */
export function bootstrapKubeconfig(
  { entry, certificateAuthority }: Endpoint,
  token: string,
): Kubeconfig {
  const { server, tlsServerName, proxyUrl } = entry;
  const config = makeKubeconfig({
    cluster: CLUSTER,
    server,
    certificateAuthority,
    user: USER,
    token,
  });
  config.clusters.set(CLUSTER, {
    server,
    certificateAuthorityData: certificateAuthority,
    ...(tlsServerName === undefined ? {} : { tlsServerName }),
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
  });
  return config;
}

/**
 * Writes the kubeconfig beside its place, readable by its owner only.
 *
 * @param force whether it may take the place of another file
 * @throws KubepkiError CONFLICT where there is a file and it may not, FILE_SYSTEM
 */
export function prepareKubeconfig(
  path: string,
  endpoint: Endpoint,
  token: string,
  force: boolean,
): PreparedFile {
  if (path === '') throw new KubepkiError('USAGE', '--kubeconfig-out: no file name');
  const target = resolve(path);
  if (!force && existsSync(target)) throw taken(path);
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.kubepki-tmp`);
  const drop = (): void => rmSync(temporary, { force: true });
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      drop();
      // Somebody was faster.
      if (systemCode(error) === 'EEXIST') throw taken(path);
      throw new KubepkiError('FILE_SYSTEM', `${path}: ${reasonOf(error)}`, { cause: error });
    }
  };
  attempt(() => {
    rmSync(temporary, { force: true });
    const fd = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(fd, formatKubeconfig(bootstrapKubeconfig(endpoint, token)));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  });
  return {
    drop,
    publish: () =>
      attempt(() => {
        // A link never replaces; a rename always does.
        if (force) renameSync(temporary, target);
        else linkSync(temporary, target);
        drop();
        syncDirectory(dirname(target));
      }),
  };
}

const taken = (path: string): KubepkiError =>
  new KubepkiError('CONFLICT', `${path}: there is such a file already`, {
    hint: 'give another name, or --force to replace it',
  });

function syncDirectory(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
