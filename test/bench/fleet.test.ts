/** The cluster that benchmarks make is a cluster, and the same for all of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fleetHosts, writeClusterFile, writeHostsFile } from '../../bench/fleet.ts';
import { readCluster } from '../../src/cluster/index.ts';
import { temporaryDirectory } from '../temporary.ts';

describe('fleetHosts', () => {
  it('gives every machine a name and an address of its own', () => {
    const hosts = fleetHosts(10_000);
    expect(hosts).toHaveLength(10_001);
    expect(new Set(hosts.map(({ name }) => name)).size).toBe(10_001);
    expect(new Set(hosts.map(({ address }) => address)).size).toBe(10_001);
    expect(hosts.filter(({ controlPlane }) => controlPlane)).toHaveLength(1);
  });

  it.each([-1, 0.5, 65_001])('refuses %s workers', (workers) => {
    expect(() => fleetHosts(workers)).toThrow(RangeError);
  });
});

describe('the files of the fleet', () => {
  it('describe the same machines to kubepki and to the Go program', () => {
    const directory = temporaryDirectory();
    const clusterFile = join(directory, 'cluster.yaml');
    const hostsFile = join(directory, 'hosts.json');
    writeClusterFile(clusterFile, 300, 'yaml');
    writeHostsFile(hostsFile, 300);
    const cluster = readCluster(readFileSync(clusterFile, 'utf8'), clusterFile);
    const fleet: {
      cluster: string;
      hosts: { name: string; addresses: string[]; controlPlane: boolean }[];
    } = JSON.parse(readFileSync(hostsFile, 'utf8'));
    expect(fleet.cluster).toBe(cluster.name);
    expect(fleet.hosts).toEqual(
      cluster.hosts.map(({ name, addresses, roles }) => ({
        name,
        addresses,
        controlPlane: roles.includes('control-plane'),
      })),
    );
    expect(cluster.kubeletCertificates).toBe('files');
  });
});
