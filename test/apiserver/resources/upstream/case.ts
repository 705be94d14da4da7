/**
 * One request of a conversation: the same are sent to kube-apiserver, whose answers are recorded (`record.ts`), and
 * to our server. Those of a conversation are sent in their order. In path and body `{{rv}}`, `{{uid}}` and
 * `{{continue}}` stand for what an answer before has told of the last object or list.
 */
export interface Case {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  /** The body as it is, in place of one that is written as JSON. */
  readonly raw?: string;
  readonly type?: string;
  readonly accept?: string;
  /** Whom the admin speaks for. */
  readonly as?: string;
  /** A watch: so many events are its answer. */
  readonly events?: number;
  /** Upstream authorizes by what its informers know: give them time first. */
  readonly settles?: true;
  /** What it is called in the recorded answers; else its number. */
  readonly label?: string;
}

export const JSON_PATCH = 'application/json-patch+json';
export const MERGE = 'application/merge-patch+json';
export const STRATEGIC = 'application/strategic-merge-patch+json';
export const PROTOBUF = 'application/vnd.kubernetes.protobuf';
export const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

export const get = (path: string, more: Partial<Case> = {}): Case => ({
  method: 'GET',
  path,
  ...more,
});
export const table = (path: string): Case => get(path, { accept: TABLE });
export const post = (path: string, body: unknown, more: Partial<Case> = {}): Case => ({
  method: 'POST',
  path,
  body,
  ...more,
});
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

/** What it is called, in the answers and in the name of a test. */
export const labelOf = ({ label }: Case, index: number): string => label ?? String(index + 1);
