/** What a signing policy is: what may be signed, and where it says so. */
import type { ExtendedKeyUsage } from '../../x509/index.ts';
import type { IpRange } from './names.ts';

/** Kinds of keys that a policy can allow: all that Go's crypto/tls takes in certificates. */
export const POLICY_KEY_ALGORITHMS = [
  'RSA',
  'ECDSA-P256',
  'ECDSA-P384',
  'ECDSA-P521',
  'Ed25519',
] as const;
export type PolicyKeyAlgorithm = (typeof POLICY_KEY_ALGORITHMS)[number];

/**
 * What is allowed where nothing else is said: what kubeadm's and client-go's readers of keys take.
 * Ed25519 and P-521 serve Go's TLS, but kubeadm reads no Ed25519 key and not all that is not written in
 * Go knows P-521; a policy has to name them.
 */
export const USUAL_KEY_ALGORITHMS: readonly PolicyKeyAlgorithm[] = [
  'RSA',
  'ECDSA-P256',
  'ECDSA-P384',
];

export const LEAST_RSA_BITS = 2048;
/** crypto/tls refuses larger keys in certificates (Go 1.20.7, CVE-2023-29409). */
export const MOST_RSA_BITS = 8192;

/** Attributes of a subject besides CN and O that a certificate can have. */
export const SUBJECT_ATTRIBUTES = ['C', 'ST', 'L', 'STREET', 'postalCode', 'OU'] as const;
export type SubjectAttribute = (typeof SUBJECT_ATTRIBUTES)[number];

/** The usages that Kubernetes components look for. */
export const POLICY_USAGES = ['serverAuth', 'clientAuth'] as const;
export type PolicyUsage = (typeof POLICY_USAGES)[number] & ExtendedKeyUsage;

/** The parts of a policy that a request can be refused by. */
export type PolicyRule =
  | 'commonNames'
  | 'organizations'
  | 'attributes'
  | 'dns'
  | 'ip'
  | 'usages'
  | 'keyAlgorithms'
  | 'minimumRsaBits'
  | 'validity';

export interface SigningPolicy {
  /** Exact. */
  readonly commonNames: readonly string[];
  /** Exact. */
  readonly organizations: readonly string[];
  readonly attributes: Readonly<Partial<Record<SubjectAttribute, readonly string[]>>>;
  /** As `allowsDns` reads them. */
  readonly dns: readonly string[];
  readonly ip: readonly IpRange[];
  /** Every name that is asked for, but reserved identities and wildcards: somebody has looked at them. */
  readonly namesAsAsked: boolean;
  readonly usages: readonly PolicyUsage[];
  readonly keyAlgorithms: readonly PolicyKeyAlgorithm[];
  readonly minimumRsaBits: number;
  /** Seconds; the most. */
  readonly validity: number;
  /** Where a rule stands, for whoever is refused by it: `policy.yaml: spec.names.dns (line 7)`. */
  readonly origin: (rule: PolicyRule) => string;
  /** The flags that would allow this value, where flags are the policy. */
  readonly remedy?: (rule: PolicyRule, value: string) => string | undefined;
}

/** One thing that a request asks for and does not get. */
export interface Refusal {
  /** The part of the request: `subject`, `names`, `usages`, … */
  readonly part: string;
  readonly reason: string;
  /** Whose rule it is. */
  readonly origin: string;
  readonly remedy?: string;
}

/** The rules that no policy can change. */
const ALWAYS = 'always refused';

export const always = (part: string, reason: string): Refusal => ({
  part,
  reason,
  origin: ALWAYS,
});

/** What a certificate may say: judged, and nothing of it changed afterwards. */
export interface Grant {
  readonly commonName: string | undefined;
  readonly organizations: readonly string[];
  readonly attributes: Readonly<Partial<Record<SubjectAttribute, readonly string[]>>>;
  readonly dns: readonly string[];
  readonly ip: readonly string[];
  readonly usages: readonly PolicyUsage[];
  /** Seconds. */
  readonly validity: number;
}
