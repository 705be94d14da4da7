/** Services: addresses and ports that are given and refused, and changes of type. */
import { type Case, get, named, patch, post, put, remove, table } from '../case.ts';

/** Of its own: in `default` upstream has the service `kubernetes`. */
const P = '/api/v1/namespaces/services/services';
const svc = (name: string, spec: object, meta: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, ...meta },
  spec,
});
const ports = [{ port: 80 }];
const bad = (spec: object) => post(P, svc('bad', spec));
export const CASES: readonly Case[] = [
  post('/api/v1/namespaces', named('services')),
  post(P, svc('s1', { ports })),
  get(`${P}/s1`),
  post(
    P,
    svc('s2', {
      ports: [
        { name: 'a', port: 80, targetPort: 'http' },
        { name: 'b', port: 80, protocol: 'UDP' },
      ],
      type: 'NodePort',
      selector: { a: 'b' },
      sessionAffinity: 'ClientIP',
    }),
  ),
  post(
    P,
    svc('s3', {
      ports,
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Local',
      externalIPs: ['1.2.3.4'],
    }),
  ),
  post(P, svc('s4', { type: 'ExternalName', externalName: 'a.b.' })),
  post(P, svc('s5', { clusterIP: 'None', ports, selector: { a: 'b' } })),
  post(P, svc('s6', { clusterIP: 'None' })),
  post(P, svc('s7', { clusterIP: '10.0.0.8', ports, externalIPs: ['1.2.3.4'] })),
  post(P, svc('s8', { clusterIP: '10.0.0.8', ports })),
  post(P, svc('s8', { clusterIP: '1.2.3.4', ports })),
  post(P, svc('s8', { ports: [{ port: 1, nodePort: 31000 }], type: 'NodePort' })),
  post(P, svc('s9', { ports: [{ port: 1, nodePort: 31000 }], type: 'NodePort' })),
  post(P, svc('s9', { ports: [{ port: 1, nodePort: 1000 }], type: 'NodePort' })),
  post(P, svc('s9', { ports, ipFamilyPolicy: 'PreferDualStack' })),
  bad({ ports, ipFamilyPolicy: 'RequireDualStack' }),
  bad({ ports, ipFamilies: ['IPv6'] }),
  bad({ ports, clusterIP: '::1' }),
  bad({ ports, clusterIPs: ['10.0.0.9'] }),
  bad({ ports, clusterIP: '10.0.0.9', clusterIPs: ['10.0.0.10'] }),
  bad({ ports, clusterIP: 'x' }),
  bad({}),
  bad({ type: 'x', ports }),
  bad({ type: 'ExternalName' }),
  bad({ type: 'ExternalName', externalName: 'A_', clusterIP: '10.0.0.9' }),
  bad({ ports, type: 'NodePort', clusterIP: 'None' }),
  bad({
    ports: [
      { port: 0 },
      { port: 1, protocol: 'x', targetPort: 'A--', name: 'B' },
      { port: 2, name: 'c', nodePort: 5, appProtocol: 'a b' },
      { port: 2, name: 'c' },
    ],
  }),
  bad({
    ports,
    sessionAffinity: 'x',
    internalTrafficPolicy: 'x',
    externalTrafficPolicy: 'Local',
    trafficDistribution: 'x',
    healthCheckNodePort: 5,
    loadBalancerClass: 'x',
    allocateLoadBalancerNodePorts: true,
    loadBalancerSourceRanges: ['x'],
    externalIPs: ['x', '127.0.0.1', '0.0.0.0', '169.254.1.1', '224.0.0.1'],
  }),
  bad({
    ports,
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 0 } },
    selector: { 'a b': '--' },
  }),
  bad({ ports, ipFamilies: ['x', 'IPv4', 'IPv4'], ipFamilyPolicy: 'y' }),
  bad({ ports, ipFamilies: ['IPv4', 'IPv6'] }),
  post(P, svc('A.b', { ports })),
  post(P, svc('1a', { ports })),
  patch(`${P}/s1`, { spec: { clusterIP: '10.0.0.99' } }),
  patch(`${P}/s1`, { spec: { clusterIP: null } }),
  patch(`${P}/s1`, { spec: { type: 'NodePort' } }),
  patch(`${P}/s1`, { spec: { type: 'ClusterIP' } }),
  {
    ...patch(`${P}/s1`, { spec: { type: 'ExternalName', externalName: 'x' } }),
    label: 'to a name outside',
  },
  patch(`${P}/s1`, { spec: { type: 'ClusterIP' } }),
  patch(`${P}/s3`, { spec: { type: 'ClusterIP' } }),
  put(
    `${P}/s2`,
    svc('s2', {
      ports: [{ name: 'a', port: 80, targetPort: 'http' }],
      type: 'NodePort',
      selector: { a: 'b' },
      sessionAffinity: 'ClientIP',
    }),
  ),
  put(`${P}/new`, svc('new', { ports })),
  patch(`${P}/s1/status`, { status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } } }),
  patch(`${P}/s2`, { spec: { type: 'LoadBalancer' } }),
  patch(`${P}/s2/status`, {
    status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }, { hostname: 'a.b' }] } },
  }),
  patch(`${P}/s2/status`, {
    status: {
      loadBalancer: {
        ingress: [
          { ip: 'x', ipMode: 'y' },
          { hostname: '1.2.3.4', ipMode: 'VIP' },
        ],
      },
    },
  }),
  table(P),
  get(`${P}?fieldSelector=spec.type%3DNodePort`),
  get(`${P}?fieldSelector=spec.x%3DNodePort`),
  post(`${P}?dryRun=All`, svc('dry', { ports })),
  remove(`${P}/s1`),
  remove(P),
];
