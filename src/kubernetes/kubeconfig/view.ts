/** What `kubectl config view` makes of a kubeconfig before it prints it. */
import { KubepkiError, quoted } from '../../errors.ts';
import type { JsonObject } from './json.ts';
import type { Cluster, Kubeconfig, User } from './types.ts';

/**
 * Keeps only the current context, its cluster and its user.
 *
 * @throws KubepkiError `NOT_FOUND` where one of them is not there
 */
export function minify(config: Kubeconfig): Kubeconfig {
  const { currentContext: name } = config;
  if (name === '') {
    throw new KubepkiError('NOT_FOUND', 'no current context is set, so there is nothing to keep', {
      hint: 'set one with use-context, or give --context',
    });
  }
  const context = config.contexts.get(name);
  if (context === undefined) throw missing('context', name);
  return {
    ...config,
    contexts: new Map([[name, context]]),
    clusters: only(config.clusters, context.cluster, 'cluster'),
    users: only(config.users, context.user, 'user'),
  };
}

function only<T>(entries: ReadonlyMap<string, T>, name: string, what: string): Map<string, T> {
  if (name === '') return new Map();
  const entry = entries.get(name);
  if (entry === undefined) throw missing(what, name);
  return new Map([[name, entry]]);
}

const missing = (what: string, name: string): KubepkiError =>
  new KubepkiError('NOT_FOUND', `there is no ${what} ${quoted(name)}`);

/**
 * Puts the content of referenced PEM files in the place of their paths.
 *
 * @param read the content of a file named by an entry; throws a KubepkiError where it cannot be read
 * @throws KubepkiError `INVALID_VALUE` where an entry has both a path and embedded data
 */
export function flatten(
  config: Kubeconfig,
  read: (path: string, entry: Cluster | User) => Uint8Array,
): Kubeconfig {
  const clusters = new Map(config.clusters);
  for (const [name, entry] of clusters) {
    const cluster = { ...entry };
    const content = (path: string): Uint8Array => read(path, entry);
    embed(
      cluster,
      'certificateAuthority',
      'certificateAuthorityData',
      `cluster "${name}"`,
      content,
    );
    clusters.set(name, cluster);
  }
  const users = new Map(config.users);
  for (const [name, entry] of users) {
    const user = { ...entry };
    const content = (path: string): Uint8Array => read(path, entry);
    embed(user, 'clientCertificate', 'clientCertificateData', `user "${name}"`, content);
    embed(user, 'clientKey', 'clientKeyData', `user "${name}"`, content);
    users.set(name, user);
  }
  return { ...config, clusters, users };
}

function embed<P extends string, D extends string>(
  entry: { [key in P]?: string } & { [key in D]?: Uint8Array },
  pathKey: P,
  dataKey: D,
  where: string,
  content: (path: string) => Uint8Array,
): void {
  const at: { [key in P]?: string } = entry;
  const data: { [key in D]?: Uint8Array } = entry;
  const path = at[pathKey];
  if (path === undefined || path === '') return;
  if (data[dataKey]?.length) {
    throw new KubepkiError(
      'INVALID_VALUE',
      `${where}: has a path to a file and its content as well`,
      {
        hint: 'remove one of the two; programs use the embedded content',
      },
    );
  }
  data[dataKey] = content(path);
  delete at[pathKey];
}

/** Bytes whose base64 is this very word, which is how kubectl shows that data is there. */
const OMITTED = Buffer.from('DATA+OMITTED', 'base64');
const REDACTED = 'REDACTED';

/** Hides keys, certificates, tokens and passwords, and drops fields that we cannot judge. */
export function redact(config: Kubeconfig): Kubeconfig {
  return withoutUnknown({
    ...config,
    clusters: mapValues(config.clusters, redactCluster),
    users: mapValues(config.users, redactUser),
    contexts: mapValues(config.contexts, withoutUnknown),
    ...(config.preferences && { preferences: withoutUnknown(config.preferences) }),
  });
}

function redactCluster(entry: Cluster): Cluster {
  const cluster = withoutUnknown(entry);
  if (cluster.certificateAuthorityData?.length) cluster.certificateAuthorityData = OMITTED;
  return cluster;
}

function redactUser(entry: User): User {
  const user = withoutUnknown(entry);
  if (user.clientCertificateData?.length) user.clientCertificateData = OMITTED;
  // Of the key kubectl shows even that it is there but empty.
  if (user.clientKeyData !== undefined) user.clientKeyData = OMITTED;
  if (user.token) user.token = REDACTED;
  if (user.password) user.password = REDACTED;
  if (user.authProvider !== undefined) user.authProvider = withoutUnknown(user.authProvider);
  if (user.exec !== undefined) {
    const env = user.exec.env?.map(withoutUnknown) ?? null;
    user.exec = withoutUnknown({ ...user.exec, env });
  }
  return user;
}

function withoutUnknown<T extends { unknown?: JsonObject; entryUnknown?: JsonObject }>(
  value: T,
): T {
  const known = { ...value };
  delete known.unknown;
  delete known.entryUnknown;
  return known;
}

function mapValues<T>(map: ReadonlyMap<string, T>, change: (value: T) => T): Map<string, T> {
  return new Map(Array.from(map, ([key, value]) => [key, change(value)]));
}
