/** How a node's credential is refused that comes from elsewhere. */
import { StatusError, type UserInfo } from '../../kubernetes/index.ts';
import { forbiddenError } from '../authorization/index.ts';

/**
 * 403: the credential is good, but not there. The answer tells the address that it came from, which a node that
 * was moved has to be told; where it would be accepted stands in the logs only.
 */
export class ElsewhereError extends StatusError {
  readonly user: UserInfo;
  /** As they were declared. */
  readonly bound: readonly string[];

  constructor(user: UserInfo, node: string, bound: readonly string[], seen: string) {
    const { status } = forbiddenError(
      { group: '', resource: 'nodes', name: node },
      `its credential is not accepted from ${seen}`,
    );
    super(status);
    this.name = 'ElsewhereError';
    this.user = user;
    this.bound = bound;
  }
}
