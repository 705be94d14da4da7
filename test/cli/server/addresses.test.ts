/** From where the hosts of a cluster file come, and which balancers are believed. */
import { describe, expect, it } from 'vitest';
import {
  bindNodesOf,
  declaredAddresses,
  proxiesOf,
  trustedProxies,
} from '../../../src/cli/server/addresses.ts';
import { readCluster } from '../../../src/cluster/index.ts';

const cluster = (endpoint: string, hosts: string): ReturnType<typeof readCluster> =>
  readCluster(
    `apiVersion: kubepki.dev/v1alpha1
kind: Cluster
metadata: { name: test }
spec: { controlPlaneEndpoint: "${endpoint}", hosts: [${hosts}] }
`,
    'cluster.yaml',
  );

describe('the hosts of a cluster file', () => {
  it('come from their addresses; those of the control plane to themselves over loopback and the endpoint', () => {
    const hosts =
      '{ name: cp, addresses: [10.0.0.1], roles: [control-plane, etcd] }, { name: worker, addresses: [10.0.0.2, "fd00::2"], roles: [worker] }';
    expect([...declaredAddresses(cluster('10.0.0.100:6443', hosts))]).toEqual([
      ['cp', ['10.0.0.1', '127.0.0.1', '::1', '10.0.0.100']],
      ['worker', ['10.0.0.2', 'fd00::2']],
    ]);
    expect(declaredAddresses(cluster('api.example.com:6443', hosts)).get('cp')).toEqual([
      '10.0.0.1',
      '127.0.0.1',
      '::1',
    ]);
  });

  it('are not declared by loopback addresses', () => {
    const hosts = '{ name: server, addresses: [127.0.0.1], roles: [control-plane, etcd] }';
    expect(declaredAddresses(cluster('127.0.0.1:6443', hosts)).size).toBe(0);
  });
});

describe('the flags', () => {
  it('are off unless given', () => {
    expect(bindNodesOf({})).toBeUndefined();
    expect(bindNodesOf({ bindNodeCredentials: false })).toBeUndefined();
    expect(bindNodesOf({ bindNodeCredentials: true })).toEqual({});
    expect(bindNodesOf({ bindNodeCredentials: true, clusterFile: 'c' })).toEqual({
      clusterFile: 'c',
    });
    expect(() => bindNodesOf({ clusterFile: 'c' })).toThrow('--bind-node-credentials only');
  });

  it('name balancers by address and CIDR, also where their addresses come mapped into IPv6', () => {
    const blocks = proxiesOf({ proxyProtocolFrom: ['10.0.0.2', '10.1.0.0/16', 'fd00::/64'] });
    const said: string[] = [];
    const proxies = trustedProxies(blocks, (line) => said.push(line));
    const trusted = ['10.0.0.2', '10.1.255.1', 'fd00::9', '::ffff:10.0.0.2'];
    expect(trusted.map((address) => proxies?.trusts(address))).toEqual([true, true, true, true]);
    const others = ['10.0.0.3', 'fd01::9', '', '10.0.0.2, 10.0.0.2'];
    expect(others.map((address) => proxies?.trusts(address))).toEqual([false, false, false, false]);
    proxies?.refused('10.0.0.2', 'there is none');
    expect(said).toEqual([
      'PROXY protocol: a connection from 10.0.0.2 was ended; its header: there is none',
    ]);
    expect(trustedProxies(proxiesOf({}), () => undefined)).toBeUndefined();
    expect(() => proxiesOf({ proxyProtocolFrom: ['10.0.0.0/33'] })).toThrow(
      '--proxy-protocol-from: "10.0.0.0/33" is neither an IP address nor a CIDR',
    );
  });
});
