/** The default objects: that they are whole, what they give, and how they are kept. */
import { describe, expect, it } from 'vitest';
import {
  createRbacAuthorizer,
  defaultRbacObjects,
  reconcileBinding,
  reconcileRole,
} from '../../../src/apiserver/authorization/index.ts';
import { aggregatedRules, type UserInfo } from '../../../src/kubernetes/index.ts';
import {
  asks,
  asksPath,
  clusterBinding,
  clusterRole,
  Objects,
  rule,
  toGroup,
  toUser,
  user,
} from './rbac-objects.ts';

const { clusterRoles, clusterRoleBindings, roles, roleBindings } = defaultRbacObjects();
const all = [...clusterRoles, ...clusterRoleBindings, ...roles, ...roleBindings];
const rbac = createRbacAuthorizer(new Objects(...all));

const CSRS = { group: 'certificates.k8s.io' };
const signer = (name: string) => ({ ...CSRS, name: `kubernetes.io/${name}` });
const controller = (name: string) =>
  user(
    `system:serviceaccount:kube-system:${name}`,
    'system:serviceaccounts',
    'system:authenticated',
  );

describe('the default objects', () => {
  it('have names of their own, rules, and the marks of upstream', () => {
    const names = all.map(
      ({ kind, metadata: { namespace = '', name } }) => `${kind}/${namespace}/${name}`,
    );
    expect(new Set(names).size).toBe(names.length);
    for (const { metadata } of all) {
      expect(metadata.labels).toMatchObject({ 'kubernetes.io/bootstrapping': 'rbac-defaults' });
      expect(metadata.annotations).toEqual({
        'rbac.authorization.kubernetes.io/autoupdate': 'true',
      });
    }
    for (const { rules } of [...clusterRoles, ...roles]) {
      expect(rules?.length).toBeGreaterThan(0);
      for (const { verbs, resources = [], nonResourceURLs = [] } of rules ?? []) {
        expect([...verbs, ...resources, ...nonResourceURLs]).not.toContain('');
        expect(resources.length + nonResourceURLs.length).toBeGreaterThan(0);
      }
    }
  });

  it('refer to roles that are there', () => {
    for (const { roleRef, metadata } of [...clusterRoleBindings, ...roleBindings]) {
      const among = roleRef.kind === 'ClusterRole' ? clusterRoles : roles;
      expect(
        among.some(
          (role) =>
            role.metadata.name === roleRef.name && role.metadata.namespace === metadata.namespace,
        ),
      ).toBe(true);
    }
  });

  it.each<[UserInfo, string, string, Parameters<typeof asks>[3], boolean]>([
    [
      controller('certificate-controller'),
      'update',
      'certificatesigningrequests/approval',
      CSRS,
      true,
    ],
    [
      controller('certificate-controller'),
      'approve',
      'signers',
      signer('kube-apiserver-client-kubelet'),
      true,
    ],
    [controller('certificate-controller'), 'approve', 'signers', signer('kubelet-serving'), false],
    [controller('certificate-controller'), 'sign', 'signers', signer('kubelet-serving'), true],
    [
      controller('certificate-controller'),
      'sign',
      'signers',
      { ...CSRS, name: 'example.com/x' },
      false,
    ],
    [
      controller('token-cleaner'),
      'delete',
      'secrets',
      { namespace: 'kube-system', name: 'x' },
      true,
    ],
    [controller('token-cleaner'), 'delete', 'secrets', { namespace: 'default', name: 'x' }, false],
    [
      user('system:kube-controller-manager'),
      'create',
      'serviceaccounts/token',
      { namespace: 'x' },
      true,
    ],
    [
      user('system:kube-controller-manager'),
      'create',
      'clusterrolebindings',
      { group: 'rbac.authorization.k8s.io' },
      false,
    ],
    [
      user('alice', 'system:authenticated'),
      'create',
      'selfsubjectaccessreviews',
      { group: 'authorization.k8s.io' },
      true,
    ],
    [
      user('alice', 'system:authenticated'),
      'create',
      'subjectaccessreviews',
      { group: 'authorization.k8s.io' },
      false,
    ],
    [user('alice', 'system:authenticated'), 'get', 'secrets', {}, false],
    // Without bindings, a bootstrap token may not even ask for a certificate, nor a node from RBAC.
    [
      user('system:bootstrap:abcdef', 'system:bootstrappers', 'system:authenticated'),
      'create',
      'certificatesigningrequests',
      CSRS,
      false,
    ],
    [
      user('system:node:a', 'system:nodes', 'system:authenticated'),
      'create',
      'certificatesigningrequests',
      CSRS,
      false,
    ],
  ])('let %j %s %s %j', async (who, verb, what, more, expected) => {
    expect((await rbac.authorize(asks(who, verb, what, more))).allowed).toBe(expected);
  });

  it('let nobody in particular see versions and health, and no more', async () => {
    const may = async (path: string, ...groups: string[]) =>
      (await rbac.authorize(asksPath(user('x', ...groups), 'get', path))).allowed;
    for (const path of ['/healthz', '/livez', '/readyz', '/version', '/version/']) {
      expect(await may(path, 'system:unauthenticated')).toBe(true);
    }
    for (const path of ['/api', '/apis', '/openapi/v2', '/metrics', '/logs', '/']) {
      expect(await may(path, 'system:unauthenticated')).toBe(false);
    }
    expect(await may('/apis/certificates.k8s.io', 'system:authenticated')).toBe(true);
    expect(await may('/metrics', 'system:authenticated')).toBe(false);
    expect(await may('/metrics', 'system:monitoring')).toBe(true);
  });

  it('have view, edit and admin, each with what the one before has', () => {
    const rulesOf = (name: string) =>
      clusterRoles.find(({ metadata }) => metadata.name === name)?.rules ?? [];
    expect(rulesOf('edit')).toEqual(expect.arrayContaining([...rulesOf('view')]));
    expect(rulesOf('admin')).toEqual(expect.arrayContaining([...rulesOf('edit')]));
    expect(rulesOf('admin').length).toBeGreaterThan(rulesOf('edit').length);
    for (const role of clusterRoles.filter(
      ({ aggregationRule }) => aggregationRule !== undefined,
    )) {
      expect(aggregatedRules(role, clusterRoles)).toEqual(role.rules);
    }
  });
});

