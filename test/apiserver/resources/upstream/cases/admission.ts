/** Webhooks, admission policies and their bindings: stored, and not enforced. */
import { type Case, named, patch, post, put, remove, table } from '../case.ts';

const B = '/apis/admissionregistration.k8s.io/v1';
const W = `${B}/validatingwebhookconfigurations`,
  X = `${B}/mutatingwebhookconfigurations`,
  V = `${B}/validatingadmissionpolicies`,
  Y = `${B}/validatingadmissionpolicybindings`;
const rule = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] };
const hook = {
  name: 'a.b.c',
  clientConfig: { url: 'https://x/y' },
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  rules: [rule],
};
const badRule = {
  operations: ['x', '*'],
  apiGroups: ['*', 'a'],
  apiVersions: ['', '*'],
  resources: ['a/*', 'a/b', '*/c', 'd/c', '*', 'e', '*/*', ''],
  scope: 'x',
};
const badHooks = [
  {
    name: 'x',
    clientConfig: {},
    sideEffects: 'Some',
    admissionReviewVersions: ['v2', 'v2', '1'],
    rules: [badRule, {}],
    failurePolicy: 'x',
    matchPolicy: 'y',
    timeoutSeconds: 31,
    namespaceSelector: { matchLabels: { 'a b': '--' } },
    matchConditions: [
      { name: '', expression: '' },
      { name: 'a b', expression: 'true' },
      { name: 'c', expression: 'true' },
      { name: 'c', expression: 'true' },
    ],
  },
  {},
  { ...hook, clientConfig: { url: 'http://u@/x?y#z' } },
  { ...hook, clientConfig: { service: { name: '', namespace: 'x', port: 0, path: 'a//B' } } },
];
const match = { resourceRules: [rule] };
export const CASES: readonly Case[] = [
  post(
    W,
    named('w1', {
      webhooks: [
        hook,
        { ...hook, name: 'a.b.d', clientConfig: { service: { name: 'a', namespace: 'b' } } },
      ],
    }),
  ),
  post(W, named('w2')),
  post(W, named('bad', { webhooks: badHooks })),
  post(X, named('bad', { webhooks: [{ ...badHooks[0], reinvocationPolicy: 'x' }] })),
  post(X, named('m1', { webhooks: [hook] })),
  patch(`${W}/w1`, { webhooks: [{ ...hook, timeoutSeconds: 5 }] }),
  patch(`${W}/w1`, { metadata: { labels: { a: 'b' } } }),
  put(`${W}/w1`, named('w1')),
  table(W),
  table(X),
  remove(`${W}/w1`),
  remove(`${W}/w2`),
  remove(`${X}/m1`),
  post(
    V,
    named('v1', { spec: { matchConstraints: match, validations: [{ expression: 'true' }] } }),
  ),
  post(
    V,
    named('v2', {
      spec: {
        paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
        matchConstraints: { ...match, namespaceSelector: { matchLabels: { a: 'b' } } },
        auditAnnotations: [{ key: 'k', valueExpression: "'x'" }],
        variables: [{ name: 'a', expression: '1' }],
        validations: [{ expression: 'true', message: 'm', reason: 'Forbidden' }],
      },
    }),
  ),
  post(V, named('bad')),
  post(
    V,
    named('bad', {
      spec: {
        failurePolicy: 'x',
        paramKind: { apiVersion: 'A/1', kind: '1' },
        matchConstraints: {
          matchPolicy: 'x',
          resourceRules: [{ ...badRule, resourceNames: ['a/b', 'c', 'c'] }],
        },
        validations: [
          { expression: '', message: ' ', messageExpression: ' ', reason: 'x' },
          { expression: 'true', message: 'a\nb' },
        ],
        auditAnnotations: [
          { key: 'a b', valueExpression: '' },
          { key: 'c', valueExpression: "'x'" },
          { key: 'c', valueExpression: "'x'" },
        ],
        variables: [
          { name: '', expression: '' },
          { name: '1', expression: '1' },
        ],
      },
    }),
  ),
  patch(`${V}/v1`, { spec: { failurePolicy: 'Ignore' } }),
  patch(`${V}/v1/status`, {
    status: {
      conditions: [
        {
          type: 'a',
          status: 'x',
          reason: 'r',
          message: '',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
      typeChecking: { expressionWarnings: [{ fieldRef: '', warning: '' }] },
    },
  }),
  table(V),
  remove(`${V}/v1`),
  remove(`${V}/v2`),
  post(Y, named('y1', { spec: { policyName: 'p', validationActions: ['Deny'] } })),
  post(
    Y,
    named('y2', {
      spec: {
        policyName: 'p',
        validationActions: ['Deny', 'Audit'],
        paramRef: { name: 'x', namespace: 'n', parameterNotFoundAction: 'Deny' },
        matchResources: match,
      },
    }),
  ),
  post(Y, named('bad')),
  post(
    Y,
    named('bad', {
      spec: {
        policyName: 'P',
        validationActions: ['Deny', 'Warn', 'x', 'x'],
        paramRef: { name: 'a/b', selector: {} },
        matchResources: {},
      },
    }),
  ),
  post(
    Y,
    named('bad', {
      spec: {
        policyName: 'p',
        validationActions: ['Deny'],
        paramRef: { parameterNotFoundAction: 'x' },
      },
    }),
  ),
  patch(`${Y}/y1`, { spec: { validationActions: ['Audit'] } }),
  table(Y),
  remove(`${Y}/y1`),
  remove(`${Y}/y2`),
];
