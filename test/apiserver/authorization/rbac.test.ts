/** RBAC: what roles allow, whom bindings name, and what is said about it. */
import { describe, expect, it } from 'vitest';
import {
  authorizerChain,
  createPrivilegedGroupAuthorizer,
  createRbacAuthorizer,
  forbidden,
} from '../../../src/apiserver/authorization/index.ts';
import type { PolicyRule, RoleBinding, Subject, UserInfo } from '../../../src/kubernetes/index.ts';
import {
  asks,
  asksPath,
  binding,
  clusterBinding,
  clusterRole,
  Objects,
  role,
  rule,
  toAccount,
  toGroup,
  toUser,
  urls,
  user,
} from './rbac-objects.ts';

const alice = user('alice', 'dev', 'system:authenticated');

/** Whether alice may, with one ClusterRole of these rules. */
async function allows(
  rules: PolicyRule | PolicyRule[],
  request: ReturnType<typeof asks>,
): Promise<boolean>;
async function allows(
  rules: PolicyRule | PolicyRule[],
  request: ReturnType<typeof asksPath>,
): Promise<boolean>;
async function allows(
  rules: PolicyRule | PolicyRule[],
  request: ReturnType<typeof asks> | ReturnType<typeof asksPath>,
): Promise<boolean> {
  const source = new Objects(
    clusterRole('r', Array.isArray(rules) ? rules : [rules]),
    clusterBinding('b', 'r', toUser('alice')),
  );
  return (await createRbacAuthorizer(source).authorize(request)).allowed;
}

describe('a rule', () => {
  it.each<[string, PolicyRule, string, string, Parameters<typeof asks>[3], boolean]>([
    ['its verb', rule('get', 'pods'), 'get', 'pods', {}, true],
    ['another verb', rule('get', 'pods'), 'list', 'pods', {}, false],
    ['a verb that begins alike', rule('get', 'pods'), 'ge', 'pods', {}, false],
    ['every verb', rule('*', 'pods'), 'escalate', 'pods', {}, true],
    [
      'its group',
      rule('get', 'csrs', { apiGroups: ['a', 'b'] }),
      'get',
      'csrs',
      { group: 'b' },
      true,
    ],
    ['another group', rule('get', 'pods', { apiGroups: ['apps'] }), 'get', 'pods', {}, false],
    ['the core group only', rule('get', 'pods'), 'get', 'pods', { group: 'apps' }, false],
    ['every group', rule('get', 'pods', { apiGroups: ['*'] }), 'get', 'pods', { group: 'x' }, true],
    ['no group', rule('get', 'pods', { apiGroups: [] }), 'get', 'pods', {}, false],
    ['a resource without its subresource', rule('get', 'pods'), 'get', 'pods/log', {}, false],
    ['a subresource without its resource', rule('get', 'pods/log'), 'get', 'pods', {}, false],
    ['a subresource', rule('get', 'pods/log'), 'get', 'pods/log', {}, true],
    ['a subresource of every resource', rule('get', '*/scale'), 'get', 'anything/scale', {}, true],
    ['another subresource', rule('get', '*/scale'), 'get', 'anything/status', {}, false],
    ['not resources for subresources', rule('get', '*/scale'), 'get', 'anything', {}, false],
    ['not all subresources of one', rule('get', 'pods/*'), 'get', 'pods/log', {}, false],
    ['every resource, with subresources', rule('get', '*'), 'get', 'pods/log', {}, true],
    [
      'its names',
      rule('get', 'pods', { resourceNames: ['a', 'b'] }),
      'get',
      'pods',
      { name: 'b' },
      true,
    ],
    [
      'other names',
      rule('get', 'pods', { resourceNames: ['a'] }),
      'get',
      'pods',
      { name: 'b' },
      false,
    ],
    ['a list, not by name', rule('*', 'pods', { resourceNames: ['a'] }), 'list', 'pods', {}, false],
    [
      'a create, not by name',
      rule('*', 'pods', { resourceNames: ['a'] }),
      'create',
      'pods',
      {},
      false,
    ],
    [
      'a star, which is no name',
      rule('*', 'pods', { resourceNames: ['*'] }),
      'get',
      'pods',
      { name: 'a' },
      false,
    ],
    [
      'no names, which is all',
      rule('get', 'pods', { resourceNames: [] }),
      'get',
      'pods',
      { name: 'x' },
      true,
    ],
  ])('covers %s', async (_, given, verb, what, more, expected) => {
    expect(await allows(given, asks(alice, verb, what, more))).toBe(expected);
  });

  it.each<[string, string, boolean]>([
    ['/healthz', '/healthz', true],
    ['/healthz', '/healthz/ping', false],
    ['/healthz', '/health', false],
    ['/healthz/*', '/healthz/ping', true],
    ['/healthz/*', '/healthz', false],
    ['/healthz*', '/healthz', true],
    ['/a**', '/abc', true],
    ['*', '/anything', true],
    ['/a*c', '/abc', false],
    ['', '', true],
  ])('with the path %s and a request for %s', async (url, path, expected) => {
    expect(await allows(urls('get', url), asksPath(alice, 'get', path))).toBe(expected);
  });

  it('does not take resources for paths, nor paths for resources', async () => {
    expect(await allows(rule('*', '*', { apiGroups: ['*'] }), asksPath(alice, 'get', '/api'))).toBe(
      false,
    );
    expect(await allows(urls('*', '*'), asks(alice, 'get', 'pods'))).toBe(false);
  });

  it('takes no time with a long run of stars', async () => {
    const url = `${'*'.repeat(500_000)}x*`;
    expect(await allows(urls('get', url), asksPath(alice, 'get', '/'))).toBe(false);
  });

  it('that is damaged allows nothing', async () => {
    const damaged = [
      { verbs: '*', apiGroups: '*', resources: '*' },
      { verbs: null, apiGroups: ['*'], resources: ['*'] },
      { verbs: [['*']], apiGroups: ['*'], resources: ['*'] },
      {},
    ];
    for (const rule of damaged) {
      expect(await allows(rule as unknown as PolicyRule, asks(alice, 'get', 'pods'))).toBe(false);
    }
  });
});

