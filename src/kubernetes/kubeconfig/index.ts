/** The kubeconfig format: read, written, merged and edited as kubectl does it. */
export { type Node as GoYamlNode, readDocument as readGoYaml } from './document.ts';
export type { JsonObject, JsonValue } from './json.ts';
export {
  changedFiles,
  defaultFile,
  type KubeconfigFile,
  type KubeconfigSources,
  mergeKubeconfigs,
  resolvePaths,
} from './merge.ts';
export {
  type ClusterFlags,
  type ContextChange,
  type ContextFlags,
  type CredentialFlags,
  type ReferencedFiles,
  setCluster,
  setContext,
  setCredentials,
  useContext,
} from './modify.ts';
export { parseKubeconfig } from './parse.ts';
export { makeKubeconfig, type SimpleKubeconfig } from './simple.ts';
export * from './types.ts';
export { flatten, minify, redact } from './view.ts';
export { formatKubeconfig, formatKubeconfigJson } from './write.ts';
