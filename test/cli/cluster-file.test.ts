import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCluster } from '../../src/cli/cluster-file.ts';
import { readCluster } from '../../src/cluster/index.ts';
import { KubepkiError } from '../../src/errors.ts';
import { temporaryDirectory } from '../temporary.ts';

const hosts = Array.from({ length: 4000 }, (_, i) => {
  const address = `10.1.${Math.floor(i / 256)}.${i % 256}`;
  return `  - name: node${i}\n    addresses: [${address}]\n    roles: [worker]\n`;
});
const text = `apiVersion: kubepki.dev/v1alpha1
kind: Cluster
metadata:
  name: large
spec:
  controlPlaneEndpoint: 10.0.0.1:6443
  hosts:
  - name: master1
    addresses: [10.0.0.1]
    roles: [control-plane, etcd]
${hosts.join('')}`;

/** A file so large that a thread reads it. */
function largeFile(content: string): string {
  const path = join(temporaryDirectory(), 'cluster.yaml');
  writeFileSync(path, content);
  return path;
}

describe('loadCluster, of a file that a thread reads', () => {
  it('answers what readCluster does', async () => {
    expect(text.length).toBeGreaterThan(128 * 1024);
    expect(await loadCluster(largeFile(text))).toEqual(readCluster(text, 'cluster.yaml'));
  });

  it('says every problem with its path and line, as for a small one', async () => {
    const path = largeFile(text.replaceAll('[10.1.15.159]', '[10.1.15.159, nonsense]'));
    const error: unknown = await loadCluster(path).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(KubepkiError);
    expect(error).toMatchObject({
      code: 'INVALID_CLUSTER',
      issues: [{ path: 'spec.hosts[4000].addresses[1] (line 12009)' }],
    });
  });
});
