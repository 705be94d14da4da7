/**
 * Services on two families of addresses, asked of a real kube-apiserver and of our server with the same flags, one
 * request after the other: what each has been given is the same but for chance. So are the service `kubernetes` and
 * its endpoints.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApiServer, serviceRanges, versionInfo } from '../../src/apiserver/index.ts';
import { connectTransport, systemClock, type Transport } from '../../src/client/index.ts';
import { createMemoryStorage } from '../../src/storage/index.ts';
import { type RealApiserver, startRealApiserver } from '../client/real-apiserver.ts';
import { waitFor } from '../system/program.ts';

const ADDRESSES = '10.20.0.0/16,fd00:10::/112';
const NODE_PORTS = '31000+5';
const ADVERTISED = '172.16.5.4';
const SERVICES = '/api/v1/namespaces/default/services';

// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;
interface Answer {
  readonly status: number;
  readonly json: Json;
}
interface Side {
  ask(method: string, url: string, body?: unknown): Promise<Answer>;
}

let real: RealApiserver;
let sides: readonly Side[];
let close: () => Promise<void>;

beforeAll(async () => {
  real = await startRealApiserver(async () => [
    `--service-cluster-ip-range=${ADDRESSES}`,
    `--service-node-port-range=${NODE_PORTS}`,
    `--advertise-address=${ADVERTISED}`,
  ]);
  const { authority, admin, url } = real;
  const port = Number(new URL(url).port);
  const api = await createApiServer({
    storage: createMemoryStorage({ now: () => new Date() }),
    clientCa: authority.ca,
    bootstrapTokens: false,
    anonymousAuth: true,
    version: versionInfo('0.1.0'),
    clock: systemClock,
    log: () => undefined,
    serviceRanges: serviceRanges(ADDRESSES, NODE_PORTS),
    advertised: { port, address: ADVERTISED },
    serverAddress: `${ADVERTISED}:${port}`,
  });
  await api.ready();
  const userAgent = 'kubepki-test';
  const transport = connectTransport({ server: url, ca: authority.ca, ...admin, userAgent });
  const user = { name: 'admin', groups: ['system:masters', 'system:authenticated'] };
  const ours = api.loopback(user);
  sides = [
    { ask: asking((request) => transport.send(request)) },
    { ask: asking(async (request) => ours(request)) },
  ];
  close = async () => {
    await transport.close();
    await api.close();
    await real.stop();
  };
}, 180_000);
afterAll(() => close?.());

const asking =
  (send: Transport['send']): Side['ask'] =>
  async (method, url, body) => {
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const answer = await send({
      method,
      url,
      headers: { 'content-type': 'application/json' },
      ...(bytes === undefined ? {} : { body: bytes }),
    });
    const chunks: Uint8Array[] = [];
    if (answer.body instanceof Uint8Array) chunks.push(answer.body);
    else for await (const chunk of answer.body) chunks.push(chunk);
    return { status: answer.status, json: JSON.parse(Buffer.concat(chunks).toString()) };
  };

/** Without times, uids, versions, and addresses and ports that were chosen by chance. */
const comparable = ({ status, json }: Answer, chosen: readonly string[] = []): unknown => {
  const text = JSON.stringify({ status, json }, (key, value) =>
    ['uid', 'resourceVersion', 'creationTimestamp', 'time', 'managedFields'].includes(key)
      ? undefined
      : value,
  );
  const known = new Set(chosen);
  return JSON.parse(
    text
      .replace(/10\.20\.\d+\.\d+/g, (one) => (known.has(one) ? one : '<v4>'))
      .replace(/fd00:10::[0-9a-f:]+/g, (one) => (known.has(one) ? one : '<v6>'))
      .replace(/"nodePort":3100\d/g, '"nodePort":"<port>"'),
  );
};

