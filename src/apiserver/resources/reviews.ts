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
import { pathSegment } from './names.ts';

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

/** Whom a token stands for. */
export const TOKEN_REVIEWS: ResourceType = {
  group: 'authentication.k8s.io',
  version: 'v1',
  resource: 'tokenreviews',
  kind: 'TokenReview',
  namespaced: false,
};

function review<T extends KubernetesObject>(type: ResourceType<T>): ResourceDefinition<T> {
  const { path: _, ...definition } = define<T>(type, {
    verbs: ['create'],
    strategy: { validateName: pathSegment },
    columns: [NAME],
    row: ({ metadata }) => [metadata.name ?? ''],
  });
  return definition;
}

export const REVIEW_DEFINITIONS: readonly ResourceDefinition[] = [
  review(LOCAL_SUBJECT_ACCESS_REVIEWS),
  review(SELF_SUBJECT_ACCESS_REVIEWS),
  review(SELF_SUBJECT_RULES_REVIEWS),
  review(SUBJECT_ACCESS_REVIEWS),
  review(SELF_SUBJECT_REVIEWS),
  review(TOKEN_REVIEWS),
];
