/** The controllers of certificates, tokens and roles, for any Kubernetes API. */
export { readAuthority } from './authority.ts';
export { formatLogLine, type LogLine } from './context.ts';
export { NodeCertificates } from './guardrails/index.ts';
export { ControllerMetrics } from './metrics.ts';
export { CONTROLLER_NAMES, enabledControllers } from './names.ts';
export type { RootCa } from './root-ca-publisher.ts';
export { type LeaderElection, type RunControllersOptions, runControllers } from './run.ts';
export type { ServingOptions } from './serving-names.ts';
export type { CertificateAuthority } from './signer.ts';
