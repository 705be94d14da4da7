/** Flags of the upstream components that people bring along and that kubepki does not have, each with the reason. */

const NO_PODS = 'pods are stored and run nowhere, so nothing reads it';
const NO_KUBELET = 'no kubelet runs here; the node agent keeps certificates only';
const LOGS = 'what happens is told on standard error, a line each';

const REASONS: ReadonlyMap<string, string> = new Map([
  ['--enable-admission-plugins', 'NodeRestriction and the plug-ins of certificates are always on'],
  ['--etcd-servers', 'the objects lie in a database in --data-dir'],
  ['--service-cluster-ip-range', 'Services get addresses of 10.0.0.0/24 that lead nowhere'],
  ['--service-account-issuer', NO_PODS],
  ['--service-account-key-file', NO_PODS],
  ['--service-account-signing-key-file', NO_PODS],
  ['--allow-privileged', NO_PODS],
  ['--kubelet-client-certificate', 'the server calls no kubelet'],
  ['--kubelet-client-key', 'the server calls no kubelet'],
  ['--config', 'what it would hold are flags here: --help lists them'],
  ['--container-runtime-endpoint', NO_KUBELET],
  ['--pod-manifest-path', NO_KUBELET],
  ['--register-with-taints', 'the taint kubepki.dev/no-kubelet:NoSchedule is always there'],
  ['-v', LOGS],
  ['--v', LOGS],
]);

/** Why there is no such flag, where it is one of upstream's that many give. */
export const reasonWithout = (flag: string): string | undefined =>
  REASONS.get(flag.replaceAll('_', '-'));
