/** What the parts of the API server hand to each other. */
import type { ApiRequest, FieldSelector, KubernetesObject, UserInfo } from '../kubernetes/index.ts';

/** What the connection says of the other side. */
export interface Peer {
  /** IP address without port; absent in the same process. */
  readonly address?: string;
  /** The certificate that it proved in TLS and what it sent along, DER, leaf first. Not verified. */
  readonly certificates: readonly Uint8Array[];
}

/** By what somebody who makes a request can be revoked. */
export interface Shown {
  /** Absent in the same process. */
  readonly peer?: Peer;
  /** A bearer token, whether it was looked at or not. */
  readonly token?: string | undefined;
  /** Who is there and, where it is another, as whom they act. */
  readonly users: readonly UserInfo[];
}

/** A request as it reaches the server. */
export interface ServerRequest extends ApiRequest {
  readonly peer: Peer;
  /** Set by a caller of the same process only: authentication is passed over. */
  readonly user?: UserInfo;
}

/** Verbs of authorization (upstream: apiserver, pkg/endpoints/request/requestinfo.go); lower-case methods for other paths. */
export type Verb =
  | 'get'
  | 'list'
  | 'watch'
  | 'create'
  | 'update'
  | 'patch'
  | 'delete'
  | 'deletecollection';

/** What a request is about, as authorization, admission and audit see it. */
export type RequestAttributes = ResourceRequest | PathRequest;

export interface ResourceRequest {
  readonly kind: 'resource';
  readonly user: UserInfo;
  /** A `Verb`, or one that only authorization knows (`approve`, `bind`). */
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** Empty where there is none, as the next two. */
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Of a list, a watch or a deletion of a collection: what it is narrowed to, where that can be read. */
  readonly fieldSelector?: FieldSelector;
  /** Of the making of a revocation: what its maker shows. */
  readonly shown?: Shown;
}

export interface PathRequest {
  readonly kind: 'path';
  readonly user: UserInfo;
  /** The method in lower case. */
  readonly verb: string;
  readonly path: string;
}

export interface Decision {
  readonly allowed: boolean;
  /** Why, or why not: what `SubjectAccessReview.status.reason` shows. */
  readonly reason: string;
  /** Not only not allowed: whatever others say. `SubjectAccessReview.status.denied`. */
  readonly denied?: true;
}

export interface Authorizer {
  authorize(request: RequestAttributes): Promise<Decision>;
}

/** Who it is; undefined: nothing that this authenticator knows. */
export interface Authenticator {
  /** @throws StatusError Unauthorized for a credential that is there and wrong */
  authenticate(request: ServerRequest): Promise<UserInfo | undefined>;
}

/** A write before it is stored. `object` is what would be stored, `old` what is. */
export interface AdmissionRequest {
  readonly attributes: ResourceRequest;
  readonly object?: KubernetesObject;
  readonly old?: KubernetesObject;
  readonly dryRun: boolean;
}

/** @throws StatusError, usually Forbidden, to refuse */
export type Admission = (request: AdmissionRequest) => Promise<void>;
