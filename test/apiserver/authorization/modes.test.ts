/** `--authorization-mode`: which authorizers are asked, in which order. */
import { describe, expect, it } from 'vitest';
import {
  type AuthorizationMode,
  authorizationModes,
  authorizationOf,
  createNodeAuthorizer,
  createRbacAuthorizer,
  reviewOwnRules,
} from '../../../src/apiserver/authorization/index.ts';
import {
  asks,
  asksPath,
  clusterBinding,
  clusterRole,
  Objects,
  rule,
  toUser,
  user,
} from './rbac-objects.ts';

describe('the names of modes', () => {
  it('are those of kube-apiserver, in their order', () => {
    expect(authorizationModes(['Node', 'RBAC'])).toEqual(['Node', 'RBAC']);
    expect(authorizationModes(['RBAC', 'AlwaysAllow'])).toEqual(['RBAC', 'AlwaysAllow']);
  });

  it.each<[string[], string]>([
    [[], 'at least one mode'],
    [['RBAC', 'RBAC'], 'more than once'],
    [['rbac'], '"rbac" is no mode'],
    [['Node', ''], '"" is no mode'],
    [['Webhook'], "kube-apiserver's"],
    [['ABAC'], "kube-apiserver's"],
    [['__proto__'], 'is no mode'],
  ])('%j are refused', (names, text) => {
    expect(() => authorizationModes(names)).toThrow(text);
    expect(() => authorizationModes(names)).toThrow('--authorization-mode');
  });
});

describe('the authorizers', () => {
  const rbac = createRbacAuthorizer(
    new Objects(
      clusterRole('reader', [rule('get', 'pods')]),
      clusterBinding('reader', 'reader', toUser('alice')),
      clusterBinding('gone', 'gone', toUser('system:node:a')),
    ),
  );
  const of = (...modes: AuthorizationMode[]) =>
    authorizationOf(modes, { Node: createNodeAuthorizer(), RBAC: rbac });
  const alice = user('alice');
  const node = user('system:node:a', 'system:nodes');

  it('allow what one of them allows', async () => {
    const { authorizer } = of('Node', 'RBAC');
    const may = async (...request: Parameters<typeof asks>) =>
      (await authorizer.authorize(asks(...request))).allowed;
    expect(await may(alice, 'get', 'pods')).toBe(true);
    expect(await may(alice, 'list', 'pods')).toBe(false);
    expect(await may(node, 'get', 'nodes', { name: 'a' })).toBe(true);
    expect(
      (await of('RBAC').authorizer.authorize(asks(node, 'get', 'nodes', { name: 'a' }))).allowed,
    ).toBe(false);
    expect((await of('Node').authorizer.authorize(asks(alice, 'get', 'pods'))).allowed).toBe(false);
  });

  it('give their reasons in their order', async () => {
    const reason = async (...modes: AuthorizationMode[]) =>
      (await of(...modes).authorizer.authorize(asks(node, 'list', 'nodes'))).reason.split('\n');
    const [own, missing] = [
      "node 'a' cannot read all nodes, only its own Node object",
      'RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found',
    ];
    expect(await reason('Node', 'RBAC')).toEqual([own, missing]);
    expect(await reason('RBAC', 'Node')).toEqual([missing, own]);
    expect(await reason('AlwaysDeny', 'Node')).toEqual(['Everything is forbidden.', own]);
  });

  it('let everybody do everything, or nobody but masters anything', async () => {
    const nobody = user('nobody');
    const path = asksPath(nobody, 'get', '/metrics');
    expect((await of('AlwaysAllow').authorizer.authorize(path)).allowed).toBe(true);
    expect((await of('AlwaysDeny', 'AlwaysAllow').authorizer.authorize(path)).allowed).toBe(true);
    expect(await of('AlwaysDeny').authorizer.authorize(path)).toEqual({
      allowed: false,
      reason: 'Everything is forbidden.',
    });
    const master = asksPath(user('m', 'system:masters'), 'get', '/metrics');
    expect((await of('AlwaysDeny').authorizer.authorize(master)).allowed).toBe(true);
  });

  it('list their rules', () => {
    const review = { metadata: {}, spec: { namespace: 'ns' } };
    const status = (...modes: AuthorizationMode[]) =>
      reviewOwnRules(review, node, of(...modes).resolvers).status;
    const all = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] };
    expect(status('AlwaysAllow')).toEqual({
      resourceRules: [all],
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
      incomplete: false,
    });
    expect(status('AlwaysDeny')).toEqual({
      resourceRules: [],
      nonResourceRules: [],
      incomplete: false,
    });
    expect(status('RBAC')).toMatchObject({
      incomplete: false,
      evaluationError: 'clusterrole.rbac.authorization.k8s.io "gone" not found',
    });
    expect(status('Node', 'RBAC')).toMatchObject({
      incomplete: true,
      evaluationError:
        '[node authorizer does not support user rule resolution, clusterrole.rbac.authorization.k8s.io "gone" not found]',
    });
  });
});
