/** What every namespace holds: the CA of the API server, and the ServiceAccount of pods that name none. */
import { describe, expect, it } from 'vitest';
import type { ControllerContext } from '../../src/controllers/context.ts';
import { keepDefaultServiceAccounts } from '../../src/controllers/default-service-accounts.ts';
import { PATIENCE_MS } from '../../src/controllers/namespace-objects.ts';
import {
  type NamespaceController,
  runNamespaceControllers,
} from '../../src/controllers/namespaces.ts';
import { keepRootCa } from '../../src/controllers/root-ca-publisher.ts';
import {
  CONFIG_MAPS,
  type ConfigMap,
  NAMESPACES,
  type Namespace,
  SERVICE_ACCOUNTS,
  StatusError,
} from '../../src/kubernetes/index.ts';
import { settle } from '../manual-clock.ts';
import { FakeApi } from './fake-client.ts';
import { type Bench, benchOf, replaceableCa } from './support.ts';

const MINUTE = 60_000;
const namespace = (name: string): Namespace => ({ metadata: { name } });
const GOING: Namespace = {
  metadata: { name: 'going', deletionTimestamp: '2026-06-01T11:00:00Z' },
};

async function running(
  api: FakeApi,
  keepersOf: (context: ControllerContext) => NamespaceController[],
  look: (bench: Bench) => Promise<void>,
): Promise<void> {
  const bench = benchOf(api);
  const work = runNamespaceControllers(bench.context, keepersOf(bench.context));
  await settle();
  try {
    await look(bench);
  } finally {
    bench.stop();
  }
  await work;
}

const withRootCa = (pem: string) => (context: ControllerContext) => [
  keepRootCa(context, replaceableCa(pem)),
];

/** As another has left it. */
const rootCaMap = (annotations: Record<string, string>, data: Record<string, string>) =>
  ({
    metadata: { name: 'kube-root-ca.crt', namespace: 'default', annotations },
    data,
  }) satisfies ConfigMap;

const rootCa = (api: FakeApi, where: string): ConfigMap | undefined =>
  api.peek(CONFIG_MAPS, 'kube-root-ca.crt', where);
const account = (api: FakeApi, where: string) => api.peek(SERVICE_ACCOUNTS, 'default', where);

const DESCRIPTION = 'kubernetes.io/description';

describe('the CA of the API server', () => {
  it('is in every namespace, in new ones too, and comes back', async () => {
    const api = new FakeApi([NAMESPACES, namespace('default')]);
    await running(api, withRootCa('PEM'), async ({ clock }) => {
      expect(rootCa(api, 'default')?.data).toEqual({ 'ca.crt': 'PEM' });
      await api.create(NAMESPACES, namespace('shop'));
      await settle();
      expect(rootCa(api, 'shop')?.data).toEqual({ 'ca.crt': 'PEM' });
      await api.delete(CONFIG_MAPS, { name: 'kube-root-ca.crt', namespace: 'shop' });
      await clock.advance(PATIENCE_MS);
      expect(rootCa(api, 'shop')?.data).toEqual({ 'ca.crt': 'PEM' });
    });
  });

  it('is not in a namespace that is going, nor is it looked for where the namespace is gone', async () => {
    const api = new FakeApi([NAMESPACES, GOING], [NAMESPACES, namespace('default')]);
    await running(api, withRootCa('PEM'), async ({ clock }) => {
      await api.delete(NAMESPACES, { name: 'default' });
      await api.delete(CONFIG_MAPS, { name: 'kube-root-ca.crt', namespace: 'default' });
      await clock.advance(PATIENCE_MS);
      expect(['default', 'going'].map((name) => rootCa(api, name))).toEqual([undefined, undefined]);
    });
  });

  it.each<[string, Record<string, string>, Record<string, string>]>([
    ['another CA', { [DESCRIPTION]: 'x' }, { 'ca.crt': 'another' }],
    ['more than the CA', { [DESCRIPTION]: 'x' }, { 'ca.crt': 'PEM', more: 'x' }],
    ['no CA', { [DESCRIPTION]: 'x' }, {}],
    ['no description', {}, { 'ca.crt': 'PEM' }],
    ['an empty description', { [DESCRIPTION]: '' }, { 'ca.crt': 'PEM' }],
  ])('is put right where there is %s; annotations of others stay', async (_what, more, data) => {
    const api = new FakeApi(
      [NAMESPACES, namespace('default')],
      [CONFIG_MAPS, rootCaMap({ ...more, mine: 'b' }, data)],
    );
    await running(api, withRootCa('PEM'), async ({ lines }) => {
      const { data: after, metadata } = rootCa(api, 'default') ?? { metadata: {} };
      expect(after).toEqual({ 'ca.crt': 'PEM' });
      expect(metadata.annotations?.['mine']).toBe('b');
      expect(metadata.annotations?.[DESCRIPTION]).toMatch(/^CAs that verify the API server/);
      expect(api.count('update')).toBe(1);
      expect(lines).toMatchObject([{ level: 'info', message: 'put right', namespace: 'default' }]);
    });
  });

  it('is put right when it is changed later, but not at every change of who changes it for ever', async () => {
    const api = new FakeApi([NAMESPACES, namespace('default')]);
    await running(api, withRootCa('PEM'), async ({ clock }) => {
      const there = rootCa(api, 'default');
      if (there === undefined) throw new Error('expected it');
      for (let version: ConfigMap = there, i = 0; i < 20; i++) {
        version = await api.update(CONFIG_MAPS, { ...version, data: { 'ca.crt': `mine ${i}` } });
        await clock.advance(PATIENCE_MS / 25);
      }
      await clock.advance(PATIENCE_MS);
      expect(rootCa(api, 'default')?.data).toEqual({ 'ca.crt': 'PEM' });
      expect(api.count('update')).toBe(20 + 1);
    });
  });

  it("is left alone where only the words of its description are another's", async () => {
    const api = new FakeApi(
      [NAMESPACES, namespace('default')],
      [CONFIG_MAPS, rootCaMap({ [DESCRIPTION]: 'in other words' }, { 'ca.crt': 'PEM' })],
    );
    await running(api, withRootCa('PEM'), async () => expect(api.count('update')).toBe(0));
  });

  it('is replaced everywhere when it is rotated', async () => {
    const api = new FakeApi(
      [NAMESPACES, namespace('default')],
      [NAMESPACES, namespace('kube-system')],
    );
    const ca = replaceableCa('OLD');
    await running(
      api,
      (context) => [keepRootCa(context, ca)],
      async () => {
        ca.replace('OLD+NEW');
        await settle();
        for (const where of ['default', 'kube-system']) {
          expect(rootCa(api, where)?.data).toEqual({ 'ca.crt': 'OLD+NEW' });
        }
      },
    );
  });
});

