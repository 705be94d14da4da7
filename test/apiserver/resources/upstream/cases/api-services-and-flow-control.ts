/** APIServices, FlowSchemas and PriorityLevelConfigurations. */
import { type Case, get, named, patch, post, remove, table } from '../case.ts';

const A = '/apis/apiregistration.k8s.io/v1/apiservices',
  F = '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas',
  L = '/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations';
const rules = [
  {
    subjects: [{ kind: 'User', user: { name: 'x' } }],
    resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'] }],
  },
];
export const CASES: readonly Case[] = [
  get(`${A}/v1.node.k8s.io`),
  get(`${A}/v1.`),
  get(`${A}/v1.flowcontrol.apiserver.k8s.io`),
  post(
    A,
    named('v2.x.y', {
      spec: { group: 'x.y', version: 'v2', groupPriorityMinimum: 5, versionPriority: 5 },
    }),
  ),
  post(
    A,
    named('bad', {
      spec: {
        group: 'X',
        version: '1',
        groupPriorityMinimum: 0,
        versionPriority: 1001,
        caBundle: 'YQ==',
        insecureSkipTLSVerify: true,
      },
    }),
  ),
  post(
    A,
    named('v2.', {
      spec: {
        version: 'v2',
        groupPriorityMinimum: 1,
        versionPriority: 1,
        service: { port: 70000 },
        caBundle: 'YQ==',
        insecureSkipTLSVerify: true,
      },
    }),
  ),
  post(A, named('bad')),
  patch(`${A}/v2.x.y`, { spec: { versionPriority: 6 } }),
  patch(`${A}/v2.x.y/status`, { status: { conditions: [{ type: 'Available', status: 'X' }] } }),
  table(`${A}/v2.x.y`),
  remove(`${A}/v2.x.y`),
  get(`${L}/exempt`),
  get(`${L}/catch-all`),
  patch(`${L}/catch-all`, { spec: { limited: { lendablePercent: 5 } } }),
  patch(`${L}/exempt`, { spec: { exempt: { lendablePercent: 5 } } }),
  patch(`${L}/exempt`, { spec: { exempt: { lendablePercent: 0 } } }),
  post(
    L,
    named('l1', {
      spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: {} } } },
    }),
  ),
  post(
    L,
    named('l2', {
      spec: {
        type: 'Limited',
        limited: { nominalConcurrencyShares: 0, limitResponse: { type: 'Reject' } },
      },
    }),
  ),
  post(L, named('bad')),
  post(L, named('bad', { spec: { type: 'x' } })),
  post(
    L,
    named('bad', {
      spec: {
        type: 'Exempt',
        limited: {},
        exempt: { nominalConcurrencyShares: -1, lendablePercent: 101 },
      },
    }),
  ),
  post(L, named('bad', { spec: { type: 'Limited', exempt: {} } })),
  post(
    L,
    named('bad', {
      spec: {
        type: 'Limited',
        limited: {
          nominalConcurrencyShares: -1,
          lendablePercent: -1,
          borrowingLimitPercent: -1,
          limitResponse: {
            type: 'Queue',
            queuing: { queues: -1, handSize: -1, queueLengthLimit: -1 },
          },
        },
      },
    }),
  ),
  post(
    L,
    named('bad', {
      spec: {
        type: 'Limited',
        limited: { limitResponse: { type: 'Queue', queuing: { queues: 1000, handSize: 7 } } },
      },
    }),
  ),
  post(
    L,
    named('bad', {
      spec: {
        type: 'Limited',
        limited: { limitResponse: { type: 'Queue', queuing: { queues: 2, handSize: 7 } } },
      },
    }),
  ),
  post(
    L,
    named('bad', {
      spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject', queuing: {} } } },
    }),
  ),
  post(
    L,
    named('bad', { spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue' } } } }),
  ),
  post(L, named('bad', { spec: { type: 'Limited', limited: {} } })),
  patch(`${L}/l1`, { spec: { limited: { nominalConcurrencyShares: 3 } } }),
  patch(`${L}/l1/status`, { status: { conditions: [{ type: 'a' }, { type: 'a' }, {}] } }),
  table(`${L}/l1`),
  table(`${L}/exempt`),
  remove(`${L}/l1`),
  remove(`${L}/l2`),
  post(F, named('f1', { spec: { priorityLevelConfiguration: { name: 'exempt' }, rules } })),
  post(
    F,
    named('f2', {
      spec: {
        priorityLevelConfiguration: { name: 'x' },
        matchingPrecedence: 5,
        distinguisherMethod: { type: 'ByUser' },
      },
    }),
  ),
  post(F, named('bad')),
  post(
    F,
    named('bad', {
      spec: {
        priorityLevelConfiguration: { name: 'X' },
        matchingPrecedence: 1,
        distinguisherMethod: { type: 'x' },
        rules: [
          {},
          {
            subjects: [
              { kind: 'x' },
              { kind: 'User' },
              { kind: 'Group', group: { name: '' }, user: { name: 'x' } },
              {
                kind: 'ServiceAccount',
                serviceAccount: { name: '', namespace: '' },
                group: { name: 'x' },
              },
              { kind: 'ServiceAccount', serviceAccount: { name: 'A_', namespace: 'B' } },
            ],
            resourceRules: [
              {},
              {
                verbs: ['*', 'get'],
                apiGroups: ['*', 'a'],
                resources: ['*', 'b'],
                namespaces: ['*', 'c'],
              },
              { verbs: ['x'], apiGroups: [''], resources: ['a'], namespaces: ['A'] },
            ],
            nonResourceRules: [
              {},
              { verbs: ['get'], nonResourceURLs: ['', 'a', '/a b', '//', '/a*', '/*', '/'] },
              { verbs: ['get'], nonResourceURLs: ['*', '/'] },
            ],
          },
        ],
      },
    }),
  ),
  post(
    F,
    named('bad', {
      spec: { priorityLevelConfiguration: { name: 'x' }, matchingPrecedence: 10001 },
    }),
  ),
  patch(`${F}/catch-all`, { spec: { matchingPrecedence: 5 } }),
  remove(`${F}/f1`),
  remove(`${F}/f2`),
];
