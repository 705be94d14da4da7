/** What is asked and not stored: may I, may they, who am I, whose token is it. */
import { type Case, get, PROTOBUF, post, remove } from '../case.ts';

const Z = '/apis/authorization.k8s.io/v1',
  N = '/apis/authentication.k8s.io/v1';
const SELF = `${Z}/selfsubjectaccessreviews`,
  SUBJECT = `${Z}/subjectaccessreviews`,
  LOCAL = `${Z}/namespaces/default/localsubjectaccessreviews`,
  RULES = `${Z}/selfsubjectrulesreviews`,
  WHO = `${N}/selfsubjectreviews`,
  TOKEN = `${N}/tokenreviews`;
const spec = (more: object): object => ({ spec: more });
const pods = { verb: 'get', resource: 'pods', namespace: 'default' };
const bob = (path: string, body: object): Case => post(path, body, { as: 'bob' });
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';

/** Asked of every review alike. */
const alike = (path: string, kind: string, good: object): Case[] => [
  post(path, { apiVersion: `${path.split('/')[2]}/v1`, kind, ...good }),
  post(path, {
    ...good,
    metadata: {
      name: 'n',
      labels: { a: 'b' },
      annotations: { c: 'd' },
      generateName: 'g',
      uid: 'u',
      resourceVersion: '5',
    },
  }),
  post(path, { kind: 'Pod', apiVersion: 'v1', ...good }),
  post(path, { kind: 'Other', ...good }),
  post(path, []),
  { method: 'POST', path, raw: '' },
  post(`${path}?fieldValidation=Strict`, { ...good, foo: 1 }),
  post(path, { ...good, foo: 1 }),
  post(`${path}?fieldValidation=Ignore`, { ...good, foo: 1 }),
  post(`${path}?fieldValidation=x`, good),
  post(`${path}?dryRun=All`, good),
  post(`${path}?dryRun=x`, good),
  post(`${path}?fieldManager=m`, good),
  post(path, { spec: 'x' }),
  post(path, { status: { allowed: true, authenticated: true, denied: true }, ...good }),
  post(path, good, { accept: PROTOBUF }),
  post(path, good, { accept: 'application/yaml' }),
  post(path, good, { accept: table }),
  post(path, good, { accept: 'text/html' }),
  post(path, good, { type: 'text/plain' }),
  { method: 'POST', path, raw: `# yaml\n${JSON.stringify(good)}`, type: 'application/yaml' },
  { method: 'POST', path, raw: `{"a":${'['.repeat(11_000)}${']'.repeat(11_000)}}` },
  { method: 'POST', path, raw: '{"__proto__":{"spec":{}},"spec":{}}' },
  get(path),
  get(`${path}?watch=true`),
  get(`${path}/x`),
  remove(path),
  remove(`${path}/x`),
  { method: 'PUT', path: `${path}/x`, body: good },
  { method: 'PATCH', path: `${path}/x`, body: {}, type: 'application/merge-patch+json' },
  get(`${path}/x/status`),
];

const selectors = {
  labelSelector: { requirements: [{ key: 'a', operator: 'In', values: ['b'] }] },
  fieldSelector: { rawSelector: 'a=b' },
};
const badSelectors = {
  labelSelector: {
    rawSelector: 'a b c',
    requirements: [{ key: '', operator: 'x', values: ['a'] }],
  },
  fieldSelector: {
    rawSelector: 'a',
    requirements: [
      { key: 'k', operator: 'In', values: [] },
      { operator: 'Exists', values: ['x'] },
    ],
  },
};

/** Attributes, good and bad, of those that ask about access. */
const access = (path: string, who: object): Case[] => [
  post(path, spec({ ...who, resourceAttributes: { ...pods, namespace: 'other' } })),
  post(path, spec({ ...who, nonResourceAttributes: { path: '/openapi/v2', verb: 'get' } })),
  post(
    path,
    spec({
      ...who,
      nonResourceAttributes: { path: '/healthz', verb: 'get' },
      resourceAttributes: pods,
    }),
  ),
  post(path, spec({ ...who })),
  post(path, spec({ ...who, resourceAttributes: {} })),
  post(
    path,
    spec({ ...who, resourceAttributes: { ...pods, verb: '*', resource: '*', group: '*' } }),
  ),
  post(path, spec({ ...who, resourceAttributes: { ...pods, ...selectors } })),
  post(path, spec({ ...who, resourceAttributes: { ...pods, ...badSelectors } })),
  post(
    path,
    spec({ ...who, resourceAttributes: { ...pods, labelSelector: {}, fieldSelector: {} } }),
  ),
];

export const CASES: readonly Case[] = [
  ...alike(SELF, 'SelfSubjectAccessReview', spec({ resourceAttributes: pods })),
  ...access(SELF, {}),
  bob(SELF, spec({ resourceAttributes: pods })),
  ...alike(SUBJECT, 'SubjectAccessReview', spec({ user: 'bob', resourceAttributes: pods })),
  ...access(SUBJECT, { user: 'bob', groups: ['system:authenticated'] }),
  ...access(SUBJECT, {}),
  post(SUBJECT, spec({ groups: ['system:masters'], resourceAttributes: pods })),
  post(
    SUBJECT,
    spec({
      user: 'kubernetes-admin',
      groups: ['system:masters'],
      uid: 'u',
      extra: { a: ['b'] },
      resourceAttributes: pods,
    }),
  ),
  post(
    SUBJECT,
    spec({
      user: 'system:node:n1',
      groups: ['system:nodes'],
      resourceAttributes: { ...pods, resource: 'secrets', name: 's' },
    }),
  ),
  bob(SUBJECT, spec({ user: 'bob', resourceAttributes: pods })),
  ...alike(LOCAL, 'LocalSubjectAccessReview', spec({ user: 'bob', resourceAttributes: pods })),
  ...access(LOCAL, { user: 'bob' }),
  post(LOCAL, {
    metadata: { namespace: 'other' },
    ...spec({ user: 'bob', resourceAttributes: pods }),
  }),
  post(LOCAL, {
    metadata: { namespace: 'default' },
    ...spec({ user: 'bob', resourceAttributes: pods }),
  }),
  post(`${Z}/localsubjectaccessreviews`, spec({ user: 'bob', resourceAttributes: pods })),
  post(
    LOCAL.replace('default', 'nowhere'),
    spec({ user: 'bob', resourceAttributes: { ...pods, namespace: 'nowhere' } }),
  ),
  ...alike(RULES, 'SelfSubjectRulesReview', spec({ namespace: 'default' })),
  post(RULES, {}),
  post(RULES, spec({ namespace: 'nowhere' })),
  bob(RULES, spec({ namespace: 'default' })),
  ...alike(WHO, 'SelfSubjectReview', {}),
  bob(WHO, {}),
  ...alike(TOKEN, 'TokenReview', spec({ token: 'x' })),
  post(TOKEN, {}),
  post(TOKEN, spec({ token: 'a.b.c' })),
  post(TOKEN, spec({ token: 'abcdef.0123456789abcdef' })),
  post(TOKEN, spec({ token: 'x', audiences: ['a', 'b'] })),
  bob(TOKEN, spec({ token: 'x' })),
];
