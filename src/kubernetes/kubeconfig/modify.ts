/**
 * The edits of `kubectl config set-cluster|set-credentials|set-context|use-context`, with kubectl's
 * rules (`k8s.io/kubectl/pkg/cmd/config`). Each takes a kubeconfig and gives a new one; files to
 * embed are read by functions handed in.
 */
import { KubepkiError, quoted } from '../../errors.ts';
import type { Cluster, Context, ExecEnvVar, ExecPlugin, Kubeconfig, User } from './types.ts';

/** How an edit gets at files that it refers to. */
export interface ReferencedFiles {
  /** The content of a file to embed; throws a KubepkiError where it cannot be read. */
  read(path: string): Uint8Array;
  /** The path made absolute. */
  absolute(path: string): string;
}

export interface ClusterFlags {
  server?: string;
  tlsServerName?: string;
  /** False where it is not given: kubectl resets it then. */
  insecureSkipTlsVerify?: boolean;
  certificateAuthority?: string;
  embedCerts?: boolean;
  proxyUrl?: string;
}

export interface CredentialFlags {
  clientCertificate?: string;
  clientKey?: string;
  embedCerts?: boolean;
  token?: string;
  username?: string;
  password?: string;
  authProvider?: string;
  /** `key=value` to set, `key-` to remove. */
  authProviderArg?: readonly string[];
  execCommand?: string;
  execApiVersion?: string;
  execInteractiveMode?: string;
  execProvideClusterInfo?: boolean;
  /** Replace all arguments. */
  execArg?: readonly string[];
  /** `NAME=value` to set, `NAME-` to remove. */
  execEnv?: readonly string[];
}

export interface ContextFlags {
  /** Change the current context instead of one by name. */
  current?: boolean;
  cluster?: string;
  user?: string;
  namespace?: string;
}

const usage = (message: string): KubepkiError => new KubepkiError('USAGE', message);

/**
 * Adds or changes a cluster entry.
 *
 * @throws KubepkiError `USAGE` for an empty name or flags that exclude each other
 */
export function setCluster(
  config: Kubeconfig,
  name: string,
  flags: ClusterFlags,
  files: ReferencedFiles,
): Kubeconfig {
  const {
    insecureSkipTlsVerify: insecure = false,
    embedCerts = false,
    certificateAuthority: ca,
  } = flags;
  if (name === '') throw usage('the name of a cluster cannot be empty');
  if (insecure && ca)
    throw usage('--insecure-skip-tls-verify and --certificate-authority exclude each other');
  if (embedCerts && !ca) throw usage('--embed-certs needs a --certificate-authority to embed');
  const cluster: Cluster = { ...(config.clusters.get(name) ?? { server: '' }) };
  if (flags.server !== undefined) {
    cluster.server = flags.server;
    // The name belonged to the old server.
    delete cluster.tlsServerName;
  }
  set(cluster, 'tlsServerName', flags.tlsServerName);
  setFlag(cluster, 'insecureSkipTlsVerify', insecure);
  if (insecure) {
    delete cluster.certificateAuthority;
    delete cluster.certificateAuthorityData;
  }
  if (ca !== undefined) {
    setFile(cluster, 'certificateAuthority', 'certificateAuthorityData', ca, embedCerts, files);
    delete cluster.insecureSkipTlsVerify;
  }
  set(cluster, 'proxyUrl', flags.proxyUrl);
  return { ...config, clusters: new Map(config.clusters).set(name, cluster) };
}

/** Sets a field, or removes it where the flag is given and empty. */
function set<K extends string>(
  entry: { [key in K]?: string },
  key: K,
  value: string | undefined,
): void {
  if (value === undefined) return;
  if (value === '') delete entry[key];
  else entry[key] = value;
}

function setFlag<K extends string>(entry: { [key in K]?: boolean }, key: K, value: boolean): void {
  if (value) entry[key] = true;
  else delete entry[key];
}

/** Refers to a file, or embeds it; either takes the place of the other. */
function setFile<P extends string, D extends string>(
  entry: { [key in P]?: string } & { [key in D]?: Uint8Array },
  pathKey: P,
  dataKey: D,
  path: string,
  embed: boolean,
  files: ReferencedFiles,
): void {
  const at: { [key in P]?: string } = entry;
  const data: { [key in D]?: Uint8Array } = entry;
  if (embed) {
    data[dataKey] = files.read(path);
    delete at[pathKey];
  } else {
    at[pathKey] = files.absolute(path);
    delete data[dataKey];
  }
}

/**
 * Adds or changes a user entry. A token displaces user name and password, and the other way round.
 *
 * @throws KubepkiError `USAGE` for an empty name, malformed flags or flags that exclude each other
 */
export function setCredentials(
  config: Kubeconfig,
  name: string,
  flags: CredentialFlags,
  files: ReferencedFiles,
): Kubeconfig {
  const providerArgs = parsePairs(flags.authProviderArg, '--auth-provider-arg');
  const env = parsePairs(flags.execEnv, '--exec-env');
  checkCredentialFlags(name, flags);
  const user: User = { ...config.users.get(name) };
  const { embedCerts = false } = flags;
  for (const [path, data] of [
    ['clientCertificate', 'clientCertificateData'],
    ['clientKey', 'clientKeyData'],
  ] as const) {
    const file = flags[path];
    // Embedding one of the two and giving the other as empty empties that one.
    if (file === '' && embedCerts) {
      delete user[path];
      delete user[data];
    } else if (file !== undefined) setFile(user, path, data, file, embedCerts, files);
  }
  set(user, 'token', flags.token);
  set(user, 'username', flags.username);
  set(user, 'password', flags.password);
  if (flags.token) {
    delete user.username;
    delete user.password;
  } else if (flags.username || flags.password) delete user.token;
  setAuthProvider(user, flags.authProvider, providerArgs);
  setExec(user, flags, env);
  return { ...config, users: new Map(config.users).set(name, user) };
}

