/** Roles and their bindings: what is refused, and what nobody can give who does not have it. */
import { type Case, get, named, patch, post, put, remove, table } from '../case.ts';

const B = '/apis/rbac.authorization.k8s.io/v1',
  CR = `${B}/clusterroles`,
  CB = `${B}/clusterrolebindings`,
  R = `${B}/namespaces/default/roles`,
  RB = `${B}/namespaces/default/rolebindings`;
const G = 'rbac.authorization.k8s.io';
const view = { apiGroup: G, kind: 'ClusterRole', name: 'view' };
const user = (name: string): object => ({ apiGroup: G, kind: 'User', name });
const rule = (more: object): object => ({
  verbs: ['get'],
  apiGroups: [''],
  resources: ['pods'],
  ...more,
});
const badRules = [
  {},
  { verbs: ['get'] },
  { verbs: ['get'], apiGroups: [''] },
  { verbs: ['get'], resources: ['pods'] },
  { verbs: ['get'], nonResourceURLs: ['/a'], apiGroups: [''] },
  { verbs: [], nonResourceURLs: ['/a'] },
];
const bob = (one: Case): Case => ({ ...one, as: 'bob' });
const settled = (one: Case): Case => ({ ...bob(one), settles: true });

export const CASES: readonly Case[] = [
  post(CR, named('c1', { rules: [rule({}), { verbs: ['get'], nonResourceURLs: ['/a', '/b/*'] }] })),
  post(
    CR,
    named('c2', { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] } }),
  ),
  post(CR, named('c3', {})),
  post(CR, named('system:odd%name', {})),
  post(CR, named('a:b@C', { rules: [] }), { label: 'a role without rules' }),
  post(CR, named('bad', { rules: badRules })),
  post(CR, named('bad', { aggregationRule: {} })),
  post(
    CR,
    named('bad', {
      aggregationRule: {
        clusterRoleSelectors: [{ matchExpressions: [{ key: 'a', operator: 'In' }] }],
      },
    }),
  ),
  post(
    CR,
    named('bad', {
      aggregationRule: {
        clusterRoleSelectors: [
          { matchLabels: { 'a b': '-' } },
          { matchExpressions: [{ key: 'a', operator: 'x' }] },
        ],
      },
    }),
  ),
  patch(`${CR}/c1`, { rules: [rule({ resourceNames: ['a'] })] }),
  patch(`${CR}/c1`, { rules: [{}] }),
  { ...put(`${CR}/c4`, named('c4', { rules: [] })), label: 'a role put without rules' },
  table(`${CR}?fieldSelector=metadata.name%3Dc1`),
  post(R, named('r1', { rules: [rule({})] })),
  post(R, named('bad', { rules: [...badRules, { verbs: ['get'], nonResourceURLs: ['/a'] }] })),
  post(R, named('a:b', {})),
  patch(`${R}/r1`, { rules: null }),
  table(`${R}?fieldSelector=metadata.name%3Dr1`),
  post(
    CB,
    named('b1', {
      roleRef: { kind: 'ClusterRole', name: 'view' },
      subjects: [
        { kind: 'Group', name: 'g' },
        { kind: 'ServiceAccount', name: 's', namespace: 'default' },
      ],
    }),
  ),
  post(CB, named('b2', { roleRef: view })),
  post(CB, named('bad')),
  post(CB, named('bad', { roleRef: { apiGroup: 'x', kind: 'Role', name: '' } })),
  post(CB, named('bad', { roleRef: { apiGroup: G, kind: 'Role', name: 'a/b' } })),
  post(CB, named('bad', { roleRef: { apiGroup: G, kind: 'ClusterRole', name: 'absent' } })),
  post(
    CB,
    named('bad', {
      roleRef: view,
      subjects: [
        { kind: 'User', name: '' },
        { kind: 'User', name: 'a', apiGroup: 'x' },
        { kind: 'Group', name: 'a', apiGroup: '' },
        { kind: 'ServiceAccount', name: 'A_', namespace: 'x' },
        { kind: 'ServiceAccount', name: 'a' },
        { kind: 'ServiceAccount', name: 'a', namespace: 'x', apiGroup: 'y' },
        { kind: 'Other', name: 'a' },
      ],
    }),
  ),
  patch(`${CB}/b1`, { roleRef: { apiGroup: G, kind: 'ClusterRole', name: 'edit' } }),
  patch(`${CB}/b1`, { subjects: null }),
  put(`${CB}/b3`, named('b3', { roleRef: view, subjects: [user('x')] })),
  table(`${CB}?fieldSelector=metadata.name%3Db1`),
  post(
    RB,
    named('rb1', { roleRef: { apiGroup: G, kind: 'Role', name: 'r1' }, subjects: [user('x')] }),
  ),
  post(RB, named('bad', { roleRef: { kind: 'Other', name: 'x' } })),
  post(RB, named('bad', { roleRef: view, subjects: [{ kind: 'ServiceAccount', name: 's' }] })),
  patch(`${RB}/rb1`, { roleRef: { name: 'other' } }),
  table(`${RB}?fieldSelector=metadata.name%3Drb1`),
  // Bob has nothing, then may write roles and bindings.
  bob(post(R, named('mine', { rules: [rule({})] }))),
  bob(get(`${R}/r1`)),
  post(
    CR,
    named('writer', {
      rules: [
        {
          verbs: ['*'],
          apiGroups: [G],
          resources: ['*']
            .map(() => 'roles')
            .concat('rolebindings', 'clusterroles', 'clusterrolebindings'),
        },
      ],
    }),
  ),
  post(CB, named('writers', { roleRef: { ...view, name: 'writer' }, subjects: [user('bob')] })),
  settled(
    post(
      R,
      named('mine', {
        rules: [rule({}), rule({ verbs: ['list', '*'], resources: ['pods', 'secrets'] })],
      }),
    ),
  ),
  bob(
    post(CR, named('mine', { rules: [{ verbs: ['get'], nonResourceURLs: ['/metrics', '/a/*'] }] })),
  ),
  bob(post(R, named('mine', { rules: [] }))),
  bob(patch(`${R}/mine`, { rules: [rule({ resourceNames: ['a', 'b'] })] })),
  bob(post(RB, named('mine', { roleRef: view, subjects: [user('bob')] }))),
  bob(
    post(
      RB,
      named('mine', {
        roleRef: { apiGroup: G, kind: 'Role', name: 'mine' },
        subjects: [user('bob')],
      }),
    ),
  ),
  bob(post(RB, named('other', { roleRef: { apiGroup: G, kind: 'Role', name: 'absent' } }))),
  bob(
    post(
      CR,
      named('all', { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] } }),
    ),
  ),
  bob(remove(`${R}/mine`)),
];
