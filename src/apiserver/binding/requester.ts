/**
 * What a certificate signing request says of where it came from: the server writes it into `spec.extra`, where
 * nobody can change it, and both the signing and an approver may rely on it.
 */
import {
  BOUND_ADDRESSES_EXTRA,
  type Secret,
  SOURCE_ADDRESS_EXTRA,
  type UserInfo,
} from '../../kubernetes/index.ts';
import { BOOTSTRAP_USER_PREFIX, nodeBindingOf } from '../../tokens/index.ts';
import type { ServerRequest } from '../types.ts';
import { canonicalBlock } from './addresses.ts';
import type { NodeBindings } from './node-bindings.ts';

export interface RequesterOptions {
  /** Absent: nothing is said. */
  readonly bindings: NodeBindings | undefined;
  /** Whether a request was let in since a proxy in front says whose it is: its address is the proxy's. */
  readonly isProxied: (request: ServerRequest) => boolean;
  /** The Secret of a bootstrap token, by the token's id. */
  readonly tokenSecret: (id: string) => Promise<Secret | undefined>;
}

/**
 * Who asks for a certificate, as the request for it shall say.
 *
 * @param requestor who is really there
 * @param user as whom they act
 */
export type RequesterOf = (
  request: ServerRequest,
  requestor: UserInfo,
  user: UserInfo,
) => Promise<UserInfo>;

export function createRequesters({
  bindings,
  isProxied,
  tokenSecret,
}: RequesterOptions): RequesterOf {
  return async (request, requestor, user) => {
    const plain = withoutSource(user);
    if (bindings === undefined) return plain;
    const isDirect = request.user === undefined && requestor === user && !isProxied(request);
    if (!isDirect) return plain;
    const { address, addresses } = bindings.boundTo(request.peer);
    if (address === undefined) return plain;
    const bound = addresses.length > 0 ? addresses : await addressesOfToken(user, tokenSecret);
    const canonical = bound.flatMap((text) => canonicalBlock(text) ?? []);
    const isOnly = canonical.length === 1 && canonical[0] === address;
    return {
      ...plain,
      extra: {
        ...plain.extra,
        [SOURCE_ADDRESS_EXTRA]: [address],
        ...(canonical.length === 0 || isOnly ? {} : { [BOUND_ADDRESSES_EXTRA]: canonical }),
      },
    };
  };
}

async function addressesOfToken(
  { name }: UserInfo,
  tokenSecret: RequesterOptions['tokenSecret'],
): Promise<readonly string[]> {
  if (!name.startsWith(BOOTSTRAP_USER_PREFIX)) return [];
  const secret = await tokenSecret(name.slice(BOOTSTRAP_USER_PREFIX.length));
  return secret === undefined ? [] : nodeBindingOf(secret).addresses;
}

/** Whatever anybody says there, in a header of impersonation or of a proxy, is not believed. */
function withoutSource(user: UserInfo): UserInfo {
  const { extra } = user;
  if (extra === undefined) return user;
  const isSaid = [SOURCE_ADDRESS_EXTRA, BOUND_ADDRESSES_EXTRA].some((key) =>
    Object.hasOwn(extra, key),
  );
  if (!isSaid) return user;
  const { [SOURCE_ADDRESS_EXTRA]: _, [BOUND_ADDRESSES_EXTRA]: __, ...others } = extra;
  return { ...user, extra: others };
}

/** What the server wrote so into a request; nothing where it did not. */
export function sourceIn(extra: unknown): {
  readonly address?: string;
  readonly addresses: readonly string[];
} {
  const [address] = textsAt(extra, SOURCE_ADDRESS_EXTRA);
  return {
    ...(address === undefined ? {} : { address }),
    addresses: textsAt(extra, BOUND_ADDRESSES_EXTRA),
  };
}

function textsAt(extra: unknown, key: string): readonly string[] {
  if (typeof extra !== 'object' || extra === null || !Object.hasOwn(extra, key)) return [];
  const values: unknown = Reflect.get(extra, key);
  return Array.isArray(values) ? values.filter((one) => typeof one === 'string') : [];
}
