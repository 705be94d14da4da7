/** Who answers the reviews: the authorizer, asked through the API. */
import type { KubernetesObject, SubjectAccessReview } from '../kubernetes/index.ts';
import { reviewToken, type ServerAuthenticator } from './authentication/index.ts';
import {
  type Authorization,
  reviewAccess,
  reviewLocalAccess,
  reviewOwnAccess,
  reviewOwnRules,
  reviewSelf,
} from './authorization/index.ts';
import type { Review, Reviews } from './front/index.ts';
import { formatTime } from './resources/index.ts';
import { type Revocations, withoutRevoked } from './revocation/index.ts';

export interface ReviewParts extends Authorization {
  readonly authenticator: ServerAuthenticator;
  readonly revocations: Revocations;
  /** `--api-audiences`. */
  readonly apiAudiences: readonly string[];
  readonly now: () => Date;
}

export const reviewsOf = (parts: ReviewParts): Reviews => {
  const { authorizer, resolvers, authenticator, revocations, apiAudiences, now } = parts;
  // Whoever asks about others has authenticated them itself, by a certificate perhaps: a kubelet, say.
  const ofOthers = withoutRevoked(authorizer, revocations);
  return new Map<string, Review>([
    ['subjectaccessreviews', ({ object }) => reviewAccess(asked(object), ofOthers)],
    [
      'selfsubjectaccessreviews',
      ({ object, user }) => reviewOwnAccess(asked(object), user, authorizer),
    ],
    [
      'localsubjectaccessreviews',
      ({ object, namespace }) => reviewLocalAccess(asked(object), namespace, ofOthers),
    ],
    [
      'selfsubjectrulesreviews',
      async ({ object, user }) => reviewOwnRules(object, user, resolvers),
    ],
    ['selfsubjectreviews', async ({ object, user }) => reviewSelf(object, user, formatTime(now()))],
    ['tokenreviews', ({ object }) => reviewToken(object, authenticator, apiAudiences)],
  ]);
};

/** The registry has read it by the schema of its resource, in which the specification is an object. */
function asked(object: KubernetesObject): SubjectAccessReview {
  if (hasSpec(object)) return object;
  return { ...object, spec: {} };
}

const hasSpec = (object: KubernetesObject): object is SubjectAccessReview =>
  'spec' in object && typeof object.spec === 'object' && object.spec !== null;
