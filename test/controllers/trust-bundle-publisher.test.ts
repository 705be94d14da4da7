/** The CA of the API server as a ClusterTrustBundle. */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { PATIENCE_MS } from '../../src/controllers/namespace-objects.ts';
import { publishTrustBundle } from '../../src/controllers/trust-bundle-publisher.ts';
import {
  CLUSTER_TRUST_BUNDLES,
  type ClusterTrustBundle,
  StatusError,
} from '../../src/kubernetes/index.ts';
import { settle } from '../manual-clock.ts';
import { FakeApi } from './fake-client.ts';
import { type Bench, benchOf, type ReplaceableCa, replaceableCa } from './support.ts';

const SIGNER = 'kubernetes.io/kube-apiserver-serving';
const BETA = { 'certificates.k8s.io/v1beta1': ['clustertrustbundles'] };
const ALPHA = { 'certificates.k8s.io/v1alpha1': ['clustertrustbundles'] };

/** As upstream's `constructBundleName`. */
const nameOf = (pem: string): string =>
  `kubernetes.io:kube-apiserver-serving:${createHash('sha256').update(pem).digest('hex').slice(0, 24)}`;

const bundle = (name: string, trustBundle: string, signerName = SIGNER): ClusterTrustBundle => ({
  metadata: { name },
  spec: { signerName, trustBundle },
});

const OF_NOBODY: ClusterTrustBundle = {
  metadata: { name: 'of-nobody' },
  spec: { trustBundle: 'CA 0' },
};

const there = (api: FakeApi, name: string): ClusterTrustBundle | undefined =>
  api.peek(CLUSTER_TRUST_BUNDLES, name);

async function running(
  api: FakeApi,
  look: (bench: Bench, ca: ReplaceableCa) => Promise<void>,
): Promise<void> {
  const bench = benchOf(api);
  const ca = replaceableCa('CA 1');
  const work = publishTrustBundle(bench.context, ca);
  await settle();
  try {
    await look(bench, ca);
  } finally {
    bench.stop();
  }
  await work.catch(() => undefined);
}

const served = (api: FakeApi, versions: FakeApi['served'] = BETA): FakeApi => {
  api.served = versions;
  return api;
};

it('is there under the name of its signer and what it holds', async () => {
  const api = served(new FakeApi());
  await running(api, async () => {
    expect(nameOf('CA 1')).toMatch(/^kubernetes\.io:kube-apiserver-serving:[0-9a-f]{24}$/);
    expect(there(api, nameOf('CA 1'))).toMatchObject({
      apiVersion: 'certificates.k8s.io/v1beta1',
      kind: 'ClusterTrustBundle',
      spec: { signerName: SIGNER, trustBundle: 'CA 1' },
    });
  });
});

it('is replaced when the CA is rotated: the new one is there before the old one goes', async () => {
  const api = served(new FakeApi());
  await running(api, async (_bench, ca) => {
    api.calls.length = 0;
    ca.replace('CA 2');
    await settle();
    expect(there(api, nameOf('CA 1'))).toBe(undefined);
    expect(there(api, nameOf('CA 2'))?.spec.trustBundle).toBe('CA 2');
    expect(api.calls.map(({ verb, name }) => [verb, name])).toEqual([
      ['create', nameOf('CA 2')],
      ['delete', nameOf('CA 1')],
    ]);
  });
});

it('nothing stays of this signer that is not the CA; what is of others is left alone', async () => {
  const api = served(
    new FakeApi(
      [CLUSTER_TRUST_BUNDLES, bundle('kubernetes.io:kube-apiserver-serving:old', 'CA 0')],
      [CLUSTER_TRUST_BUNDLES, bundle('example.com:other:a', 'CA 0', 'example.com/other')],
      [CLUSTER_TRUST_BUNDLES, OF_NOBODY],
    ),
  );
  await running(api, async () => {
    expect(there(api, 'kubernetes.io:kube-apiserver-serving:old')).toBe(undefined);
    expect(there(api, 'example.com:other:a')).toBeDefined();
    expect(there(api, 'of-nobody')).toBeDefined();
    expect(there(api, nameOf('CA 1'))).toBeDefined();
  });
});

it('is put back when it is changed or deleted', async () => {
  const api = served(new FakeApi());
  await running(api, async ({ clock }) => {
    const name = nameOf('CA 1');
    const found = there(api, name);
    if (found === undefined) throw new Error('expected it');
    await api.update(CLUSTER_TRUST_BUNDLES, { ...found, ...bundle(name, 'mine') });
    await clock.advance(PATIENCE_MS);
    expect(there(api, name)?.spec.trustBundle).toBe('CA 1');
    await api.delete(CLUSTER_TRUST_BUNDLES, { name });
    await clock.advance(PATIENCE_MS);
    expect(there(api, name)?.spec.trustBundle).toBe('CA 1');
  });
});

it('is tried again after a fault, the deletion of old ones too', async () => {
  const api = served(
    new FakeApi([
      CLUSTER_TRUST_BUNDLES,
      bundle('kubernetes.io:kube-apiserver-serving:old', 'CA 0'),
    ]),
  );
  const failed = new Set<string>();
  api.before = ({ verb }) => {
    if (['create', 'delete'].includes(verb) && !failed.has(verb)) {
      failed.add(verb);
      throw StatusError.of('InternalError', 'etcd is away');
    }
  };
  await running(api, async ({ clock }) => {
    await clock.advance(10_000);
    expect([...failed]).toEqual(['create', 'delete']);
    expect(there(api, nameOf('CA 1'))).toBeDefined();
    expect(there(api, 'kubernetes.io:kube-apiserver-serving:old')).toBe(undefined);
  });
});

it('is of the version that the server has, v1beta1 first', async () => {
  const api = served(new FakeApi(), ALPHA);
  await running(api, async () => {
    expect(there(api, nameOf('CA 1'))?.apiVersion).toBe('certificates.k8s.io/v1alpha1');
  });
  const both = served(new FakeApi(), { ...ALPHA, ...BETA });
  await running(both, async () => {
    expect(there(both, nameOf('CA 1'))?.apiVersion).toBe('certificates.k8s.io/v1beta1');
  });
});

it('is not there where the server has no such thing: that is said once, and no trouble', async () => {
  const api = served(new FakeApi(), {
    'certificates.k8s.io/v1beta1': ['podcertificaterequests'],
  });
  const bench = benchOf(api);
  await publishTrustBundle(bench.context, replaceableCa('CA 1'));
  expect(bench.lines).toEqual([
    { level: 'info', message: 'not started: the server has no clustertrustbundles' },
  ]);
  expect(api.count('list')).toBe(0);
});

it('waits for a server that does not answer', async () => {
  const api = served(new FakeApi());
  let away = true;
  api.before = ({ verb }) => {
    if (away && verb === 'raw') throw StatusError.of('ServiceUnavailable', 'not yet');
  };
  await running(api, async ({ clock }) => {
    expect(there(api, nameOf('CA 1'))).toBe(undefined);
    away = false;
    await clock.advance(5_000);
    expect(there(api, nameOf('CA 1'))).toBeDefined();
  });
});
