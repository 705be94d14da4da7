/** Endpoints, slices of them, CSI nodes and drivers, runtime classes and priority classes. */
import { type Case, get, named, patch, post, put, remove, table } from '../case.ts';

const EP = '/api/v1/namespaces/default/endpoints',
  ES = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
const CN = '/apis/storage.k8s.io/v1/csinodes',
  CD = '/apis/storage.k8s.io/v1/csidrivers',
  RC = '/apis/node.k8s.io/v1/runtimeclasses',
  PC = '/apis/scheduling.k8s.io/v1/priorityclasses';
export const CASES: readonly Case[] = [
  post(
    EP,
    named('e1', {
      subsets: [
        {
          addresses: [{ ip: '1.2.3.4', nodeName: 'n', targetRef: { kind: 'Pod', name: 'x' } }],
          ports: [{ port: 80 }],
        },
        { notReadyAddresses: [{ ip: '1.2.3.5' }] },
      ],
    }),
  ),
  post(EP, named('e2')),
  post(
    EP,
    named('e3', {
      subsets: [
        {
          addresses: ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4'].map((ip) => ({ ip })),
          ports: [
            { port: 80, name: 'a' },
            { port: 81, name: 'b' },
          ],
        },
      ],
    }),
  ),
  post(
    EP,
    named('bad', {
      subsets: [
        {},
        {
          addresses: [
            { ip: 'x', hostname: 'A', nodeName: 'B_' },
            { ip: '127.0.0.1' },
            { ip: '01.2.3.4' },
          ],
          ports: [{ port: 0 }, { port: 1, protocol: 'x', name: 'A', appProtocol: 'a b' }],
        },
      ],
    }),
  ),
  put(`${EP}/e4`, named('e4', { subsets: [{ addresses: [{ ip: '1.2.3.4' }] }] })),
  table(EP),
  remove(`${EP}/e1`),
  remove(EP),
  post(
    ES,
    named('s1', {
      addressType: 'IPv4',
      endpoints: [
        {
          addresses: ['1.2.3.4'],
          conditions: { ready: true },
          nodeName: 'n',
          zone: 'z',
          hints: { forZones: [{ name: 'z' }] },
        },
      ],
      ports: [{ port: 80 }],
    }),
  ),
  post(ES, named('s2', { addressType: 'IPv4' })),
  post(
    ES,
    named('s3', {
      addressType: 'FQDN',
      endpoints: [{ addresses: ['a.b'] }],
      ports: [{ name: 'a' }],
    }),
  ),
  post(ES, named('bad', {})),
  post(ES, named('bad', { addressType: 'x' })),
  post(
    ES,
    named('bad', {
      addressType: 'IPv4',
      endpoints: [
        {},
        {
          addresses: ['x', '::1', '127.0.0.1'],
          nodeName: 'A_',
          hostname: 'B',
          hints: {
            forZones: [{ name: 'a' }, { name: 'a' }, { name: '--' }],
            forNodes: [{ name: 'A_' }],
          },
        },
      ],
      ports: [{ name: 'A' }, {}, {}, { protocol: 'x', appProtocol: 'a b' }],
    }),
  ),
  post(ES, named('bad', { addressType: 'FQDN', endpoints: [{ addresses: ['x', 'A.b', ''] }] })),
  post(
    ES,
    named('bad', {
      addressType: 'IPv6',
      endpoints: [{ addresses: ['1.2.3.4', 'fe80::1', '2001:DB8::1'] }],
    }),
  ),
  patch(`${ES}/s1`, { addressType: 'IPv6' }),
  patch(`${ES}/s1`, { ports: [{ port: 81 }] }),
  patch(`${ES}/s1`, { metadata: { labels: { a: 'b' } } }),
  patch(`${ES}/s1`, { metadata: { annotations: { a: 'b' } } }),
  table(ES),
  remove(`${ES}/s1`),
  remove(ES),
  post(
    CN,
    named('n1', {
      spec: {
        drivers: [{ name: 'a.b', nodeID: 'x', topologyKeys: ['a'], allocatable: { count: 1 } }],
      },
    }),
  ),
  post(CN, named('n2', { spec: {} })),
  post(CN, named('n3')),
  post(
    CN,
    named('bad', {
      spec: {
        drivers: [
          { name: '', nodeID: '' },
          {
            name: 'A_',
            nodeID: 'x'.repeat(257),
            topologyKeys: ['', 'a', 'a', 'b c'],
            allocatable: { count: -1 },
          },
          { name: 'a', nodeID: 'x' },
          { name: 'a', nodeID: 'x' },
        ],
      },
    }),
  ),
  patch(`${CN}/n1`, { spec: { drivers: [{ name: 'a.b', nodeID: 'y' }] } }),
  patch(`${CN}/n1`, {
    spec: {
      drivers: [{ name: 'a.b', nodeID: 'x', topologyKeys: ['a'], allocatable: { count: 2 } }],
    },
  }),
  put(`${CN}/n1`, named('n1', { spec: { drivers: [] } })),
  table(CN),
  remove(`${CN}/n1`),
  remove(CN),
  post(CD, named('d1', { spec: {} })),
  post(CD, named('d2')),
  post(
    CD,
    named('d3.a', {
      spec: {
        attachRequired: false,
        volumeLifecycleModes: ['Ephemeral', 'Persistent'],
        tokenRequests: [{ audience: 'a' }],
        serviceAccountTokenInSecrets: true,
        preventPodSchedulingIfMissing: true,
        nodeAllocatableUpdatePeriodSeconds: 20,
      },
    }),
  ),
  post(
    CD,
    named('bad', {
      spec: {
        fsGroupPolicy: 'x',
        volumeLifecycleModes: ['x'],
        tokenRequests: [{ audience: '', expirationSeconds: 5 }, { audience: '' }],
        nodeAllocatableUpdatePeriodSeconds: 1,
      },
    }),
  ),
  post(CD, named('bad', { spec: { serviceAccountTokenInSecrets: true } })),
  patch(`${CD}/d1`, { spec: { attachRequired: false, volumeLifecycleModes: ['Ephemeral'] } }),
  patch(`${CD}/d1`, { spec: { podInfoOnMount: true } }),
  table(CD),
  remove(`${CD}/d1`),
  remove(CD),
  post(RC, named('r1', { handler: 'runc' })),
  post(
    RC,
    named('r2', {
      handler: 'x',
      overhead: { podFixed: { cpu: '1n' } },
      scheduling: { nodeSelector: { a: 'b' }, tolerations: [{ operator: 'Exists' }] },
    }),
  ),
  post(RC, named('bad')),
  post(
    RC,
    named('bad', {
      handler: 'A',
      overhead: { podFixed: { foo: '-1' } },
      scheduling: {
        nodeSelector: { 'a b': '--' },
        tolerations: [{ key: 'a' }, { key: 'a' }, { operator: 'x' }],
      },
    }),
  ),
  patch(`${RC}/r1`, { handler: 'y' }),
  patch(`${RC}/r1`, { overhead: { podFixed: { cpu: '1' } } }),
  put(`${RC}/r3`, named('r3', { handler: 'z' })),
  put(`${RC}/r1`, named('r1', { handler: 'runc' })),
  table(RC),
  remove(`${RC}/r1`),
  remove(RC),
  get(PC),
  post(PC, named('p1', { value: 5 })),
  post(
    PC,
    named('p2', { value: -5, globalDefault: true, description: 'x', preemptionPolicy: 'Never' }),
  ),
  post(PC, named('p3')),
  post(PC, named('bad', { value: 2000000000, preemptionPolicy: 'x' })),
  post(PC, named('system-x', { value: 1 })),
  patch(`${PC}/p1`, { value: 6, preemptionPolicy: 'Never' }),
  patch(`${PC}/p1`, { description: 'x' }),
  table(PC),
  remove(`${PC}/system-node-critical`),
  remove(`${PC}/p1`),
  remove(`${PC}/p2`),
  remove(`${PC}/p3`),
];