const INTERACTIVE_MODES: readonly string[] = ['IfAvailable', 'Never', 'Always'];

function checkCredentialFlags(name: string, flags: CredentialFlags): void {
  if (name === '') throw usage('the name of a user cannot be empty');
  if (flags.token && (flags.username || flags.password)) {
    throw usage('--token and --username/--password exclude each other');
  }
  if (flags.embedCerts && !flags.clientCertificate && !flags.clientKey) {
    throw usage('--embed-certs needs a --client-certificate or --client-key to embed');
  }
  const mode = flags.execInteractiveMode;
  if (mode !== undefined && !INTERACTIVE_MODES.includes(mode)) {
    throw usage(`--exec-interactive-mode: expected one of ${INTERACTIVE_MODES.join(', ')}`);
  }
}

interface Pairs {
  readonly set: ReadonlyMap<string, string>;
  readonly remove: ReadonlySet<string>;
}

/** pflag takes a list of nothing but one empty value for an empty list. */
const isNothing = (list: readonly string[] = []): boolean =>
  list.length === 0 || (list.length === 1 && list[0] === '');

/** `key=value` and `key-`; `undefined` where the flag was not given. */
function parsePairs(args: readonly string[] = [], flag: string): Pairs | undefined {
  if (isNothing(args)) return undefined;
  const pairs = new Map<string, string>();
  const remove = new Set<string>();
  for (const arg of args) {
    const equals = arg.indexOf('=');
    if (equals > 0) pairs.set(arg.slice(0, equals), arg.slice(equals + 1));
    else if (equals < 0 && arg.length > 1 && arg.endsWith('-')) remove.add(arg.slice(0, -1));
    // The argument itself is not shown: it may hold a secret.
    else throw usage(`${flag}: expected key=value, or key- to remove the key`);
  }
  return { set: pairs, remove };
}

function setAuthProvider(user: User, name: string | undefined, args: Pairs | undefined): void {
  let provider = user.authProvider;
  if (name !== undefined && provider?.name !== name) provider = { name, config: null };
  if (provider === undefined) return;
  const config = new Map(provider.config);
  for (const key of args?.remove ?? []) config.delete(key);
  for (const [key, value] of args?.set ?? []) config.set(key, value);
  user.authProvider = { ...provider, config };
}

function setExec(user: User, flags: CredentialFlags, env: Pairs | undefined): void {
  const { execCommand: command } = flags;
  const old = user.exec;
  if (old === undefined && command === undefined) return;
  const exec: ExecPlugin = {
    command: '',
    args: null,
    env: null,
    provideClusterInfo: false,
    ...old,
  };
  if (command !== undefined) {
    exec.command = command;
    exec.args = null;
  }
  set(exec, 'apiVersion', flags.execApiVersion);
  set(exec, 'interactiveMode', flags.execInteractiveMode);
  if (!isNothing(flags.execArg)) exec.args = [...(flags.execArg ?? [])];
  if (flags.execProvideClusterInfo !== undefined)
    exec.provideClusterInfo = flags.execProvideClusterInfo;
  if (env !== undefined) exec.env = changedEnv(exec.env ?? [], env);
  user.exec = exec;
}

function changedEnv(old: readonly ExecEnvVar[], { set: values, remove }: Pairs): ExecEnvVar[] {
  const left = new Map(values);
  const env = old
    .filter(({ name }) => !remove.has(name))
    .map((variable) => {
      const value = left.get(variable.name);
      // Of variables with the same name only the first is changed.
      left.delete(variable.name);
      return value === undefined ? variable : { ...variable, value };
    });
  return [...env, ...Array.from(left, ([name, value]) => ({ name, value }))];
}

export interface ContextChange {
  readonly config: Kubeconfig;
  readonly name: string;
  /** The context was not there before. */
  readonly created: boolean;
}

/**
 * Adds or changes a context, by name or the current one.
 *
 * @throws KubepkiError `USAGE` for no name, or a name and `current`; `NOT_FOUND` for no current context
 */
export function setContext(config: Kubeconfig, name: string, flags: ContextFlags): ContextChange {
  if (name === '' && !flags.current) throw usage('give the name of a context, or --current');
  if (name !== '' && flags.current)
    throw usage('the name of a context and --current exclude each other');
  const target = flags.current ? config.currentContext : name;
  if (target === '') {
    throw new KubepkiError('NOT_FOUND', 'no current context is set', {
      hint: 'set one with use-context, or give the name of the context to change',
    });
  }
  const old = config.contexts.get(target);
  const context: Context = { ...(old ?? { cluster: '', user: '' }) };
  if (flags.cluster !== undefined) context.cluster = flags.cluster;
  if (flags.user !== undefined) context.user = flags.user;
  set(context, 'namespace', flags.namespace);
  const contexts = new Map(config.contexts).set(target, context);
  return { config: { ...config, contexts }, name: target, created: old === undefined };
}

/**
 * Makes a context the current one.
 *
 * @throws KubepkiError `USAGE` for an empty name, `NOT_FOUND` for a context that is not there
 */
export function useContext(config: Kubeconfig, name: string): Kubeconfig {
  if (name === '') throw usage('the name of a context cannot be empty');
  if (!config.contexts.has(name)) {
    const known = [...config.contexts.keys()].sort().join(', ');
    throw new KubepkiError('NOT_FOUND', `there is no context ${quoted(name)}`, {
      hint: known === '' ? 'make one with set-context' : `there are: ${known}`,
    });
  }
  return { ...config, currentContext: name };
}