describe('aggregatedRules', () => {
  const part = (
    name: string,
    labels: Record<string, string>,
    ...rules: ReturnType<typeof rule>[]
  ) => clusterRole(name, rules, { metadata: { name, labels } });
  const gathering = (selector: object) =>
    clusterRole('all', [], { aggregationRule: { clusterRoleSelectors: [selector] } });
  const parts = [
    part('b', { to: 'x' }, rule('get', 'pods'), rule('list', 'pods')),
    part('a', { to: 'x', more: 'y' }, rule('get', 'nodes'), rule('get', 'pods')),
    part('all', { to: 'x' }, rule('*', '*')),
    part('c', {}, rule('delete', 'pods')),
  ];

  it.each<[object, string[]]>([
    [{ matchLabels: { to: 'x' } }, ['get nodes', 'get pods', 'list pods']],
    [{ matchLabels: { to: 'x', more: 'y' } }, ['get nodes', 'get pods']],
    [{ matchLabels: { constructor: 'x' } }, []],
    [{ matchExpressions: [{ key: 'more', operator: 'Exists' }] }, ['get nodes', 'get pods']],
    [{ matchExpressions: [{ key: 'to', operator: 'DoesNotExist' }] }, ['delete pods']],
    [
      { matchExpressions: [{ key: 'more', operator: 'NotIn', values: ['y'] }] },
      ['get pods', 'list pods', 'delete pods'],
    ],
    [
      { matchExpressions: [{ key: 'more', operator: 'In', values: ['y'] }] },
      ['get nodes', 'get pods'],
    ],
    [{ matchExpressions: [{ key: 'to', operator: 'Gt', values: ['0'] }] }, []],
    [{}, ['get nodes', 'get pods', 'list pods', 'delete pods']],
  ])('%j', (selector, expected) => {
    const rules = aggregatedRules(gathering(selector), parts);
    expect(rules.map(({ verbs, resources }) => `${verbs.join()} ${resources?.join()}`)).toEqual(
      expected,
    );
  });

  it('gathers nothing without a rule for it', () => {
    expect(aggregatedRules(clusterRole('x', []), parts)).toEqual([]);
  });
});

