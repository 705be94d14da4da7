/** Trust anchors for whoever runs in a cluster, and certificates for pods (k8s.io/api, certificates/v1beta1). */
import type { Condition, KubernetesObject } from './objects.ts';

export interface ClusterTrustBundle extends KubernetesObject {
  readonly spec: {
    /** Absent: anybody's anchors. */
    readonly signerName?: string;
    /** PEM, certificates of CAs. */
    readonly trustBundle: string;
  };
}

export interface PodCertificateRequest extends KubernetesObject {
  readonly spec: {
    readonly signerName: string;
    readonly podName: string;
    readonly podUID: string;
    readonly serviceAccountName: string;
    readonly serviceAccountUID: string;
    readonly nodeName: string;
    readonly nodeUID: string;
    readonly maxExpirationSeconds?: number;
    /** DER of a SubjectPublicKeyInfo, in base64. Together with `proofOfPossession`, or neither. */
    readonly pkixPublicKey: string | null;
    /** A signature over the bytes of `podUID`, in base64. */
    readonly proofOfPossession: string | null;
    /** DER of a PKCS#10 request, in base64: only its key counts. */
    readonly stubPKCS10Request: string | null;
    readonly unverifiedUserAnnotations?: Readonly<Record<string, string>>;
  };
  readonly status?: {
    readonly conditions?: readonly Condition[];
    /** PEM, the certificate for the key first. */
    readonly certificateChain?: string;
    readonly notBefore?: string;
    readonly beginRefreshAt?: string;
    readonly notAfter?: string;
  };
}
