/**
 * Bootstrap tokens that are for one node may less than RBAC gives their groups: of CertificateSigningRequests they
 * read none but their own, and once they are claimed they may do nothing else than create and read these.
 */
import { CERTIFICATE_SIGNING_REQUESTS, goQuote, type Secret } from '../../kubernetes/index.ts';
import { bootstrapUserTokenId, nodeBindingOf } from '../../tokens/index.ts';
import type { Authorizer, ResourceRequest } from '../types.ts';

export interface RestrictionSources {
  /** The Secret of a token, by its id. */
  readonly secret: (id: string) => Promise<Secret | undefined>;
  /** The user that has made a CertificateSigningRequest; undefined where there is none of this name. */
  readonly requesterOf: (name: string) => Promise<string | undefined>;
}

/** @param inner what else is needed: nobody may more than it says */
export function restrictNodeTokens(inner: Authorizer, sources: RestrictionSources): Authorizer {
  return {
    async authorize(request) {
      // Everybody else, almost always, has to pay for no more than this.
      const id = bootstrapUserTokenId(request.user.name);
      if (id === undefined || request.kind === 'path') return await inner.authorize(request);
      const secret = await sources.secret(id);
      const { oneShot, claim } =
        secret === undefined ? { oneShot: false, claim: undefined } : nodeBindingOf(secret);
      const reason = oneShot
        ? await problemOf(request, claim !== undefined, sources.requesterOf)
        : undefined;
      if (reason === undefined) return await inner.authorize(request);
      return { allowed: false, denied: true, reason };
    },
  };
}

const { group: GROUP, resource: CSRS } = CERTIFICATE_SIGNING_REQUESTS;
/** What an approver asks about whoever has made a request. */
const APPROVAL_RIGHTS: ReadonlySet<string> = new Set(['nodeclient', 'selfnodeclient']);
const READS: ReadonlySet<string> = new Set(['get', 'list', 'watch']);

async function problemOf(
  { group, resource, subresource, verb, name, user }: ResourceRequest,
  isClaimed: boolean,
  requesterOf: RestrictionSources['requesterOf'],
): Promise<string | undefined> {
  if (group !== GROUP || resource !== CSRS) {
    return isClaimed
      ? 'a bootstrap token that is for one node may only create and read its own certificate signing requests once it has made one'
      : undefined;
  }
  if (verb === 'create' && (subresource === '' || APPROVAL_RIGHTS.has(subresource))) {
    return undefined;
  }
  if (subresource !== '' || !READS.has(verb)) {
    return 'a bootstrap token that is for one node may only create and read certificate signing requests';
  }
  if (name === '') {
    return 'a bootstrap token that is for one node may read only what it names: list and watch with fieldSelector=metadata.name=…';
  }
  const requester = await requesterOf(name);
  if (requester === user.name) return undefined;
  // A node that was killed asks for what it may have made. A watch would show what somebody else makes later.
  if (requester === undefined && verb !== 'watch') return undefined;
  return `the certificate signing request ${goQuote(name)} was not made with this bootstrap token`;
}