it('the service kubernetes, its endpoints and their slice are those of kube-apiserver', async () => {
  const made = [
    `${SERVICES}/kubernetes`,
    '/api/v1/namespaces/default/endpoints/kubernetes',
    '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes',
  ];
  const whole = ({ json }: Answer): unknown => {
    const text = JSON.stringify(json, (key, value) =>
      ['uid', 'resourceVersion', 'creationTimestamp', 'time'].includes(key) ? undefined : value,
    );
    return JSON.parse(text);
  };
  for (const url of made) {
    const answers = await Promise.all(
      sides.map((side) =>
        waitFor(
          url,
          async () => {
            const answer = await side.ask('GET', url);
            return answer.status === 200 ? answer : undefined;
          },
          { deadline: 60_000, programs: [] },
        ),
      ),
    );
    const [theirs, ours] = answers.map(whole);
    expect(ours, url).toEqual(theirs);
  }
  const [theirs, ours] = await Promise.all(sides.map((side) => side.ask('GET', '/api')));
  expect(ours?.json).toEqual(theirs?.json);
});

it('and are made anew where somebody deletes or empties them', async () => {
  const endpoints = '/api/v1/namespaces/default/endpoints/kubernetes';
  const slice = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes';
  const before = await Promise.all(sides.map((side) => side.ask('GET', `${SERVICES}/kubernetes`)));
  for (const side of sides) {
    await side.ask('DELETE', `${SERVICES}/kubernetes`);
    await side.ask('DELETE', slice);
  }
  for (const [index, side] of sides.entries()) {
    for (const url of [`${SERVICES}/kubernetes`, endpoints, slice]) {
      const { json } = await waitFor(
        url,
        async () => {
          const answer = await side.ask('GET', url);
          return answer.status === 200 ? answer : undefined;
        },
        { deadline: 60_000, programs: [] },
      );
      if (json.kind === 'Service') {
        expect(json.spec).toEqual(before[index]?.json.spec);
        expect(json.metadata.uid).not.toBe(before[index]?.json.metadata.uid);
      }
    }
  }
}, 90_000);