describe('keeping a role', () => {
  const expected = clusterRole('r', [rule('get,list', 'pods')], {
    metadata: { name: 'r', labels: { a: 'default' }, annotations: { b: 'default' } },
  });

  it('creates it, and leaves it where nothing is missing', () => {
    expect(reconcileRole(undefined, expected)).toEqual({ operation: 'create', object: expected });
    expect(reconcileRole(expected, expected)).toEqual({ operation: 'none' });
    const more = {
      ...expected,
      rules: [rule('*', 'pods,nodes')],
      metadata: { ...expected.metadata, uid: 'u' },
    };
    expect(reconcileRole(more, expected)).toEqual({ operation: 'none' });
  });

  it('adds what is missing, and keeps what is there', () => {
    const existing = clusterRole('r', [rule('get', 'pods'), rule('get', 'nodes')], {
      metadata: { name: 'r', uid: 'u', labels: { a: 'own', c: 'own' } },
    });
    expect(reconcileRole(existing, expected)).toEqual({
      operation: 'update',
      object: {
        ...existing,
        metadata: {
          name: 'r',
          uid: 'u',
          labels: { a: 'own', c: 'own' },
          annotations: { b: 'default' },
        },
        rules: [rule('get', 'pods'), rule('get', 'nodes'), rule('list', 'pods')],
      },
    });
  });

  it('does not touch one that is to be left alone', () => {
    const metadata = {
      name: 'r',
      annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' },
    };
    expect(reconcileRole({ ...expected, rules: [], metadata }, expected)).toEqual({
      operation: 'none',
    });
  });

  it('adds selectors, and takes aggregation away where none is expected', () => {
    const selector = (value: string) => ({ matchLabels: { to: value } });
    const gathering = (...values: string[]) => ({
      ...expected,
      aggregationRule: { clusterRoleSelectors: values.map(selector) },
    });
    expect(reconcileRole(gathering('x'), gathering('y'))).toEqual({
      operation: 'update',
      object: gathering('x', 'y'),
    });
    expect(reconcileRole(gathering('x', 'y'), gathering('y'))).toEqual({ operation: 'none' });
    expect(reconcileRole(gathering('x'), expected)).toEqual({
      operation: 'update',
      object: expected,
    });
  });
});

describe('keeping a binding', () => {
  const expected = clusterBinding('b', 'r', toUser('a'), toGroup('g'));

  it('adds subjects that are missing, and keeps the others', () => {
    expect(reconcileBinding(undefined, expected)).toEqual({
      operation: 'create',
      object: expected,
    });
    expect(
      reconcileBinding(clusterBinding('b', 'r', toGroup('g'), toUser('x'), toUser('a')), expected),
    ).toEqual({
      operation: 'none',
    });
    expect(
      reconcileBinding(clusterBinding('b', 'r', toUser('x'), toGroup('g')), expected),
    ).toMatchObject({
      operation: 'update',
      object: { subjects: [toUser('x'), toGroup('g'), toUser('a')] },
    });
  });

  it('makes it anew for another role, unless it is to be left alone', () => {
    const other = clusterBinding('b', 'other', toUser('a'));
    expect(reconcileBinding(other, expected)).toEqual({ operation: 'recreate', object: expected });
    const left = {
      ...other,
      metadata: {
        name: 'b',
        annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' },
      },
    };
    expect(reconcileBinding(left, expected)).toEqual({ operation: 'none' });
  });
});
