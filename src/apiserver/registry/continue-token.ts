/** `continue` of a list: where to go on, and at which revision (apiserver, pkg/storage/continue.go). */
import { isJsonObject, parseJson } from '../../kubernetes/index.ts';
import { badRequest } from './refusals.ts';

const VERSION = 'meta.k8s.io/v1';

/** Upstream goes on from a key, the storage here behind one: the least key behind it is this much longer. */
const BEHIND = '\0';

export interface Continuation {
  /** The last key that was answered. */
  readonly after: string;
  /** Absent for a list that goes on with what is there now, as upstream's inconsistent tokens ask. */
  readonly revision?: number;
}

export function encodeContinue(lastKey: string, prefix: string, revision: number): string {
  const start = `${lastKey.slice(prefix.length)}${BEHIND}`;
  return Buffer.from(JSON.stringify({ v: VERSION, rv: revision, start })).toString('base64url');
}

/** @throws StatusError BadRequest */
export function decodeContinue(token: string, prefix: string): Continuation {
  const value = readToken(token);
  if (!isJsonObject(value)) throw invalid();
  const { v, rv, start } = value;
  if (v !== VERSION) throw invalid('server does not recognize this encoded version');
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv === 0 || rv < -1) {
    throw invalid('incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  }
  if (typeof start !== 'string' || start === '') {
    throw invalid('encoded start key empty (version meta.k8s.io/v1)');
  }
  // Nothing that leads out of the prefix.
  if (start.startsWith('/') || start.split('/').some((part) => ['', '.', '..'].includes(part))) {
    throw invalid();
  }
  if (!start.endsWith(BEHIND)) throw invalid();
  return { after: `${prefix}${start.slice(0, -1)}`, ...(rv === -1 ? {} : { revision: rv }) };
}

function readToken(token: string): unknown {
  const bad = /[^\w-]/.exec(token)?.index ?? (token.length % 4 === 1 ? token.length - 1 : -1);
  if (bad >= 0) throw invalid(`illegal base64 data at input byte ${bad}`);
  try {
    return parseJson(Buffer.from(token, 'base64url'));
  } catch {
    throw invalid('not JSON');
  }
}

const invalid = (why?: string): Error =>
  badRequest(
    `invalid continue token: continue key is not valid${why === undefined ? '' : `: ${why}`}`,
  );
