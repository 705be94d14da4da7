/** Devices: told of, classed, claimed, given. */
import { type Case, get, patch, post, put, TABLE } from '../case.ts';

const GROUP = '/apis/resource.k8s.io/v1';
const CLASSES = `${GROUP}/deviceclasses`;
const SLICES = `${GROUP}/resourceslices`;
const CLAIMS = `${GROUP}/namespaces/default/resourceclaims`;
const TEMPLATES = `${GROUP}/namespaces/default/resourceclaimtemplates`;

const named = (name: string, spec: object): object => ({ metadata: { name }, spec });
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

const opaque = (parameters: unknown = { x: 1 }, driver = 'a.b'): object => ({
  opaque: { driver, parameters },
});
const badClass = (spec: object): Case => post(CLASSES, named('bad', spec));

const classes: readonly Case[] = [
  post(CLASSES, named('empty', {})),
  badClass({ selectors: [{}] }),
  badClass({ selectors: many(33, () => ({ cel: { expression: 'true' } })) }),
  badClass({ config: [{}] }),
  badClass({ config: [opaque(undefined, 'Bad_%')] }),
  badClass({ config: [opaque(5), opaque('x'), opaque([]), opaque(null)] }),
  badClass({ config: [opaque({ long: 'x'.repeat(11_000) })] }),
  badClass({ config: many(33, () => opaque()) }),
  badClass({ extendedResourceName: 'plain' }),
  badClass({ extendedResourceName: 'kubernetes.io/x' }),
  badClass({ extendedResourceName: 'requests.a/x' }),
  post(CLASSES, named('good', { extendedResourceName: 'a.b/c' })),
  patch(`${CLASSES}/good`, { spec: { extendedResourceName: 'none' } }),
  patch(`${CLASSES}/good`, { spec: { config: [opaque({})] } }),
];

const exactly = (more: object = {}): object => ({ deviceClassName: 'c', ...more });
const request = (more: object = {}): object => ({ name: 'r', exactly: exactly(), ...more });
const claim = (devices: object): object => named('bad', { devices });
const badRequest = (more: object): Case => post(CLAIMS, claim({ requests: [request(more)] }));
const badClaim = (more: object): Case => post(CLAIMS, claim({ requests: [request()], ...more }));

const claims: readonly Case[] = [
  post(CLAIMS, named('empty', { devices: {} })),
  post(
    CLAIMS,
    named('whole', {
      devices: {
        requests: [
          request({ exactly: exactly({ allocationMode: 'All' }) }),
          {
            name: 'one-of',
            firstAvailable: [
              { name: 'big', deviceClassName: 'big', count: 2 },
              { name: 'small', deviceClassName: 'small', tolerations: [{ key: 'k', value: 'v' }] },
            ],
          },
        ],
        constraints: [{ requests: ['r', 'one-of/big'], distinctAttribute: 'a.b/c' }],
        config: [{ requests: ['one-of'], ...opaque() }],
      },
    }),
  ),
  badRequest({ name: '' }),
  badRequest({ name: 'Bad_' }),
  badRequest({ exactly: undefined }),
  badRequest({ firstAvailable: [{ name: 'x', deviceClassName: 'c' }] }),
  badRequest({ exactly: exactly({ deviceClassName: '' }) }),
  badRequest({ exactly: exactly({ deviceClassName: 'Bad_' }) }),
  badRequest({ exactly: exactly({ allocationMode: 'Some' }) }),
  badRequest({ exactly: exactly({ allocationMode: 'All', count: 2 }) }),
  badRequest({ exactly: exactly({ count: -1 }) }),
  badRequest({ exactly: exactly({ selectors: [{}] }) }),
  badRequest({
    exactly: exactly({
      tolerations: [
        { key: 'a b', operator: 'Exists', value: 'v', effect: 'x' },
        { operator: 'Like' },
        { key: 'k', value: '--' },
      ],
    }),
  }),
  badRequest({
    exactly: undefined,
    firstAvailable: [
      { name: '', deviceClassName: '' },
      { name: 'x', deviceClassName: 'c', allocationMode: 'y' },
      { name: 'x', deviceClassName: 'c' },
    ],
  }),
  badRequest({
    exactly: undefined,
    firstAvailable: many(9, (index) => ({ name: `x${index}`, deviceClassName: 'c' })),
  }),
  badClaim({ requests: [request(), request()] }),
  badClaim({ requests: many(33, (index) => request({ name: `r${index}` })) }),
  badClaim({ constraints: [{ requests: ['none'], matchAttribute: 'a.b/c' }] }),
  badClaim({
    constraints: [{ requests: ['r', 'r', 'r/x', 'a/b/c', ''], matchAttribute: 'a.b/c' }],
  }),
  badClaim({ constraints: [{}] }),
  badClaim({
    constraints: [
      { matchAttribute: 'plain' },
      { matchAttribute: '/x' },
      { matchAttribute: 'a.b/' },
    ],
  }),
  badClaim({
    constraints: [{ matchAttribute: 'a.b/1-x' }, { distinctAttribute: `a.b/${'x'.repeat(33)}` }],
  }),
  badClaim({ config: [{ requests: ['none'], ...opaque() }, { requests: ['r'] }] }),
  patch(`${CLAIMS}/whole`, { spec: { devices: { constraints: [] } } }),
  post(
    TEMPLATES,
    named('one', {
      metadata: { labels: { 'a b': '-' }, annotations: { 'c d': '' } },
      spec: { devices: {} },
    }),
  ),
  post(TEMPLATES, named('one', { spec: { devices: { requests: [request({ name: '' })] } } })),
  post(TEMPLATES, named('one', { spec: { devices: { requests: [request()] } } })),
  patch(`${TEMPLATES}/one`, { spec: { metadata: { labels: { a: 'b' } } } }),
];

