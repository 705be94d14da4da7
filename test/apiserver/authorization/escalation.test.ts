/** Nobody gives what they do not have. */
import { describe, expect, it } from 'vitest';
import {
  authorizerChain,
  createEscalationGuard,
  createPrivilegedGroupAuthorizer,
  createRbacAuthorizer,
} from '../../../src/apiserver/authorization/index.ts';
import type { KubernetesObject, RoleBinding, UserInfo } from '../../../src/kubernetes/index.ts';
import {
  asks,
  binding,
  clusterBinding,
  clusterRole,
  Objects,
  role,
  rule,
  toGroup,
  toUser,
  urls,
  user,
} from './rbac-objects.ts';

const GROUP = 'rbac.authorization.k8s.io';
const ALL = [rule('*', '*', { apiGroups: ['*'] }), urls('*', '*')];

const source = new Objects(
  clusterRole('cluster-admin', ALL),
  clusterRole('reader', [
    rule('get,list', 'pods'),
    rule('get', 'secrets', { resourceNames: ['a'] }),
  ]),
  clusterRole('paths', [urls('get', '/healthz*')]),
  clusterRole('empty', []),
  role('ns', 'local', [rule('get', 'pods')]),
  clusterRole('escalator', [
    rule('escalate', 'roles,clusterroles', { apiGroups: [GROUP], resourceNames: ['named'] }),
  ]),
  clusterRole('binder', [
    rule('bind', 'clusterroles', { apiGroups: [GROUP], resourceNames: ['cluster-admin'] }),
  ]),
  clusterBinding('reader', 'reader', toUser('alice')),
  clusterBinding('paths', 'paths', toUser('alice')),
  clusterBinding('admin', 'cluster-admin', toUser('root')),
  clusterBinding('escalator', 'escalator', toUser('escalator')),
  binding('ns', 'binder', 'cluster/binder', toUser('binder')),
);
const rbac = createRbacAuthorizer(source);
const guard = createEscalationGuard({
  rbac,
  authorizer: authorizerChain([createPrivilegedGroupAuthorizer(), rbac]),
});

const RESOURCES: Readonly<Record<string, string>> = {
  Role: 'roles',
  ClusterRole: 'clusterroles',
  RoleBinding: 'rolebindings',
  ClusterRoleBinding: 'clusterrolebindings',
};

/** The message of the refusal; undefined where the write goes through. */
async function refusal(
  who: UserInfo,
  object: KubernetesObject | undefined,
  old?: KubernetesObject,
): Promise<string | undefined> {
  const { kind = '', metadata } = object ?? old ?? { metadata: {} };
  const verb = object === undefined ? 'delete' : old === undefined ? 'create' : 'update';
  const attributes = asks(who, verb, RESOURCES[kind] ?? '', {
    group: GROUP,
    namespace: metadata.namespace ?? '',
    name: verb === 'create' ? '' : (metadata.name ?? ''),
  });
  try {
    await guard({
      attributes,
      ...(object === undefined ? {} : { object }),
      ...(old === undefined ? {} : { old }),
      dryRun: false,
    });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return undefined;
}

const paths = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `/${'p'.repeat(i % 50)}/${i}/*`);

const alice = user('alice', 'dev');
const mallory = user('mallory');

