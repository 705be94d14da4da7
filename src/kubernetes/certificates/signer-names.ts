/** Names of signers: those of Kubernetes itself, and what a name has to look like. */
import { quoted } from '../../errors.ts';
import { dnsLabelProblems, dnsSubdomainProblems } from '../rule-text.ts';

export const KUBE_APISERVER_CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client';
export const KUBELET_CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client-kubelet';
export const KUBELET_SERVING_SIGNER = 'kubernetes.io/kubelet-serving';
/** From v1beta1: nobody can create such a request through v1, but old ones are still signed. */
export const LEGACY_UNKNOWN_SIGNER = 'kubernetes.io/legacy-unknown';

/**
 * Of PodCertificateRequests: client certificates that kube-apiserver understands. Upstream has reserved the
 * name for that and signs none (k8s.io/api, certificates/v1beta1, PodCertificateRequestSpec).
 */
export const KUBE_APISERVER_CLIENT_POD_SIGNER = 'kubernetes.io/kube-apiserver-client-pod';

/** The signers of CertificateSigningRequests that kube-controller-manager has. */
export const SIGNER_NAMES = [
  KUBELET_SERVING_SIGNER,
  KUBELET_CLIENT_SIGNER,
  KUBE_APISERVER_CLIENT_SIGNER,
  LEGACY_UNKNOWN_SIGNER,
] as const;
export type SignerName = (typeof SIGNER_NAMES)[number];

/** Whatever kubepki signs as: each can have a CA of its own. */
export type IssuingSigner = SignerName | typeof KUBE_APISERVER_CLIENT_POD_SIGNER;

export function isSignerName(name: string): name is SignerName {
  return (SIGNER_NAMES as readonly string[]).includes(name);
}

const LONGEST_SUBDOMAIN = 253;
const LONGEST_LABEL = 63;
const LONGEST_NAME = LONGEST_SUBDOMAIN + 1 + LONGEST_LABEL + 1 + LONGEST_SUBDOMAIN;

/** One thing that is wrong with a name; `value` is the part that is meant, as upstream's errors show it. */
export interface SignerNameProblem {
  readonly kind: 'required' | 'invalid' | 'too-long';
  readonly value: string;
  readonly message: string;
}

/**
 * What is wrong with the name of a signer, in upstream's order and words; none where it is valid
 * (kubernetes, pkg/apis/core/validation/names.go, ValidateSignerName).
 */
export function signerNameProblems(name: string): SignerNameProblem[] {
  if (name === '') return [{ kind: 'required', value: name, message: '' }];
  const [domain = '', path, ...more] = name.split('/');
  if (path === undefined || more.length > 0) {
    const message =
      "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    return [{ kind: 'invalid', value: name, message }];
  }
  const problems: SignerNameProblem[] = [];
  const invalid = (value: string, message: string): void => {
    problems.push({ kind: 'invalid', value, message });
  };
  if (domain.length > LONGEST_SUBDOMAIN) problems.push(tooLong(domain, LONGEST_SUBDOMAIN));
  const labels = domain.split('.');
  for (const problem of firstProblems(labels, dnsLabelProblems)) invalid(domain, problem);
  if (labels.length < 2) {
    invalid(domain, 'should be a domain with at least two segments separated by dots');
  }
  for (const problem of firstProblems(path.split('.'), dnsSubdomainProblems)) {
    invalid(path, problem);
  }
  if (name.length > LONGEST_NAME) problems.push(tooLong(name, LONGEST_NAME));
  return problems;
}

/** What is wrong with the first piece that is wrong. */
function firstProblems(
  pieces: readonly string[],
  problemsOf: (piece: string) => readonly string[],
): string[] {
  for (const piece of pieces) {
    const problems = problemsOf(piece);
    if (problems.length > 0) {
      return problems.map((problem) => `validating label ${quoted(piece)}: ${problem}`);
    }
  }
  return [];
}

const tooLong = (value: string, longest: number): SignerNameProblem => ({
  kind: 'too-long',
  value,
  message: `may not be more than ${longest} bytes`,
});
