/**
 * How many certificate signing requests one user may have waiting, and one node at all. Upstream has no such limit:
 * whoever has a bootstrap token can fill the server with requests that nobody approves, and they stay for a day.
 */
import { StatusError, type UserInfo } from '../../kubernetes/index.ts';
import { bootstrapUserTokenId, nodeBindingOf } from '../../tokens/index.ts';
import { nodeOf, SYSTEM_MASTERS } from '../authorization/index.ts';
import type { TokenSecrets } from '../bootstrap-tokens/index.ts';
import type { Admission } from '../types.ts';
import { isAbout, operationOf } from './request.ts';
import type { RequestsByUser } from './requests-by-user.ts';

/**
 * A request that is decided within this time is no burden: a thousand nodes may begin at once with one
 * bootstrap token, and all of their requests wait for a moment.
 */
export const REQUEST_GRACE_MS = 10_000;
/** Undecided for longer than the grace. */
const MOST_OVERDUE = 100;
/** Undecided, however young. */
const MOST_PENDING = 5_000;
/**
 * Of one node, or of a token for one, decided or not. Its renewals approve themselves, and each certificate leaves a NodeBinding until it
 * expires; requests are deleted an hour after they were issued. A kubelet makes a few a day, and 96 for a serving
 * certificate that nobody approves.
 */
const MOST_OF_NODE = 200;
/** JSON of the requests of more than 8 KiB, decided or not; those of nodes are smaller. */
const MOST_LARGE_BYTES = 16 * 1024 * 1024;

const RETRY_SECONDS = 10;
const SYSTEM_ACCOUNTS = 'system:serviceaccount:kube-system:';

/**
 * Refuses a create of a user who has too much waiting, or of a node that has too much: 429, to try again.
 *
 * @param findToken the Secret of a bootstrap token, by the token's id
 */
export function requestLimit(
  requests: Pick<RequestsByUser, 'usage'>,
  now: () => Date,
  findToken: TokenSecrets['find'],
): Admission {
  return async (request) => {
    if (!isAbout(request, 'certificatesigningrequests.certificates.k8s.io')) return;
    if (request.attributes.subresource !== '' || operationOf(request) !== 'create') return;
    const { user } = request.attributes;
    if (isExempt(user)) return;
    const { all, overdue, pending, largeBytes } = requests.usage(user.name, now().getTime());
    if (all >= MOST_OF_NODE && (await isOneNode(user, findToken))) {
      throw tooMany(`the limit is ${MOST_OF_NODE} certificate signing requests of one node`);
    }
    if (overdue >= MOST_OVERDUE) {
      throw tooMany(
        `the limit is ${MOST_OVERDUE} certificate signing requests of one user that are undecided for more than ${REQUEST_GRACE_MS / 1000} seconds`,
      );
    }
    if (pending >= MOST_PENDING) {
      throw tooMany(
        `the limit is ${MOST_PENDING} undecided certificate signing requests of one user`,
      );
    }
    if (largeBytes >= MOST_LARGE_BYTES) {
      throw tooMany(
        `the limit is ${MOST_LARGE_BYTES} bytes in the large certificate signing requests of one user`,
      );
    }
  };
}

/** By its certificate, or by a bootstrap token that is for one node. */
async function isOneNode(user: UserInfo, findToken: TokenSecrets['find']): Promise<boolean> {
  if (nodeOf(user) !== undefined) return true;
  const id = bootstrapUserTokenId(user.name);
  const secret = id === undefined ? undefined : await findToken(id);
  return secret !== undefined && nodeBindingOf(secret).oneShot;
}

const isExempt = ({ name, groups }: UserInfo): boolean =>
  name.startsWith(SYSTEM_ACCOUNTS) || groups.includes(SYSTEM_MASTERS);

const tooMany = (limit: string): StatusError =>
  StatusError.of('TooManyRequests', `${limit}: approve, deny or delete some, or try again later`, {
    group: 'certificates.k8s.io',
    kind: 'certificatesigningrequests',
    retryAfterSeconds: RETRY_SECONDS,
  });