const asAdmin = (name: string): object =>
  named(name, { devices: { requests: [request({ exactly: exactly({ adminAccess: true }) })] } });

const adminAccess: readonly Case[] = [
  post(CLAIMS, asAdmin('bad')),
  post(
    TEMPLATES,
    named('bad', {
      spec: { devices: { requests: [request({ exactly: exactly({ adminAccess: true }) })] } },
    }),
  ),
  post('/api/v1/namespaces', {
    metadata: { name: 'admins', labels: { 'resource.kubernetes.io/admin-access': 'true' } },
  }),
  post(CLAIMS.replace('default', 'admins'), asAdmin('good')),
];

const result = (more: object = {}): object => ({
  request: 'r',
  driver: 'a.b',
  pool: 'p',
  device: 'd',
  ...more,
});
const status = (more: object): Case => patch(`${CLAIMS}/given/status`, { status: more });
const badResult = (more: object): Case =>
  status({ allocation: { devices: { results: [result(more)] } } });
const told = (more: object = {}): object => ({ driver: 'a.b', pool: 'p', device: 'd', ...more });
const SHARE = '11111111-2222-3333-4444-555555555555';
const user = (more: object = {}): object => ({ resource: 'pods', name: 'p', uid: 'u', ...more });

const statuses: readonly Case[] = [
  post(CLAIMS, named('given', { devices: { requests: [request()] } })),
  status({ reservedFor: [user()] }),
  status({ devices: [told()] }),
  badResult({ request: 'none', driver: '', pool: '', device: 'Bad_' }),
  badResult({ pool: 'a/Bad_/c' }),
  badResult({ shareID: 'x' }),
  badResult({ shareID: SHARE.toUpperCase().replace('1111', 'ABCD') }),
  badResult({ bindingConditions: ['a', 'a', 'b c'], bindingFailureConditions: ['a'] }),
  badResult({ bindingConditions: ['a'] }),
  badResult({ bindingFailureConditions: ['a'] }),
  status({ allocation: { devices: { config: [{ source: '', ...opaque() }, { source: 'x' }] } } }),
  status({ allocation: { devices: {}, nodeSelector: { nodeSelectorTerms: [] } } }),
  status({
    allocation: {
      devices: {
        results: [result(), result({ device: 'e' })],
        config: [{ source: 'FromClaim', ...opaque() }],
      },
      nodeSelector: {
        nodeSelectorTerms: [
          { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] },
        ],
      },
    },
    reservedFor: [user()],
  }),
  status({ allocation: { devices: { results: [result()] } } }),
  status({ reservedFor: [user(), user({ name: '', resource: '', uid: '' }), user()] }),
  status({
    devices: [
      told({ conditions: [{ type: 'a b', status: 'x', reason: '' }], data: 5 }),
      told({ device: 'other' }),
      told({
        networkData: {
          interfaceName: 'x'.repeat(300),
          ips: ['10.0.0.1', '10.0.0.1/24', '10.0.0.1/24'],
        },
      }),
    ],
  }),
  status({
    devices: [
      told({ data: { x: 1 }, networkData: { ips: ['10.0.0.1/24'] } }),
      told({ device: 'e' }),
    ],
  }),
  put(`${CLAIMS}/given/status`, {
    metadata: { name: 'given', labels: { ignored: 'yes' } },
    spec: { devices: {} },
    status: { devices: [told()] },
  }),
  get(`${CLAIMS}/given`),
  get(CLAIMS, { accept: TABLE }),
];

const slice = (spec: object): object =>
  named('bad', {
    driver: 'a.b',
    pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
    nodeName: 'n',
    ...spec,
  });
const badSlice = (spec: object): Case => post(SLICES, slice(spec));
const badDevice = (more: object, spec: object = {}): Case =>
  badSlice({ devices: [{ name: 'd', ...more }], ...spec });
