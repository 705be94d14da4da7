/**
 * The access reviews: questions that the authorizer answers through the API
 * (kubernetes, pkg/registry/authorization and pkg/registry/authentication/selfsubjectreview;
 * validation: pkg/apis/authorization/validation). Each takes the object that was sent and answers it
 * with its status; nothing is stored.
 */
import {
  type KubernetesObject,
  type ObjectMeta,
  type PolicyRule,
  type ResourceType,
  StatusError,
  type SubjectAccessReview,
  type UserInfo,
} from '../../kubernetes/index.ts';
import { type FieldError, invalid, invalidObject } from '../resources/index.ts';
import type { Authorizer, RequestAttributes } from '../types.ts';
import type { RuleResolver } from './modes.ts';
import { aggregate } from './rbac.ts';
import { reviewedSelectors, selectorErrors } from './review-selectors.ts';
import { listOf } from './rules.ts';
import { sameJson } from './same-json.ts';

/** All three kinds; of a SelfSubjectAccessReview the user's own fields are not there. */
export type AccessReview = SubjectAccessReview;

export interface RulesReview extends KubernetesObject {
  readonly spec?: { readonly namespace?: string };
  readonly status?: {
    readonly resourceRules: readonly PolicyRule[];
    readonly nonResourceRules: readonly PolicyRule[];
    readonly incomplete: boolean;
    readonly evaluationError?: string;
  };
}

export interface SelfReview extends KubernetesObject {
  readonly status?: {
    readonly userInfo: {
      readonly username?: string;
      readonly uid?: string;
      readonly groups?: readonly string[];
      readonly extra?: UserInfo['extra'];
    };
  };
}

/** Upstream names no kind in these refusals: its internal objects have none. */
const REVIEWS: ResourceType = {
  group: 'authorization.k8s.io',
  version: 'v1',
  resource: '',
  kind: '',
  namespaced: false,
};

/**
 * SubjectAccessReview: whether somebody may do something.
 *
 * @throws StatusError Invalid
 */
export async function reviewAccess(
  review: AccessReview,
  authorizer: Authorizer,
): Promise<AccessReview> {
  refuseInvalid([...specErrors(review, subjectErrors(review)), ...metadataErrors(review)]);
  return answered(review, subjectOf(review), authorizer);
}

/**
 * SelfSubjectAccessReview: whether the user who asks may do something.
 *
 * @throws StatusError Invalid
 */
export async function reviewOwnAccess(
  review: AccessReview,
  user: UserInfo,
  authorizer: Authorizer,
): Promise<AccessReview> {
  refuseInvalid([...specErrors(review), ...metadataErrors(review)]);
  return answered(review, user, authorizer);
}

/**
 * LocalSubjectAccessReview: as SubjectAccessReview, within the namespace of the request.
 *
 * @throws StatusError Invalid, or BadRequest where the review is of another namespace
 */
export async function reviewLocalAccess(
  review: AccessReview,
  namespace: string,
  authorizer: Authorizer,
): Promise<AccessReview> {
  refuseInvalid([...specErrors(review, subjectErrors(review)), ...localErrors(review)]);
  if (namespace !== (review.metadata.namespace ?? '')) {
    throw StatusError.of(
      'BadRequest',
      `spec.resourceAttributes.namespace must match namespace: ${namespace}`,
    );
  }
  return answered(review, subjectOf(review), authorizer);
}

/**
 * SelfSubjectRulesReview: every rule that holds for the user who asks, in a namespace.
 *
 * @throws StatusError BadRequest without a namespace
 */
export function reviewOwnRules(
  review: RulesReview,
  user: UserInfo,
  resolvers: readonly RuleResolver[],
): RulesReview {
  const namespace = review.spec?.namespace ?? '';
  if (namespace === '') throw StatusError.of('BadRequest', 'no namespace on request');
  const resolved = resolvers.map((resolver) => resolver.rulesFor(user, namespace));
  const rules = resolved.flatMap((one) => one.rules);
  const errors = resolved.flatMap((one) => one.errors);
  const { apiVersion, kind } = review;
  return {
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(kind === undefined ? {} : { kind }),
    metadata: {},
    spec: {},
    status: {
      resourceRules: rules.filter((rule) => listOf(rule.resources).length > 0).map(resourceRule),
      nonResourceRules: rules
        .filter((rule) => listOf(rule.nonResourceURLs).length > 0)
        .map(({ verbs, nonResourceURLs = [] }) => ({ verbs, nonResourceURLs })),
      incomplete: resolved.some(({ incomplete = false }) => incomplete),
      ...(errors.length === 0 ? {} : { evaluationError: aggregate(errors) }),
    },
  };
}

function resourceRule({ verbs, apiGroups, resources, resourceNames }: PolicyRule): PolicyRule {
  return {
    verbs,
    ...(listOf(apiGroups).length === 0 || apiGroups === undefined ? {} : { apiGroups }),
    ...(resources === undefined ? {} : { resources }),
    ...(listOf(resourceNames).length === 0 || resourceNames === undefined ? {} : { resourceNames }),
  };
}