describe('a binding', () => {
  const readers = clusterRole('readers', [rule('get', 'pods')]);
  const may = async (who: UserInfo, subject: Subject, namespace = ''): Promise<boolean> => {
    const source = new Objects(
      readers,
      namespace === ''
        ? clusterBinding('b', 'readers', subject)
        : binding(namespace, 'b', 'cluster/readers', subject),
    );
    const request = asks(who, 'get', 'pods', { namespace: namespace || 'default' });
    return (await createRbacAuthorizer(source).authorize(request)).allowed;
  };

  it.each<[string, UserInfo, Subject, boolean]>([
    ['a user', alice, toUser('alice'), true],
    ['another user', alice, toUser('alic'), false],
    ['a user, letter by letter', alice, toUser('Alice'), false],
    ['a group', alice, toGroup('dev'), true],
    ['another group', alice, toGroup('ops'), false],
    ['a group, not a user of its name', alice, toGroup('alice'), false],
    ['a user, not a group of its name', alice, toUser('dev'), false],
    [
      'no service account without its namespace',
      user('system:serviceaccount::sa'),
      toAccount('sa'),
      false,
    ],
    ['a service account', user('system:serviceaccount:ns:sa'), toAccount('sa', 'ns'), true],
    [
      'a service account of another namespace',
      user('system:serviceaccount:ns:sa'),
      toAccount('sa', 'other'),
      false,
    ],
    ['the name of a user of every object', user('__proto__'), toUser('__proto__'), true],
    [
      'nobody by a property of every object',
      user('constructor', 'toString'),
      toUser('alice'),
      false,
    ],
    ['no other kind', alice, { kind: 'Person', name: 'alice' }, false],
    ['a user without a name, who is not everybody', alice, toUser(''), false],
    ['a star, who is a user', alice, toUser('*'), false],
    ['a group with a star', alice, toGroup('*'), false],
  ])('names %s', async (_, who, subject, expected) => {
    expect(await may(who, subject)).toBe(expected);
  });

  it('of a namespace takes its own for that of a service account', async () => {
    expect(await may(user('system:serviceaccount:ns:sa'), toAccount('sa'), 'ns')).toBe(true);
    expect(await may(user('system:serviceaccount:other:sa'), toAccount('sa'), 'ns')).toBe(false);
  });

  it('of a namespace counts there only', async () => {
    const source = new Objects(readers, binding('ns', 'b', 'cluster/readers', toUser('alice')));
    const rbac = createRbacAuthorizer(source);
    const inNamespace = async (namespace: string) =>
      (await rbac.authorize(asks(alice, 'get', 'pods', { namespace }))).allowed;
    expect(await inNamespace('ns')).toBe(true);
    expect(await inNamespace('ns2')).toBe(false);
    expect(await inNamespace('')).toBe(false);
    expect(await inNamespace('__proto__')).toBe(false);
  });

  it('of a namespace gives no paths', async () => {
    const source = new Objects(
      clusterRole('paths', [urls('*', '*')]),
      binding('ns', 'b', 'cluster/paths', toUser('alice')),
    );
    expect(
      (await createRbacAuthorizer(source).authorize(asksPath(alice, 'get', '/'))).allowed,
    ).toBe(false);
  });

  it('of the cluster cannot refer to a Role', async () => {
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' };
    const source = new Objects(role('', 'r', [rule('*', '*')]), {
      ...clusterBinding('b', 'r', toUser('alice')),
      roleRef,
    });
    expect(await createRbacAuthorizer(source).authorize(asks(alice, 'get', 'pods'))).toEqual({
      allowed: false,
      reason: 'RBAC: role.rbac.authorization.k8s.io "r" not found',
    });
  });

  it('without subjects, or with damaged ones, names nobody', async () => {
    const { subjects: _, ...bare } = clusterBinding('b', 'readers');
    const damages = [bare, { ...bare, subjects: null }, { ...bare, subjects: 'alice' }];
    for (const damaged of damages as RoleBinding[]) {
      const source = new Objects(readers, damaged);
      expect(
        (await createRbacAuthorizer(source).authorize(asks(alice, 'get', 'pods'))).allowed,
      ).toBe(false);
    }
  });
});