describe('a role', () => {
  it.each<[string, Parameters<typeof clusterRole>[1], boolean]>([
    ['what one has', [rule('get,list', 'pods')], true],
    ['a part of it', [rule('get', 'pods', { resourceNames: ['x'] })], true],
    ['nothing', [], true],
    ['another verb', [rule('get,delete', 'pods')], false],
    ['every verb', [rule('*', 'pods')], false],
    ['every resource', [rule('get', '*')], false],
    ['a subresource', [rule('get', 'pods/log')], false],
    ['another group', [rule('get', 'pods', { apiGroups: ['', 'apps'] })], false],
    ['every group', [rule('get', 'pods', { apiGroups: ['*'] })], false],
    ['a name that one has', [rule('get', 'secrets', { resourceNames: ['a'] })], true],
    ['a name more', [rule('get', 'secrets', { resourceNames: ['a', 'b'] })], false],
    ['all names', [rule('get', 'secrets')], false],
    [
      'an empty list of names, which is all',
      [rule('get', 'secrets', { resourceNames: [] })],
      false,
    ],
    ['a path', [urls('get', '/healthz/ping')], true],
    ['paths', [urls('get', '/healthz*')], true],
    ['other paths', [urls('get', '/health*')], false],
    ['a path with another verb', [urls('post', '/healthz')], false],
    ['escalate', [rule('escalate', 'clusterroles', { apiGroups: [GROUP] })], false],
  ])('that gives %s', async (_, rules, passes) => {
    expect((await refusal(alice, clusterRole('new', rules))) === undefined).toBe(passes);
    const before = clusterRole('new', [rule('get', 'pods')]);
    expect((await refusal(alice, clusterRole('new', rules), before)) === undefined).toBe(passes);
  });

  it('is refused with what is missing', async () => {
    const wanted = clusterRole('new', [
      rule('get,delete,list,patch', 'pods'),
      rule('get', 'nodes'),
      urls('get,post', '/x'),
    ]);
    expect(await refusal(alice, wanted)).toBe(
      `clusterroles.rbac.authorization.k8s.io "new" is forbidden: user "alice" (groups=["dev"]) is attempting to grant RBAC permissions not currently held:
{APIGroups:[""], Resources:["nodes"], Verbs:["get"]}
{APIGroups:[""], Resources:["pods"], Verbs:["delete" "patch"]}
{NonResourceURLs:["/x"], Verbs:["get"]}
{NonResourceURLs:["/x"], Verbs:["post"]}`,
    );
  });

  it('may be anything for those who have everything', async () => {
    const wanted = clusterRole('new', ALL);
    expect(await refusal(user('root'), wanted)).toBeUndefined();
    expect(await refusal(user('x', 'system:masters'), wanted)).toBeUndefined();
    expect(await refusal(mallory, wanted)).toContain('is forbidden');
  });

  it('may be anything for those who may escalate it, by its name in updates only', async () => {
    const escalator = user('escalator');
    const named = clusterRole('named', ALL);
    expect(await refusal(escalator, named, clusterRole('named', []))).toBeUndefined();
    expect(await refusal(escalator, named)).toContain('is forbidden');
    expect(await refusal(escalator, clusterRole('other', ALL), clusterRole('other', []))).toContain(
      'is forbidden',
    );
  });

  it('gathers others only where somebody has everything', async () => {
    const gathering = clusterRole('new', [], {
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] },
    });
    const refused = 'must have cluster-admin privileges to use the aggregationRule';
    expect(await refusal(alice, gathering)).toContain(refused);
    expect(await refusal(alice, gathering, clusterRole('new', []))).toContain(refused);
    expect(await refusal(alice, clusterRole('new', []), gathering)).toContain(refused);
    expect(await refusal(user('root'), gathering)).toBeUndefined();
    // Without selectors it gathers nothing.
    expect(
      await refusal(alice, { ...gathering, aggregationRule: {} } as KubernetesObject),
    ).toBeUndefined();
  });

  it('may change in owners and finalizers, whatever it gives', async () => {
    const before = clusterRole('new', ALL);
    const metadata = { name: 'new', finalizers: ['x'], ownerReferences: [] };
    expect(await refusal(mallory, { ...before, metadata }, before)).toBeUndefined();
    const labels = { ...metadata, labels: { 'rbac.authorization.k8s.io/aggregate-to-admin': '' } };
    expect(await refusal(mallory, { ...before, metadata: labels }, before)).toContain(
      'is forbidden',
    );
    const { rules: _, ...without } = before;
    expect(await refusal(mallory, before, without)).toContain('is forbidden');
  });

  it('that is hostile is judged within bounds', async () => {
    const thousand = Array.from({ length: 1000 }, (_, i) => `x${i}`);
    const huge = { verbs: thousand, apiGroups: thousand, resources: thousand };
    expect(await refusal(alice, clusterRole('new', [huge]))).toContain(
      'more rights than can be checked',
    );
    for (const rules of [
      null,
      'all',
      [null],
      ['*'],
      [{ verbs: '*', apiGroups: '*', resources: '*' }],
    ]) {
      const damaged = { ...clusterRole('new', []), rules } as unknown as KubernetesObject;
      // What gives nothing to the authorizer needs no rights here.
      expect(await refusal(mallory, damaged)).toBeUndefined();
    }
  });

  it('costs the sum of what one has and what one gives, not the product', async () => {
    const named = (count: number) =>
      Array.from({ length: count }, (_, i) =>
        rule('get', `r${i}`, { resourceNames: [`name-${i}`] }),
      );
    const big = createRbacAuthorizer(
      new Objects(
        clusterRole('big', [...named(30_000), urls('get', paths(20_000).join(','))]),
        clusterBinding('big', 'big', toUser('alice')),
      ),
    );
    const judge = createEscalationGuard({ rbac: big, authorizer: big });
    const attributes = asks(alice, 'create', 'clusterroles', { group: GROUP });
    const held = named(30_000).slice(-9_990);
    const below = paths(20_000).map((path) => path.replace('*', 'x'));
    const begun = performance.now();
    const object = clusterRole('new', [...held, urls('get', below.join(','))]);
    await judge({ attributes, object, dryRun: false });
    const more = clusterRole('new', [...held, rule('get', 'r1', { resourceNames: ['name-0'] })]);
    await expect(judge({ attributes, object: more, dryRun: false })).rejects.toThrow(
      '{APIGroups:[""], Resources:["r1"], ResourceNames:["name-0"], Verbs:["get"]}',
    );
    // Rule by rule it takes half a minute.
    expect(performance.now() - begun).toBeLessThan(3_000);
  });

  it('is refused where it has more rules than are checked', async () => {
    const rules = Array.from({ length: 10_001 }, () => rule('get', 'pods'));
    expect(await refusal(alice, clusterRole('new', rules.slice(1)))).toBeUndefined();
    expect(await refusal(alice, clusterRole('new', rules))).toContain(
      'more rights than can be checked: at most 10000 rules and 100000 rights',
    );
  });

  it('of one who has too much is checked against the first rights', async () => {
    const hundred = Array.from({ length: 100 }, (_, i) => `x${i}`);
    const huge = { verbs: hundred, apiGroups: hundred, resources: hundred };
    const owned = createRbacAuthorizer(
      new Objects(
        clusterRole('huge', [huge, rule('get', 'pods')]),
        clusterBinding('huge', 'huge', toUser('alice')),
      ),
    );
    const judge = createEscalationGuard({ rbac: owned, authorizer: owned });
    const write = async (object: KubernetesObject) =>
      await judge({
        attributes: asks(alice, 'create', 'clusterroles', { group: GROUP }),
        object,
        dryRun: false,
      });
    await write(clusterRole('new', [rule('get', 'pods')]));
    await expect(write(clusterRole('new', [rule('x1', 'x1')]))).rejects.toThrow(
      'those that the user holds here are more than 100000',
    );
  });

  it('is refused with the first fifty rights that are missing, in lines that end', async () => {
    const rules = Array.from({ length: 60 }, (_, i) => rule('delete', `r${100 + i}`));
    const message = (await refusal(alice, clusterRole('new', rules))) ?? '';
    expect(message.split('\n')).toHaveLength(52);
    expect(message).toContain('"r149"');
    expect(message).not.toContain('"r150"');
    expect(message.endsWith('\n… and 10 more')).toBe(true);
    const long = clusterRole('new', [rule('delete', 'x'.repeat(100_000))]);
    expect((await refusal(alice, long))?.length).toBeLessThan(2_000);
  });

  it.each<[string, string, boolean]>([
    ['/a*', '/ab', true],
    ['/a*', '/a*', true],
    ['/a*,/ab/c*', '/ab/d', true],
    ['/a/b*,/a/d*', '/a/c', false],
    ['/a/b*,/a/d*', '/a/dx', true],
    ['/b***', '/bx', true],
    ['/b', '/bx', false],
    ['*', '/x', true],
  ])('of one who has the paths %s may have %s: %s', async (has, wants, passes) => {
    const owned = createRbacAuthorizer(
      new Objects(
        clusterRole('has', [urls('get', has)]),
        clusterBinding('has', 'has', toUser('alice')),
      ),
    );
    const judge = createEscalationGuard({ rbac: owned, authorizer: owned });
    const attributes = asks(alice, 'create', 'clusterroles', { group: GROUP });
    const write = judge({
      attributes,
      object: clusterRole('new', [urls('get', wants)]),
      dryRun: false,
    });
    if (passes) await write;
    else await expect(write).rejects.toThrow('not currently held');
  });

  it('of a namespace counts what one has there', async () => {
    const local = new Objects(
      clusterRole('admin', ALL),
      binding('ns', 'admin', 'cluster/admin', toUser('alice')),
    );
    const here = createRbacAuthorizer(local);
    const judge = createEscalationGuard({ rbac: here, authorizer: here });
    const write = async (object: KubernetesObject, resource: string, namespace: string) =>
      judge({
        attributes: asks(alice, 'create', resource, { group: GROUP, namespace }),
        object,
        dryRun: false,
      });
    await write(role('ns', 'new', [rule('*', '*')]), 'roles', 'ns');
    await expect(write(role('other', 'new', [rule('*', '*')]), 'roles', 'other')).rejects.toThrow(
      'not currently held',
    );
    await expect(write(clusterRole('new', [rule('*', '*')]), 'clusterroles', '')).rejects.toThrow(
      'not currently held',
    );
  });
});

