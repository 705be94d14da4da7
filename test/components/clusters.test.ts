/**
 * The seed's connections on unmodified upstream components (issue 3). Each cluster is started once and
 * shared by all suites, which is why they are called from here and are no test files of their own.
 */

import { afterAll, beforeAll, describe } from 'vitest';
import { apiserverArrows } from './arrows/apiserver.ts';
import { etcdArrows } from './arrows/etcd.ts';
import { frontProxyArrow } from './arrows/front-proxy.ts';
import { kubeletArrows } from './arrows/kubelet.ts';
import { tokenArrows } from './arrows/tokens.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { describeRefusals } from './refusal-suite.ts';
import { variants } from './variants.ts';

describe.each(variants())('a cluster on $layout files with $keyAlgorithm keys', (variant) => {
  let cluster: Cluster | undefined;
  const clusterOf = (): Cluster => {
    if (cluster === undefined) throw new Error('the cluster was not started');
    return cluster;
  };

  beforeAll(async () => {
    cluster = await startCluster({ variant });
  });
  afterAll(async () => cluster?.stop());

  describe('the arrows', () => {
    etcdArrows(clusterOf);
    apiserverArrows(clusterOf);
    kubeletArrows(clusterOf);
    tokenArrows(clusterOf);
    frontProxyArrow(clusterOf);
  });

  describeRefusals(clusterOf);
});
