/**
 * The kubeconfig format, version v1, as client-go's clientcmd knows it
 * (`k8s.io/client-go/tools/clientcmd/api/v1`). Lists of named entries are maps here, as they are in
 * clientcmd. `null` is kept apart from an empty list where the file shows the difference.
 */
import type { JsonObject, JsonValue } from './json.ts';

/** Additional data of other programs, by name; written back as it was read. */
export type Extensions = Map<string, JsonValue>;

interface Extensible {
  extensions?: Extensions;
  /** Fields that kubepki does not know. kubectl drops them when it writes; we keep them. */
  unknown?: JsonObject;
}

/** One entry of a list: what stands beside `name`, and where the entry came from. */
interface Entry extends Extensible {
  /** The file this entry was read from; decides where a change is written. Never written itself. */
  origin?: string;
  /** Unknown fields of the list item, beside `name`. */
  entryUnknown?: JsonObject;
}

export interface Kubeconfig extends Extensible {
  clusters: Map<string, Cluster>;
  users: Map<string, User>;
  contexts: Map<string, Context>;
  /** Empty where none is set. */
  currentContext: string;
  /** Deprecated upstream since v1.34, and used by nothing; kept. */
  preferences?: Preferences;
}

export interface Preferences extends Extensible {
  colors?: boolean;
}

/** How to reach a cluster. */
export interface Cluster extends Entry {
  /** `https://host:port`. */
  server: string;
  /** Name to verify the server's certificate against, instead of the host of `server`. */
  tlsServerName?: string;
  insecureSkipTlsVerify?: boolean;
  /** Path of a PEM file; relative to the kubeconfig's directory. */
  certificateAuthority?: string;
  /** PEM; takes precedence over the path. */
  certificateAuthorityData?: Uint8Array;
  proxyUrl?: string;
  disableCompression?: boolean;
}

/** Who to be. clientcmd calls this AuthInfo. */
export interface User extends Entry {
  clientCertificate?: string;
  clientCertificateData?: Uint8Array;
  clientKey?: string;
  clientKeyData?: Uint8Array;
  /** Bearer token. */
  token?: string;
  tokenFile?: string;
  /** User name to act as (impersonation). */
  as?: string;
  asUid?: string;
  asGroups?: string[];
  asUserExtra?: Map<string, string[] | null>;
  username?: string;
  password?: string;
  authProvider?: AuthProvider;
  exec?: ExecPlugin;
}

/** An in-tree credential plug-in of older clients. */
export interface AuthProvider {
  name: string;
  config: Map<string, string> | null;
  unknown?: JsonObject;
}

/** A program that prints credentials (client.authentication.k8s.io). */
export interface ExecPlugin {
  command: string;
  args: string[] | null;
  env: ExecEnvVar[] | null;
  apiVersion?: string;
  installHint?: string;
  provideClusterInfo: boolean;
  /** `Never`, `IfAvailable` or `Always`; a file may hold anything. */
  interactiveMode?: string;
  unknown?: JsonObject;
}

export interface ExecEnvVar {
  name: string;
  value: string;
  unknown?: JsonObject;
}

/** A cluster, a user and a namespace, by name. */
export interface Context extends Entry {
  cluster: string;
  user: string;
  namespace?: string;
}

/** A kubeconfig with nothing in it: what kubectl takes a missing or empty file for. */
export function emptyKubeconfig(): Kubeconfig {
  return { clusters: new Map(), users: new Map(), contexts: new Map(), currentContext: '' };
}