describe('the reasons', () => {
  const source = new Objects(
    clusterRole('y', [rule('get', 'pods')]),
    role('ns', 'r', [rule('get', 'secrets')]),
    clusterBinding('x', 'y', toGroup('ops'), toGroup('dev')),
    binding('ns', 'local', 'r', toAccount('sa')),
    binding('ns', 'broken', 'gone', toUser('alice')),
    clusterBinding('broken', '__proto__', toUser('alice')),
    clusterBinding('strange', 'y', toUser('a"b\n')),
  );
  const rbac = createRbacAuthorizer(source);

  it('name binding, role and the first subject that counts', async () => {
    expect(await rbac.authorize(asks(alice, 'get', 'pods'))).toEqual({
      allowed: true,
      reason: 'RBAC: allowed by ClusterRoleBinding "x" of ClusterRole "y" to Group "dev"',
    });
    expect(
      await rbac.authorize(
        asks(user('system:serviceaccount:ns:sa'), 'get', 'secrets', { namespace: 'ns' }),
      ),
    ).toEqual({
      allowed: true,
      reason: 'RBAC: allowed by RoleBinding "local/ns" of Role "r" to ServiceAccount "sa/ns"',
    });
    expect((await rbac.authorize(asks(user('a"b\n'), 'get', 'pods'))).reason).toBe(
      'RBAC: allowed by ClusterRoleBinding "strange" of ClusterRole "y" to User "a\\"b\\n"',
    );
  });

  it('name roles that are missing, and go on with the others', async () => {
    expect(await rbac.authorize(asks(alice, 'delete', 'pods', { namespace: 'ns' }))).toEqual({
      allowed: false,
      reason:
        'RBAC: [clusterrole.rbac.authorization.k8s.io "__proto__" not found, role.rbac.authorization.k8s.io "gone" not found]',
    });
    expect((await rbac.authorize(asks(user('bob'), 'get', 'pods'))).reason).toBe('');
  });

  it('become the message of the refusal', () => {
    const secrets = asks(user('x'), 'list', 'secrets', { namespace: 'kube-system' });
    expect(forbidden(secrets, '').status).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message:
        'secrets is forbidden: User "x" cannot list resource "secrets" in API group "" in the namespace "kube-system"',
      reason: 'Forbidden',
      details: { kind: 'secrets' },
      code: 403,
    });
    const approval = asks(user('<b>&'), 'update', 'certificatesigningrequests/approval', {
      group: 'certificates.k8s.io',
      name: 'csr-1',
    });
    expect(forbidden(approval, 'RBAC: "why"').status).toMatchObject({
      message:
        'certificatesigningrequests.certificates.k8s.io "csr-1" is forbidden: User "&lt;b&gt;&amp;" cannot update resource "certificatesigningrequests/approval" in API group "certificates.k8s.io" at the cluster scope: RBAC: "why"',
      details: { name: 'csr-1', group: 'certificates.k8s.io', kind: 'certificatesigningrequests' },
    });
    expect(forbidden(asksPath(user('x'), 'get', '/metrics'), '').status).toMatchObject({
      message: 'forbidden: User "x" cannot get path "/metrics"',
      details: {},
    });
  });
});

