/** An extension API server of ours: its certificate, and what kube-apiserver has to be told about it. */

import { readFileSync } from 'node:fs';
import type { Host } from '../../src/cluster/index.ts';
import { type CertificateTemplate, makeName } from '../../src/x509/index.ts';
import { addressOf } from './topology.ts';

export interface Extension {
  /** Of the Service and the API group. */
  name: string;
  host: Host;
  port: number;
  /** The file of the CA that kube-apiserver verifies it with. */
  ca: string;
}

export const groupOf = (name: string): string => `${name}.example.com`;

/** The path of its API, which kube-apiserver hands on to it. */
export const pathOf = (name: string): string => `/apis/${groupOf(name)}/v1`;

/** kube-apiserver calls it by the name of its Service, whatever the address (`proxyHandler.updateAPIService`). */
export function extensionTemplate(name: string, now: Date): CertificateTemplate {
  const DAY = 24 * 3600 * 1000;
  return {
    subject: makeName({ commonName: name }),
    notBefore: new Date(now.getTime() - 60_000),
    notAfter: new Date(now.getTime() + DAY),
    basicConstraints: { ca: false },
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: ['serverAuth'],
    subjectAltNames: { dns: [`${name}.default.svc`] },
  };
}

/** What an API server says about a group that has nothing in it. */
export const emptyResourceList = (name: string): object => ({
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: `${groupOf(name)}/v1`,
  resources: [],
});

/** The objects that make kube-apiserver hand `pathOf(name)` on. */
export function extensionObjects({ name, host, port, ca }: Extension): object[] {
  const metadata = { name, namespace: 'default' };
  return [
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 443 }] } },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [addressOf(host)], conditions: { ready: true } }],
      ports: [{ name: '', port }],
    },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `v1.${groupOf(name)}` },
      spec: {
        group: groupOf(name),
        version: 'v1',
        service: { name, namespace: 'default' },
        caBundle: readFileSync(ca, 'base64'),
        groupPriorityMinimum: 1000,
        versionPriority: 10,
      },
    },
  ];
}
