/**
 * Kubeconfigs as text, byte for byte what kubectl v1.36 writes for the same content: clientcmd's
 * `WriteToFile` makes JSON of the v1 types and turns that into YAML (sigs.k8s.io/yaml), so fields
 * that are empty are left out by Go's rules and keys end up in goyaml's order.
 */
import { emitYaml, spaces, type Tree, type TreeMap } from './emit.ts';
import { compareUtf8, type JsonObject, type JsonValue, jsonNumber } from './json.ts';
import { compareKeys } from './key-order.ts';
import type {
  AuthProvider,
  Cluster,
  Context,
  ExecPlugin,
  Extensions,
  Kubeconfig,
  Preferences,
  User,
} from './types.ts';

/** The YAML of a kubeconfig file. It holds the keys and tokens: to be written with mode 0600. */
export function formatKubeconfig(config: Kubeconfig): string {
  return emitYaml(sorted(configTree(config)));
}

/** The same as JSON, as `kubectl config view -o json` prints it. */
export function formatKubeconfigJson(config: Kubeconfig): string {
  return `${json(configTree(config), 0)}\n`;
}

type Fields = [key: string, value: Tree | undefined][];

/** A mapping of what is there, in the order of the Go struct, unknown fields behind. */
function struct(fields: Fields, unknown?: JsonObject): TreeMap {
  const map = new Map<string, Tree>();
  for (const [key, value] of fields) if (value !== undefined) map.set(key, value);
  for (const key of Object.keys(unknown ?? {}).sort(compareUtf8)) {
    if (!map.has(key)) map.set(key, jsonTree(unknown?.[key] ?? null));
  }
  return map;
}

// Go's `omitempty`.
const text = (value: string | undefined): string | undefined => value || undefined;
const flag = (value: boolean | undefined): true | undefined => value || undefined;
const data = (value: Uint8Array | undefined): string | undefined =>
  value === undefined || value.length === 0 ? undefined : base64(value);
const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

function configTree(config: Kubeconfig): TreeMap {
  return struct(
    [
      ['kind', 'Config'],
      ['apiVersion', 'v1'],
      ['preferences', preferences(config.preferences)],
      ['clusters', named(config.clusters, 'cluster', cluster)],
      ['users', named(config.users, 'user', user)],
      ['contexts', named(config.contexts, 'context', context)],
      ['current-context', config.currentContext],
      ['extensions', extensions(config.extensions)],
    ],
    config.unknown,
  );
}

/** Named entries, sorted by name; `null` where there are none, as Go writes an empty list. */
function named<T extends { entryUnknown?: JsonObject }>(
  map: ReadonlyMap<string, T>,
  key: string,
  tree: (value: T) => TreeMap,
): Tree {
  if (map.size === 0) return null;
  return byName(map).map(([name, value]) =>
    struct(
      [
        ['name', name],
        [key, tree(value)],
      ],
      value.entryUnknown,
    ),
  );
}

function byName<T>(map: ReadonlyMap<string, T>): [string, T][] {
  const list = [...map];
  return list.length > 1 ? list.sort(([a], [b]) => compareUtf8(a, b)) : list;
}

function preferences(value: Preferences | undefined): TreeMap | undefined {
  if (value === undefined) return undefined;
  const map = struct(
    [
      ['colors', flag(value.colors)],
      ['extensions', extensions(value.extensions)],
    ],
    value.unknown,
  );
  return map.size === 0 ? undefined : map;
}

function cluster(value: Cluster): TreeMap {
  return struct(
    [
      ['server', value.server],
      ['tls-server-name', text(value.tlsServerName)],
      ['insecure-skip-tls-verify', flag(value.insecureSkipTlsVerify)],
      ['certificate-authority', text(value.certificateAuthority)],
      ['certificate-authority-data', data(value.certificateAuthorityData)],
      ['proxy-url', text(value.proxyUrl)],
      ['disable-compression', flag(value.disableCompression)],
      ['extensions', extensions(value.extensions)],
    ],
    value.unknown,
  );
}