describe('a binding', () => {
  const toMallory = toUser('mallory');

  it.each<[string, UserInfo, RoleBinding, string | undefined]>([
    ['to a role that one has', alice, clusterBinding('b', 'reader', toMallory), undefined],
    ['to a role that is empty', mallory, clusterBinding('b', 'empty', toMallory), undefined],
    [
      'to everything',
      alice,
      clusterBinding('b', 'cluster-admin', toUser('alice')),
      'not currently held',
    ],
    [
      'to everything, in a namespace',
      alice,
      binding('ns', 'b', 'cluster/cluster-admin', toMallory),
      'not currently held',
    ],
    [
      'by who may bind it there',
      user('binder'),
      binding('ns', 'b', 'cluster/cluster-admin', toMallory),
      undefined,
    ],
    [
      'by who may bind it elsewhere',
      user('binder'),
      binding('other', 'b', 'cluster/cluster-admin', toMallory),
      'not currently held',
    ],
    [
      'by who may bind it in a namespace',
      user('binder'),
      clusterBinding('b', 'cluster-admin', toMallory),
      'not currently held',
    ],
    ['to a role of the namespace', alice, binding('ns', 'b', 'local', toGroup('g')), undefined],
    [
      'to a role that is not there',
      alice,
      clusterBinding('b', 'gone', toMallory),
      'clusterrolebindings.rbac.authorization.k8s.io "gone" not found',
    ],
    [
      'to a property of every object',
      alice,
      clusterBinding('b', '__proto__', toMallory),
      '"__proto__" not found',
    ],
    [
      'to a role that is not there, by root',
      user('root'),
      clusterBinding('b', 'gone', toMallory),
      undefined,
    ],
    [
      'by system:masters',
      user('x', 'system:masters'),
      clusterBinding('b', 'cluster-admin', toMallory),
      undefined,
    ],
  ])('%s', async (_, who, object, expected) => {
    const message = await refusal(who, object);
    if (expected === undefined) expect(message).toBeUndefined();
    else expect(message).toContain(expected);
  });

  it('may not take more subjects either, but other owners', async () => {
    const before = clusterBinding('b', 'cluster-admin', toUser('root'));
    const more = clusterBinding('b', 'cluster-admin', toUser('root'), toUser('alice'));
    expect(await refusal(alice, more, before)).toContain('not currently held');
    const owned = { ...before, metadata: { name: 'b', finalizers: ['x'] } };
    expect(await refusal(alice, owned, before)).toBeUndefined();
    const moved = { ...owned, subjects: [toUser('alice')] };
    expect(await refusal(alice, moved, before)).toContain('not currently held');
  });

  it('to something that is no role is refused', async () => {
    for (const roleRef of [
      undefined,
      null,
      'x',
      {},
      { kind: 'User', name: 'x', apiGroup: GROUP },
    ]) {
      const damaged = { ...clusterBinding('b', 'x', toMallory), roleRef } as unknown as RoleBinding;
      expect(await refusal(alice, damaged)).toContain('unsupported role reference kind');
    }
  });

  it('may be deleted by whoever is allowed to', async () => {
    expect(
      await refusal(mallory, undefined, clusterBinding('b', 'cluster-admin', toMallory)),
    ).toBeUndefined();
  });
});

describe('other writes', () => {
  it('are not looked at', async () => {
    const attributes = asks(mallory, 'create', 'clusterroles', { group: 'example.com' });
    await guard({ attributes, object: clusterRole('new', ALL), dryRun: false });
  });
});
