/**
 * `kubepki up`: nothing at all to a cluster with nodes in it, against kubeadm making its files alone,
 * and against the bare cryptography of it.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { freePort } from '../test/free-port.ts';
import { moduleOf, peer } from '../test/peers/peers.ts';
import { apiserverAtRest, kubepkiAtRest } from './at-rest.ts';
import { bareBootstrap } from './bare-bootstrap.ts';
import type { Context, Outcome } from './benchmark.ts';
import { BUNDLE, buildBundle, freshDirectories, run, settle, withScratch } from './programs.ts';
import { ratios } from './statistics.ts';

const NODES = 200;
const MOST_TIMES_BARE = 3;
const READY_SECONDS = 1;

export async function benchmark({ quick, progress }: Context): Promise<Outcome> {
  buildBundle();
  const kubeadm = await peer('kubeadm');
  const port = await freePort();
  const nodes = quick ? 5 : NODES;
  const rounds = quick ? 1 : 7;
  const samples = {
    up: [] as number[],
    kubeadm: [] as number[],
    kubeadmEc: [] as number[],
    perNode: [] as number[],
    bare: [] as number[],
    wall: [] as number[],
    ready: [] as number[],
    memory: [] as number[],
    apiserverMemory: [] as number[],
  };
  await withScratch(async (scratch) => {
    const fresh = freshDirectories(scratch);
    const up = (directory: string, count: number) =>
      run([
        process.execPath,
        BUNDLE,
        'up',
        '--exit',
        `--data-dir=${directory}`,
        `--secure-port=${port}`,
        `--nodes=${count}`,
      ]);
    for (let round = 1; round <= rounds; round++) {
      progress(`round ${round} of ${rounds}`);
      // Lets a Ctrl-C in: much below sleeps while a program runs.
      await setImmediate();
      const directory = fresh();
      samples.up.push(up(directory, 1).seconds);
      samples.kubeadm.push(kubeadmSeconds(kubeadm, fresh(), 'RSA-2048'));
      samples.kubeadmEc.push(kubeadmSeconds(kubeadm, fresh(), 'ECDSA-P256'));
      settle();
      const fleet = up(fresh(), nodes);
      samples.perNode.push((fleet.cpuSeconds / nodes) * 1000);
      samples.wall.push(fleet.seconds);
      samples.bare.push((await bareBootstrap(nodes)) * 1000);
      const rest = await kubepkiAtRest(directory, port);
      samples.ready.push(rest.readySeconds);
      samples.memory.push(rest.megabytes);
      samples.apiserverMemory.push((await apiserverAtRest(directory, fresh())).megabytes);
    }
  });
  return {
    title: `kubepki up, and ${nodes} nodes from token to both certificates`,
    measures: [
      {
        label: 'kubeadm certs and kubeconfigs / kubepki up --exit',
        unit: 'x',
        samples: ratios(samples.kubeadm, samples.up),
        bar: { name: 'up no slower than kubeadm makes its files', is: 'at least', limit: 1 },
      },
      {
        label: `CPU of one of ${nodes} nodes / its bare cryptography`,
        unit: 'x',
        samples: ratios(samples.perNode, samples.bare),
        bar: { name: 'CPU time of a node', is: 'at most', limit: MOST_TIMES_BARE },
      },
      {
        label: 'server at rest / kube-apiserver at rest',
        unit: 'x',
        samples: ratios(samples.memory, samples.apiserverMemory),
        bar: { name: 'memory at rest', is: 'below', limit: 0.5 },
      },
      {
        label: 'server ready, data directory at hand',
        unit: 's',
        samples: samples.ready,
        bar: { name: 'ready', is: 'below', limit: READY_SECONDS },
      },
      { label: 'kubepki up --exit', unit: 's', samples: samples.up },
      { label: 'kubeadm, RSA-2048 (its default)', unit: 's', samples: samples.kubeadm },
      { label: 'kubeadm, ECDSA-P256', unit: 's', samples: samples.kubeadmEc },
      { label: `kubepki up --exit --nodes ${nodes}`, unit: 's', samples: samples.wall },
      { label: 'CPU for each node', unit: 'ms', samples: samples.perNode },
      { label: 'bare cryptography', unit: 'ms', samples: samples.bare },
      { label: 'server at rest', unit: 'MB', samples: samples.memory },
      { label: 'kube-apiserver at rest', unit: 'MB', samples: samples.apiserverMemory },
    ],
    notes: [
      'kubeadm: init phase certs all, then phase kubeconfig all; it starts nothing and brings no node in',
      'CPU of a node: of the whole process, its start included, divided by the nodes; server, controllers and nodes are in it',
      'bare: two key pairs, two requests signed and verified, two certificates signed, three TLS handshakes with client certificates, both sides',
      'at rest: resident set 5 seconds after it was ready, with what one node has left in it; etcd beside kube-apiserver is not counted',
    ],
    peers: { node: process.version, kubernetes: moduleOf('kubeadm').version },
  };
}

function kubeadmSeconds(kubeadm: string, root: string, algorithm: string): number {
  run(['mkdir', '-p', join(root, 'etc')]);
  writeFileSync(join(root, 'kubeadm.yaml'), configuration(algorithm));
  const phase = (name: string): number =>
    run([kubeadm, 'init', 'phase', name, 'all', '--config', '/kubeadm.yaml', '--rootfs', root])
      .seconds;
  return phase('certs') + phase('kubeconfig');
}

const configuration = (algorithm: string): string => `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: { advertiseAddress: 172.16.10.11 }
nodeRegistration: { name: cp-1, criSocket: unix:///run/containerd/containerd.sock }
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.36.3
controlPlaneEndpoint: 172.16.10.11:6443
encryptionAlgorithm: ${algorithm}
`;