function user(value: User): TreeMap {
  return struct(
    [
      ['client-certificate', text(value.clientCertificate)],
      ['client-certificate-data', data(value.clientCertificateData)],
      ['client-key', text(value.clientKey)],
      ['client-key-data', data(value.clientKeyData)],
      ['token', text(value.token)],
      ['tokenFile', text(value.tokenFile)],
      ['as', text(value.as)],
      ['as-uid', text(value.asUid)],
      ['as-groups', value.asGroups?.length ? value.asGroups : undefined],
      ['as-user-extra', value.asUserExtra?.size ? stringMap(value.asUserExtra) : undefined],
      ['username', text(value.username)],
      ['password', text(value.password)],
      ['auth-provider', value.authProvider && authProvider(value.authProvider)],
      ['exec', value.exec && exec(value.exec)],
      ['extensions', extensions(value.extensions)],
    ],
    value.unknown,
  );
}

const stringMap = (map: ReadonlyMap<string, Tree>): TreeMap => new Map(byName(map));

function authProvider(value: AuthProvider): TreeMap {
  return struct(
    [
      ['name', value.name],
      ['config', value.config && stringMap(value.config)],
    ],
    value.unknown,
  );
}

function exec(value: ExecPlugin): TreeMap {
  return struct(
    [
      ['command', value.command],
      ['args', value.args],
      ['env', value.env?.map(envVar) ?? null],
      ['apiVersion', text(value.apiVersion)],
      ['installHint', text(value.installHint)],
      ['provideClusterInfo', value.provideClusterInfo],
      ['interactiveMode', text(value.interactiveMode)],
    ],
    value.unknown,
  );
}

const envVar = (variable: { name: string; value: string; unknown?: JsonObject }): TreeMap =>
  struct(
    [
      ['name', variable.name],
      ['value', variable.value],
    ],
    variable.unknown,
  );

function context(value: Context): TreeMap {
  return struct(
    [
      ['cluster', value.cluster],
      ['user', value.user],
      ['namespace', text(value.namespace)],
      ['extensions', extensions(value.extensions)],
    ],
    value.unknown,
  );
}

function extensions(map: Extensions | undefined): Tree | undefined {
  if (map === undefined || map.size === 0) return undefined;
  return byName(map).map(([name, extension]) =>
    struct([
      ['name', name],
      ['extension', jsonTree(extension)],
    ]),
  );
}

function jsonTree(value: JsonValue): Tree {
  if (value === null || typeof value !== 'object') return value;
  if (isJsonList(value)) return value.map(jsonTree);
  const keys = Object.keys(value).sort(compareUtf8);
  return new Map(keys.map((key) => [key, jsonTree(value[key] ?? null)]));
}

const isJsonList = (value: JsonObject | readonly JsonValue[]): value is readonly JsonValue[] =>
  Array.isArray(value);
const isList = (value: TreeMap | readonly Tree[]): value is readonly Tree[] => Array.isArray(value);

/** The same tree with all mappings in goyaml's order. */
function sorted(map: TreeMap): TreeMap {
  const result = new Map<string, Tree>();
  for (const key of [...map.keys()].sort(compareKeys))
    result.set(key, sortedNode(map.get(key) ?? null));
  return result;
}

function sortedNode(value: Tree): Tree {
  if (value === null || typeof value !== 'object') return value;
  return isList(value) ? value.map(sortedNode) : sorted(value);
}

/** JSON with Go's indentation and escapes (`json.MarshalIndent`, which escapes `<`, `>` and `&`). */
function json(value: Tree, depth: number): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return jsonString(value);
  if (typeof value !== 'object') return jsonNumber(value);
  const lines = isList(value)
    ? value.map((item) => json(item, depth + 1))
    : Array.from(value, ([key, item]) => `${jsonString(key)}: ${json(item, depth + 1)}`);
  const [open, close] = isList(value) ? '[]' : '{}';
  if (lines.length === 0) return `${open}${close}`;
  const pad = spaces(4 * (depth + 1));
  return `${open}\n${pad}${lines.join(`,\n${pad}`)}\n${spaces(4 * depth)}${close}`;
}

function jsonString(value: string): string {
  return JSON.stringify(value.toWellFormed()).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
