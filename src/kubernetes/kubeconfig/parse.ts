/**
 * Reads kubeconfigs as kubectl does (client-go's clientcmd `Load`): YAML 1.1 or JSON into the v1
 * types, defaults applied, unknown fields tolerated (and kept, where kubectl forgets them).
 *
 * Where both accept a file they read the same from it. Stricter than kubectl on purpose, because it
 * would use one of two values, or drop something when it writes: a key twice in one mapping, a
 * second document, keys that are numbers with a fraction, tags other than YAML's own, the line
 * breaks that only YAML 1.1 knows (U+0085, U+2028, U+2029). And as the syntax is read by a parser
 * of YAML 1.2, some things that hardly occur are accepted by one side only: escapes of surrogates
 * (`"\ud83d\ude00"`), `?` and missing spaces inside brackets, lines inside brackets that are not
 * indented, `%YAML 1.2`.
 */
import { quoted } from '../../errors.ts';
import { readDocument } from './document.ts';
import { Fields, isNull } from './fields.ts';
import {
  type AuthProvider,
  type Cluster,
  type Context,
  type ExecEnvVar,
  type ExecPlugin,
  emptyKubeconfig,
  type Kubeconfig,
  type Preferences,
  type User,
} from './types.ts';

/**
 * Reads the text of a kubeconfig. An empty text is an empty kubeconfig.
 *
 * @param where the file's name, for messages
 * @throws KubepkiError `MALFORMED_DOCUMENT` naming `where`, the line and the field; never a value
 */
export function parseKubeconfig(text: string, where: string): Kubeconfig {
  const root = readDocument(text, where);
  if (root === undefined || isNull(root)) return emptyKubeconfig();
  const fields = new Fields(root, '', where);
  const kind = fields.text('kind');
  const apiVersion = fields.text('apiVersion');
  if (kind !== '' && kind !== 'Config')
    throw fields.refuse('kind', `expected Config, got ${quoted(kind)}`);
  if (apiVersion !== '' && apiVersion !== 'v1') {
    throw fields.refuse('apiVersion', `expected v1, got ${quoted(apiVersion)}`);
  }
  return {
    clusters: fields.named('clusters', 'cluster', cluster),
    users: fields.named('users', 'user', user),
    contexts: fields.named('contexts', 'context', context),
    currentContext: fields.text('current-context'),
    ...present<Kubeconfig>({
      preferences: fields.optional('preferences', preferences),
      extensions: fields.extensions(),
      unknown: fields.unknown(),
    }),
  };
}

function preferences(fields: Fields): Preferences | undefined {
  const found = present<Preferences>({
    colors: fields.flag('colors'),
    extensions: fields.extensions(),
    unknown: fields.unknown(),
  });
  return Object.keys(found).length === 0 ? undefined : found;
}

function cluster(fields: Fields): Cluster {
  return {
    server: fields.text('server'),
    ...present<Cluster>({
      tlsServerName: fields.optionalText('tls-server-name'),
      insecureSkipTlsVerify: fields.flag('insecure-skip-tls-verify'),
      certificateAuthority: fields.optionalText('certificate-authority'),
      certificateAuthorityData: fields.data('certificate-authority-data'),
      proxyUrl: fields.optionalText('proxy-url'),
      disableCompression: fields.flag('disable-compression'),
      extensions: fields.extensions(),
      unknown: fields.unknown(),
    }),
  };
}

function user(fields: Fields): User {
  return present<User>({
    clientCertificate: fields.optionalText('client-certificate'),
    clientCertificateData: fields.data('client-certificate-data'),
    clientKey: fields.optionalText('client-key'),
    clientKeyData: fields.data('client-key-data'),
    token: fields.optionalText('token'),
    tokenFile: fields.optionalText('tokenFile'),
    as: fields.optionalText('as'),
    asUid: fields.optionalText('as-uid'),
    asGroups: nonEmpty(fields.texts('as-groups')),
    asUserExtra: userExtra(fields),
    username: fields.optionalText('username'),
    password: fields.optionalText('password'),
    authProvider: fields.optional('auth-provider', authProvider),
    exec: fields.optional('exec', execPlugin),
    extensions: fields.extensions(),
    unknown: fields.unknown(),
  });
}

const nonEmpty = (list: string[] | null): string[] | undefined =>
  list === null || list.length === 0 ? undefined : list;

function userExtra(fields: Fields): Map<string, string[] | null> | undefined {
  const map = fields.map('as-user-extra', (inner, key) => inner.texts(key));
  return map === null || map.size === 0 ? undefined : map;
}

function authProvider(fields: Fields): AuthProvider {
  return {
    name: fields.text('name'),
    config: fields.map('config', (inner, key) => inner.text(key)),
    ...present<AuthProvider>({ unknown: fields.unknown() }),
  };
}

/** Versions of the exec API in which the mode may be left out (clientcmd's `SetDefaults_ExecConfig`). */
const INTERACTIVE_BY_DEFAULT = new Set([
  'client.authentication.k8s.io/v1alpha1',
  'client.authentication.k8s.io/v1beta1',
]);

function execPlugin(fields: Fields): ExecPlugin {
  const apiVersion = fields.optionalText('apiVersion');
  const byDefault = INTERACTIVE_BY_DEFAULT.has(apiVersion ?? '') ? 'IfAvailable' : undefined;
  return {
    command: fields.text('command'),
    args: fields.texts('args'),
    env: fields.list('env', envVar),
    provideClusterInfo: fields.flag('provideClusterInfo') ?? false,
    ...present<ExecPlugin>({
      apiVersion,
      installHint: fields.optionalText('installHint'),
      interactiveMode: fields.optionalText('interactiveMode') ?? byDefault,
      unknown: fields.unknown(),
    }),
  };
}

function envVar(fields: Fields): ExecEnvVar {
  return {
    name: fields.text('name'),
    value: fields.text('value'),
    ...present<ExecEnvVar>({ unknown: fields.unknown() }),
  };
}

function context(fields: Fields): Context {
  return {
    cluster: fields.text('cluster'),
    user: fields.text('user'),
    ...present<Context>({
      namespace: fields.optionalText('namespace'),
      extensions: fields.extensions(),
      unknown: fields.unknown(),
    }),
  };
}

/** Leaves out what is undefined. */
function present<T extends object>(fields: { [K in keyof T]?: T[K] | undefined }): Partial<T> {
  for (const key in fields) if (fields[key] === undefined) delete fields[key];
  return fields;
}
