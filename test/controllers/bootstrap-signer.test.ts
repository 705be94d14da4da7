/** What anybody may read of the cluster bears the signature of each token, and of no other. */
import { expect, it } from 'vitest';
import { signClusterInfo } from '../../src/controllers/bootstrap-signer.ts';
import { runTokenControllers } from '../../src/controllers/bootstrap-tokens.ts';
import { CONFIG_MAPS, type ConfigMap, SECRETS, StatusError } from '../../src/kubernetes/index.ts';
import { detachedSignature, encodeBootstrapTokenSecret } from '../../src/tokens/index.ts';
import { settle } from '../manual-clock.ts';
import { FakeApi } from './fake-client.ts';
import { type Bench, benchOf, NOW } from './support.ts';

const SECRET = '0123456789abcdef';
const KUBECONFIG = 'apiVersion: v1\nkind: Config\n';
const MINUTE = 60_000;

const tokenSecret = (id: string, minutes?: number, usages: readonly string[] = ['signing']) =>
  encodeBootstrapTokenSecret({
    id,
    secret: SECRET,
    usages,
    groups: [],
    ...(minutes === undefined ? {} : { expiration: new Date(NOW.getTime() + minutes * MINUTE) }),
  });

const clusterInfo = (data: Record<string, string>): ConfigMap => ({
  metadata: { name: 'cluster-info', namespace: 'kube-public' },
  data,
});

const signed = (id: string, text = KUBECONFIG): [string, string] => [
  `jws-kubeconfig-${id}`,
  detachedSignature(text, { id, secret: SECRET }),
];

const dataIn = (api: FakeApi): ConfigMap['data'] =>
  api.peek(CONFIG_MAPS, 'cluster-info', 'kube-public')?.data;

async function signing(api: FakeApi, look: (bench: Bench) => Promise<void>): Promise<void> {
  const bench = benchOf(api);
  const work = runTokenControllers(bench.context, [signClusterInfo(bench.context)]);
  await settle();
  await look(bench);
  bench.stop();
  await work;
}

it('signs with each token that may, and leaves the rest of the data', async () => {
  const api = new FakeApi(
    [CONFIG_MAPS, clusterInfo({ kubeconfig: KUBECONFIG, note: 'ours' })],
    [SECRETS, tokenSecret('aaaaaa')],
    [SECRETS, tokenSecret('bbbbbb', 10, ['signing', 'authentication'])],
    [SECRETS, tokenSecret('cccccc', undefined, ['authentication'])],
    [SECRETS, tokenSecret('dddddd', -1)],
  );
  await signing(api, async () => {
    expect(dataIn(api)).toEqual({
      kubeconfig: KUBECONFIG,
      note: 'ours',
      ...Object.fromEntries([signed('aaaaaa'), signed('bbbbbb')]),
    });
    expect(api.count('update')).toBe(1);
  });
});

it('takes a signature away when its token goes, or expires', async () => {
  const api = new FakeApi(
    [CONFIG_MAPS, clusterInfo({ kubeconfig: KUBECONFIG })],
    [SECRETS, tokenSecret('aaaaaa')],
    [SECRETS, tokenSecret('bbbbbb', 10)],
  );
  await signing(api, async ({ clock }) => {
    await api.delete(SECRETS, { name: 'bootstrap-token-aaaaaa', namespace: 'kube-system' });
    await settle();
    expect(Object.keys(dataIn(api) ?? {})).toEqual(['kubeconfig', 'jws-kubeconfig-bbbbbb']);
    await clock.advance(10 * MINUTE);
    expect(dataIn(api)).toEqual({ kubeconfig: KUBECONFIG });
  });
});

it('signs anew when the text changes, and mends what another has forged', async () => {
  const api = new FakeApi(
    [CONFIG_MAPS, clusterInfo({ kubeconfig: KUBECONFIG, 'jws-kubeconfig-aaaaaa': 'forged' })],
    [SECRETS, tokenSecret('aaaaaa')],
  );
  await signing(api, async () => {
    expect(dataIn(api)).toEqual({
      kubeconfig: KUBECONFIG,
      ...Object.fromEntries([signed('aaaaaa')]),
    });
    const now = api.peek(CONFIG_MAPS, 'cluster-info', 'kube-public');
    if (now === undefined) throw new Error('it is gone');
    await api.update(CONFIG_MAPS, { ...now, data: { kubeconfig: 'another' } });
    await settle();
    expect(dataIn(api)).toEqual({
      kubeconfig: 'another',
      ...Object.fromEntries([signed('aaaaaa', 'another')]),
    });
  });
});

it('does nothing where there is no text to sign', async () => {
  const api = new FakeApi(
    [CONFIG_MAPS, clusterInfo({ note: 'ours' })],
    [SECRETS, tokenSecret('aaaaaa')],
  );
  await signing(api, async () => {
    expect(dataIn(api)).toEqual({ note: 'ours' });
    expect(api.count('update')).toBe(0);
  });
});

it('does nothing where all is signed', async () => {
  const api = new FakeApi(
    [
      CONFIG_MAPS,
      clusterInfo({ kubeconfig: KUBECONFIG, ...Object.fromEntries([signed('aaaaaa')]) }),
    ],
    [SECRETS, tokenSecret('aaaaaa')],
  );
  await signing(api, async ({ lines }) => {
    expect(api.count('update')).toBe(0);
    expect(lines).toEqual([]);
  });
});

it('tries again after a fault, and tells no secret', async () => {
  const api = new FakeApi(
    [CONFIG_MAPS, clusterInfo({ kubeconfig: KUBECONFIG })],
    [SECRETS, tokenSecret('aaaaaa')],
  );
  let faults = 2;
  api.before = ({ verb }) => {
    if (verb === 'update' && faults-- > 0) throw StatusError.of('InternalError', 'etcd is away');
  };
  await signing(api, async ({ clock, lines }) => {
    await clock.advance(MINUTE);
    expect(Object.keys(dataIn(api) ?? {})).toEqual(['kubeconfig', 'jws-kubeconfig-aaaaaa']);
    expect(lines.map(({ level }) => level)).toEqual(['error', 'error', 'info']);
    expect(JSON.stringify(lines)).not.toContain(SECRET);
  });
});
