/** Words for reviews (k8s.io/api, authorization/v1, authentication/v1). */
import type { Words } from './open-api-words.ts';

const AUTHORIZATION = 'io.k8s.api.authorization.v1';
const AUTHENTICATION = 'io.k8s.api.authentication.v1';

const ASKED = {
  resourceAttributes: 'Asks about a resource. Either this or `nonResourceAttributes`.',
  nonResourceAttributes: 'Asks about a path that is no resource.',
};
const REVIEW = { spec: 'What is asked.', status: 'The answer, from the server.' };

export const REVIEW_DESCRIPTIONS: Words = {
  [`${AUTHORIZATION}.SubjectAccessReview`]: {
    is: 'Asks whether a user or group may do something.',
    fields: REVIEW,
  },
  [`${AUTHORIZATION}.LocalSubjectAccessReview`]: {
    is: 'Asks whether a user or group may do something in a namespace.',
    fields: REVIEW,
  },
  [`${AUTHORIZATION}.SelfSubjectAccessReview`]: {
    is: 'Asks whether the one who asks may do something (kubectl auth can-i).',
    fields: REVIEW,
  },
  [`${AUTHORIZATION}.SelfSubjectRulesReview`]: {
    is: 'Asks what the one who asks may do in a namespace (kubectl auth can-i --list). For showing, not for deciding.',
    fields: REVIEW,
  },
  [`${AUTHORIZATION}.SubjectAccessReviewSpec`]: {
    is: 'Who would do what.',
    fields: {
      ...ASKED,
      user: 'The name of the user.',
      groups: 'The groups of the user. Without `user`: may the groups do it?',
      extra: 'What else is known of the user.',
      uid: 'The UID of the user.',
    },
  },
  [`${AUTHORIZATION}.SelfSubjectAccessReviewSpec`]: {
    is: 'What the one who asks would do.',
    fields: ASKED,
  },
  [`${AUTHORIZATION}.ResourceAttributes`]: {
    is: 'A request for a resource.',
    fields: {
      namespace: 'The namespace; empty for all of them, or for a cluster-scoped resource.',
      verb: 'get, list, watch, create, update, patch, delete and others; "*" for all.',
      group: 'The group of the resource; "*" for all.',
      version: 'The version of the resource; "*" for all.',
      resource: 'The resource; "*" for all.',
      subresource: 'The subresource, if one is meant.',
      name: 'The name of the object; empty for all of them.',
      fieldSelector: 'The fields that a list, watch or deletecollection is limited to.',
      labelSelector: 'The labels that a list, watch or deletecollection is limited to.',
    },
  },
  [`${AUTHORIZATION}.FieldSelectorAttributes`]: {
    is: 'A limit by fields, as text or parsed.',
    fields: {
      rawSelector: 'The text of the query.',
      requirements: 'The same, parsed: all must hold.',
    },
  },
  [`${AUTHORIZATION}.LabelSelectorAttributes`]: {
    is: 'A limit by labels, as text or parsed.',
    fields: {
      rawSelector: 'The text of the query.',
      requirements: 'The same, parsed: all must hold.',
    },
  },
  [`${AUTHORIZATION}.NonResourceAttributes`]: {
    is: 'A request for a path that is no resource.',
    fields: { path: 'The path.', verb: 'The HTTP method in lower case.' },
  },
  [`${AUTHORIZATION}.SubjectAccessReviewStatus`]: {
    is: 'Whether it may be done.',
    fields: {
      allowed: 'Whether it may be done.',
      denied: 'Whether it was refused outright, so that nobody else can allow it.',
      reason: 'Why, for people.',
      evaluationError: 'What went wrong on the way; the answer may hold all the same.',
    },
  },
  [`${AUTHORIZATION}.SelfSubjectRulesReviewSpec`]: {
    is: 'Where.',
    fields: { namespace: 'The namespace in question.' },
  },
  [`${AUTHORIZATION}.SubjectRulesReviewStatus`]: {
    is: 'What may be done.',
    fields: {
      resourceRules: 'What may be done with resources, in no particular order.',
      nonResourceRules: 'What may be done with paths that are no resources.',
      incomplete: 'Whether there may be more than the lists say.',
      evaluationError: 'What went wrong on the way; the lists may hold all the same.',
    },
  },
  [`${AUTHORIZATION}.ResourceRule`]: {
    is: 'Something that may be done with resources.',
    fields: {
      verbs: 'The verbs; "*" for all.',
      apiGroups: 'The groups; "*" for all.',
      resources: 'Resources, or RESOURCE/SUBRESOURCE; "*" for all.',
      resourceNames: 'Names of the objects; empty for all of them.',
    },
  },
  [`${AUTHORIZATION}.NonResourceRule`]: {
    is: 'Something that may be done with paths that are no resources.',
    fields: {
      verbs: 'HTTP methods in lower case; "*" for all.',
      nonResourceURLs: 'Paths; "*" at the end stands for anything.',
    },
  },
  [`${AUTHENTICATION}.SelfSubjectReview`]: {
    is: 'Asks who the one who asks is, as the server sees it (kubectl auth whoami).',
    fields: { status: 'The answer, from the server.' },
  },
  [`${AUTHENTICATION}.SelfSubjectReviewStatus`]: {
    is: 'Who asks.',
    fields: { userInfo: 'The user that the server has found out.' },
  },
  [`${AUTHENTICATION}.TokenReview`]: {
    is: 'Asks whom a token stands for.',
    fields: { spec: 'The token.', status: 'The answer, from the server.' },
  },
  [`${AUTHENTICATION}.TokenReviewSpec`]: {
    is: 'A token that somebody has shown.',
    fields: {
      token: 'The token, as it stands behind Bearer in a header.',
      audiences:
        'Who asks, as tokens name it; one of them has to be meant. The server itself unless given.',
    },
  },
  [`${AUTHENTICATION}.TokenReviewStatus`]: {
    is: 'Whom a token stands for.',
    fields: {
      authenticated: 'Whether the token is good.',
      user: 'The user; nobody where the token is not good.',
      audiences: 'For whom the token is, of those that ask.',
      error: 'Why the token could not be judged, or is not good.',
    },
  },
  [`${AUTHENTICATION}.UserInfo`]: {
    is: 'A user, as authentication has found out.',
    fields: {
      username: 'The name, unique among the users.',
      uid: 'Tells the user from others that had the name at other times.',
      groups: 'The groups of the user.',
      extra: 'What else is known of the user.',
    },
  },
};
