/** Makes a request, and the key that it is for: the key first, durable, then the request. */
import { dirname, join } from 'node:path';
import type { Cluster } from '../../cluster/index.ts';
import { KubepkiError } from '../../errors.ts';
import {
  createRequest,
  encodePem,
  encodePrivateKey,
  generatePrivateKeyAsync,
  type KeyAlgorithm,
  type Name,
  type PrivateKey,
  type RequestTemplate,
  type SubjectAltNames,
} from '../../x509/index.ts';
import { checkClusterName } from '../cluster-name.ts';
import { HostContext } from '../context.ts';
import { takeLock } from '../lock.ts';
import { pairPaths } from '../pending.ts';
import {
  administratorRoot,
  type DirectoryPlace,
  hostRoot,
  lockPaths,
  resolvePlace,
} from '../place.ts';
import { requestTemplate } from '../profile.ts';
import { makeDirectory } from '../write.ts';
import type { ClusterLeaf } from './leaves.ts';
import type { PolicyUsage } from './policy.ts';
import { requireFree, writeSingleFile } from './write.ts';

/** What is asked for, as it depends on the kind of key. */
export type WantedRequest = (keyType: string) => RequestTemplate;

/** Just what `apply` asks for, so that it knows the request for its own. */
export const wantedByCluster =
  ({ item }: ClusterLeaf): WantedRequest =>
  (keyType) =>
    requestTemplate(item.profile, keyType);

export interface PlainWishes {
  readonly subject: Name;
  readonly names: Pick<SubjectAltNames, 'dns' | 'ip'>;
  /** None: what the certificate is good for is left to the CA. */
  readonly usages: readonly PolicyUsage[];
}

export const wantedByFlags =
  ({ subject, names, usages }: PlainWishes): WantedRequest =>
  (keyType) => ({
    subject,
    subjectAltNames: names,
    ...(usages.length === 0
      ? {}
      : {
          basicConstraints: { ca: false },
          keyUsage: keyType.startsWith('RSA-')
            ? ['digitalSignature', 'keyEncipherment']
            : ['digitalSignature'],
          extendedKeyUsage: usages,
        }),
  });

export interface NewRequest {
  readonly wanted: WantedRequest;
  /** A key that is there, or the kind of one to make. */
  readonly key: PrivateKey | KeyAlgorithm;
  /** Where a new key goes; of no meaning for one that is there. */
  readonly keyPath: string;
  /** Undefined: it is not written anywhere. */
  readonly requestPath: string | undefined;
}

export interface MadeRequest {
  /** PEM. */
  readonly text: string;
  readonly keyType: string;
  /** Undefined where the key was there already. */
  readonly keyPath: string | undefined;
}

/**
 * Makes key and request. Neither takes the place of a file that is there.
 *
 * @throws KubepkiError `CONFLICT` where there is one, before anything is written; `FILE_SYSTEM`,
 *   `INVALID_VALUE` for a name that no request can hold
 */
export async function makeRequest(options: NewRequest): Promise<MadeRequest> {
  const { wanted, keyPath, requestPath } = options;
  const isNew = typeof options.key === 'string';
  if (requestPath !== undefined) requireFree(requestPath);
  if (isNew) requireFree(keyPath, `for a request with that key, give --key ${keyPath}`);
  const key =
    typeof options.key === 'string' ? await generatePrivateKeyAsync(options.key) : options.key;
  // Before the key is written: a name may not fit into a request.
  const text = encodePem('CERTIFICATE REQUEST', createRequest(wanted(key.type), key));
  if (isNew) writeSingleFile({ path: keyPath, content: encodePrivateKey(key), mode: 0o600 });
  if (requestPath !== undefined) {
    writeSingleFile({ path: requestPath, content: text, mode: 0o644 });
  }
  return { text, keyType: key.type, keyPath: isNew ? keyPath : undefined };
}

/**
 * Makes key and request of one credential where `apply` looks for them: in the directory of a PKI.
 *
 * @throws KubepkiError as `makeRequest`; `UNSUPPORTED` for a credential that is a kubeconfig; `CONFLICT`
 *   where its certificate is there, or the directory is of another cluster; `LOCKED`
 */
export async function makeRequestInPlace(
  cluster: Cluster,
  place: DirectoryPlace,
  leaf: ClusterLeaf,
  options: Pick<NewRequest, 'wanted' | 'key'>,
): Promise<MadeRequest & { readonly requestPath: string }> {
  const { item } = leaf;
  if (item.kind === 'kubeconfig') {
    throw new KubepkiError(
      'UNSUPPORTED',
      `-d: ${item.credential} is a kubeconfig in this cluster`,
      {
        hint: 'apply makes it with its key and the request, where the key of its CA is not there; or give --out and --out-key',
      },
    );
  }
  const resolved = resolvePlace(place, cluster);
  if (resolved.kind !== 'directory') throw new TypeError('expected a directory');
  checkClusterName(resolved, cluster.name);
  const root =
    leaf.place === 'admin'
      ? administratorRoot(resolved)
      : hostRoot(resolved, leaf.place === 'shared' ? '' : leaf.place);
  const certificatePath = join(root, item.certificatePath);
  const keyPath = join(root, item.keyPath);
  const requestPath = pairPaths(certificatePath, keyPath, () => false).request;
  const releases = lockPaths(resolved).map(takeLock);
  try {
    for (const path of [certificatePath, keyPath, requestPath]) {
      const elsewhere = new HostContext(new Map(), new Date(0), true).leadsElsewhere(path);
      if (elsewhere !== undefined) throw new KubepkiError('CONFLICT', `${path}: ${elsewhere}`);
      makeDirectory(dirname(path), 0o755, new Set());
    }
    requireFree(certificatePath);
    return { ...(await makeRequest({ ...options, keyPath, requestPath })), requestPath };
  } finally {
    for (const release of releases.reverse()) release();
  }
}