describe('the authorizer', () => {
  it('sees what has changed', async () => {
    const source = new Objects(clusterRole('r', [rule('get', 'pods')]));
    const rbac = createRbacAuthorizer(source);
    const may = async () =>
      (await rbac.authorize(asks(alice, 'get', 'pods', { namespace: 'ns' }))).allowed;
    expect(await may()).toBe(false);
    source.add(binding('ns', 'b', 'cluster/r', toUser('alice')));
    expect(await may()).toBe(true);
    source.removeBinding('ns', 'b');
    expect(await may()).toBe(false);
    source.add(clusterBinding('b', 'r', toGroup('dev')));
    expect(await may()).toBe(true);
    source.add(clusterRole('r', [rule('list', 'pods')]));
    expect(await may()).toBe(false);
  });

  it('takes no longer with ten thousand bindings of others', async () => {
    const many = Array.from({ length: 10_000 }, (_, i) =>
      clusterBinding(`b${i}`, 'r', toUser(`user-${i}`)),
    );
    let listed = 0;
    const objects = new Objects(clusterRole('r', [rule('get', 'pods')]), ...many);
    const rbac = createRbacAuthorizer({
      version: 1,
      clusterRole: (name) => objects.clusterRole(name),
      role: () => undefined,
      roleBindings: () => [],
      clusterRoleBindings: () => {
        listed += 1;
        return objects.clusterRoleBindings();
      },
    });
    for (let i = 0; i < 1000; i++) {
      expect((await rbac.authorize(asks(user(`user-${i}`), 'get', 'pods'))).allowed).toBe(true);
      expect((await rbac.authorize(asks(user(`nobody-${i}`), 'get', 'pods'))).allowed).toBe(false);
    }
    expect(listed).toBe(1);
  });

  it('lets system:masters do everything, whoever else says what', async () => {
    const chain = authorizerChain([
      createPrivilegedGroupAuthorizer(),
      createRbacAuthorizer(new Objects()),
    ]);
    const may = async (who: UserInfo) =>
      (await chain.authorize(asks(who, 'delete', 'nodes'))).allowed;
    expect(await may(user('x', 'system:masters'))).toBe(true);
    expect(await may(user('system:masters'))).toBe(false);
    expect(await may(user('x', 'system:masters '))).toBe(false);
  });

  it('in a chain is asked until one allows, and all reasons are told otherwise', async () => {
    const saying = (allowed: boolean, reason: string) => ({
      authorize: async () => ({ allowed, reason }),
    });
    const request = asks(alice, 'get', 'pods');
    expect(
      await authorizerChain([saying(false, 'a'), saying(true, 'b'), saying(true, 'c')]).authorize(
        request,
      ),
    ).toEqual({ allowed: true, reason: 'b' });
    expect(
      await authorizerChain([saying(false, 'a'), saying(false, ''), saying(false, 'c')]).authorize(
        request,
      ),
    ).toEqual({ allowed: false, reason: 'a\nc' });
    expect(await authorizerChain([]).authorize(request)).toEqual({ allowed: false, reason: '' });
  });
});
