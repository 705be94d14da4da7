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
  type ResourceAttributes,
  type ResourceType,
  StatusError,
  type SubjectAccessReview,
  type UserInfo,
} from '../../kubernetes/index.ts';
import { type FieldError, invalid, invalidObject, required } from '../resources/index.ts';
import type { Authorizer, RequestAttributes } from '../types.ts';
import { nodeOf } from './node.ts';
import { aggregate, type RbacAuthorizer } from './rbac.ts';
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
  refuseInvalid([...specErrors(review), ...subjectErrors(review), ...metadataErrors(review)]);
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
  refuseInvalid([...specErrors(review), ...subjectErrors(review), ...localErrors(review)]);
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
  rbac: Pick<RbacAuthorizer, 'rulesFor'>,
): RulesReview {
  const namespace = review.spec?.namespace ?? '';
  if (namespace === '') throw StatusError.of('BadRequest', 'no namespace on request');
  const { rules, errors } = rbac.rulesFor(user, namespace);
  const isNode = nodeOf(user) !== undefined;
  // What a node may do depends on its pods, so it cannot be listed.
  const all = isNode
    ? ['node authorizer does not support user rule resolution', ...errors]
    : errors;
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
      incomplete: isNode,
      ...(all.length === 0 ? {} : { evaluationError: aggregate(all) }),
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
  const { allowed, reason } = await authorizer.authorize(questionOf(review, user));
  return { ...review, status: { allowed, ...(reason === '' ? {} : { reason }) } };
}

function questionOf({ spec }: AccessReview, user: UserInfo): RequestAttributes {
  const { resourceAttributes, nonResourceAttributes } = spec;
  if (resourceAttributes === undefined || resourceAttributes === null) {
    const { path = '', verb = '' } = nonResourceAttributes ?? {};
    return { kind: 'path', user, verb, path };
  }
  const { namespace = '', verb = '', group = '', version = '' } = resourceAttributes;
  const { resource = '', subresource = '', name = '' } = resourceAttributes;
  return {
    kind: 'resource',
    user,
    verb,
    group,
    version: version === '' ? '*' : version,
    resource,
    subresource,
    namespace,
    name,
  };
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

function specErrors({ spec }: AccessReview): FieldError[] {
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
  return [...errors, ...selectorErrors(resourceAttributes)];
}

/** Upstream shows the fields of its internal type. */
const shownPath = (attributes: AccessReview['spec']['nonResourceAttributes']): unknown => ({
  Path: attributes?.path ?? '',
  Verb: attributes?.verb ?? '',
});

/** Selectors narrow a question; none of our authorizers looks at them, but they have to be well formed. */
function selectorErrors(attributes: ResourceAttributes | undefined): FieldError[] {
  const errors: FieldError[] = [];
  for (const [name, selector] of Object.entries(attributes ?? {})) {
    if (name !== 'fieldSelector' && name !== 'labelSelector') continue;
    if (typeof selector !== 'object' || selector === null) continue;
    const parts = new Map<string, unknown>(Object.entries(selector));
    const raw = parts.get('rawSelector');
    const hasRaw = typeof raw === 'string' && raw !== '';
    const requirements = parts.get('requirements');
    const hasRequirements = Array.isArray(requirements) && requirements.length > 0;
    const path = `spec.resourceAttributes.${name}`;
    if (hasRaw && hasRequirements) {
      const detail = 'may not specified at the same time as requirements';
      errors.push(invalid(`${path}.rawSelector`, raw, detail));
    }
    if (!hasRaw && !hasRequirements) {
      const detail = `when ${path} is specified, requirements or rawSelector is required`;
      errors.push(required(`${path}.requirements`, detail));
    }
  }
  return errors;
}

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
