/** Users and groups that mean something to the server itself (kubernetes, apiserver/pkg/authentication/user/user.go). */
import { StatusError, type UserInfo } from '../../kubernetes/index.ts';

export { CREDENTIAL_ID } from '../../kubernetes/index.ts';

export const ANONYMOUS_USER = 'system:anonymous';
export const ALL_AUTHENTICATED = 'system:authenticated';
export const ALL_UNAUTHENTICATED = 'system:unauthenticated';

export const anonymous: UserInfo = { name: ANONYMOUS_USER, groups: [ALL_UNAUTHENTICATED] };

/** Adds the group of everybody who has proven who they are (apiserver/pkg/authentication/group). */
export function asAuthenticated(user: UserInfo): UserInfo {
  const { name, groups } = user;
  const settled =
    name === ANONYMOUS_USER ||
    groups.includes(ALL_AUTHENTICATED) ||
    groups.includes(ALL_UNAUTHENTICATED);
  return settled ? user : { ...user, groups: [...groups, ALL_AUTHENTICATED] };
}

/** The refusal of every credential that is wrong, whatever is wrong with it: it says nothing more. */
export const unauthorized = (): StatusError => StatusError.of('Unauthorized', 'Unauthorized');
