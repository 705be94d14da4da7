/** Acting as somebody else: who may be whom, and doing what. */
import { describe, expect, it } from 'vitest';
import { createRbacAuthorizer } from '../../../src/apiserver/authorization/index.ts';
import { createImpersonation } from '../../../src/apiserver/front/impersonation.ts';
import { wantedUser } from '../../../src/apiserver/front/impersonation-headers.ts';
import type { RequestAttributes } from '../../../src/apiserver/types.ts';
import type { Headers, UserInfo } from '../../../src/kubernetes/index.ts';
import {
  asks,
  asksPath,
  clusterBinding,
  clusterRole,
  Objects,
  rule,
  toUser,
  urls,
  user,
} from '../authorization/rbac-objects.ts';
import { ADMIN, apiServer } from './server.ts';

const AUTHENTICATION = { apiGroups: ['authentication.k8s.io'] };

/** Users by name, each with the rights that the name says. */
const RIGHTS = {
  legacy: [rule('impersonate', 'users,groups,serviceaccounts')],
  'legacy-bob': [rule('impersonate', 'users', { resourceNames: ['bob'] })],
  'legacy-dev': [
    rule('impersonate', 'users', { resourceNames: ['bob'] }),
    rule('impersonate', 'groups', { resourceNames: ['dev'] }),
    rule('impersonate', 'userextras/scopes', { ...AUTHENTICATION, resourceNames: ['view'] }),
    rule('impersonate', 'uids', { ...AUTHENTICATION, resourceNames: ['7'] }),
  ],
  'be-bob': [rule('impersonate:user-info', 'users', AUTHENTICATION)],
  'list-as': [rule('impersonate-on:user-info:list', 'pods')],
  'list-as-bob': [
    rule('impersonate:user-info', 'users,groups,userextras/example.com/x', AUTHENTICATION),
    rule('impersonate-on:user-info:list', 'pods'),
    urls('impersonate-on:user-info:get', '/version'),
  ],
  'list-as-all': [
    rule('impersonate:user-info', '*', AUTHENTICATION),
    rule('impersonate-on:user-info:list', 'pods'),
  ],
  'list-as-account': [
    rule('impersonate:serviceaccount', 'serviceaccounts', {
      ...AUTHENTICATION,
      resourceNames: ['builder'],
    }),
    rule('impersonate-on:serviceaccount:list', 'pods'),
  ],
  'list-as-node': [
    rule('impersonate:arbitrary-node', 'nodes', AUTHENTICATION),
    rule('impersonate-on:arbitrary-node:list', 'pods'),
  ],
  'system:serviceaccount:kube-system:agent': [
    rule('impersonate:associated-node', 'nodes', { ...AUTHENTICATION, resourceNames: ['*'] }),
    rule('impersonate-on:associated-node:list', 'pods'),
  ],
};
type Who = keyof typeof RIGHTS | 'nobody';

const rbac = createRbacAuthorizer(
  new Objects(
    ...Object.entries(RIGHTS).flatMap(([name, rules]) => [
      clusterRole(name, rules),
      clusterBinding(name, name, toUser(name)),
    ]),
  ),
);

