/**
 * Reviews: asked by POST, answered at once, never stored (k8s.io/api, authorization/v1, authentication/v1).
 * Who answers them is not here; the definitions serve reading, discovery and OpenAPI.
 */
import {
  type KubernetesObject,
  type ResourceType,
  SUBJECT_ACCESS_REVIEWS,
  type SubjectAccessReview,
} from '../../kubernetes/index.ts';
import { NAME } from './columns.ts';
import { define } from './define.ts';
import type { ResourceDefinition } from './definition.ts';
import { apiObject, LABEL_SELECTOR_REQUIREMENT } from './metadata-schema.ts';
import { pathSegment } from './names.ts';
import {
  BOOLEAN,
  type Field,
  list,
  map,
  object,
  optional,
  required,
  STRING,
  struct,
} from './schema.ts';

const AUTHORIZATION = 'io.k8s.api.authorization.v1';
const AUTHENTICATION = 'io.k8s.api.authentication.v1';
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const atomic = (...[items]: Parameters<typeof list>) => list(items, { listType: 'atomic' });

export const SELF_SUBJECT_ACCESS_REVIEWS: ResourceType<SubjectAccessReview> = {
  ...SUBJECT_ACCESS_REVIEWS,
  resource: 'selfsubjectaccessreviews',
  kind: 'SelfSubjectAccessReview',
};
export const LOCAL_SUBJECT_ACCESS_REVIEWS: ResourceType<SubjectAccessReview> = {
  ...SUBJECT_ACCESS_REVIEWS,
  resource: 'localsubjectaccessreviews',
  kind: 'LocalSubjectAccessReview',
  namespaced: true,
};

export interface SelfSubjectRulesReview extends KubernetesObject {
  readonly spec: { readonly namespace?: string };
}
export const SELF_SUBJECT_RULES_REVIEWS: ResourceType<SelfSubjectRulesReview> = {
  group: 'authorization.k8s.io',
  version: 'v1',
  resource: 'selfsubjectrulesreviews',
  kind: 'SelfSubjectRulesReview',
  namespaced: false,
};

/** `kubectl auth whoami`. */
export const SELF_SUBJECT_REVIEWS: ResourceType = {
  group: 'authentication.k8s.io',
  version: 'v1',
  resource: 'selfsubjectreviews',
  kind: 'SelfSubjectReview',
  namespaced: false,
};

const FIELD_REQUIREMENT = object(`${META}.FieldSelectorRequirement`, {
  key: required(STRING),
  operator: required(STRING),
  values: optional(atomic(STRING)),
});

const ATTRIBUTES = {
  resourceAttributes: optional(
    object(`${AUTHORIZATION}.ResourceAttributes`, {
      namespace: optional(STRING),
      verb: optional(STRING),
      group: optional(STRING),
      version: optional(STRING),
      resource: optional(STRING),
      subresource: optional(STRING),
      name: optional(STRING),
      fieldSelector: optional(
        object(`${AUTHORIZATION}.FieldSelectorAttributes`, {
          rawSelector: optional(STRING),
          requirements: optional(atomic(FIELD_REQUIREMENT)),
        }),
      ),
      labelSelector: optional(
        object(`${AUTHORIZATION}.LabelSelectorAttributes`, {
          rawSelector: optional(STRING),
          requirements: optional(atomic(LABEL_SELECTOR_REQUIREMENT)),
        }),
      ),
    }),
  ),
  nonResourceAttributes: optional(
    object(`${AUTHORIZATION}.NonResourceAttributes`, {
      path: optional(STRING),
      verb: optional(STRING),
    }),
  ),
};

const ACCESS_STATUS = struct(
  object(`${AUTHORIZATION}.SubjectAccessReviewStatus`, {
    allowed: required(BOOLEAN),
    denied: optional(BOOLEAN),
    reason: optional(STRING),
    evaluationError: optional(STRING),
  }),
);

const SUBJECT_SPEC = required(
  object(`${AUTHORIZATION}.SubjectAccessReviewSpec`, {
    ...ATTRIBUTES,
    user: optional(STRING),
    groups: optional(atomic(STRING)),
    extra: optional(map(list(STRING))),
    uid: optional(STRING),
  }),
);

const SELF_SPEC = required(object(`${AUTHORIZATION}.SelfSubjectAccessReviewSpec`, ATTRIBUTES));

const RULES_STATUS = struct(
  object(`${AUTHORIZATION}.SubjectRulesReviewStatus`, {
    resourceRules: required(
      atomic(
        object(`${AUTHORIZATION}.ResourceRule`, {
          verbs: required(atomic(STRING)),
          apiGroups: optional(atomic(STRING)),
          resources: optional(atomic(STRING)),
          resourceNames: optional(atomic(STRING)),
        }),
      ),
    ),
    nonResourceRules: required(
      atomic(
        object(`${AUTHORIZATION}.NonResourceRule`, {
          verbs: required(atomic(STRING)),
          nonResourceURLs: optional(atomic(STRING)),
        }),
      ),
    ),
    incomplete: required(BOOLEAN),
    evaluationError: optional(STRING),
  }),
);

const USER_STATUS = struct(
  object(`${AUTHENTICATION}.SelfSubjectReviewStatus`, {
    userInfo: struct(
      object(`${AUTHENTICATION}.UserInfo`, {
        username: optional(STRING),
        uid: optional(STRING),
        groups: optional(atomic(STRING)),
        extra: optional(map(list(STRING))),
      }),
    ),
  }),
);

function review<T extends KubernetesObject>(
  type: ResourceType<T>,
  name: string,
  fields: Readonly<Record<string, Field>>,
): ResourceDefinition<T> {
  const { path: _, ...definition } = define<T>(type, {
    verbs: ['create'],
    schema: apiObject(name, fields),
    strategy: { validateName: pathSegment },
    columns: [NAME],
    row: ({ metadata }) => [metadata.name ?? ''],
  });
  return definition;
}

export const REVIEW_DEFINITIONS: readonly ResourceDefinition[] = [
  review(LOCAL_SUBJECT_ACCESS_REVIEWS, `${AUTHORIZATION}.LocalSubjectAccessReview`, {
    spec: SUBJECT_SPEC,
    status: ACCESS_STATUS,
  }),
  review(SELF_SUBJECT_ACCESS_REVIEWS, `${AUTHORIZATION}.SelfSubjectAccessReview`, {
    spec: SELF_SPEC,
    status: ACCESS_STATUS,
  }),
  review(SELF_SUBJECT_RULES_REVIEWS, `${AUTHORIZATION}.SelfSubjectRulesReview`, {
    spec: required(
      object(`${AUTHORIZATION}.SelfSubjectRulesReviewSpec`, { namespace: optional(STRING) }),
    ),
    status: RULES_STATUS,
  }),
  review(SUBJECT_ACCESS_REVIEWS, `${AUTHORIZATION}.SubjectAccessReview`, {
    spec: SUBJECT_SPEC,
    status: ACCESS_STATUS,
  }),
  review(SELF_SUBJECT_REVIEWS, `${AUTHENTICATION}.SelfSubjectReview`, { status: USER_STATUS }),
];
