/** Access reviews: what is asked, what is answered, and what cannot be asked. */
import { describe, expect, it } from 'vitest';
import {
  type AccessReview,
  authorizationOf,
  createNodeAuthorizer,
  createRbacAuthorizer,
  NodeGraph,
  reviewAccess,
  reviewLocalAccess,
  reviewOwnAccess,
  reviewOwnRules,
  reviewSelf,
} from '../../../src/apiserver/authorization/index.ts';
import { StatusError } from '../../../src/kubernetes/index.ts';
import {
  binding,
  clusterBinding,
  clusterRole,
  Objects,
  rule,
  toGroup,
  toUser,
  urls,
  user,
} from './rbac-objects.ts';

const rbac = createRbacAuthorizer(
  new Objects(
    clusterRole('reader', [rule('get', 'pods', { resourceNames: ['a'] }), urls('get', '/healthz')]),
    clusterRole('lister', [rule('list', 'secrets')]),
    clusterBinding('reader', 'reader', toUser('alice'), toGroup('dev')),
    binding('ns', 'lister', 'cluster/lister', toUser('alice')),
    binding('ns', 'gone', 'gone', toUser('alice')),
  ),
);

const { resolvers } = authorizationOf(['Node', 'RBAC'], {
  Node: createNodeAuthorizer(),
  RBAC: rbac,
});

const alice = user('alice', 'system:authenticated');
const getPod = { verb: 'get', resource: 'pods', name: 'a' };

const review = (
  spec: AccessReview['spec'],
  metadata: AccessReview['metadata'] = {},
): AccessReview => ({
  apiVersion: 'authorization.k8s.io/v1',
  kind: 'SubjectAccessReview',
  metadata,
  spec,
});

const ALLOWED = {
  allowed: true,
  reason: 'RBAC: allowed by ClusterRoleBinding "reader" of ClusterRole "reader" to User "alice"',
};

async function refusal(answer: () => unknown): Promise<StatusError> {
  try {
    await answer();
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}

describe('SubjectAccessReview', () => {
  it('answers for the user that it names, and keeps what was asked', async () => {
    const asked = review({ user: 'alice', resourceAttributes: getPod });
    expect(await reviewAccess(asked, rbac)).toEqual({ ...asked, status: ALLOWED });
    expect(
      (await reviewAccess(review({ groups: ['dev'], resourceAttributes: getPod }), rbac)).status,
    ).toEqual({
      allowed: true,
      reason: 'RBAC: allowed by ClusterRoleBinding "reader" of ClusterRole "reader" to Group "dev"',
    });
    expect(
      (await reviewAccess(review({ user: 'bob', resourceAttributes: getPod }), rbac)).status,
    ).toEqual({
      allowed: false,
    });
  });

  it('asks for paths, too', async () => {
    const nonResourceAttributes = { path: '/healthz', verb: 'get' };
    expect(
      (await reviewAccess(review({ user: 'alice', nonResourceAttributes }), rbac)).status,
    ).toEqual(ALLOWED);
  });

  it.each<[AccessReview, string, string]>([
    [review({}), 'spec.resourceAttributes', 'exactly one of'],
    [review({ resourceAttributes: {} }), 'spec.user', 'at least one of user or group'],
    [
      review({ user: 'a', resourceAttributes: {}, nonResourceAttributes: {} }),
      'spec.nonResourceAttributes',
      'in combination',
    ],
    [review({ user: 'a', resourceAttributes: {} }, { name: 'x' }), 'metadata', 'must be empty'],
    [
      review({ user: 'a', resourceAttributes: {} }, { labels: { a: 'b' } }),
      'metadata',
      'must be empty',
    ],
    [
      review({ user: 'a', resourceAttributes: { fieldSelector: {} } } as AccessReview['spec']),
      'spec.resourceAttributes.fieldSelector.requirements',
      'requirements or rawSelector is required',
    ],
    [
      review({
        user: 'a',
        resourceAttributes: { labelSelector: { rawSelector: 'a', requirements: [{}] } },
      } as AccessReview['spec']),
      'spec.resourceAttributes.labelSelector.rawSelector',
      'at the same time',
    ],
  ])('is refused: %#', async (asked, field, message) => {
    const { status } = await refusal(async () => reviewAccess(asked, rbac));
    expect(status).toMatchObject({ reason: 'Invalid', code: 422 });
    expect(status.details?.causes).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ field, message: expect.stringContaining(message) }),
      ]),
    );
  });

  it('may have empty metadata in any form', async () => {
    const metadata = {
      name: '',
      namespace: '',
      labels: {},
      creationTimestamp: null,
      managedFields: [{}],
    };
    expect(
      (await reviewAccess(review({ user: 'alice', resourceAttributes: getPod }, metadata), rbac))
        .status,
    ).toEqual(ALLOWED);
  });

  it('says all that is wrong as upstream does', async () => {
    const { message } = await refusal(async () => reviewAccess(review({}), rbac));
    expect(message).toBe(
      '.authorization.k8s.io "" is invalid: [spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified, spec.user: Invalid value: "": at least one of user or group must be specified]',
    );
  });
});

