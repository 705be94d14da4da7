/** One request to kube-apiserver, whose answer is recorded (`record.ts`), and to our server. */

export interface Case {
  /** What it shows, for the name of a test. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  /** The body as it is, in place of one that is written as JSON. */
  readonly text?: string;
  readonly type?: string;
  readonly agent?: string;
}

const APPLY = 'application/apply-patch+yaml';
const MERGE = 'application/merge-patch+json';

type More = Partial<Omit<Case, 'name' | 'method' | 'path'>>;

/** @param query `fieldManager=a&force=true` */
export const apply = (name: string, path: string, query: string, body: unknown): Case => ({
  name,
  method: 'PATCH',
  path: `${path}?${query}`,
  body,
  type: APPLY,
});

/** Of a text that need not be JSON. */
export const applyText = (name: string, path: string, query: string, text: string): Case => ({
  name,
  method: 'PATCH',
  path: `${path}?${query}`,
  text,
  type: APPLY,
});

export const get = (name: string, path: string): Case => ({ name, method: 'GET', path });
export const post = (name: string, path: string, body: unknown, more: More = {}): Case => ({
  name,
  method: 'POST',
  path,
  body,
  ...more,
});
export const put = (name: string, path: string, body: unknown, more: More = {}): Case => ({
  name,
  method: 'PUT',
  path,
  body,
  ...more,
});
export const patch = (name: string, path: string, body: unknown, more: More = {}): Case => ({
  name,
  method: 'PATCH',
  path,
  body,
  type: MERGE,
  ...more,
});
export const remove = (name: string, path: string): Case => ({ name, method: 'DELETE', path });