const NEW: readonly object[] = [
  {},
  { ipFamilyPolicy: 'PreferDualStack' },
  { ipFamilyPolicy: 'RequireDualStack' },
  { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6'] },
  { ipFamilies: ['IPv6'] },
  { ipFamilies: ['IPv6', 'IPv4'] },
  { ipFamilies: ['IPv6', 'IPv6'] },
  { ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4', 'IPv6'] },
  { clusterIP: 'fd00:10::5' },
  { clusterIP: 'FD00:10::5' },
  { clusterIP: 'FD00:10::0006' },
  { clusterIP: 'fd00:10::6' },
  { clusterIP: 'fd00:10::' },
  { clusterIP: 'fd00:10::ffff' },
  { clusterIP: 'fd00:11::1' },
  { clusterIP: '10.99.0.1' },
  { clusterIP: '10.20.0.0' },
  { clusterIP: '10.20.0.1' },
  { clusterIP: '10.20.255.255' },
  { clusterIP: '10.20.255.254' },
  { clusterIP: '10.20.0.9', clusterIPs: ['10.20.0.9', 'fd00:10::9'] },
  {
    clusterIP: '10.20.0.10',
    clusterIPs: ['10.20.0.10', 'fd00:10::10'],
    ipFamilyPolicy: 'PreferDualStack',
  },
  { clusterIP: 'None' },
  { clusterIP: 'None', selector: { a: 'b' } },
  { clusterIP: 'None', selector: { a: 'b' }, ipFamilyPolicy: 'PreferDualStack' },
  { clusterIP: '10.20.0.44', ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6'] },
  { clusterIP: 'fd00:10::44', ipFamilyPolicy: 'PreferDualStack' },
  { type: 'NodePort', ports: [{ port: 80, nodePort: 30999 }] },
  { type: 'NodePort', ports: [{ port: 80, nodePort: 31006 }] },
  {
    type: 'NodePort',
    ports: [
      { name: 'a', port: 53, protocol: 'TCP' },
      { name: 'b', port: 53, protocol: 'UDP', nodePort: 31003 },
    ],
  },
  { type: 'NodePort', ports: [{ port: 80, nodePort: 31003 }] },
  {
    type: 'NodePort',
    ports: [
      { name: 'a', port: 1, nodePort: 31004 },
      { name: 'b', port: 2, nodePort: 31004 },
    ],
  },
  {
    type: 'LoadBalancer',
    allocateLoadBalancerNodePorts: false,
    ports: [{ port: 80, nodePort: 31003 }],
  },
  {
    type: 'LoadBalancer',
    allocateLoadBalancerNodePorts: false,
    externalTrafficPolicy: 'Local',
    healthCheckNodePort: 31003,
  },
  {
    type: 'LoadBalancer',
    allocateLoadBalancerNodePorts: false,
    externalTrafficPolicy: 'Local',
    healthCheckNodePort: 29000,
  },
];

it('new services are given what kube-apiserver gives, or refused as there', async () => {
  for (const [index, given] of NEW.entries()) {
    const body = { metadata: { name: `new-${index}` }, spec: { ports: [{ port: 80 }], ...given } };
    const [theirs, ours] = await Promise.all(sides.map((side) => side.ask('POST', SERVICES, body)));
    const chosen = JSON.stringify(given).match(/10\.20\.\d+\.\d+|fd00:10::[0-9a-f]*/g) ?? [];
    expect(ours && comparable(ours, chosen), JSON.stringify(given)).toEqual(
      theirs && comparable(theirs, chosen),
    );
  }
});

type Change = (spec: Json) => void;
const CHANGES: readonly (readonly [string, Change])[] = [
  ['to two families', (spec) => (spec.ipFamilyPolicy = 'RequireDualStack')],
  ['an address taken away', (spec) => spec.clusterIPs.pop()],
  ['a family taken away', (spec) => spec.ipFamilies.pop()],
  ['to one family', (spec) => (spec.ipFamilyPolicy = 'SingleStack')],
  [
    'to two, with an address',
    (spec) => {
      spec.ipFamilyPolicy = 'PreferDualStack';
      spec.ipFamilies = ['IPv4', 'IPv6'];
      spec.clusterIPs.push('fd00:10::abcd');
    },
  ],
  ['another address', (spec) => (spec.clusterIPs[1] = 'fd00:10::abce')],
  ['families turned round', (spec) => spec.ipFamilies.reverse()],
  ['addresses turned round', (spec) => spec.clusterIPs.reverse()],
  ['no policy said', (spec) => delete spec.ipFamilyPolicy],
  [
    'a name outside',
    (spec) => {
      Object.assign(spec, { type: 'ExternalName', externalName: 'a.b' });
      for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) {
        delete spec[field];
      }
    },
  ],
  [
    'and back',
    (spec) => {
      Object.assign(spec, { type: 'ClusterIP', ipFamilyPolicy: 'PreferDualStack' });
      delete spec.externalName;
    },
  ],
  [
    'to one family, all said',
    (spec) => {
      spec.ipFamilyPolicy = 'SingleStack';
      spec.clusterIPs.pop();
      spec.ipFamilies.pop();
    },
  ],
  ['a node port', (spec) => (spec.type = 'NodePort')],
  ['a node port taken', (spec) => (spec.ports[0].nodePort = 31003)],
  ['a node port outside', (spec) => (spec.ports[0].nodePort = 30000)],
  ['a node port of its own', (spec) => (spec.ports[0].nodePort = 31005)],
  [
    'another port with the same node port',
    (spec) => {
      spec.ports[0].name = 'a';
      spec.ports.push({ name: 'b', port: 81, protocol: 'UDP', nodePort: 31005 });
    },
  ],
  ['no node ports', (spec) => (spec.type = 'ClusterIP')],
];

it('a range that is full is told of alike', async () => {
  const many = Array.from({ length: 6 }, (_, index) => ({
    metadata: { name: `full-${index}` },
    spec: { type: 'NodePort', ports: [{ port: 80 }] },
  }));
  const answers = [];
  for (const side of sides) {
    const all = [];
    for (const body of many) all.push(comparable(await side.ask('POST', SERVICES, body)));
    answers.push(all);
    for (const { metadata } of many) await side.ask('DELETE', `${SERVICES}/${metadata.name}`);
  }
  expect(answers[1]).toEqual(answers[0]);
});

it('changed services, too', async () => {
  const body = { metadata: { name: 'changed' }, spec: { ports: [{ port: 80 }] } };
  for (const side of sides) await side.ask('POST', SERVICES, body);
  for (const [what, change] of CHANGES) {
    const [theirs, ours] = await Promise.all(
      sides.map(async (side) => {
        const { json } = await side.ask('GET', `${SERVICES}/changed`);
        change(json.spec);
        return await side.ask('PUT', `${SERVICES}/changed`, json);
      }),
    );
    expect(ours && comparable(ours), what).toEqual(theirs && comparable(theirs));
  }
});
