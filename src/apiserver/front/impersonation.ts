/**
 * Acting as somebody else: who may (apiserver, pkg/endpoints/filters/impersonation, as Kubernetes 1.36 has
 * it switched on: KEP-5284). The constrained ways are tried first: each takes the right to be somebody
 * (`impersonate:<mode>`) and the right to do this very thing as somebody else
 * (`impersonate-on:<mode>:<verb>`). The old way, `impersonate`, is the right to do all that the other may.
 *
 * Upstream keeps what it has allowed for ten seconds; here nothing is kept: to ask again costs less, and a
 * right that is taken away is gone at once.
 */
import type { StatusError } from '../../kubernetes/index.ts';
import { forbidden } from '../authorization/index.ts';
import type { Authorizer, RequestAttributes } from '../types.ts';
import type { Wanted } from './impersonation-headers.ts';
import { type Impersonated, modesOf } from './impersonation-modes.ts';

/** @throws StatusError Forbidden, for the first of the ways that was tried */
export type Impersonate = (wanted: Wanted, attributes: RequestAttributes) => Promise<Impersonated>;

/** Users of whom the way that worked last is known. It is tried first the next time, so its refusal is told. */
const MOST_USERS = 10_000;

export function createImpersonation(authorizer: Authorizer): Impersonate {
  const modes = modesOf(authorizer);
  const last = new Map<string, number>();
  return async (wanted, attributes) => {
    const requestor = attributes.user.name;
    const preferred = last.get(requestor);
    let refusal: StatusError | undefined;
    for (const index of inOrder(modes.length, preferred)) {
      const outcome = await modes[index]?.(wanted, attributes);
      if (outcome === undefined) continue;
      if (outcome.kind === 'allowed') {
        remember(last, requestor, index);
        return outcome.impersonated;
      }
      refusal ??= outcome.refusal;
    }
    throw refusal ?? forbidden(attributes, 'all impersonation modes failed');
  };
}

function* inOrder(count: number, first: number | undefined): Generator<number> {
  if (first !== undefined) yield first;
  for (let index = 0; index < count; index++) if (index !== first) yield index;
}

function remember(last: Map<string, number>, name: string, index: number): void {
  if (last.get(name) === index) return;
  last.delete(name);
  if (last.size >= MOST_USERS) {
    for (const oldest of last.keys()) {
      last.delete(oldest);
      break;
    }
  }
  last.set(name, index);
}