/** SelfSubjectReview: who the user who asks is. */
export function reviewSelf(review: SelfReview, user: UserInfo, now: string): SelfReview {
  const { name, uid, groups, extra } = user;
  const { apiVersion, kind } = review;
  return {
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(kind === undefined ? {} : { kind }),
    metadata: { creationTimestamp: now },
    status: {
      userInfo: {
        username: name,
        ...(uid === undefined || uid === '' ? {} : { uid }),
        ...(groups.length === 0 ? {} : { groups }),
        ...(extra === undefined ? {} : { extra }),
      },
    },
  };
}

async function answered(
  review: AccessReview,
  user: UserInfo,
  authorizer: Authorizer,
): Promise<AccessReview> {
  const { question, errors } = questionOf(review, user);
  const { allowed, denied, reason } = await authorizer.authorize(question);
  return {
    ...review,
    status: {
      allowed,
      ...(denied === undefined ? {} : { denied }),
      ...(reason === '' ? {} : { reason }),
      ...(errors.length === 0 ? {} : { evaluationError: errors.join('; ') }),
    },
  };
}

interface Question {
  readonly question: RequestAttributes;
  /** What of the review is not asked. */
  readonly errors: readonly string[];
}

function questionOf({ spec }: AccessReview, user: UserInfo): Question {
  const { resourceAttributes, nonResourceAttributes } = spec;
  if (resourceAttributes === undefined || resourceAttributes === null) {
    const { path = '', verb = '' } = nonResourceAttributes ?? {};
    return { question: { kind: 'path', user, verb, path }, errors: [] };
  }
  const { namespace = '', verb = '', group = '', version = '' } = resourceAttributes;
  const { resource = '', subresource = '', name = '' } = resourceAttributes;
  const { fieldSelector, errors } = reviewedSelectors(resourceAttributes);
  const question: RequestAttributes = {
    kind: 'resource',
    user,
    verb,
    group,
    version: version === '' ? '*' : version,
    resource,
    subresource,
    namespace,
    name,
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
  return { question, errors };
}

const subjectOf = ({ spec: { user = '', uid, groups, extra } }: AccessReview): UserInfo => ({
  name: user,
  ...(uid === undefined ? {} : { uid }),
  groups: listOf(groups),
  ...(extra === undefined ? {} : { extra }),
});

function refuseInvalid(errors: readonly FieldError[]): void {
  if (errors.length === 0) return;
  const { message = '', details } = invalidObject(REVIEWS, '', errors).status;
  const { group } = REVIEWS;
  throw StatusError.of('Invalid', message, { group, causes: details?.causes ?? [] });
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

/** @param subject what is wrong with whom it is about */
function specErrors({ spec }: AccessReview, subject: readonly FieldError[] = []): FieldError[] {
  const { resourceAttributes, nonResourceAttributes } = spec;
  const errors: FieldError[] = [];
  if (isGiven(resourceAttributes) && isGiven(nonResourceAttributes)) {
    errors.push(
      invalid(
        'spec.nonResourceAttributes',
        shownPath(nonResourceAttributes),
        'cannot be specified in combination with resourceAttributes',
      ),
    );
  }
  if (!isGiven(resourceAttributes) && !isGiven(nonResourceAttributes)) {
    errors.push(
      invalid(
        'spec.resourceAttributes',
        null,
        'exactly one of nonResourceAttributes or resourceAttributes must be specified',
      ),
    );
  }
  return [...errors, ...subject, ...selectorErrors(resourceAttributes)];
}

/** Upstream shows the fields of its internal type. */
const shownPath = (attributes: AccessReview['spec']['nonResourceAttributes']): unknown => ({
  Path: attributes?.path ?? '',
  Verb: attributes?.verb ?? '',
});

function subjectErrors({ spec: { user = '', groups } }: AccessReview): FieldError[] {
  if (user !== '' || listOf(groups).length > 0) return [];
  return [invalid('spec.user', '', 'at least one of user or group must be specified')];
}

function metadataErrors({ metadata }: AccessReview): FieldError[] {
  return isEmptyMetadata(metadata) ? [] : [invalid('metadata', metadata, 'must be empty')];
}

function localErrors({ metadata, spec }: AccessReview): FieldError[] {
  const { namespace = '', ...others } = metadata;
  const errors: FieldError[] = [];
  if (!isEmptyMetadata(others)) {
    errors.push(invalid('metadata', metadata, 'must be empty except for namespace'));
  }
  const { resourceAttributes, nonResourceAttributes } = spec;
  if (isGiven(resourceAttributes) && (resourceAttributes?.namespace ?? '') !== namespace) {
    errors.push(
      invalid(
        'spec.resourceAttributes.namespace',
        resourceAttributes?.namespace ?? '',
        'must match metadata.namespace',
      ),
    );
  }
  if (isGiven(nonResourceAttributes)) {
    errors.push(
      invalid(
        'spec.nonResourceAttributes',
        shownPath(nonResourceAttributes),
        'disallowed on this kind of request',
      ),
    );
  }
  return errors;
}

function isEmptyMetadata(metadata: ObjectMeta): boolean {
  return Object.entries(metadata).every(
    ([key, value]) => key === 'managedFields' || value === '' || sameJson(value, undefined),
  );
}
