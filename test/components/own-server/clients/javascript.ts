/**
 * What `@kubernetes/client-node` sees of an API server: `node javascript.ts KUBECONFIG NAME`. Prints one JSON object
 * a line, and ends with 1 where something was not as it expects. The informer lives through a restart of the
 * server, in which `gone` goes, `after` comes and the history is forgotten.
 */

import { setTimeout as delay } from 'node:timers/promises';
import {
  ApiException,
  CoreV1Api,
  KubeConfig,
  KubernetesObjectApi,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1ConfigMap,
  VersionApi,
  Watch,
} from '@kubernetes/client-node';

const NAMESPACE = 'default';
const PATH = `/api/v1/namespaces/${NAMESPACE}/configmaps`;

const [kubeconfig = '', own = ''] = process.argv.slice(2);
const config = new KubeConfig();
config.loadFromFile(kubeconfig);
const core = config.makeApiClient(CoreV1Api);

const say = (step: string, seen: unknown): void => console.log(JSON.stringify({ step, seen }));

/** The status and the reason that a request is refused with. */
async function refusal(request: Promise<unknown>): Promise<[number, string]> {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof ApiException)) throw error;
    const { reason }: { reason: string } = JSON.parse(error.body);
    return [error.code, reason];
  }
  throw new Error('expected a refusal');
}

async function objects(): Promise<void> {
  const name = `${own}-object`;
  const body = { metadata: { name, labels: { of: own } }, data: { a: '1' } };
  await core.createNamespacedConfigMap({ namespace: NAMESPACE, body });
  await core.patchNamespacedConfigMap(
    { name, namespace: NAMESPACE, body: { data: { b: '2' } } },
    setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch),
  );
  const stale = await core.readNamespacedConfigMap({ name, namespace: NAMESPACE });
  stale.data = { ...stale.data, a: '3' };
  await core.replaceNamespacedConfigMap({ name, namespace: NAMESPACE, body: stale });
  const conflict = await refusal(
    core.replaceNamespacedConfigMap({ name, namespace: NAMESPACE, body: stale }),
  );
  const { items } = await core.listNamespacedConfigMap({
    namespace: NAMESPACE,
    labelSelector: `of=${own}`,
  });
  await core.deleteNamespacedConfigMap({ name, namespace: NAMESPACE });
  const missing = await refusal(core.readNamespacedConfigMap({ name, namespace: NAMESPACE }));
  const invalid = await refusal(
    core.createNamespacedConfigMap({
      namespace: NAMESPACE,
      body: { metadata: { name: 'No Name' } },
    }),
  );
  const { major } = await config.makeApiClient(VersionApi).getCode();
  say('objects', { data: items.map(({ data }) => data), conflict, missing, invalid, major });
}

/** As kubectl does it, by what discovery says of the kind. */
async function applied(): Promise<void> {
  const client = KubernetesObjectApi.makeApiClient(config);
  const spec = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `${own}-applied`, namespace: NAMESPACE },
    data: { a: '1' },
  };
  const made: V1ConfigMap = await client.patch<V1ConfigMap>(
    spec,
    undefined,
    undefined,
    'javascript',
    false,
    PatchStrategy.ServerSideApply,
  );
  const managers = made.metadata?.managedFields?.map(({ manager }) => manager);
  await client.delete(spec);
  say('applied', managers);
}

interface Event {
  readonly type: string;
  readonly name: string;
}

/** From the revision of a list on: the events of what happens then, and nothing that was there. */
async function watched(): Promise<void> {
  const before = await core.listNamespacedConfigMap({ namespace: NAMESPACE });
  const events: Event[] = [];
  const controller = await new Watch(config).watch(
    PATH,
    { resourceVersion: before.metadata?.resourceVersion, labelSelector: `of=${own}` },
    (type, object: V1ConfigMap) => events.push({ type, name: object.metadata?.name ?? '' }),
    () => undefined,
  );
  const name = `${own}-watched`;
  const body = { metadata: { name, labels: { of: own } }, data: {} };
  await core.createNamespacedConfigMap({ namespace: NAMESPACE, body });
  await core.deleteNamespacedConfigMap({ name, namespace: NAMESPACE });
  await until(() => events.length >= 2);
  controller.abort();
  say(
    'watched',
    events.map(({ type }) => type),
  );
}

async function until(isThere: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!isThere()) {
    if (performance.now() > deadline) throw new Error('not within 60 s');
    await delay(20);
  }
}

async function informed(): Promise<void> {
  const events: string[] = [];
  const informer = makeInformer(config, PATH, () =>
    core.listNamespacedConfigMap({ namespace: NAMESPACE }),
  );
  const note = (what: string) => (object: V1ConfigMap) => {
    const { name = '' } = object.metadata ?? {};
    if (['stays', 'gone', 'after'].includes(name)) events.push(`${what} ${name}`);
  };
  informer.on('add', note('added'));
  informer.on('delete', note('deleted'));
  // It stops at every error; whoever uses it has to start it again.
  informer.on('error', () => void delay(200).then(() => informer.start()));
  await informer.start();
  await until(() => events.length === 2);
  say('informing', { events: events.splice(0).toSorted() });
  await until(() => events.length === 2);
  await informer.stop();
  say('inform', { events: events.toSorted() });
}

async function expired(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  await new Watch(config).watch(
    PATH,
    { resourceVersion: '2' },
    (type, object: { code?: number; reason?: string }) =>
      resolve([type, object.code, object.reason]),
    (error) => resolve([(error as { code?: number }).code]),
  );
  say('expired', await promise);
}

await objects();
await applied();
await watched();
await informed();
await expired();
process.exit(0);
