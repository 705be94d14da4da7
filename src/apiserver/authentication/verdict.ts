/** What a credential came to: a user, nothing (`none`), or that it is wrong and why. */
import type { UserInfo } from '../../kubernetes/index.ts';

export type Verdict =
  | { readonly kind: 'user'; readonly user: UserInfo }
  | { readonly kind: 'none' }
  | { readonly kind: 'wrong'; readonly reason: string };

export const NONE: Verdict = { kind: 'none' };
export const wrong = (reason: string): Verdict => ({ kind: 'wrong', reason });