describe('the selectors of a review', () => {
  const graph = new NodeGraph();
  const node = createNodeAuthorizer({ relations: graph });
  const asked = (selectors: object) =>
    review({
      user: 'system:node:a',
      groups: ['system:nodes'],
      resourceAttributes: { verb: 'list', resource: 'pods', ...selectors },
    });
  const onNode = (operator: string, ...values: string[]) => ({
    fieldSelector: { requirements: [{ key: 'spec.nodeName', operator, values }] },
  });
  const other = { key: 'a', operator: 'New', values: ['b'] };

  it.each<[object, boolean, string | undefined]>([
    [{}, false, undefined],
    [{ fieldSelector: { rawSelector: 'spec.nodeName=a' } }, true, undefined],
    [{ fieldSelector: { rawSelector: 'x=y,spec.nodeName==a' } }, true, undefined],
    [{ fieldSelector: { rawSelector: 'spec.nodeName=b' } }, false, undefined],
    [{ fieldSelector: { rawSelector: 'spec.nodeName!=a' } }, false, undefined],
    [
      { fieldSelector: { rawSelector: 'nonsense' } },
      false,
      'fieldSelector ignored due to parse error',
    ],
    [onNode('In', 'a'), true, undefined],
    [onNode('NotIn', 'a'), false, undefined],
    [onNode('In', 'a', 'b'), false, 'fieldSelector ignored due to parse error'],
    [onNode('Exists'), false, 'fieldSelector ignored due to parse error'],
    [
      { fieldSelector: { requirements: [...onNode('In', 'a').fieldSelector.requirements, other] } },
      true,
      'fieldSelector partially ignored due to parse error',
    ],
    [
      { labelSelector: { rawSelector: 'a in (b' } },
      false,
      'labelSelector ignored due to parse error',
    ],
    [{ labelSelector: { rawSelector: 'a in (b)' } }, false, undefined],
    [
      { labelSelector: { requirements: [{ key: 'a', operator: 'Exists' }, other] } },
      false,
      'labelSelector partially ignored due to parse error',
    ],
  ])('%j narrow the question: %s', async (selectors, allowed, error) => {
    const { status } = await reviewAccess(asked(selectors), node);
    expect(status?.allowed).toBe(allowed);
    const expected = error === undefined ? undefined : `spec.resourceAttributes.${error}`;
    expect(status?.evaluationError).toBe(expected);
  });

  it.each<[object, string]>([
    [{ fieldSelector: {} }, 'fieldSelector.requirements'],
    [{ labelSelector: {} }, 'labelSelector.requirements'],
    [
      { fieldSelector: { requirements: [{ operator: 'In', values: ['a'] }] } },
      'fieldSelector.requirements[0].key',
    ],
    [onNode('In'), 'fieldSelector.requirements[0].values'],
    [onNode('Exists', 'a'), 'fieldSelector.requirements[0].values'],
    [
      { labelSelector: { requirements: [{ key: '-', operator: 'Exists' }] } },
      'labelSelector.requirements[0].key',
    ],
    [
      { labelSelector: { requirements: [{ key: 'a', operator: 'In', values: ['b', ' '] }] } },
      'labelSelector.requirements[0].values[1]',
    ],
  ])('%j are refused', async (selectors, field) => {
    const { status } = await refusal(async () => reviewAccess(asked(selectors), node));
    expect(status.details?.causes).toMatchObject([{ field: `spec.resourceAttributes.${field}` }]);
  });
});