const shared = (requestPolicy: object, value = '10'): Case =>
  badDevice({ allowMultipleAllocations: true, capacity: { c: { value, requestPolicy } } });

const slices: readonly Case[] = [
  badSlice({ driver: '', pool: { name: '', generation: -1, resourceSliceCount: 0 } }),
  badSlice({ driver: 'Bad_%', pool: { name: 'Bad_', generation: 0, resourceSliceCount: 1 } }),
  badSlice({ nodeName: undefined }),
  badSlice({ nodeName: '' }),
  badSlice({ nodeName: 'Bad_' }),
  badSlice({ allNodes: true }),
  badSlice({ nodeName: undefined, allNodes: false, perDeviceNodeSelection: false }),
  badSlice({ nodeName: undefined, nodeSelector: { nodeSelectorTerms: [] } }),
  badSlice({
    sharedCounters: [{ name: 's', counters: { c: { value: '1' } } }],
    devices: [{ name: 'd' }],
  }),
  badSlice({
    sharedCounters: [
      { name: '' },
      { name: 'Bad_', counters: { Bad_: { value: '1' } } },
      { name: 'Bad_', counters: {} },
    ],
  }),
  badSlice({ devices: many(129, (index) => ({ name: `d${index}` })) }),
  badSlice({ devices: [{ name: 'd' }, { name: 'd' }, { name: 'Bad_' }] }),
  badDevice({ attributes: { '1x': { int: 1 }, 'a.b/': { bool: true }, '/c': { string: 's' } } }),
  badDevice({ attributes: { x: {}, y: { int: 1, bool: true }, z: { version: 'v1' } } }),
  badDevice({ attributes: { x: { string: 's'.repeat(65) } } }),
  badDevice({ attributes: Object.fromEntries(many(33, (index) => [`x${index}`, { int: index }])) }),
  badDevice({
    taints: [
      { key: '', effect: '' },
      { key: 'k', value: '--', effect: 'x' },
    ],
  }),
  badDevice({ nodeName: 'n' }),
  badDevice({}, { nodeName: undefined, perDeviceNodeSelection: true }),
  badDevice(
    { nodeName: '', allNodes: false },
    { nodeName: undefined, perDeviceNodeSelection: true },
  ),
  badDevice(
    { nodeName: 'n', allNodes: true },
    { nodeName: undefined, perDeviceNodeSelection: true },
  ),
  badDevice({
    consumesCounters: [{ counterSet: '' }, { counterSet: 's', counters: { Bad_: { value: '1' } } }],
  }),
  badDevice({ bindingConditions: ['a'], bindingFailureConditions: ['a', 'b c'] }),
  badDevice({ capacity: { c: { value: '1', requestPolicy: { default: '1' } } } }),
  shared({ default: '1', validValues: ['1'], validRange: { min: '1' } }),
  shared({ validValues: ['1'] }),
  shared({ default: '1', validValues: ['2', '1', '20'] }),
  shared({ default: '3', validValues: ['1', '2'] }),
  shared({ validRange: { min: '1' } }),
  shared({ default: '1', validRange: {} }),
  shared({ default: '1', validRange: { min: '20', max: '2' } }),
  shared({ default: '5', validRange: { min: '1', max: '4', step: '3' } }),
  shared({ default: '2', validRange: { min: '1', max: '20', step: '2' } }),
  post(
    SLICES,
    named('good', {
      driver: 'Upper.Case',
      pool: { name: 'p/q', generation: 0, resourceSliceCount: 1 },
      allNodes: true,
      devices: [
        {
          name: 'd',
          attributes: { x: { version: '1.2.3-a+b' }, y: { ints: [1], int: 2 } },
          capacity: { 'a.b/c': { value: '1.5Gi', requestPolicy: { default: '1Gi' } } },
          allowMultipleAllocations: true,
          taints: [{ key: 'k', effect: 'NoExecute', timeAdded: '2020-01-01T00:00:00Z' }],
          nodeAllocatableResourceMappings: { cpu: { allocationMultiplier: '1' } },
          bindsToNode: true,
          bindingConditions: ['a'],
          bindingFailureConditions: ['b'],
        },
      ],
    }),
  ),
  patch(`${SLICES}/good`, { spec: { driver: 'c.d', pool: { name: 'r' }, nodeName: 'n' } }),
  patch(`${SLICES}/good`, { spec: { pool: { generation: 1 } } }),
  get(`${SLICES}?fieldSelector=spec.driver%3DUpper.Case,spec.nodeName%3D`),
  get(SLICES, { accept: TABLE }),
];

export const CASES: readonly Case[] = [
  ...classes,
  ...claims,
  ...adminAccess,
  ...statuses,
  ...slices,
];