describe('the ServiceAccount default', () => {
  it('is made in every namespace and comes back, but not in one that is going', async () => {
    const api = new FakeApi([NAMESPACES, namespace('default')], [NAMESPACES, GOING]);
    await running(
      api,
      (context) => [keepDefaultServiceAccounts(context)],
      async ({ clock }) => {
        expect(account(api, 'default')).toBeDefined();
        expect(account(api, 'going')).toBe(undefined);
        await api.delete(SERVICE_ACCOUNTS, { name: 'default', namespace: 'default' });
        await clock.advance(PATIENCE_MS);
        expect(account(api, 'default')).toBeDefined();
      },
    );
  });

  it('is left as it is where it is there: nothing is even tried', async () => {
    const mine = { metadata: { name: 'default', namespace: 'default', labels: { mine: 'x' } } };
    const api = new FakeApi([NAMESPACES, namespace('default')], [SERVICE_ACCOUNTS, mine]);
    await running(
      api,
      (context) => [keepDefaultServiceAccounts(context)],
      async () => {
        expect(account(api, 'default')?.metadata.labels).toEqual({ mine: 'x' });
        expect(api.count('create') + api.count('update')).toBe(0);
      },
    );
  });

  it('is tried again after a fault, and not where the namespace has begun to go', async () => {
    const api = new FakeApi([NAMESPACES, namespace('default')]);
    let tries = 0;
    api.before = ({ verb }) => {
      if (verb !== 'create') return;
      tries += 1;
      if (tries === 1) throw StatusError.of('InternalError', 'etcd is away');
      throw StatusError.of('Forbidden', 'it is being terminated', {
        causes: [{ reason: 'NamespaceTerminating', message: '', field: 'metadata.namespace' }],
      });
    };
    await running(
      api,
      (context) => [keepDefaultServiceAccounts(context)],
      async ({ clock, lines }) => {
        await clock.advance(MINUTE);
        expect(tries).toBe(2);
        expect(lines.map(({ level }) => level)).toEqual(['error']);
      },
    );
  });
});

it('all of them share one list of namespaces', async () => {
  const api = new FakeApi([NAMESPACES, namespace('default')]);
  await running(
    api,
    (context) => [keepDefaultServiceAccounts(context), keepRootCa(context, replaceableCa('PEM'))],
    async () => {
      expect(
        [account(api, 'default'), rootCa(api, 'default')].map((one) => one !== undefined),
      ).toEqual([true, true]);
      expect(api.count('list', 'namespaces')).toBe(1);
    },
  );
});
