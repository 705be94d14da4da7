/**
 * One request of a conversation: the same are sent to kube-apiserver, whose answers are recorded (`record.ts`), and
 * to our server. Those of one file are sent in their order.
 */
export interface Case {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly type?: string;
  readonly accept?: string;
}

export const MERGE = 'application/merge-patch+json';
export const STRATEGIC = 'application/strategic-merge-patch+json';
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

export const get = (path: string): Case => ({ method: 'GET', path });
export const table = (path: string): Case => ({ method: 'GET', path, accept: TABLE });
export const post = (path: string, body: unknown): Case => ({ method: 'POST', path, body });
export const put = (path: string, body: unknown): Case => ({ method: 'PUT', path, body });
export const patch = (path: string, body: unknown, type = MERGE): Case => ({
  method: 'PATCH',
  path,
  body,
  type,
});
export const remove = (path: string, body?: unknown): Case => ({
  method: 'DELETE',
  path,
  ...(body === undefined ? {} : { body }),
});

/** An object of this name. */
export const named = (name: string, more: object = {}): object => ({ metadata: { name }, ...more });