describe('SelfSubjectAccessReview', () => {
  it('answers for who asks, whatever user it names', async () => {
    const asked = review({ resourceAttributes: getPod });
    expect((await reviewOwnAccess(asked, alice, rbac)).status).toEqual(ALLOWED);
    const pretending = review({ user: 'alice', groups: ['dev'], resourceAttributes: getPod });
    expect((await reviewOwnAccess(pretending, user('bob'), rbac)).status).toEqual({
      allowed: false,
    });
  });

  it('needs something to be asked', async () => {
    expect((await refusal(async () => reviewOwnAccess(review({}), alice, rbac))).reason).toBe(
      'Invalid',
    );
  });
});

describe('LocalSubjectAccessReview', () => {
  const local = (namespace: string, more: Partial<AccessReview['spec']> = {}) =>
    review(
      {
        user: 'alice',
        resourceAttributes: { verb: 'list', resource: 'secrets', namespace: 'ns' },
        ...more,
      },
      { namespace },
    );

  it('answers within its namespace', async () => {
    expect((await reviewLocalAccess(local('ns'), 'ns', rbac)).status?.allowed).toBe(true);
  });

  it('is of its namespace only', async () => {
    expect(
      (await refusal(async () => reviewLocalAccess(local('other'), 'other', rbac))).message,
    ).toContain(
      'spec.resourceAttributes.namespace: Invalid value: "ns": must match metadata.namespace',
    );
    expect((await refusal(async () => reviewLocalAccess(local('ns'), 'other', rbac))).reason).toBe(
      'BadRequest',
    );
    const path = review(
      { user: 'alice', nonResourceAttributes: { path: '/' } },
      { namespace: 'ns' },
    );
    expect((await refusal(async () => reviewLocalAccess(path, 'ns', rbac))).message).toContain(
      'spec.nonResourceAttributes: Invalid value: {"Path":"/","Verb":""}: disallowed on this kind of request',
    );
  });
});

describe('SelfSubjectRulesReview', () => {
  const asked = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectRulesReview',
    metadata: {},
  };

  it('lists every rule, and what could not be found', () => {
    expect(reviewOwnRules({ ...asked, spec: { namespace: 'ns' } }, alice, resolvers)).toEqual({
      ...asked,
      spec: {},
      status: {
        resourceRules: [
          { verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['a'] },
          { verbs: ['list'], apiGroups: [''], resources: ['secrets'] },
        ],
        nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz'] }],
        incomplete: false,
        evaluationError: 'role.rbac.authorization.k8s.io "gone" not found',
      },
    });
  });

  it('says of a node that there is more', () => {
    const node = user('system:node:a', 'system:nodes');
    expect(reviewOwnRules({ ...asked, spec: { namespace: 'ns' } }, node, resolvers).status).toEqual(
      {
        resourceRules: [],
        nonResourceRules: [],
        incomplete: true,
        evaluationError: 'node authorizer does not support user rule resolution',
      },
    );
  });

  it('needs a namespace', async () => {
    expect((await refusal(() => reviewOwnRules(asked, alice, resolvers))).reason).toBe(
      'BadRequest',
    );
  });
});

describe('SelfSubjectReview', () => {
  it('says who asks', () => {
    const who = { ...alice, uid: '7', extra: { a: ['b'] } };
    const asked = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'SelfSubjectReview',
      metadata: { name: 'x' },
    };
    expect(reviewSelf(asked, who, '2026-01-01T00:00:00Z')).toEqual({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'SelfSubjectReview',
      metadata: { creationTimestamp: '2026-01-01T00:00:00Z' },
      status: {
        userInfo: {
          username: 'alice',
          uid: '7',
          groups: ['system:authenticated'],
          extra: { a: ['b'] },
        },
      },
    });
  });
});
