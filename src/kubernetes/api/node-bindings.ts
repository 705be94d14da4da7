/**
 * NodeBindings: a resource of kubepki's own server. Each says from where the certificate of one node is
 * accepted. A kube-apiserver knows nothing of them.
 */
import type { KubernetesObject } from './objects.ts';

export interface NodeBindingSpec {
  /** The node that the certificate is for. Never changes. */
  readonly node: string;
  /** IP addresses and CIDRs. */
  readonly addresses: readonly string[];
}

/** Set by the server. */
export interface NodeBindingStatus {
  /** What the addresses are from: a declaration (cluster file, token, the binding before), the request for the certificate, its first use. */
  readonly boundBy?: 'Declaration' | 'Request' | 'FirstUse';
  /** `X509SHA256=…`, as audit logs have it. */
  readonly credentialId?: string;
  /** When the certificate expires, and the binding goes. */
  readonly notAfter?: string;
}

export interface NodeBinding extends KubernetesObject {
  readonly spec: NodeBindingSpec;
  readonly status?: NodeBindingStatus;
}