async function attempt(
  who: Who,
  headers: Headers,
  { ask = 'list pods', extra }: { ask?: string; extra?: UserInfo['extra'] } = {},
): Promise<{ user: UserInfo; constraint?: string } | string> {
  const requestor = { ...user(who, 'system:authenticated'), ...(extra && { extra }) };
  const [verb = '', what = ''] = ask.split(' ');
  const attributes: RequestAttributes = what.startsWith('/')
    ? asksPath(requestor, verb, what)
    : asks(requestor, verb, what);
  try {
    const wanted = wantedUser(headers);
    if (wanted === undefined) throw new Error('expected that somebody else is wanted');
    return await createImpersonation(rbac)(wanted, attributes);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const as = (name: string, more: Headers = {}): Headers => ({ 'impersonate-user': name, ...more });

describe('whom headers ask for', () => {
  it('is nobody without them, or with empty ones', () => {
    expect(wantedUser({ accept: 'x', 'x-remote-user': 'bob' })).toBeUndefined();
    expect(wantedUser({ 'impersonate-user': '' })).toBeUndefined();
    expect(wantedUser({ 'impersonate-user': '', 'impersonate-uid': '' })).toBeUndefined();
    // Not one of upstream's headers.
    expect(wantedUser({ 'impersonate-users': 'bob' })).toBeUndefined();
  });

  it('is a user with UID, groups and extra values', () => {
    expect(
      wantedUser({
        'impersonate-user': 'bob',
        'impersonate-uid': ['7', '8'],
        'impersonate-group': ['a, b', '', 'c'],
        'Impersonate-Extra-Scopes': ['view', 'edit'],
        'impersonate-extra-example.com%2fkey': 'x',
        'impersonate-extra-%zz': 'as it stands',
      }),
    ).toEqual({
      name: 'bob',
      uid: '7',
      groups: ['a, b', '', 'c'],
      extra: new Map([
        ['scopes', ['view', 'edit']],
        ['example.com/key', ['x']],
        ['%zz', ['as it stands']],
      ]),
    });
  });

  it('gathers one key from two headers that mean it', () => {
    const wanted = wantedUser({
      'impersonate-user': 'bob',
      'impersonate-extra-a%62c': 'one',
      'impersonate-extra-abc': 'two',
    });
    expect(wanted?.extra).toEqual(new Map([['abc', ['one', 'two']]]));
  });

  it('is read as UTF-8, and refused where it is none', () => {
    const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
    expect(wantedUser(as(bytes('Zoë')))?.name).toBe('Zoë');
    for (const headers of [
      as('\xff'),
      as('bob', { 'impersonate-group': '\xc3' }),
      as('bob', { 'impersonate-extra-a': '\xe2\x82' }),
    ]) {
      expect(() => wantedUser(headers)).toThrow('not UTF-8');
    }
  });

  it.each<[Headers, string]>([
    [{ 'impersonate-group': 'dev' }, 'Groups:[]string{"dev"}, Extra:map[string][]string(nil)}'],
    [{ 'impersonate-uid': '7' }, 'Name:"", UID:"7", Groups:[]string(nil)'],
    [{ 'impersonate-extra-a': 'b' }, 'Extra:map[string][]string{"a":[]string{"b"}}}'],
    [{ 'impersonate-user': '', 'impersonate-group': '' }, 'Groups:[]string{""}'],
  ])('needs a name: %j', (headers, text) => {
    expect(() => wantedUser(headers)).toThrow(text);
    expect(() => wantedUser(headers)).toThrow('without impersonating a user name');
  });

  it('may have keys that mean something to JavaScript', () => {
    const wanted = wantedUser(as('bob', { 'impersonate-extra-__proto__': 'x' }));
    expect([...(wanted?.extra ?? [])]).toEqual([['__proto__', ['x']]]);
  });
});

describe('the old way', () => {
  it('needs a right for each part, and adds the group of everybody', async () => {
    expect(await attempt('legacy', as('bob'))).toEqual({
      user: { name: 'bob', groups: ['system:authenticated'] },
    });
    const headers = as('bob', {
      'impersonate-group': 'dev',
      'impersonate-uid': '7',
      'impersonate-extra-scopes': 'view',
    });
    expect(await attempt('legacy-dev', headers)).toEqual({
      user: {
        name: 'bob',
        uid: '7',
        groups: ['dev', 'system:authenticated'],
        extra: { scopes: ['view'] },
      },
    });
  });

  it.each<[Who, Headers]>([
    ['nobody', as('bob')],
    ['legacy-bob', as('alice')],
    ['legacy-bob', as('bob', { 'impersonate-group': 'dev' })],
    ['legacy-bob', as('bob', { 'impersonate-uid': '7' })],
    ['legacy-bob', as('bob', { 'impersonate-extra-scopes': 'view' })],
    ['legacy-dev', as('bob', { 'impersonate-group': ['dev', 'system:masters'] })],
    ['legacy-dev', as('bob', { 'impersonate-group': 'dev, dev' })],
    ['legacy-dev', as('bob', { 'impersonate-uid': '8' })],
    ['legacy-dev', as('bob', { 'impersonate-extra-scopes': ['view', 'edit'] })],
    ['legacy-dev', as('bob', { 'impersonate-extra-scope': 'view' })],
    ['legacy-dev', as('bob', { 'impersonate-extra-scopes%2fx': 'view' })],
    ['legacy-dev', as('system:serviceaccount:kube-system:admin')],
    // A right to be users is none to be service accounts.
    ['legacy-bob', as('system:serviceaccount:default:bob')],
  ])('is refused to %s: %j', async (who, headers) => {
    expect(await attempt(who, headers)).toContain('cannot impersonate');
  });

  it('knows the groups of a service account', async () => {
    const account = 'system:serviceaccount:ns:builder';
    expect(await attempt('legacy', as(account))).toEqual({
      user: {
        name: account,
        groups: ['system:serviceaccounts', 'system:serviceaccounts:ns', 'system:authenticated'],
      },
    });
    expect(await attempt('legacy', as(account, { 'impersonate-group': 'dev' }))).toEqual({
      user: { name: account, groups: ['dev', 'system:authenticated'] },
    });
  });

  it.each([
    ['system:serviceaccount:ns', 'users'],
    ['system:serviceaccount:ns:a:b', 'users'],
    ['system:serviceaccount:Ns:a', 'users'],
    ['system:serviceaccount::a', 'users'],
    ['System:serviceaccount:ns:a', 'users'],
    ['system:serviceaccount:ns:a', 'serviceaccounts'],
  ])('takes %s for one of %s', async (name, resource) => {
    // Who is refused by the old way is told so where that was the way the last time.
    const impersonate = createImpersonation(rbac);
    const attributes = asks(user('legacy-bob'), 'list', 'pods');
    const wanted = (who: string) => ({ name: who, uid: '', groups: [], extra: new Map() });
    await impersonate(wanted('bob'), attributes);
    await expect(impersonate(wanted(name), attributes)).rejects.toThrow(
      `cannot impersonate resource "${resource}"`,
    );
  });

  it.each<[string, string[], string[]]>([
    ['system:anonymous', [], ['system:unauthenticated']],
    ['system:anonymous', ['system:unauthenticated'], ['system:unauthenticated']],
    ['system:anonymous', ['dev'], ['dev', 'system:unauthenticated']],
    ['bob', ['system:unauthenticated'], ['system:unauthenticated']],
    ['bob', ['system:authenticated', 'dev'], ['system:authenticated', 'dev']],
  ])('makes of %s in %j one in %j', async (name, asked, groups) => {
    expect(await attempt('legacy', as(name, { 'impersonate-group': asked }))).toEqual({
      user: { name, groups },
    });
  });
});

describe('the constrained ways', () => {
  it('take the right to be somebody and the right to do this as somebody', async () => {
    expect(await attempt('list-as-bob', as('bob'))).toEqual({
      user: { name: 'bob', groups: ['system:authenticated'] },
      constraint: 'impersonate:user-info',
    });
    expect(await attempt('list-as-bob', as('bob'), { ask: 'get /version' })).toMatchObject({
      constraint: 'impersonate:user-info',
    });
    const refused: [Who, string, string][] = [
      ['list-as-bob', 'get pods', 'cannot impersonate-on:user-info:get resource "pods"'],
      ['list-as-bob', 'list secrets', 'cannot impersonate-on:user-info:list resource "secrets"'],
      ['list-as-bob', 'get /metrics', 'cannot impersonate-on:user-info:get path "/metrics"'],
      ['be-bob', 'list pods', 'cannot impersonate-on:user-info:list resource "pods"'],
      ['list-as', 'list pods', 'cannot impersonate:user-info resource "users"'],
    ];
    for (const [who, ask, text] of refused) {
      expect(await attempt(who, as('bob'), { ask })).toContain(text);
    }
  });

  it('let nobody be a master, have a group without a name, or values without a domain', async () => {
    const refused: [Headers, string][] = [
      [{ 'impersonate-group': ['dev', 'system:masters'] }, 'system:masters group is not allowed'],
      [{ 'impersonate-group': '' }, 'the empty string group is not allowed'],
      [{ 'impersonate-extra-scopes': 'x' }, 'the invalid key "scopes" in extra is not allowed'],
      [{ 'impersonate-extra-': 'x' }, 'the empty string key in extra is not allowed'],
      [{ 'impersonate-extra-example.com%2f': 'x' }, 'the invalid key'],
      [{ 'impersonate-extra-example.com%2f%58': 'x' }, 'the non-lowercase key'],
      [{ 'impersonate-extra-example.com%2fx': '' }, 'the empty string value in extra'],
    ];
    for (const [headers, text] of refused) {
      expect(await attempt('list-as-all', as('bob', headers))).toContain(text);
    }
  });

  it('ask for many groups and extra values at once first', async () => {
    const groups = ['a', 'b', 'c', 'd'];
    expect(await attempt('list-as-bob', as('bob', { 'impersonate-group': groups }))).toMatchObject({
      user: { groups: [...groups, 'system:authenticated'] },
    });
    const extra = { 'impersonate-extra-example.com%2fx': ['1', '2', '3', '4', '5'] };
    expect(await attempt('list-as-bob', as('bob', extra))).toMatchObject({
      user: { extra: { 'example.com/x': ['1', '2', '3', '4', '5'] } },
    });
    const other = { 'impersonate-extra-example.com%2fy': ['1', '2', '3', '4'] };
    expect(await attempt('list-as-bob', as('bob', other))).toContain(
      'cannot impersonate:user-info resource "userextras/example.com/y"',
    );
  });

  it('are separate for users, nodes and service accounts', async () => {
    const account = 'system:serviceaccount:ns:builder';
    expect(await attempt('list-as-account', as(account))).toEqual({
      user: {
        name: account,
        groups: ['system:serviceaccounts', 'system:serviceaccounts:ns', 'system:authenticated'],
      },
      constraint: 'impersonate:serviceaccount',
    });
    expect(await attempt('list-as-node', as('system:node:a'))).toEqual({
      user: { name: 'system:node:a', groups: ['system:nodes', 'system:authenticated'] },
      constraint: 'impersonate:arbitrary-node',
    });
    for (const [who, headers] of [
      ['list-as-bob', as(account)],
      ['list-as-bob', as('system:node:a')],
      ['list-as-account', as('system:node:a')],
      ['list-as-account', as('system:serviceaccount:ns:other')],
      ['list-as-node', as(account)],
      ['list-as-node', as('system:node:')],
      ['list-as-node', as('system:node:A')],
      // With more than a name it is another way.
      ['list-as-node', as('system:node:a', { 'impersonate-group': 'x' })],
      ['list-as-account', as(account, { 'impersonate-uid': 'x' })],
    ] as const) {
      expect(await attempt(who, headers), `${who} ${JSON.stringify(headers)}`).toContain('cannot');
    }
  });

  it('let a pod be the node that it is on, and no other', async () => {
    const agent = 'system:serviceaccount:kube-system:agent';
    const on = (...nodes: string[]) => ({
      extra: { 'authentication.kubernetes.io/node-name': nodes },
    });
    expect(await attempt(agent, as('system:node:a'), on('a'))).toEqual({
      user: { name: 'system:node:a', groups: ['system:nodes', 'system:authenticated'] },
      constraint: 'impersonate:associated-node',
    });
    for (const extra of [on('b'), on('a', 'a'), on(), {}]) {
      expect(await attempt(agent, as('system:node:a'), extra)).toContain('cannot');
    }
    expect(await attempt('list-as-bob', as('system:node:a'), on('a'))).toContain('cannot');
  });
});

describe('a request as another', () => {
  const MAPS = '/api/v1/namespaces/default/configmaps';
  const BOBS = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings';

  it('is judged, and done, as that one', async () => {
    const { ask } = await apiServer();
    const whoami = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const headers = { 'impersonate-user': 'bob' };
    expect((await ask('POST', whoami, { body, headers })).json.status).toEqual({
      userInfo: { username: 'bob', groups: ['system:authenticated'] },
    });
    expect((await ask('GET', MAPS, { headers })).json.message).toBe(
      'configmaps is forbidden: User "bob" cannot list resource "configmaps" in API group "" in the namespace "default"',
    );
    const binding = {
      metadata: { name: 'bob' },
      subjects: [{ kind: 'User', name: 'bob' }],
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    };
    expect((await ask('POST', BOBS, { body: binding })).status).toBe(201);
    expect((await ask('GET', MAPS, { headers })).status).toBe(200);
  });

  it('never falls back to oneself', async () => {
    const { ask, faults } = await apiServer();
    for (const name of ['impersonate-group', 'impersonate-uid', 'Impersonate-Extra-Scopes']) {
      expect(await ask('GET', MAPS, { headers: { [name]: 'x' } })).toMatchObject({
        status: 400,
        json: { reason: 'BadRequest' },
      });
    }
    expect(faults).toEqual([]);
  });

  it('does not make an escalation out of a right to be one user', async () => {
    const { ask } = await apiServer();
    const role = {
      metadata: { name: 'may-be-bob' },
      rules: [
        { verbs: ['impersonate'], apiGroups: [''], resources: ['users'], resourceNames: ['bob'] },
      ],
    };
    const roles = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
    expect((await ask('POST', roles, { body: role })).status).toBe(201);
    const bindings = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
    const binding = {
      metadata: { name: 'may-be-bob' },
      subjects: [{ kind: 'User', name: 'eve' }],
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'may-be-bob' },
    };
    expect((await ask('POST', bindings, { body: binding })).status).toBe(201);
    const eve = user('eve', 'system:authenticated');
    const attempt = async (headers: Record<string, string>) =>
      (await ask('GET', '/version', { user: eve, headers })).status;
    expect(await attempt({ 'impersonate-user': 'bob' })).toBe(200);
    expect(await attempt({ 'impersonate-user': 'admin' })).toBe(403);
    expect(
      await attempt({ 'impersonate-user': 'bob', 'impersonate-group': 'system:masters' }),
    ).toBe(403);
    // As bob she has no right to be anybody.
    const twice = await ask('GET', '/version', {
      user: user('bob', 'system:authenticated'),
      headers: { 'impersonate-user': 'bob' },
    });
    expect(twice.status).toBe(403);
  });

  it('stands in the audit log with both', async () => {
    const events: object[] = [];
    const { ask } = await apiServer({
      audit: {
        write: (event) => void events.push(event),
        counts: { events: 0, lost: 0 },
        reopen: async () => {},
        close: async () => {},
      },
    });
    const headers = { 'impersonate-user': 'bob', 'impersonate-uid': '7' };
    await ask('GET', '/version', { headers });
    expect(events).toMatchObject([
      { stage: 'RequestReceived', user: { username: ADMIN.name } },
      {
        stage: 'ResponseComplete',
        user: { username: ADMIN.name },
        impersonatedUser: { username: 'bob', uid: '7', groups: ['system:authenticated'] },
        authenticationMetadata: { impersonationConstraint: 'impersonate:user-info' },
      },
    ]);
    expect(events[0]).not.toHaveProperty('impersonatedUser');
  });
});
